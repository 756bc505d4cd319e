"""What quality derives from answers: consensus, annotators, reports; incrementally, and on both databases."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright import stats
from labelwright.quality import QualityPolicy, refresh
from labelwright.quality.refreshing import Refreshed
from labelwright.schema import Schema
from labelwright.stats import binomial_interval
from labelwright.store import log, tables
from labelwright.store.codec import decode, decode_answer, encode
from labelwright.store.project import Project
from labelwright.store.reports import read_reports
from tests.quality.answers import add_version, answer, choice, report, rows, set_state, spans
from tests.rows import add_known, add_texts, add_users

Make = Callable[..., Project]
LABELS = ("refund", "bug", "other")
POLICY = QualityPolicy(label_errors=False)

TEXT = {
    "data": {"body": "text"},
    "questions": {
        "intent": {"kind": "choice", "of": "body", "options": list(LABELS)},
        "entities": {"kind": "spans", "of": "body", "options": ["DATE", "NAME"], "overlapping": False},
    },
}


def crowd(
    project: Project, items: int, people: int, *, accuracy: float = 0.85, overlap: int = 3, seed: int = 0
) -> tuple[list[int], list[str]]:
    """Items with a true intent, each answered by `overlap` of `people`, who are right with the same chance."""
    rng = random.Random(seed)
    users = add_users(project, *(f"user{seed}-{index}" for index in range(people)))
    ids = add_texts(project, [f"text {index} of {seed}" for index in range(items)], key=f"k{seed}-")
    truth = [rng.choice(LABELS) for _ in ids]
    given = []
    for item_id, true in zip(ids, truth, strict=True):
        for user in rng.sample(users, overlap):
            label = true if rng.random() < accuracy else rng.choice([one for one in LABELS if one != true])
            given.append((item_id, user, {"intent": choice(label)}))
    answer(project, given)
    return ids, truth


def consensus(project: Project, question: str) -> dict[int, dict[str, Any]]:
    return {row["item_id"]: row for row in rows(project, tables.consensus) if row["question"] == question}


def test_consensus_of_choices(make_project: Make) -> None:
    """The consensus is what `stats.aggregate` says of the same answers, with confidence, agreement, annotations and method."""
    project = make_project()
    ids, truth = crowd(project, 120, 6)
    refresh(project, POLICY)
    found = consensus(project, "intent")
    with project.database.read() as connection:
        given = connection.execute(sa.select(tables.annotations).order_by(tables.annotations.c.item_id, tables.annotations.c.id)).all()
    labels = [decode(row.values)["intent"]["label"] for row in given]
    direct = stats.aggregate([row.item_id for row in given], [row.user_id for row in given], [LABELS.index(label) for label in labels])
    right = 0
    for item_id, true in zip(ids, truth, strict=True):
        row = found[item_id]
        label = decode_answer(row["answer"]).label
        assert label == LABELS[direct.labels[item_id]]
        assert row["confidence"] == pytest.approx(direct.confidence[item_id], abs=1e-6)
        assert row["answers"] == 3
        assert row["method"] == direct.method
        assert decode(row["annotation_ids"]) == [one.id for one in given if one.item_id == item_id]
        given_labels = [other for one, other in zip(given, labels, strict=True) if one.item_id == item_id]
        pairs = [one == other for index, one in enumerate(given_labels) for other in given_labels[:index]]
        assert row["agreement"] == pytest.approx(sum(pairs) / 3, abs=1e-6)
        right += label == true
    assert right >= 108


def test_unchanged_rows_are_left_alone(make_project: Make) -> None:
    """A second refresh writes nothing; after one answer more only that item's row is written; the whole again changes nothing."""
    project = make_project()
    ids, _ = crowd(project, 100, 5)
    first = refresh(project, POLICY)
    assert (first.added, first.changed, first.removed, first.deep) == (100, 0, 0, True)
    before = rows(project, tables.consensus)
    assert refresh(project, POLICY).added == 0
    assert refresh(project, POLICY, full=True) == type(first)()
    project.database.write(lambda connection: connection.execute(sa.delete(tables.quality_reports)))
    assert refresh(project, POLICY, full=True) == type(first)(deep=True)
    assert rows(project, tables.consensus) == before
    (late,) = add_users(project, "late")
    answer(project, [(ids[7], late, {"intent": choice("bug")})])
    again = refresh(project, POLICY)
    assert (again.added, again.changed, again.removed, again.deep) == (0, 1, 0, False)
    after = rows(project, tables.consensus)
    assert [one["item_id"] for one, other in zip(before, after, strict=True) if one != other] == [ids[7]]
    assert next(row for row in after if row["item_id"] == ids[7])["answers"] == 4


