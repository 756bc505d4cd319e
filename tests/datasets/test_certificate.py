"""What the certificate claims, and what it refuses to claim."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from labelwright.analytics import advise, check_requirements
from labelwright.api.datasets import Certificate
from labelwright.datasets import certificate, import_labels
from labelwright.errors import InvalidInput
from labelwright.review import ReviewPolicy
from labelwright.review import pick as pick_reviews
from labelwright.schema import Schema
from labelwright.schema.criteria import criteria
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice, ChoiceQuestion
from labelwright.stats.certificates import hypergeometric_upper_bound, sequential_upper_bound
from labelwright.store import log, tables
from labelwright.store.audit import EXPECTED, LEAST, audit, bound_of, take_look
from labelwright.store.codec import encode
from labelwright.store.criteria import changed, declare_editorial
from labelwright.store.evidence import differs
from labelwright.store.project import Project
from labelwright.tasks import Queue, TaskPolicy
from tests.datasets.labeling import agree, annotate, declare, pick, plant, review
from tests.rows import add_texts, add_users

REFUND, BUG = {"intent": Choice("refund")}, {"intent": Choice("bug")}


@pytest.fixture
def audited(make_project: Callable[..., Project]) -> tuple[Project, list[int], int]:
    """A project of 100 items that all say refund, of which 40 are picked for the audit, and a reviewer."""
    project = make_project()
    ids = add_texts(project, [f"text {number}" for number in range(100)])
    (reviewer,) = add_users(project, "rita", role="reviewer")
    agree(project, dict.fromkeys(ids, "refund"))
    pick(project, ids[:40])
    return project, ids, reviewer


def at_all_looks(errors: int, sample: int, population: int | None) -> float:
    return sequential_upper_bound(errors, sample, 0.95, population=population, expected=EXPECTED)


def prove(project: Project, **options: float) -> Certificate:
    with project.database.read() as connection:
        return certificate(connection, project, **options)  # type: ignore[arg-type]


def test_the_headline_holds_at_all_looks_and_before_the_audits_own_repairs(audited: tuple[Project, list[int], int]) -> None:
    """40 audits with 2 errors give the bound for all looks on the 100 labels before review, and less once those two are put right."""
    project, ids, reviewer = audited
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND, BUG if item_id in ids[:2] else None)
    proof = prove(project).questions["intent"]
    assert (proof.population, proof.audited, proof.errors, proof.pending, proof.unproved) == (100, 40, 2, 0, 0)
    assert proof.bound == pytest.approx(at_all_looks(2, 40, 100))
    assert proof.bound > hypergeometric_upper_bound(2, 40, 100, 0.95)
    assert proof.remaining == pytest.approx(proof.bound - 0.02)
    assert proof.enough
    assert proof.statement.startswith("This assumes auditors who find every error")
    assert f"however often one looks, at most {proof.bound:.2%} of the 100 labels were wrong" in proof.statement
    assert prove(project).markdown().startswith("This certificate assumes auditors who find every error")
    wider = prove(project, method="binomial").questions["intent"]  # type: ignore[arg-type]
    assert wider.bound == pytest.approx(at_all_looks(2, 40, None))
    assert 0.02 < proof.bound < wider.bound


def test_picked_items_without_review_are_no_evidence_and_count_as_wrong(audited: tuple[Project, list[int], int]) -> None:
    """As long as picked items wait for review there is not enough evidence; the bound takes them for errors, as rejected ones are."""
    project, ids, reviewer = audited
    for item_id in ids[:35]:
        review(project, item_id, reviewer, REFUND)
    review(project, ids[35], reviewer, REFUND, verdict="reject")
    proof = prove(project).questions["intent"]
    assert not proof.enough
    assert (proof.audited, proof.errors, proof.pending) == (36, 1, 4)
    assert proof.bound == pytest.approx(at_all_looks(5, 40, 100))
    assert "4 labels were drawn for the audit and not yet audited" in proof.statement


def test_nothing_or_too_little_audited_is_not_enough_evidence(make_project: Callable[..., Project]) -> None:
    """Without audits the bound is 1; with fewer than LEAST the certificate says so, however well they went."""
    project = make_project()
    ids = add_texts(project, [f"text {number}" for number in range(60)])
    (reviewer,) = add_users(project, "rita")
    assert prove(project).questions["intent"].statement == "Not enough evidence: there is no label made from annotators' answers."
    agree(project, dict.fromkeys(ids, "refund"))
    assert prove(project).questions["intent"].bound == 1
    assert "no label was audited at random" in prove(project).questions["intent"].statement
    pick(project, ids[: LEAST - 1])
    for item_id in ids[: LEAST - 1]:
        review(project, item_id, reviewer, REFUND)
    proof = prove(project)
    assert not proof.enough
    assert "only 28 labels were audited" in proof.questions["intent"].statement
    assert "not enough evidence" in proof.markdown()


def test_a_census_is_enough_however_small(make_project: Callable[..., Project]) -> None:
    """Where every label was audited nothing is left open about these labels; about others like them 20 show little."""
    project = make_project()
    *ids, other = add_texts(project, [f"text {number}" for number in range(21)])
    (reviewer,) = add_users(project, "rita")
    agree(project, dict.fromkeys(ids, "refund"))
    pick(project, ids)
    for item_id in ids[:19]:
        review(project, item_id, reviewer, REFUND)
    assert not prove(project).questions["intent"].enough
    review(project, ids[19], reviewer, REFUND, BUG)
    proof = prove(project).questions["intent"]
    assert (proof.enough, proof.audited, proof.errors, proof.bound) == (True, 20, 1, pytest.approx(0.05))
    assert proof.statement.startswith("This assumes auditors who find every error")
    assert not prove(project, method="binomial").questions["intent"].enough  # type: ignore[arg-type]
    plant(project, other, reviewer, ["blind"] * 50 + ["missed"] * 10)
    measured = prove(project).questions["intent"]
    assert (measured.enough, measured.bound > 0.05) == (True, True)


def test_reviews_that_were_not_picked_at_random_prove_nothing(audited: tuple[Project, list[int], int]) -> None:
    """Reviews that the rules asked for are repairs and no evidence, unless their item is in the random sample anyway."""
    project, ids, reviewer = audited
    for item_id in ids[40:90]:
        review(project, item_id, reviewer, REFUND, BUG, random=0)
    assert prove(project).questions["intent"].audited == 0
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND, BUG if item_id == ids[0] else None, random=0)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.errors, proof.enough) == (40, 1, True)


def test_the_label_before_the_first_review_is_what_was_audited(audited: tuple[Project, list[int], int]) -> None:
    """Where an item was reviewed again, the last answer is the truth and the label before the first review what it is held against."""
    project, ids, reviewer = audited
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND)
    review(project, ids[0], reviewer, REFUND, BUG)
    review(project, ids[1], reviewer, REFUND, verdict="reject")
    review(project, ids[1], reviewer, BUG)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.errors, proof.pending) == (40, 2, 0)


def test_rejected_labels_stay_errors_and_stay_in_the_population(audited: tuple[Project, list[int], int]) -> None:
    """A rejected label has no consensus any more: it still counts, among the audited as an error, and in the population."""
    project, ids, reviewer = audited
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND, verdict="reject" if item_id in ids[:10] else None)
    gone = sa.delete(tables.consensus).where(tables.consensus.c.item_id.in_(ids[:10]))
    project.database.write(lambda connection: connection.execute(gone))
    proof = prove(project).questions["intent"]
    assert (proof.population, proof.audited, proof.errors, proof.pending) == (100, 40, 10, 0)
    assert proof.bound == pytest.approx(at_all_looks(10, 40, 100))
    assert proof.remaining == pytest.approx((100 * proof.bound - 10) / 90)
    edited = sa.update(tables.items).where(tables.items.c.id.in_(ids[:10])).values(state="replaced")
    project.database.write(lambda connection: connection.execute(edited))
    proof = prove(project).questions["intent"]
    assert (proof.population, proof.audited, proof.errors, proof.left) == (100, 30, 0, 10)
    assert proof.bound == pytest.approx(at_all_looks(10, 40, 100))
    assert "10 errors of items that left the sample stay in the count" in proof.statement


def test_everything_counts_at_the_smallest_share_that_was_drawn(make_project: Callable[..., Project]) -> None:
    """Where the share of the audit was lowered between two batches, the first one's surplus is no evidence about the second."""
    project = make_project()
    (reviewer,) = add_users(project, "rita", role="reviewer")
    ids = add_texts(project, [f"text {number}" for number in range(200)])
    agree(project, dict.fromkeys(ids[:100], "refund"))
    pick_reviews(project, ReviewPolicy(sample="100%", always=()), ids[:100])
    for item_id in ids[:100]:
        review(project, item_id, reviewer, REFUND)
    assert prove(project).questions["intent"].audited == 100
    agree(project, dict.fromkeys(ids[100:], "bug"))
    pick_reviews(project, ReviewPolicy(sample="10%", always=()), ids)
    proof = prove(project).questions["intent"]
    assert proof.population == 200
    assert 0 < proof.audited < 30
    assert not proof.enough


