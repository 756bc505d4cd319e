"""The search for label errors, and the comparison with an existing dataset."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from labelwright.api.reports import CrossValidationReport, LabelErrorsReport, QuestionLabelErrors
from labelwright.quality import QualityPolicy, label_errors, refresh
from labelwright.quality.policy import CrossValidate
from labelwright.store import tables
from labelwright.store.codec import decode_answer, encode
from labelwright.store.labels import FinalLabel
from labelwright.store.project import Project
from tests.quality.answers import answer, choice, report, rows, spans
from tests.quality.test_graded_votes import Points, PointsQuestion
from tests.rows import add_known, add_texts, add_users

Make = Callable[..., Project]
WORDS = {
    "refund": ["money", "back", "paid", "charge", "invoice", "return", "refund"],
    "bug": ["crash", "error", "broken", "freeze", "screen", "failure", "bug"],
    "other": ["hello", "thanks", "weather", "lunch", "question", "hours", "friend"],
}


def tickets(seed: int, count: int) -> tuple[list[str], list[str]]:
    rng = random.Random(seed)
    labels = [rng.choice(list(WORDS)) for _ in range(count)]
    return [" ".join(rng.choices(WORDS[label], k=6) + rng.choices(["the", "my", "please", "it"], k=4)) for label in labels], labels


def test_planted_errors_are_found(make_project: Make) -> None:
    """Of labels that were planted wrong most are suspects, with the right label proposed, and hardly any right one is."""
    project = make_project()
    texts, truth = tickets(0, 200)
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, texts)
    wrong = set(ids[::20])
    given = [next(one for one in WORDS if one != true) if item in wrong else true for item, true in zip(ids, truth, strict=True)]
    answer(project, [(item, ann, {"intent": choice(label)}) for item, label in zip(ids, given, strict=True)])
    refresh(project, QualityPolicy())
    found = rows(project, tables.label_errors)
    suspects = {row["item_id"] for row in found}
    assert len(suspects & wrong) >= 9
    assert len(suspects - wrong) <= 4
    right = dict(zip(ids, truth, strict=True))
    for row in found:
        if row["item_id"] in wrong:
            assert decode_answer(row["proposed"]).label == right[row["item_id"]]
            assert row["score"] < 0.5
    (summary,) = report(project, "label_errors", LabelErrorsReport).questions
    assert (summary.items, summary.suspects) == (200, len(found))
    assert summary.accuracy.value is not None
    assert summary.accuracy.value > 0.9
    assert {one.item_id for one in summary.worst} == suspects
    refresh(project, QualityPolicy(), full=True)
    assert rows(project, tables.label_errors) == found
    refresh(project, QualityPolicy(label_errors=False))
    assert rows(project, tables.label_errors) == []
    assert report(project, "label_errors") is None


def test_spans_with_a_wrong_label_are_found(make_project: Make) -> None:
    """A span whose label does not fit its words is a suspect, and the proposal changes that span's label alone."""
    schema = {"data": {"body": "text"}, "questions": {"entities": {"kind": "spans", "of": "body", "options": ["DATE", "NAME"]}}}
    project = make_project(schema)
    (ann,) = add_users(project, "ann")
    days, names = ["Monday", "Tuesday", "Friday", "Sunday"], ["Anna", "Bert", "Cleo", "Dora"]
    texts, given = [], []
    for index in range(60):
        name, day = names[index % 4], days[index // 4 % 4]
        text = f"{name} came on {day} again"
        start = text.index(day)
        texts.append(text)
        given.append(spans((0, len(name), "DATE" if index == 17 else "NAME"), (start, start + len(day), "DATE")))
    ids = add_texts(project, texts)
    answer(project, [(item, ann, {"entities": one}) for item, one in zip(ids, given, strict=True)])
    refresh(project, QualityPolicy())
    (row,) = rows(project, tables.label_errors)
    assert row["item_id"] == ids[17]
    proposed = decode_answer(row["proposed"])
    assert [span.label for span in proposed.spans] == ["NAME", "DATE"]


def test_labels_that_count_as_the_same_are_no_errors(make_project: Make) -> None:
    """Of ratings a model's that is near enough by the question's yardstick is no doubt, and no error that is expected; one far off is."""
    project = make_project()
    texts, truth = tickets(0, 200)
    points = {"refund": 1, "bug": 4, "other": 5}
    ids = add_texts(project, texts)
    right = {item: points[label] for item, label in zip(ids, truth, strict=True)}
    wrong = {item: {1: 4, 4: 5, 5: 4}[right[item]] for item in ids[::20]}
    far = {item for item in wrong if right[item] == 1}
    labels = [
        FinalLabel(answer=Points(point), confidence=1.0, item_id=item, question="intent", origin="consensus")
        for item, point in (right | wrong).items()
    ]

    def searched(same: float) -> tuple[set[int], QuestionLabelErrors]:
        question = PointsQuestion(of="body", same=same)
        found, suspects = label_errors._question(
            project, "intent", question, labels, dict(zip(ids, ids, strict=True)), dict.fromkeys(ids, "t")
        )
        return {one.item_id for one in suspects}, found

    strict, counted = searched(1.0)
    loose, fewer = searched(0.75)
    assert len(strict & wrong.keys()) >= 9
    assert loose & wrong.keys() == far
    assert 0 < len(far) < 9
    assert fewer.suspects == len(loose)
    assert counted.expected_errors is not None
    assert fewer.expected_errors is not None
    assert fewer.expected_errors < counted.expected_errors
    assert fewer.accuracy.value is not None
    assert counted.accuracy.value is not None
    assert fewer.accuracy.value > counted.accuracy.value


def test_cross_validation_lists_conflicts(make_project: Make) -> None:
    """Beside an existing dataset the report has the share of equal labels with its interval, the confusion matrix and the conflicts."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, [f"text {index}" for index in range(40)])
    answer(project, [(item, ann, {"intent": choice("bug" if index % 2 else "refund")}) for index, item in enumerate(ids)])
    for index, item in enumerate(ids[:30]):
        add_known(project, item, {"intent": choice("other" if index < 3 else "bug" if index % 2 else "refund")}, use="reference")
    policy = QualityPolicy(label_errors=False, cross_validate=CrossValidate(against="old.csv"))
    refresh(project, policy)
    found = report(project, "cross_validation", CrossValidationReport)
    (intent,) = found.questions
    assert (found.known, intent.compared, intent.agreement.value) == (30, 30, 0.9)
    assert intent.agreement.low is not None
    assert intent.agreement.high is not None
    assert 0.7 < intent.agreement.low < 0.9 < intent.agreement.high < 0.99
    assert intent.conflicts == ids[:3]
    assert {(cell.truth, cell.given): cell.count for cell in intent.matrix} == {
        ("bug", "bug"): 14,
        ("other", "bug"): 1,
        ("other", "refund"): 2,
        ("refund", "refund"): 13,
    }


def test_cross_validation_of_places(make_project: Make) -> None:
    """Spans conflict where a place does not match, the least similar first."""
    schema = {"data": {"body": "text"}, "questions": {"entities": {"kind": "spans", "of": "body", "options": ["DATE", "NAME"]}}}
    project = make_project(schema)
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, ["Anna came on Monday"] * 3)
    marked = spans((0, 4, "NAME"), (13, 19, "DATE"))
    answer(project, [(item, ann, {"entities": marked}) for item in ids])
    for item, known in zip(ids, (marked, spans((0, 4, "NAME")), spans()), strict=True):
        add_known(project, item, {"entities": known}, use="reference")
    refresh(project, QualityPolicy(label_errors=False))
    (found,) = report(project, "cross_validation", CrossValidationReport).questions
    assert found.conflicts == [ids[2], ids[1]]
    assert found.agreement.value == pytest.approx(1 / 3)


def test_thousands_of_suspects_change_at_once(make_project: Make) -> None:
    """Where thousands of suspects change, come and go in another order than they stand, the table is what was found at last."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, ["a text"] * 4800)
    answer(project, [(item, ann, {"intent": choice("bug")}) for item in ids], tell=False)
    label_errors._write(project, "intent", [suspect(item, 0.3) for item in ids[:4500]])
    untouched = rows(project, tables.label_errors)[0]
    # The same items with other scores, the last first; some go and some come.
    found = [suspect(item, 0.3 if item == ids[0] else 0.1 + (ids[-1] - item) / 1e6) for item in [ids[0], *ids[300:]]]
    label_errors._write(project, "intent", sorted(found, key=lambda one: (one.score, one.item_id)))
    assert [(row["item_id"], row["score"]) for row in rows(project, tables.label_errors)] == [(one.item_id, one.score) for one in found]
    assert rows(project, tables.label_errors)[0] == untouched


def suspect(item_id: int, score: float) -> label_errors._Found:
    return label_errors._Found(item_id, "t", "bug", "other", score, (encode(choice("bug")), encode(choice("other"))))