def test_light_refresh_agrees_with_the_fit(make_project: Make) -> None:
    """What is judged by an earlier fit gets the labels that a new fit of everything gives it, but for a few."""
    project = make_project()
    ids, _ = crowd(project, 200, 6)
    refresh(project, POLICY)
    users = sorted({row["user_id"] for row in rows(project, tables.annotator_quality)})
    more = add_texts(project, [f"more {index}" for index in range(10)], key="m")
    rng = random.Random(3)
    for item_id in more:
        true = rng.choice(LABELS)
        for user in rng.sample(users, 3):
            answer(project, [(item_id, user, {"intent": choice(true if rng.random() < 0.9 else "other")})])
    light = refresh(project, POLICY)
    assert not light.deep
    assert light.added == 10
    quick = {item_id: row["answer"] for item_id, row in consensus(project, "intent").items()}
    refresh(project, POLICY, full=True)
    slow = {item_id: row["answer"] for item_id, row in consensus(project, "intent").items()}
    assert sum(quick[item_id] == slow[item_id] for item_id in more) >= 9
    assert quick.keys() == slow.keys() == {*ids, *more}


def test_which_answers_count(make_project: Make) -> None:
    """Only the newest standing answer of a person counts; gold, rejected, fixed and replaced ones do not; a reviewer's version does."""
    project = make_project()
    ann, bob, rev = add_users(project, "ann", "bob", "rev")
    one, two, three, four = add_texts(project, ["a", "b", "c", "d"])
    answer(project, [(one, ann, {"intent": choice("bug")})], state="replaced")
    answer(project, [(one, ann, {"intent": choice("refund")}), (one, ann, {"intent": choice("other")})])
    answer(project, [(two, ann, {"intent": choice("bug")})], purpose="gold")
    (rejected,) = answer(project, [(three, bob, {"intent": choice("bug")})], state="rejected")
    answer(project, [(four, bob, {"intent": choice("bug")})], state="fixed")
    answer(project, [(four, rev, {"intent": choice("refund")})], origin="review", purpose="review", state="accepted")
    refresh(project, POLICY)
    found = consensus(project, "intent")
    assert {item_id: decode_answer(row["answer"]).label for item_id, row in found.items()} == {one: "other", four: "refund"}
    assert found[one]["answers"] == 1
    set_state(project, rejected, "submitted")
    refresh(project, POLICY)
    assert three in consensus(project, "intent")
    set_state(project, rejected, "rejected")
    assert refresh(project, POLICY).removed == 1
    assert three not in consensus(project, "intent")