def test_labels_that_only_a_review_made_are_outside(audited: tuple[Project, list[int], int]) -> None:
    """An item that nobody could answer and a reviewer did is neither evidence nor in the way of any."""
    project, ids, reviewer = audited
    for item_id in ids[:40]:
        review(project, item_id, reviewer, {} if item_id == ids[0] else REFUND, REFUND if item_id == ids[0] else None)
    proof = prove(project).questions["intent"]
    assert (proof.population, proof.audited, proof.errors, proof.pending, proof.enough) == (99, 39, 0, 0, True)


def test_labels_that_changed_after_the_draw_count_as_wrong(audited: tuple[Project, list[int], int]) -> None:
    """Items whose label changed after they were passed over, or that wait for one, count as wrong until somebody reviews them,
    however late the last audit came."""
    project, ids, reviewer = audited
    for item_id in ids[:39]:
        review(project, item_id, reviewer, REFUND)
    assert prove(project).questions["intent"].unproved == 0
    pick_reviews(project, ReviewPolicy(sample="0%", always=()), ids)
    assert prove(project).questions["intent"].unproved == 0
    other = sa.update(tables.consensus).where(tables.consensus.c.item_id.in_(ids[50:60])).values(answer=encode(Choice("bug")))
    project.database.write(lambda connection: connection.execute(other))
    pick_reviews(project, ReviewPolicy(sample="0%", always=()), ids)
    waiting = {"project_id": project.id, "item_id": ids[70], "purpose": "label", "state": "open", "lane": 2, "rank": 1}
    project.database.write(lambda connection: connection.execute(sa.insert(tables.tasks).values(waiting)))
    review(project, ids[39], reviewer, REFUND)
    proof = prove(project).questions["intent"]
    assert proof.unproved == 11
    assert proof.bound == pytest.approx(at_all_looks(0, 40, 100) + 0.11)
    assert "says nothing about 11 labels" in proof.statement
    review(project, ids[50], reviewer, BUG, random=0)
    assert prove(project).questions["intent"].unproved == 10


