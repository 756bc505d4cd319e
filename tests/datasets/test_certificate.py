"""What the certificate claims, and what it refuses to claim."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from labelwright.datasets import Certificate, certificate
from labelwright.errors import InvalidInput
from labelwright.review import ReviewPolicy
from labelwright.review import pick as pick_reviews
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.stats.certificates import binomial_upper_bound, hypergeometric_upper_bound
from labelwright.store import tables
from labelwright.store.audit import LEAST, differs
from labelwright.store.codec import encode
from labelwright.store.project import Project
from tests.datasets.labeling import agree, pick, review
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


def prove(project: Project, **options: float) -> Certificate:
    with project.database.read() as connection:
        return certificate(connection, project, **options)  # type: ignore[arg-type]


def test_the_bound_is_the_exact_one_of_the_random_audit(audited: tuple[Project, list[int], int]) -> None:
    """40 audits with 2 errors give the exact bound on the 100 labels before review, and less once those two are put right."""
    project, ids, reviewer = audited
    for item_id in ids[:40]:
        review(project, item_id, reviewer, REFUND, BUG if item_id in ids[:2] else None)
    proof = prove(project).questions["intent"]
    assert (proof.population, proof.audited, proof.errors, proof.pending, proof.unproved) == (100, 40, 2, 0, 0)
    assert proof.bound == pytest.approx(hypergeometric_upper_bound(2, 40, 100, 0.95))
    assert proof.remaining == pytest.approx(proof.bound - 0.02)
    assert proof.enough
    assert "before any review" in proof.statement
    wider = prove(project, method="binomial").questions["intent"]  # type: ignore[arg-type]
    assert wider.bound == pytest.approx(binomial_upper_bound(2, 40, 0.95))
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
    assert proof.bound == pytest.approx(hypergeometric_upper_bound(5, 40, 100, 0.95))
    assert "4 labels were picked for the audit and not yet reviewed" in proof.statement


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
    assert proof.bound == pytest.approx(hypergeometric_upper_bound(10, 40, 100, 0.95))
    assert proof.remaining == pytest.approx((100 * proof.bound - 10) / 90)
    edited = sa.update(tables.items).where(tables.items.c.id.in_(ids[:10])).values(state="replaced")
    project.database.write(lambda connection: connection.execute(edited))
    assert prove(project).questions["intent"].errors == 10


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
    assert proof.bound == pytest.approx(hypergeometric_upper_bound(0, 40, 100, 0.95) + 0.11)
    assert "says nothing about 11 labels" in proof.statement
    review(project, ids[50], reviewer, BUG, random=0)
    assert prove(project).questions["intent"].unproved == 10


def test_the_promise_holds_in_nineteen_of_twenty_worlds(make_project: Callable[..., Project]) -> None:
    """Over 2,000 made-up audits of a population with 10% errors, the bound is below the truth in at most about 5% of them."""
    from labelwright.store.audit import _prove

    generator, population = random.Random(5), [1] * 100 + [0] * 900
    missed = 0
    for _ in range(2000):
        errors = sum(generator.sample(population, 60))
        proof = _prove(
            question="q",
            kind="choice",
            population=1000,
            audited=60,
            errors=errors,
            pending=0,
            unproved=0,
            repaired=errors,
            gone=0,
            confidence=0.95,
            method="binomial",
        )
        missed += proof.bound < 0.1
    assert missed <= 0.06 * 2000


def test_any_difference_of_places_is_an_error_and_rounding_is_none() -> None:
    """A box moved by a pixel, added or taken away is an error; the same boxes in another order or rounded are not."""
    first = Boxes((Box(1.1, 2.2, 30.3, 40.4, "cell"), Box(5, 5, 5, 5, "cell")))
    assert not differs(first, Boxes(first.boxes[::-1]))
    assert not differs(first, Boxes((Box(1.1 + 1e-13, 2.2, 30.3, 40.4, "cell"), first.boxes[1])))
    assert differs(first, Boxes((Box(2.1, 2.2, 30.3, 40.4, "cell"), first.boxes[1])))
    assert differs(first, Boxes(first.boxes[:1]))
    assert differs(first, None)


def test_a_wrong_confidence_is_refused(make_project: Callable[..., Project]) -> None:
    """A confidence outside 0 to 1 is an error that says so."""
    project = make_project()
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        prove(project, confidence=95)
