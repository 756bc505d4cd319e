"""Choice: exactly one of the labels."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from labelwright.schema.kinds import _plain
from labelwright.schema.kinds.base import Answer, LabelQuestion, Part, Problem
from labelwright.schema.modalities import MODALITIES, Field


class Choice(Answer, frozen=True, tag="choice"):
    """One label, chosen for the whole field.

    >>> Choice("refund").plain()
    'refund'
    """

    label: str

    def parts(self) -> list[Part]:
        return [Part(self.label)]

    def plain(self) -> str:
        return self.label


class ChoiceQuestion(LabelQuestion, frozen=True, kw_only=True, tag="choice"):
    """Asks for exactly one of the options, about any modality."""

    modalities: ClassVar[frozenset[str]] = frozenset(MODALITIES)
    aggregation: ClassVar[str] = "votes"
    form: ClassVar[Any] = str
    single: ClassVar[bool] = True

    def problems(self, answer: Choice, data: Mapping[str, Field]) -> list[Problem]:
        return self.unknown_labels(answer.parts())

    def stands(self, answer: Choice) -> bool:
        return answer.label in self.labels

    def with_parts(self, parts: Sequence[Part]) -> Choice:
        (part,) = parts
        return Choice(part.label)

    def from_plain(self, value: Any) -> Choice:
        return Choice(_plain.label(value, self.labels, kind="choice", example='"refund"'))

    def vote(self, answer: Choice) -> str:
        return answer.label

    def elected(self, label: str) -> Choice:
        return Choice(label)

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> Choice:
        return Choice(luck.choice(self.labels))

    def distance(self, first: Choice, second: Choice) -> float:
        return 0.0 if first == second else 1.0


QUESTION = ChoiceQuestion
ANSWER = Choice