def test_spans_are_fused_and_only_touched_items_again(make_project: Make) -> None:
    """Spans of several people become one set; one answer more re-fuses one item; an item with one answer has it unchanged."""
    project = make_project(TEXT)
    ann, bob, cyd = add_users(project, "ann", "bob", "cyd")
    ids = add_texts(project, [f"Anna met Bert on Monday the {index}th." for index in range(30)])
    given = []
    for index, item_id in enumerate(ids):
        for user in (ann, bob, cyd) if index % 3 else (ann,):
            marks = [(0, 4, "NAME"), (9, 13, "NAME")] + ([(17, 23, "DATE")] if user != cyd else [])
            given.append((item_id, user, {"entities": spans(*marks), "intent": choice("other")}))
    answer(project, given)
    refresh(project, POLICY)
    found = consensus(project, "entities")
    assert decode_answer(found[ids[1]]["answer"]) == spans((0, 4, "NAME"), (9, 13, "NAME"), (17, 23, "DATE"))
    assert (found[ids[0]]["method"], found[ids[0]]["agreement"]) == ("single", None)
    assert found[ids[1]]["agreement"] == pytest.approx((1 + 0.8 + 0.8) / 3, abs=1e-6)
    assert 0.5 < found[ids[0]]["confidence"] < found[ids[1]]["confidence"] < 1
    (dan,) = add_users(project, "dan")
    before = consensus(project, "entities")
    answer(project, [(ids[0], dan, {"entities": spans((0, 4, "NAME"))})])
    assert refresh(project, POLICY).deep is False
    after = consensus(project, "entities")
    assert [item_id for item_id in ids if before[item_id] != after[item_id]] == [ids[0]]


def test_annotator_quality(make_project: Make) -> None:
    """Each person has answers, gold accuracy, agreement with labels that others helped to make, and skill; who errs more has less."""
    project = make_project()
    good, fair, bad = add_users(project, "good", "fair", "bad")
    ids = add_texts(project, [f"text {index}" for index in range(90)])
    rng = random.Random(1)
    given, gold = [], []
    for index, item_id in enumerate(ids):
        true = LABELS[index % 3]
        if index < 20:
            add_known(project, item_id, {"intent": choice(true)})
        for user, accuracy in ((good, 0.98), (fair, 0.85), (bad, 0.5)):
            label = true if rng.random() < accuracy else LABELS[(index + rng.choice((1, 2))) % 3]
            (gold if index < 20 else given).append((item_id, user, {"intent": choice(label)}))
    answer(project, given)
    answer(project, gold, purpose="gold")
    refresh(project, POLICY)
    found = {row["user_id"]: row for row in rows(project, tables.annotator_quality)}
    assert [found[user]["answers"] for user in (good, fair, bad)] == [70, 70, 70]
    assert [found[user]["gold_answers"] for user in (good, fair, bad)] == [20, 20, 20]
    for column in ("gold_accuracy", "agreement", "skill"):
        assert found[good][column] > found[fair][column] > found[bad][column], column
    gold_report = report(project, "gold")["questions"][0]
    assert (gold_report["items"], gold_report["answers"]) == (20, 60)
    accuracy = gold_report["accuracy"]
    # Three people as different as these say little about others, however many answers they give.
    assert accuracy["low"] < binomial_interval(round(60 * accuracy["value"]), 60)[0] - 0.2 < accuracy["value"] < accuracy["high"]
    assert sum(cell["count"] for cell in gold_report["matrix"]) == 60


def test_agreement_is_the_textbook_value(make_project: Make) -> None:
    """The report has Krippendorff's alpha of `stats`, the share of equal pairs, and each pair of people."""
    project = make_project()
    crowd(project, 80, 4)
    refresh(project, POLICY)
    (found,) = report(project, "agreement")["questions"]
    with project.database.read() as connection:
        given = connection.execute(sa.select(tables.annotations)).all()
    labels = [decode(row.values)["intent"]["label"] for row in given]
    alpha = stats.krippendorff_alpha([row.item_id for row in given], [row.user_id for row in given], labels)
    assert found["alpha"]["value"] == pytest.approx(alpha.value)
    assert (found["alpha"]["low"], found["alpha"]["high"]) == (pytest.approx(alpha.low), pytest.approx(alpha.high))
    assert len(found["pairs"]) == 6
    for pair in found["pairs"]:
        first = {row.item_id: label for row, label in zip(given, labels, strict=True) if row.user_id == pair["first_id"]}
        second = {row.item_id: label for row, label in zip(given, labels, strict=True) if row.user_id == pair["second_id"]}
        both = first.keys() & second.keys()
        assert pair["agreement"]["count"] == len(both)
        assert pair["agreement"]["value"] == pytest.approx(sum(first[item] == second[item] for item in both) / len(both))