def test_the_promise_holds_at_twenty_looks_in_nineteen_of_twenty_worlds() -> None:
    """Over 1,000 audits of a population with 10% errors, looked at after every five of 100 labels, the bound ever falls below the truth
    in at most about 5% of them; the exact bound for one look would in more than 10%."""
    generator, population = random.Random(5), [1] * 100 + [0] * 900
    missed = {"any": 0, "one": 0}
    for _ in range(1000):
        drawn = generator.sample(population, 100)
        looks = [(sum(drawn[:size]), size) for size in range(5, 101, 5)]
        for kind in missed:
            missed[kind] += any(bound_of(errors, size, 1000, 0.95, looks=kind) < 0.1 for errors, size in looks)  # type: ignore[arg-type]
    assert missed["any"] <= 0.06 * 1000
    assert missed["one"] > 0.1 * 1000


def test_what_is_the_same_label_the_question_says() -> None:
    """A box that overlaps by less than `same`, one more or less, or another label is an error; another order is none."""

    def asked(**more: Any) -> Schema:
        question = {"kind": "boxes", "of": "photo", "options": ["cell", "dirt"], **more}
        return msgspec.convert({"data": {"photo": "image"}, "questions": {"cells": question}}, Schema)

    def wrong(before: Boxes, after: Boxes, **more: Any) -> bool:
        return differs(asked(**more), "cells", before, after)

    first = Boxes((Box(1.1, 2.2, 30.3, 40.4, "cell"), Box(5, 5, 5, 5, "cell")))
    moved = Boxes((Box(4.1, 2.2, 30.3, 40.4, "cell"), Box(5, 5, 5, 5, "cell")))
    assert not wrong(first, Boxes(first.boxes[::-1]))
    assert not wrong(first, moved)
    assert not wrong(first, moved, same=0.8)
    assert wrong(first, moved, same=0.9)
    assert wrong(first, moved, same=1)
    assert not wrong(first, first, same=1)
    assert wrong(first, Boxes(first.boxes[:1]))
    assert wrong(first, Boxes((*first.boxes, Box(90, 90, 5, 5, "cell"))))
    assert wrong(first, Boxes((first.boxes[0], Box(5, 5, 5, 5, "dirt"))))
    assert wrong(first, Boxes((Box(25, 2.2, 30.3, 40.4, "cell"), first.boxes[1])))


