"""Choice: exactly one of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from labelwright.schema.item import Field
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds.base import Answer, Family, Problem, Question, Unit


class Choice(Answer, frozen=True, tag="choice"):
    """One label, chosen for the whole field.

    >>> Choice("refund").plain()
    'refund'
    """

    label: str

    def units(self) -> list[Unit]:
        return [Unit(self.label, ())]

    def plain(self) -> str:
        return self.label

    def distance(self, other: Answer) -> float:
        return 0.0 if self == other else 1.0


class ChoiceQuestion(Question, frozen=True, kw_only=True, tag="choice"):
    """Asks for exactly one of the options, about any modality."""

    family: ClassVar[Family] = "category"
    modalities: ClassVar[frozenset[str]] = frozenset({"text", "image", "audio"})

    def problems(self, answer: Choice, data: Mapping[str, Field]) -> list[Problem]:
        return self.unknown_labels([answer.label])

    def from_units(self, units: Sequence[Unit]) -> Choice:
        (unit,) = units
        return Choice(unit.label)

    def from_plain(self, value: Any) -> Choice:
        return Choice(_plain.read(value, str, kind="choice", example='"refund"'))


QUESTION = ChoiceQuestion
ANSWER = Choice