def test_agreement_over_time_shows_a_fall(make_project: Make) -> None:
    """Items in windows by when they had their second answer, the oldest first: where people part in the end, the last window shows it."""
    project = make_project()
    ann, bob = add_users(project, "ann", "bob")
    for index, item_id in enumerate(add_texts(project, [f"text {index}" for index in range(60)])):
        label = LABELS[index % 3]
        answer(project, [(item_id, ann, {"intent": choice(label)})], at=1000.0 + index)
        answer(project, [(item_id, bob, {"intent": choice("other" if index >= 40 else label)})], at=2000.0 + index)
    refresh(project, POLICY)
    windows = report(project, "agreement")["questions"][0]["over_time"]
    assert [(one["start"], one["end"]) for one in windows] == [(2000, 2019), (2020, 2039), (2040, 2059)]
    assert [one["agreement"]["count"] for one in windows] == [20, 20, 20]
    assert windows[0]["agreement"]["value"] == windows[1]["agreement"]["value"] == 1
    assert windows[2]["agreement"]["value"] < 0.5


def test_further_answers_where_people_part_are_no_fall(make_project: Make) -> None:
    """Where items about which two people part are answered a third time in the end, as a growing overlap has it, no window is worse."""
    project = make_project()
    ann, bob, cyd = add_users(project, "ann", "bob", "cyd")
    ids = add_texts(project, [f"text {index}" for index in range(60)])
    for index, item_id in enumerate(ids):
        label, other = LABELS[index % 3], LABELS[(index if index % 4 else index + 1) % 3]
        values = [{"intent": choice(one), "entities": spans(*([(0, 4, "NAME")] if one == label else []))} for one in (label, other)]
        answer(project, [(item_id, ann, values[0])], at=1000.0 + index)
        answer(project, [(item_id, bob, values[1])], at=2000.0 + index)
        if label != other:
            answer(project, [(item_id, cyd, values[0])], at=3000.0 + index)
    refresh(project, POLICY)
    for question in report(project, "agreement")["questions"]:
        windows = question["over_time"]
        assert [(one["start"], one["end"]) for one in windows] == [(2000, 2019), (2020, 2039), (2040, 2059)]
        assert len({round(one["agreement"]["value"], 6) for one in windows}) == 1, question["question"]


def test_criteria_name_what_the_guidelines_do_not_tell_apart(make_project: Make) -> None:
    """The labels that people confuse come first, with counts and examples, and a new version of the guidelines is told apart."""
    project = make_project(guidelines="old")
    ann, bob = add_users(project, "ann", "bob")
    better = add_version(project, "new", 2)
    ids = add_texts(project, [f"text {index}" for index in range(60)])
    for index, item_id in enumerate(ids):
        version = project.pipeline_version if index < 30 else better
        apart = index < 12 or index == 40
        answer(
            project,
            [
                (item_id, ann, {"intent": choice("bug" if apart else LABELS[index % 3])}),
                (item_id, bob, {"intent": choice("other" if apart else LABELS[index % 3])}),
            ],
            version=version,
        )
    refresh(project, POLICY)
    (found,) = report(project, "criteria")["questions"]
    (worst,) = found["confusions"]
    assert (worst["first"], worst["second"], worst["pairs"]) == ("bug", "other", 13)
    assert worst["items"] == ids[:5]
    assert worst["keys"] == ["t0", "t1", "t2", "t3", "t4"]
    old, new = found["guidelines"]
    assert (old["version"], new["version"]) == (1, 2)
    assert (old["items"], new["items"]) == (30, 30)
    assert old["disagreement"]["value"] == pytest.approx(12 / 30)
    assert new["disagreement"]["value"] == pytest.approx(1 / 30)
    direct = stats.confusable_labels([1, 1, 2, 2], ["a", "b"] * 2, ["bug", "other", "bug", "bug"])
    assert direct[0].share == 0.5
    versions = report(project, "agreement")["questions"][0]["guidelines"]
    assert versions[0]["alpha"]["value"] < versions[1]["alpha"]["value"]