def test_a_wrong_confidence_is_refused(make_project: Callable[..., Project]) -> None:
    """A confidence outside 0 to 1 is an error that says so."""
    project = make_project()
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        prove(project, confidence=95)


# --- who audits ---------------------------------------------------------------------------------------------------------------


def test_an_audit_by_the_labels_own_author_counts_as_no_audit(make_project: Callable[..., Project]) -> None:
    """Somebody who works alone and accepts all own labels proves nothing, at any confidence; one other person's audits do."""
    project = make_project()
    ids = add_texts(project, [f"text {number}" for number in range(100)])
    (alone,) = add_users(project, "ann", role="reviewer")
    agree(project, dict.fromkeys(ids, "refund"))
    pick(project, ids[:40])
    for item_id in ids:
        annotate(project, item_id, alone, REFUND)
    for item_id in ids[:40]:
        review(project, item_id, alone, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.pending, proof.own, proof.enough, proof.bound) == (0, 40, 40, False, 1.0)
    assert "Not enough evidence: 40 labels were reviewed by their own author" in proof.statement
    with project.database.read() as connection:
        (outcome,) = check_requirements(connection, project, ["label_error(intent) <= 50% at 95%"])
        assert outcome.holds is None
        advice = advise(connection, project, ["label_error(intent) <= 1% at 95%"], sample=0.4, own=True)
    assert "one other person for a few dozen audits" in advice[-2]
    assert "proves nothing about errors" in advice[-1]
    (reviewer,) = add_users(project, "rita", role="reviewer")
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND)
    assert prove(project).questions["intent"].enough


def test_an_authors_own_answers_given_again_blind_are_named_consistency(audited: tuple[Project, list[int], int]) -> None:
    """Blind repeats by the author are counted as consistency, with an interval, and leave the drawn labels unaudited."""
    project, ids, _ = audited
    (alone,) = add_users(project, "ann", role="reviewer")
    for item_id in ids[:40]:
        annotate(project, item_id, alone, REFUND)
        review(project, item_id, alone, REFUND, BUG if item_id in ids[:4] else None)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.own) == (0, 40)
    assert "36 of 40 answers again when asked blind, days later: a consistency of 90% (76% to 97%)" in proof.statement


# --- items that left ------------------------------------------------------------------------------------------------------------


def test_items_that_left_take_their_successes_and_leave_their_errors(audited: tuple[Project, list[int], int]) -> None:
    """Where the easy half of an audited project is replaced, its clean audits prove nothing about the rest, and its errors stay."""
    project, ids, reviewer = audited
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND, BUG if item_id in ids[:2] else None)
    gone = sa.update(tables.items).where(tables.items.c.id.in_(ids[:30])).values(state="replaced")
    project.database.write(lambda connection: connection.execute(gone))
    proof = prove(project).questions["intent"]
    assert (proof.population, proof.audited, proof.errors, proof.left, proof.enough) == (72, 10, 0, 2, False)
    assert proof.bound == pytest.approx(at_all_looks(2, 12, 72))


def test_removing_what_an_audit_found_never_lowers_the_bound(audited: tuple[Project, list[int], int]) -> None:
    """Errors that are removed from the sources stay in the count, and so does what an auditor was shown and left unjudged."""
    project, ids, reviewer = audited
    for item_id in ids[:39]:
        review(project, item_id, reviewer, REFUND, BUG if item_id in ids[:5] else None)
    seen = {"project_id": project.id, "item_id": ids[39], "purpose": "audit", "state": "open", "lane": 1, "rank": 1, "leased_at": 1.0}
    project.database.write(lambda connection: connection.execute(sa.insert(tables.tasks).values(seen)))
    before = prove(project).questions["intent"]
    removed = sa.update(tables.items).where(tables.items.c.id.in_([*ids[:5], ids[39]])).values(state="replaced")
    project.database.write(lambda connection: connection.execute(removed))
    after = prove(project).questions["intent"]
    assert (after.population, after.audited, after.errors, after.left, after.gone) == (100, 34, 0, 6, 6)
    assert after.bound == pytest.approx(before.bound)
    assert "of the 100 labels, 6 of which are there no more, were wrong" in after.statement
    assert "6 errors of items that left the sample stay in the count" in after.statement


