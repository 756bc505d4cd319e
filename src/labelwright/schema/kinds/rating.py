"""Rating: exactly one point of a scale, from the lowest to the highest."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from labelwright.errors import InvalidPipeline
from labelwright.expressions import Terms
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds.base import Answer, LabelQuestion, Part, Problem
from labelwright.schema.modalities import MODALITIES, Field

MOST_POINTS = 50
"""A longer scale is one of numbers, and no list of points."""


class Rating(Answer, frozen=True, tag="rating"):
    """One point of the scale, for the whole field.

    >>> Rating("good").plain()
    'good'
    """

    point: str

    def parts(self) -> list[Part]:
        return [Part(self.point)]

    def plain(self) -> str:
        return self.point


class RatingQuestion(LabelQuestion, frozen=True, kw_only=True, tag="rating"):
    """Asks for one point of a scale, about any modality: `options` are its points, the lowest first.

    Two points are the further apart, the more lie between. With `same: 0.75` a point next to another one of five counts as the same.
    In checks and conditions a rating is a number: what the point is called where all points are called by numbers, and otherwise its
    place from the lowest, which is 1.
    """

    modalities: ClassVar[frozenset[str]] = frozenset(MODALITIES)
    aggregation: ClassVar[str] = "levels"
    form: ClassVar[Any] = str
    single: ClassVar[bool] = True
    graded: ClassVar[bool] = True

    def check(self, where: str) -> None:
        """Refuse what is no scale: one point, very many, or points called by numbers that do not rise."""
        super().check(where)
        where = f"{where}.options"
        if not 2 <= len(self.options) <= MOST_POINTS:
            raise InvalidPipeline(f"A scale has 2 to {MOST_POINTS} points, and this one has {len(self.options)}.", where=where)
        if self.called_by_numbers and (values := self.values) != sorted(values):
            raise InvalidPipeline("The points are numbers and do not rise.", where=where, hint="Write the lowest first.")

    @property
    def called_by_numbers(self) -> bool:
        """Whether all points are called by whole numbers."""
        return all(label.removeprefix("-").isascii() and label.removeprefix("-").isdigit() for label in self.labels)

    @property
    def values(self) -> list[int]:
        """What each point is as a number, the lowest first.

        >>> RatingQuestion(of="body", options=("poor", "fair", "good")).values
        [1, 2, 3]
        >>> RatingQuestion(of="body", options=("-1", "0", "1")).values
        [-1, 0, 1]
        """
        return [int(label) for label in self.labels] if self.called_by_numbers else list(range(1, len(self.labels) + 1))

    def terms(self, modality: type[Field]) -> Terms:
        values = dict(zip(self.labels, self.values, strict=True))
        return Terms(lambda answer, fields: None if answer is None else values.get(answer.point), number=True)

    def problems(self, answer: Rating, data: Mapping[str, Field]) -> list[Problem]:
        return self.unknown_labels(answer.parts())

    def stands(self, answer: Rating) -> bool:
        return answer.point in self.labels

    def with_parts(self, parts: Sequence[Part]) -> Rating:
        (part,) = parts
        return Rating(part.label)

    def from_plain(self, value: Any) -> Rating:
        return Rating(_plain.label(value, self.labels, kind="rating", example='"good"'))

    def vote(self, answer: Rating) -> str:
        return answer.point

    def elected(self, label: str) -> Rating:
        return Rating(label)

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> Rating:
        return Rating(luck.choice(self.labels))

    def distance(self, first: Rating, second: Rating) -> float:
        places = [self.labels.index(one.point) for one in (first, second)]
        return abs(places[0] - places[1]) / max(len(self.labels) - 1, 1)


QUESTION = RatingQuestion
ANSWER = Rating
