"""Sets of labels: how many may apply, what several people's sets come to, and how sure that is."""

from __future__ import annotations

import random
from typing import Any

import pytest

from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.quality.aggregation import aggregation_of
from labelwright.quality.aggregation.sets import METHOD
from labelwright.quality.answers import Given, Page
from labelwright.schema.kinds.choices import Choices, ChoicesQuestion
from labelwright.store.codec import decode_answer

LABELS = tuple("abcdef")


def asked(**declared: Any) -> ChoicesQuestion:
    question = ChoicesQuestion(of="body", options=LABELS, **declared)
    question.check("schema.questions.topics")
    return question


@pytest.mark.parametrize(
    ("declared", "labels", "rule"),
    [
        ({}, (), "how_many"),
        ({"max": 2}, ("a", "b", "c"), "how_many"),
        ({"min": 2}, ("a",), "how_many"),
        ({}, ("a", "a"), "twice"),
        ({}, ("a", "z"), "unknown_label"),
    ],
)
def test_a_set_that_is_not_asked_for_is_refused(declared: dict[str, Any], labels: tuple[str, ...], rule: str) -> None:
    """Too few, too many, one twice, one that is none: each has its rule."""
    assert [one.rule for one in asked(**declared).problems(Choices(labels), {})] == [rule]


@pytest.mark.parametrize(
    ("declared", "place"),
    [({"min": 7}, "min"), ({"min": -1}, "min"), ({"max": 0}, "max"), ({"min": 3, "max": 2}, "max"), ({"max": 9}, "max")],
)
def test_bounds_that_nobody_can_keep_are_refused(declared: dict[str, Any], place: str) -> None:
    """They are an error of the pipeline file, at their key."""
    with pytest.raises(InvalidPipeline) as refused:
        asked(**declared)
    assert refused.value.where == f"schema.questions.topics.{place}"


def test_no_label_is_an_answer_where_none_may_apply() -> None:
    """With `min: 0` an empty set is valid, plain and all, and not the same as no answer."""
    question = asked(min=0)
    nothing = question.from_plain([])
    assert question.problems(nothing, {}) == []
    assert nothing.plain() == []
    assert question.empty() is None
    assert not question.alike(nothing, Choices(("a",)))


def test_a_set_has_no_order_and_a_table_may_write_numbers() -> None:
    """The same labels are the same answer in any order; labels that are numbers are read from numbers; no list is none."""
    assert Choices(("b", "a")) == Choices(("a", "b"))
    assert len({Choices(("b", "a")), Choices(("a", "b"))}) == 1
    assert ChoicesQuestion(of="body", options=("0", "1")).from_plain([1, 0]) == Choices(("0", "1"))
    for wrong in ("a", None, {"a": 1}, [["a"]], 3):
        with pytest.raises(InvalidInput, match="no choices answer"):
            asked().from_plain(wrong)


def _crowd(
    question: ChoicesQuestion, luck: random.Random, items: int, errors: dict[int, float]
) -> tuple[dict[int, Choices], dict[int, list[Given]]]:
    """The truth of some items, and what people say of them who leave labels out and give wrong ones so often."""
    truth, answers = {}, {}
    for item in range(1, items + 1):
        truth[item] = Choices(tuple(label for place, label in enumerate(LABELS) if luck.random() < 0.5 / (place + 1)))
        answers[item] = [
            Given(item, user, 10 * item + user, 1, {"topics": question.mistaken(truth[item], luck, error)}, True)
            for user, error in errors.items()
        ]
    return truth, answers


def test_a_model_beats_the_majority_and_its_confidence_is_true() -> None:
    """Two careful people and three careless ones: more sets are right than by the majority of each label, and as many as it believes."""
    question = asked(min=0)
    luck = random.Random(11)
    truth, answers = _crowd(question, luck, 800, {1: 0.08, 2: 0.1, 3: 0.6, 4: 0.6, 5: 0.65})
    way: Any = aggregation_of(question)
    right = {}
    for method in ("auto", "majority"):
        gathered = way.ANSWERS("topics", question, {})
        gathered.add(answers)
        fit = gathered.fit(None, method, {}, full=True)
        assert (fit.method == METHOD) is (method == "auto")
        pages = [Page(800, 800, answers)]
        rows = [row for written in gathered.rows(fit, {}, pages, lambda items: {}) for row in written.rows]
        assert len(rows) == 800
        hits = [decode_answer(row.answer) == truth[row.item_id] for row in rows]
        right[method] = sum(hits) / len(hits)
        if method == "auto":
            believed = sum(row.confidence for row in rows) / len(rows)
            assert believed == pytest.approx(right[method], abs=0.05)
            assert fit.skill[1] > fit.skill[3] + 0.1
            # Between two fits the same is said of the same answers.
            again, _ = way.judge("topics", question, dict(list(answers.items())[:50]), fit, {}, lambda items: {})
            assert again == rows[:50]
    assert right["auto"] > right["majority"] + 0.03


def test_where_nobody_met_anybody_each_answer_stands() -> None:
    """With one answer an item nothing is known of people; the answers are the labels, and none is believed to be certain."""
    question = asked(min=0)
    truth, answers = _crowd(question, random.Random(3), 60, {1: 0.0})
    way: Any = aggregation_of(question)
    gathered = way.ANSWERS("topics", question, {})
    gathered.add(answers)
    fit = gathered.fit(None, "auto", {}, full=True)
    rows = [row for written in gathered.rows(fit, {}, [Page(60, 60, answers)], lambda items: {}) for row in written.rows]
    assert {row.item_id: decode_answer(row.answer) for row in rows} == truth
    assert max(row.confidence for row in rows) < 0.95


def test_a_label_that_is_new_does_not_stop_anything() -> None:
    """A label that was added since the last fit is judged by the majority until the next one."""
    question = asked(min=0)
    _, answers = _crowd(question, random.Random(5), 100, {1: 0.1, 2: 0.1})
    way: Any = aggregation_of(question)
    gathered = way.ANSWERS("topics", question, {})
    gathered.add(answers)
    fit = gathered.fit(None, "auto", {}, full=True)
    more = ChoicesQuestion(of="body", options=(*LABELS, "new"), min=0)
    given = [Given(7, user, user, 1, {"topics": Choices(("a", "new"))}, True) for user in (1, 2)]
    rows, _ = way.judge("topics", more, {7: given}, fit, {}, lambda items: {})
    assert decode_answer(rows[0].answer) == Choices(("a", "new"))