def test_a_lowered_share_loses_no_error(make_project: Callable[..., Project]) -> None:
    """Errors that lie beyond the smallest share in force count all the same, so that lowering the share loses none of them."""
    project = make_project()
    (reviewer,) = add_users(project, "rita", role="reviewer")
    every = add_texts(project, [f"text {number}" for number in range(105)])
    ids, more = every[:100], every[100:]
    agree(project, dict.fromkeys(ids, "refund"))
    pick_reviews(project, ReviewPolicy(sample="100%", always=()), ids)
    for item_id in ids:
        review(project, item_id, reviewer, REFUND, BUG if item_id in ids[:7] else None)
    agree(project, dict.fromkeys(more, "bug"))
    pick_reviews(project, ReviewPolicy(sample="10%", always=()), more)
    proof = prove(project).questions["intent"]
    assert (proof.errors or 0) + proof.left == 7
    assert proof.population == 105


# --- auditors who overlook errors -----------------------------------------------------------------------------------------------


def test_auditors_who_overlooked_planted_errors_make_the_bound_wider(audited: tuple[Project, list[int], int]) -> None:
    """With 54 of 60 planted errors found, the bound is the one for missed errors, and the first sentence says what was measured."""
    project, ids, reviewer = audited
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND)
    before = prove(project).questions["intent"]
    plant(project, ids[50], reviewer, ["blind"] * 50 + ["shown"] * 4 + ["missed"] * 6)
    proof = prove(project).questions["intent"]
    assert (proof.planted, proof.found) == (60, 54)
    assert proof.bound == pytest.approx(bound_of(0, 40, 100, 0.95, planted=60, found=54))
    assert proof.bound > before.bound
    assert proof.statement.startswith("Auditors overlooked 6 of 60 planted errors")
    assert not prove(project).assumes_perfect_auditors


def test_who_was_measured_is_who_audited(audited: tuple[Project, list[int], int]) -> None:
    """A careful person who finds every planted error proves nothing about another one who audits, and next to nothing with a few audits."""
    project, ids, reviewer = audited
    (careful,) = add_users(project, "cora", role="reviewer")
    for item_id in ids[:39]:
        review(project, item_id, reviewer, REFUND)
    plant(project, ids[50], careful, ["blind"] * 60)
    proof = prove(project).questions["intent"]
    assert (proof.planted, proof.found) == (0, 0)
    assert "not enough evidence" in prove(project).markdown()
    review(project, ids[39], careful, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.planted, proof.found, proof.bound) == (60 * 40, 60, 1.0)
    assert proof.statement.startswith("Auditors overlooked 0 of 60 planted errors, 2,340 more count as overlooked")
    plant(project, ids[50], reviewer, ["blind"] * 500 + ["missed"] * 40)
    proof = prove(project).questions["intent"]
    assert (proof.planted, proof.found) == (2400, 560)


def test_reviews_with_the_label_in_view_are_no_audits(audited: tuple[Project, list[int], int]) -> None:
    """They wait for somebody else's blind answer, and the certificate says how many; the same person's blind answer comes too late."""
    project, ids, reviewer = audited
    (other,) = add_users(project, "otto", role="reviewer")
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND, blind=item_id not in ids[:3])
    for late in (None, reviewer):
        for item_id in ids[:3] if late else ():
            review(project, item_id, late, REFUND)
        proof = prove(project).questions["intent"]
        assert (proof.audited, proof.shown, proof.pending, proof.enough) == (37, 3, 3, False)
        assert proof.bound == pytest.approx(at_all_looks(3, 40, 100))
        assert "3 labels were reviewed with the label in view, which is no audit" in proof.statement
    for item_id in ids[:3]:
        review(project, item_id, other, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.errors, proof.shown, proof.enough) == (40, 0, 0, True)


