"""Labels in order: near misses are likelier than far ones, and the middle of what is believed becomes the label."""

from __future__ import annotations

import random
from typing import Any

import pytest

from labelwright.quality.aggregation import levels
from labelwright.quality.answers import Beside, Given
from labelwright.schema.kinds.rating import Rating, RatingQuestion
from labelwright.store.codec import decode_answer

QUESTION = RatingQuestion(of="body", options=("1", "2", "3", "4", "5"))


def given(item: int, *points: int, beside: Beside | None = None) -> list[Given]:
    """The answers of as many people to one item."""
    seen = {} if beside is None else {"q": beside}
    return [
        Given(100 * item + user, user, user, 1, {"q": Rating(str(one))}, True, float(item), beside=seen)
        for user, one in enumerate(points, 1)
    ]


def settled(*items: list[Given], question: RatingQuestion = QUESTION, method: str = "auto") -> tuple[Any, list[Any]]:
    """What was learned of the answers to each item, and the rows of the consensus."""
    gathered = levels.ANSWERS("q", question, {})
    gathered.add(dict(enumerate(items, 1)))
    fit = gathered.fit(None, method, {}, full=True)
    return fit, [row for written in gathered.rows(fit, {}, [], lambda items: {}) for row in written.rows]


def points(rows: list[Any]) -> list[int]:
    return [int(decode_answer(row.answer).point) for row in rows]  # type: ignore[union-attr]


def crowd(items: int, seed: int = 1) -> tuple[list[int], list[list[Given]]]:
    """True points, and what three people say who are off by one in every third answer."""
    luck = random.Random(seed)
    truth = [luck.randint(1, 5) for _ in range(items)]
    said = [[min(5, max(1, true + luck.choice([0, 0, 0, 0, -1, 1]))) for _ in range(3)] for true in truth]
    return truth, [given(number, *one) for number, one in enumerate(said, 1)]


def test_who_disagrees_meets_in_the_middle() -> None:
    """Where people who mostly agree say 2, 3 and 4, the label is 3, though each point has one vote."""
    fit, rows = settled(*(given(number, 1 + number % 5, 1 + number % 5, 1 + number % 5) for number in range(1, 30)), given(30, 2, 3, 4))
    assert fit.method == "ordinal"
    assert points(rows)[-1] == 3


def test_a_crowd_is_nearer_to_the_truth_than_its_members() -> None:
    """Three people who are off by one now and then are right together more often than alone."""
    truth, items = crowd(300)
    _, rows = settled(*items)
    together = sum(found != true for found, true in zip(points(rows), truth, strict=True)) / 300
    alone = sum(int(one.values["q"].point) != true for true, said in zip(truth, items, strict=True) for one in said) / 900
    assert together < 0.6 * alone


def test_items_answered_after_a_fit_are_judged_as_by_it() -> None:
    """What was learned gives the same labels as the fit itself, and nearly the same confidence."""
    _, items = crowd(60)
    fit, rows = settled(*items)
    again, kept = levels.judge("q", QUESTION, dict(enumerate(items, 1)), fit, {}, lambda items: {})
    assert (points(again), kept) == (points(rows), set())
    assert [row.confidence for row in again] == pytest.approx([row.confidence for row in rows], abs=0.05)


def test_confidence_is_that_the_label_counts_as_right() -> None:
    """Where a point more or less is the same, a label is the surer; which one it is does not change."""
    _, items = crowd(60)
    _, exact = settled(*items)
    _, near = settled(*items, question=RatingQuestion(of="body", options=QUESTION.options, same=0.75))
    assert points(near) == points(exact)
    assert all(one.confidence >= other.confidence for one, other in zip(near, exact, strict=True))
    assert sum(row.confidence for row in near) > sum(row.confidence for row in exact) + 1


def test_nobodys_answers_are_doubled_and_nothing_to_learn_is_the_majority() -> None:
    """With one answer each the answers stand; a method that the pipeline names is taken."""
    fit, rows = settled(given(1, 2), given(2, 5), given(3, 5))
    assert (fit.method, points(rows)) == ("majority", [2, 5, 5])
    assert settled(*crowd(20)[1], method="majority")[0].method == "majority"


def test_who_always_differs_is_not_believed() -> None:
    """Where one person always says 3 and the other 4, nothing tells who is right, and neither label is sure."""
    _, rows = settled(*(given(number, 3, 4) for number in range(1, 13)))
    assert max(row.confidence for row in rows) < 0.6


def test_the_order_of_people_and_items_changes_nothing() -> None:
    """Renaming people and numbering items otherwise leaves each item's label as it is."""
    _, items = crowd(40)
    _, rows = settled(*items)
    renamed = [[one._replace(user_id=9 - one.user_id) for one in reversed(said)] for said in reversed(items)]
    _, others = settled(*renamed)
    assert points(others) == points(rows)[::-1]


def test_copied_suggestions_are_judged_by_the_model_of_copying() -> None:
    """Where people took what was suggested in view, that is what the answers are judged by, as of any vote."""
    luck = random.Random(3)
    shown = [Beside(True, True, "l", 0.7, Rating(str(luck.randint(1, 5)))) for _ in range(30)]
    items = [given(number, *[int(one.answer.point)] * 3, beside=one) for number, one in enumerate(shown, 1)]
    assert settled(*items)[0].method == "assisted"
