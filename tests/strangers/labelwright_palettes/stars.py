"""Stars: a rating from one to five."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from labelwright.errors import InvalidInput
from labelwright.schema.kinds import Answer, Part, Problem, Question
from labelwright.schema.modalities import MODALITIES, Field


class Stars(Answer, frozen=True, tag="stars"):
    """A number of stars."""

    stars: int

    def parts(self) -> list[Part]:
        return [Part(str(self.stars))]

    def plain(self) -> int:
        return self.stars


class StarsQuestion(Question, frozen=True, kw_only=True, tag="stars"):
    """Asks for stars, from one up to `most`."""

    most: int = 5

    modalities: ClassVar[frozenset[str]] = frozenset(MODALITIES)
    aggregation: ClassVar[str] = "votes"
    form: ClassVar[Any] = int
    single: ClassVar[bool] = True
    graded: ClassVar[bool] = True

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(str(stars) for stars in range(1, self.most + 1))

    def problems(self, answer: Stars, data: Mapping[str, Field]) -> list[Problem]:
        return [] if 1 <= answer.stars <= self.most else [Problem("unknown_label", f"{answer.stars} is none of 1 to {self.most} stars.")]

    def stands(self, answer: Stars) -> bool:
        return 1 <= answer.stars <= self.most

    def with_parts(self, parts: Sequence[Part]) -> Stars:
        (part,) = parts
        return Stars(int(part.label))

    def from_plain(self, value: Any) -> Stars:
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidInput("Stars are a whole number.", hint="It looks like 4.")
        return Stars(value)

    def vote(self, answer: Stars) -> str:
        return str(answer.stars)

    def elected(self, label: str) -> Stars:
        return Stars(int(label))

    def distance(self, first: Stars, second: Stars) -> float:
        return abs(first.stars - second.stars) / max(self.most - 1, 1)

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> Stars:
        return Stars(luck.randint(1, self.most))


QUESTION = StarsQuestion
ANSWER = Stars