def test_criteria_of_spans(make_project: Make) -> None:
    """For places the report names labels given to one place, and labels that one person marked and another did not."""
    project = make_project(TEXT)
    ann, bob = add_users(project, "ann", "bob")
    ids = add_texts(project, [f"Anna met Bert on Monday the {index}th." for index in range(10)])
    for item_id in ids:
        answer(project, [(item_id, ann, {"entities": spans((0, 4, "NAME"), (17, 23, "DATE"))})])
        answer(project, [(item_id, bob, {"entities": spans((0, 4, "DATE"))})])
    refresh(project, POLICY)
    found = {one["question"]: one for one in report(project, "criteria")["questions"]}["entities"]
    assert [(one["first"], one["second"], one["pairs"], one["share"]) for one in found["confusions"]] == [("DATE", "NAME", 10, 1.0)]
    assert [(one["label"], one["compared"], one["missed"]) for one in found["missed"]] == [("DATE", 20, 10)]
    assert found["missed"][0]["items"] == ids[:5]


def test_nobody_nothing(make_project: Make) -> None:
    """No item, no answer, one annotator, one class, questions left out: no number is invented, and each gap has its reason."""
    project = make_project(TEXT)
    refresh(project, POLICY)
    for name in ("agreement", "criteria", "gold", "cross_validation"):
        assert "NaN" not in str(report(project, name))
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, ["one", "two"])
    refresh(project, QualityPolicy())
    answer(project, [(item_id, ann, {"intent": choice("bug")}) for item_id in ids])
    refresh(project, QualityPolicy())
    found = consensus(project, "intent")
    assert {row["confidence"] for row in found.values()} == {0.8}
    assert {row["agreement"] for row in found.values()} == {None}
    for one in report(project, "agreement")["questions"]:
        assert one["alpha"]["value"] is None
        assert one["alpha"]["reason"]
    assert report(project, "label_errors")["questions"][0]["reason"]
    (row,) = rows(project, tables.annotator_quality)
    assert (row["answers"], row["gold_answers"], row["gold_accuracy"], row["agreement"], row["skill"]) == (2, 0, None, None, None)
    (bob,) = add_users(project, "bob")
    answer(project, [(item_id, bob, {"intent": choice("bug")}) for item_id in ids])
    for method in ("majority", "dawid_skene", "auto"):
        refresh(project, QualityPolicy(consensus=method))
        assert all(0.9 < row["confidence"] <= 1 for row in consensus(project, "intent").values())


def test_old_labels_and_questions(make_project: Make) -> None:
    """Answers with labels or to questions that the schema does not have any more count no more, and their consensus goes."""
    project = make_project(TEXT)
    (ann,) = add_users(project, "ann")
    one, two = add_texts(project, ["one", "two"])
    answer(project, [(one, ann, {"intent": choice("bug"), "entities": spans((0, 3, "NAME"))}), (two, ann, {"intent": choice("other")})])
    refresh(project, POLICY)
    assert len(rows(project, tables.consensus)) == 3
    import dataclasses

    import msgspec

    narrower = msgspec.convert(
        {"data": {"body": "text"}, "questions": {"intent": {"kind": "choice", "of": "body", "options": ["bug", "refund"]}}}, Schema
    )
    changed = dataclasses.replace(project, schema=narrower)
    refresh(changed, POLICY)
    assert [(row["item_id"], row["question"]) for row in rows(project, tables.consensus)] == [(one, "intent")]
    assert [row["question"] for row in rows(project, tables.annotator_quality)] == ["intent"]


