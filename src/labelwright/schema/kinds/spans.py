"""Spans: labeled stretches of a text, which may overlap and nest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from labelwright.schema.item import Field, Text
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds._overlap import interval_iou, soft_f1_distance
from labelwright.schema.kinds.base import Answer, Family, Problem, Question, Unit


class Span(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A stretch of text from code point `start` up to, not including, code point `end`."""

    start: int
    end: int
    label: str


class Spans(Answer, frozen=True, tag="spans"):
    """All labeled stretches of one text.

    >>> Spans((Span(0, 5, "DATE"),)).plain()
    [{'start': 0, 'end': 5, 'label': 'DATE'}]
    """

    spans: tuple[Span, ...] = ()

    def units(self) -> list[Unit]:
        return [Unit(span.label, (span.start, span.end)) for span in self.spans]

    def plain(self) -> list[dict[str, Any]]:
        return [{"start": span.start, "end": span.end, "label": span.label} for span in self.spans]

    def distance(self, other: Answer) -> float:
        return soft_f1_distance(self.units(), other.units(), interval_iou)


class SpansQuestion(Question, frozen=True, kw_only=True, tag="spans"):
    """Asks for labeled stretches of a text. With `overlapping: false` two spans may not share a code point."""

    overlapping: bool = True

    family: ClassVar[Family] = "interval"
    modalities: ClassVar[frozenset[str]] = frozenset({"text"})

    def problems(self, answer: Spans, data: Mapping[str, Field]) -> list[Problem]:
        found = self.unknown_labels([span.label for span in answer.spans])
        field = data.get(self.of)
        length = len(field.text) if isinstance(field, Text) else 0
        for index, span in enumerate(answer.spans):
            if not 0 <= span.start < span.end <= length:
                message = f"The span {span.start} to {span.end} does not lie within the text of {length} characters."
                found.append(Problem("out_of_bounds", message, index))
        return found

    def from_units(self, units: Sequence[Unit]) -> Spans:
        return Spans(tuple(Span(round(unit.geometry[0]), round(unit.geometry[1]), unit.label) for unit in units))

    def from_plain(self, value: Any) -> Spans:
        example = '[{"start": 0, "end": 5, "label": "DATE"}]'
        return Spans(_plain.read(value, tuple[Span, ...], kind="spans", example=example))


QUESTION = SpansQuestion
ANSWER = Spans
