"""Votes that can be alike in part: a rating is nearer to the next one than to the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from labelwright.quality.aggregation import votes
from labelwright.quality.annotators import ReviewedAnswers
from labelwright.quality.answers import Given
from labelwright.schema import Answer, Question
from labelwright.schema.kinds import Part


class Points(Answer, frozen=True, tag="points"):
    """A point of a scale."""

    points: int

    def parts(self) -> list[Part]:
        return [Part(str(self.points))]

    def plain(self) -> int:
        return self.points


class PointsQuestion(Question, frozen=True, kw_only=True, tag="points"):
    """Asks for one of five points."""

    aggregation: ClassVar[str] = "votes"
    single: ClassVar[bool] = True
    graded: ClassVar[bool] = True

    @property
    def labels(self) -> tuple[str, ...]:
        return ("1", "2", "3", "4", "5")

    def with_parts(self, parts: Sequence[Part]) -> Points:
        (part,) = parts
        return Points(int(part.label))

    def vote(self, answer: Points) -> str:
        return str(answer.points)

    def elected(self, label: str) -> Points:
        return Points(int(label))

    def distance(self, first: Points, second: Points) -> float:
        return abs(first.points - second.points) / 4


QUESTION = PointsQuestion(of="body")
NAMES = {1: "Ada", 2: "Bo"}


def judged(*pairs: tuple[int, int]) -> tuple[Any, dict[int, Any], list[Any]]:
    """The agreement of two people who give these points, what each reached, and the rows of the consensus."""
    items = {
        number: [Given(number, user, 2 * number + user, 1, {"q": Points(given)}, True, number + user) for user, given in enumerate(pair, 1)]
        for number, pair in enumerate(pairs, 1)
    }
    gathered = votes.ANSWERS("q", QUESTION, {})
    gathered.add(items)
    fit = gathered.fit(None, "majority", {}, full=True)
    rows = [row for written in gathered.rows(fit, {}, [], lambda items: {}) for row in written.rows]
    return gathered.agreement(gathered.compare(), NAMES), gathered.measured(fit, ReviewedAnswers(set(), {})), rows


def test_people_who_are_a_point_apart_agree_more_than_people_who_are_four() -> None:
    """Alpha, agreement, that of a pair and that of an item go by the kind's distance, and not by whether labels are equal."""
    base = [(1, 1), (5, 5)] * 5
    near, far = judged(*base, (1, 2), (4, 5)), judged(*base, (1, 5), (5, 1))
    assert near[0].alpha.value > 0.8 > far[0].alpha.value
    assert near[0].agreement.value == pytest.approx((10 + 2 * 0.75) / 12)
    assert far[0].agreement.value == pytest.approx(10 / 12)
    assert [one.agreement.value for one in near[0].pairs] == [pytest.approx(11.5 / 12)]
    assert [row.agreement for row in near[2][-2:]] == [0.75, 0.75]
    assert sum(one.agreement[0] for one in near[1].values()) == pytest.approx(23.5)
    assert sum(one.agreement[0] for one in far[1].values()) == pytest.approx(22)


def test_alpha_is_that_of_the_distance() -> None:
    """Two people, four items: one minus the observed distance over that of any two answers."""
    found = judged((1, 2), (3, 3), (5, 4), (2, 2))[0]
    values = [1, 2, 3, 3, 5, 4, 2, 2]
    expected = sum(abs(a - b) / 4 for i, a in enumerate(values) for j, b in enumerate(values) if i != j) / (8 * 7)
    assert found.alpha.value == pytest.approx(1 - (2 * 0.25 / 4) / expected)