def test_machines_vote_only_where_they_are_named(make_project: Make) -> None:
    """A labeler's suggestion joins as one more annotator if it is named, and makes no label where nobody answered."""
    project = make_project()
    ann, bob = add_users(project, "ann", "bob")
    one, two = add_texts(project, ["one", "two"])
    answer(project, [(one, ann, {"intent": choice("bug")}), (one, bob, {"intent": choice("other")})])

    def suggest(connection: sa.Connection) -> None:
        for item_id in (one, two):
            connection.execute(
                sa.insert(tables.suggestions).values(
                    project_id=project.id,
                    item_id=item_id,
                    question="intent",
                    labeler="words",
                    version="1",
                    answer='{"kind":"choice","label":"other"}',
                    created_at=0.0,
                )
            )

    project.database.write(suggest)
    refresh(project, QualityPolicy(consensus="majority", label_errors=False))
    assert consensus(project, "intent")[one]["confidence"] == pytest.approx(0.470588, abs=0.1)
    refresh(project, QualityPolicy(consensus="majority", label_errors=False), machines=("words",))
    (row,) = consensus(project, "intent").values()
    assert (row["item_id"], decode_answer(row["answer"]).label, row["answers"]) == (one, "other", 2)
    assert row["confidence"] > 0.7


def test_a_machine_votes_on_a_question_with_a_condition(make_project: Make) -> None:
    """A labeler that proposes answers to the follow-up alone has its vote where people's answers lead there, and nowhere else."""
    amount = {"kind": "choice", "of": "body", "options": ["small", "large"], "when": "intent == 'refund'"}
    project = make_project({**TEXT, "questions": {**TEXT["questions"], "amount": amount}})
    ann, bob = add_users(project, "ann", "bob")
    asked, unasked = add_texts(project, ["one", "two"])
    for user, size in ((ann, "small"), (bob, "large")):
        answer(project, [(asked, user, {"intent": choice("refund"), "amount": choice(size)}), (unasked, user, {"intent": choice("bug")})])

    def suggest(connection: sa.Connection) -> None:
        proposed = {"project_id": project.id, "labeler": "sizes", "version": "1", "created_at": 0.0}
        for item_id in (asked, unasked):
            row = {**proposed, "item_id": item_id, "question": "amount", "answer": encode(choice("large"))}
            connection.execute(sa.insert(tables.suggestions).values(row))

    project.database.write(suggest)
    refresh(project, QualityPolicy(consensus="majority", label_errors=False), machines=("sizes",))
    (row,) = consensus(project, "amount").values()
    assert (row["item_id"], decode_answer(row["answer"]).label) == (asked, "large")
    assert row["confidence"] > 0.6


def test_an_import_measures_again(make_project: Make) -> None:
    """Gold and reference answers that were imported are taken up at once; a version that was frozen changes nothing."""
    from labelwright.store import log

    project = make_project()
    ids, truth = crowd(project, 30, 4)
    refresh(project, POLICY)
    for item_id, true in zip(ids, truth, strict=True):
        add_known(project, item_id, {"intent": choice(true)}, use="reference")
    project.database.write(lambda connection: log.append(connection, project.id, "labels_imported", payload={"use": "reference"}))
    assert refresh(project, POLICY).deep
    assert report(project, "cross_validation")["questions"][0]["compared"] == 30
    project.database.write(lambda connection: log.append(connection, project.id, "version_frozen"))
    assert not refresh(project, POLICY).deep