def test_an_error_found_with_the_label_in_view_stays_in_the_count(audited: tuple[Project, list[int], int]) -> None:
    """Whatever a blind audit says afterwards, and where the item leaves the sample before or after it."""
    project, ids, reviewer = audited
    (other,) = add_users(project, "otto", role="reviewer")
    review(project, ids[0], reviewer, REFUND, BUG, blind=False)
    for item_id in ids[1:40]:
        review(project, item_id, reviewer, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.errors, proof.pending) == (39, 0, 1)
    review(project, ids[0], other, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.errors, proof.pending) == (40, 1, 0)
    replaced = sa.update(tables.items).where(tables.items.c.id == ids[0]).values(state="replaced")
    project.database.write(lambda connection: connection.execute(replaced))
    assert prove(project).questions["intent"].left == 1


def test_why_labels_wait_is_counted_among_those_of_the_question(make_project: Callable[..., Project]) -> None:
    """A drawn item whose label says nothing about a question is none of the question's audits, outdated or not."""
    two = {"kind": "choice", "of": "body", "options": ["refund", "bug"]}
    project = make_project({"data": {"body": "text"}, "questions": {"intent": two, "tone": {**two, "required": False}}})
    ids = add_texts(project, [f"text {number}" for number in range(40)])
    (reviewer,) = add_users(project, "rita", role="reviewer")
    agree(project, dict.fromkeys(ids, "refund"))
    agree(project, dict.fromkeys(ids[5:], "bug"), question="tone")
    pick(project, ids)
    declare(project, guidelines="# Refunds\nMoney back.")
    for item_id in ids[:39]:
        review(project, item_id, reviewer, REFUND if item_id in ids[:5] else {**REFUND, "tone": Choice("bug")})
    declare(project, guidelines="# Refunds\nMoney back within a month.")
    proof = prove(project).questions["tone"]
    assert (proof.audited, proof.pending, proof.outdated) == (0, 35, 34)
    assert "34 labels were audited by criteria that have changed since" in proof.statement
    assert "1 label was drawn for the audit and not yet audited" in proof.statement


# --- one look -------------------------------------------------------------------------------------------------------------------


def test_one_look_is_declared_complete_and_noted_or_there_is_none(make_project: Callable[..., Project]) -> None:
    """With `looks: 1` nothing is shown while an audit waits, then the exact bound, and after any change the one for all looks."""
    project = make_project()
    declare(project, review={"sample": "40%", "looks": 1})
    *ids, late = add_texts(project, [f"text {number}" for number in range(101)])
    (reviewer,) = add_users(project, "rita", role="reviewer")
    agree(project, dict.fromkeys(ids, "refund"))
    pick(project, ids[:40])
    for item_id in ids[:39]:
        review(project, item_id, reviewer, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.bound, proof.errors, proof.enough) == (1.0, None, False)
    review(project, ids[39], reviewer, REFUND)
    assert not prove(project).questions["intent"].enough
    assert project.database.write(lambda connection: take_look(connection, project.id, project.schema))
    assert not project.database.write(lambda connection: take_look(connection, project.id, project.schema))
    proof = prove(project).questions["intent"]
    assert (proof.looks, proof.enough) == ("one", True)
    assert proof.bound == pytest.approx(hypergeometric_upper_bound(0, 40, 100, 0.95))
    agree(project, {late: "refund"})
    pick(project, [late])
    review(project, late, reviewer, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.looks, proof.bound) == ("any", pytest.approx(at_all_looks(0, 41, 101)))
    assert "one look was taken before" in proof.statement


def test_the_noted_look_is_found_without_reading_the_log(make_project: Callable[..., Project]) -> None:
    """However much has happened in a project, what a certificate reads of the log is the look alone, by an index that has nothing else."""
    project = make_project()
    declare(project, review={"sample": "40%", "looks": 1})

    def fill(connection: sa.Connection) -> None:
        log.append_all(connection, project.id, "annotation_submitted", [(None, None, number) for number in range(5000)], payload={})
        log.append(connection, project.id, "audit_looked_at", payload={"intent": [0] * 10})

    project.database.write(fill)
    project.database.write(lambda connection: connection.exec_driver_sql("ANALYZE events"))
    plans = []
    engine: sa.Engine = project.database._backend._engine

    def explain(raw: Any, cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if "FROM events" in statement and not statement.startswith("EXPLAIN"):
            how = "EXPLAIN QUERY PLAN" if raw.dialect.name == "sqlite" else "EXPLAIN"
            plans.append(str(raw.exec_driver_sql(f"{how} {statement}", values).all()))

    sa.event.listen(engine, "before_cursor_execute", explain)
    with project.database.read() as connection:
        audit(connection, project.id, project.schema)
    sa.event.remove(engine, "before_cursor_execute", explain)
    assert len(plans) == 1
    assert "ix_events_looks" in plans[0]


def test_an_audit_whose_size_was_changed_on_the_way_has_no_one_look(audited: tuple[Project, list[int], int]) -> None:
    """Declaring one look, or another share, after the first audit leaves the bound for all looks, and says so."""
    project, ids, reviewer = audited
    declare(project, review={"sample": "10%"})
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND)
    declare(project, review={"sample": "40%", "looks": 1})
    proof = prove(project).questions["intent"]
    assert (proof.looks, proof.bound) == ("any", pytest.approx(at_all_looks(0, 40, 100)))
    assert "after it had begun" in proof.statement


# --- criteria that change -------------------------------------------------------------------------------------------------------


def test_audits_by_a_clause_that_changed_have_to_be_given_anew(audited: tuple[Project, list[int], int]) -> None:
    """A changed clause leaves the audits given by it outdated, names it, and declared editorial keeps them."""
    project, ids, reviewer = audited
    declare(project, guidelines="# Refunds\nMoney back.\n# Tone\nBe kind.")
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND)
    assert prove(project).questions["intent"].enough
    declare(project, guidelines="# Refunds\nMoney back within a month.\n# Tone\nBe  kind.")
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.outdated, proof.enough, proof.clauses) == (0, 40, False, {"Refunds": 40})
    assert "40 labels were audited by criteria that have changed since, and must be audited anew" in proof.statement
    for item_id in ids[:20]:
        review(project, item_id, reviewer, REFUND)
    assert prove(project).questions["intent"].outdated == 20
    project.database.write(lambda connection: declare_editorial(connection, project.id, clause="Refunds"))
    assert prove(project).questions["intent"].outdated == 0
    assert prove(project).questions["intent"].enough
    with pytest.raises(InvalidInput, match="does not change"):
        project.database.write(lambda connection: declare_editorial(connection, project.id))


def test_a_clause_of_one_question_leaves_the_audits_of_others_alone(make_project: Callable[..., Project]) -> None:
    """A clause below a heading that names a question belongs to that question alone."""
    schema = Schema(
        data={"body": "text"},
        questions={name: ChoiceQuestion(of="body", options=("a", "b"), title=name.title()) for name in ("mood", "topic")},
    )
    one, two = (criteria(schema, f"# Mood\n## Irony\n{text}\n# All\nRead it all.") for text in ("Counts.", "Counts not."))
    assert changed(one["mood"], two["mood"]) == ["Irony"]
    assert changed(one["topic"], two["topic"]) == []
    assert set(one["topic"]) == {"All", "pipeline file"}


def test_an_audit_of_what_a_file_holds_under_the_own_name_counts_as_no_audit(make_project: Callable[..., Project]) -> None:
    """Whoever imports the own answers, and audits them, is their author still; nobody is handed such an audit; another person is."""
    project = make_project()
    ids = add_texts(project, [f"text {number}" for number in range(60)])
    ann, rita = add_users(project, "ann", "rita", role="reviewer")
    path = project.folder / "answers.jsonl"
    path.write_text("".join(f'{{"id": "t{number}", "intent": "refund", "annotator": "ann"}}\n' for number in range(60)), "utf-8")
    assert import_labels(project, path, None, "annotations").stored == 60
    agree(project, dict.fromkeys(ids, "refund"))
    pick_reviews(project, ReviewPolicy(sample="100%", always=()), ids)
    queue = Queue(project.id, TaskPolicy())
    taken = [
        len(project.database.write(partial(queue.lease, user_id=user, count=5, purpose="review", resume=False))) for user in (ann, rita)
    ]
    assert taken == [0, 5]
    for item_id in ids:
        review(project, item_id, ann, REFUND)
    proof = prove(project).questions["intent"]
    assert (proof.audited, proof.own, proof.enough, proof.bound) == (0, 60, False, 1.0)