def test_a_crash_between_steps_is_finished_by_running_again(make_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a refresh dies half-way, the next one comes to what one undisturbed run comes to."""
    project = make_project()
    ids, _ = crowd(project, 60, 5)
    refresh(project, POLICY)
    (late,) = add_users(project, "late")
    answer(project, [(ids[0], late, {"intent": choice("bug")})])
    from labelwright.quality import annotators

    with monkeypatch.context() as broken:
        broken.setattr(annotators, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            refresh(project, POLICY)
    refresh(project, POLICY)
    assert consensus(project, "intent")[ids[0]]["answers"] == 4


def test_a_label_that_another_method_changes_is_noted_at_once(make_project: Make) -> None:
    """Items drawn for the audit or passed over are marked as changed in the transaction that gives them another label, and no others."""
    project = make_project()
    ids, _ = crowd(project, 60, 5, overlap=2, accuracy=0.6)
    refresh(project, QualityPolicy(consensus="majority", label_errors=False))
    before = {item: decode_answer(row["answer"]) for item, row in consensus(project, "intent").items()}

    def draw(connection: sa.Connection) -> None:
        for item in ids[:40]:
            drawn = sa.update(tables.items).where(tables.items.c.id == item)
            connection.execute(drawn.values(drawn_at=1.0, drawn_label=encode({"intent": before[item]})))

    project.database.write(draw)
    refresh(project, QualityPolicy(consensus="dawid_skene", label_errors=False), full=True)
    after = {item: decode_answer(row["answer"]) for item, row in consensus(project, "intent").items()}
    moved = {item for item in ids if before[item] != after[item]}
    assert moved & set(ids[:40])
    assert {row["id"] for row in rows(project, tables.items) if row["changed_at"] is not None} == moved & set(ids[:40])


def test_everything_again_is_nothing_while_what_it_rests_on_stands(make_project: Make) -> None:
    """All is derived again after an answer, a review, an item that left, a known answer or another declaration, and only then."""
    project = make_project(TEXT)
    ids, _ = crowd(project, 60, 4)
    assert refresh(project, POLICY).deep
    assert not refresh(project, POLICY, full=True).deep
    notes = rows(project, tables.annotations)
    project.database.write(
        lambda connection: log.append(connection, project.id, "task_skipped", user_id=notes[0]["user_id"], item_id=ids[0])
    )
    assert not refresh(project, POLICY, full=True).deep
    (late,) = add_users(project, "late")

    def leave(connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.items).where(tables.items.c.id == ids[5]).values(state="replaced"))

    changes: list[Callable[[], object]] = [
        lambda: answer(project, [(ids[1], late, {"intent": choice("bug")})]),
        lambda: set_state(project, notes[7]["id"], "rejected"),
        lambda: project.database.write(leave),
        lambda: add_known(project, ids[9], {"intent": choice("bug")}),
    ]
    for change in changes:
        change()
        assert refresh(project, POLICY, full=True).deep
        assert not refresh(project, POLICY, full=True).deep
    answer(project, [(ids[2], late, {"intent": choice("bug")})])
    assert not refresh(project, POLICY).deep
    assert refresh(project, POLICY, full=True).deep, "what one answer was judged by lightly is not yet judged by all"
    declared = replace(project, pipeline_version=add_version(project, "Other guidelines.", 2))
    assert refresh(declared, POLICY, full=True).deep
    assert not refresh(declared, POLICY, full=True).deep


def test_what_is_asked_for_anew_counts_every_answer(make_project: Make) -> None:
    """Two new answers among 80 change no report by themselves; asked for anew they are in all of them, and then there is nothing to do."""
    project = make_project()
    ann, bob = add_users(project, "ann", "bob")
    ids = add_texts(project, [f"text number {index}" for index in range(41)])
    policy = QualityPolicy(consensus="majority", label_errors=False)
    for item in ids[:40]:
        answer(project, [(item, user, {"intent": choice("bug" if item % 2 else "other")}) for user in (ann, bob)])
    refresh(project, policy)

    def counted() -> int:
        with project.database.read() as connection:
            made = read_reports(connection, project.id, "agreement").agreement
        assert made is not None
        return made.questions[0].agreement.count

    answer(project, [(ids[40], ann, {"intent": choice("bug")}), (ids[40], bob, {"intent": choice("other")})])
    refresh(project, policy)
    assert counted() == 40
    refresh(project, policy, anew=True)
    assert counted() == 41
    assert refresh(project, policy, anew=True) == Refreshed()
