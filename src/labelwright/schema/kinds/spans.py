"""Spans: labeled stretches of a text, which may overlap and nest."""

from __future__ import annotations

import random
import re
from typing import Any, ClassVar

from labelwright.schema.kinds._marks import Mark, Marks, RowMarksQuestion, plain_marks
from labelwright.schema.kinds.base import Part
from labelwright.schema.modalities import Field, Text
from labelwright.shapes import INTERVAL, Geometry, RowShape


class Span(Mark, frozen=True):
    """A stretch of text from code point `start` up to, not including, code point `end`."""

    start: int
    end: int
    label: str


class Spans(Marks, frozen=True, tag="spans"):
    """All labeled stretches of one text.

    >>> Spans((Span(0, 5, "DATE"),)).plain()
    [{'start': 0, 'end': 5, 'label': 'DATE'}]
    """

    spans: tuple[Span, ...] = ()


class SpansQuestion(RowMarksQuestion, frozen=True, kw_only=True, tag="spans"):
    """Asks for labeled stretches of a text. With `overlapping: false` two spans may not share a code point."""

    overlapping: bool = True

    modalities: ClassVar[frozenset[str]] = frozenset({"text"})
    shape: ClassVar[RowShape] = INTERVAL
    form: ClassVar[Any] = plain_marks(Span)
    usual: ClassVar[float] = 1.0
    answer = Spans
    mark = Span
    example: ClassVar[str] = '[{"start": 0, "end": 5, "label": "DATE"}]'

    def numbers(self, geometry: Geometry) -> Geometry:
        return tuple(map(round, geometry))

    def misplaced(self, geometry: Any, field: Field | None, *, finite: bool) -> tuple[str, str] | None:
        start, end = geometry
        length = len(field.text) if isinstance(field, Text) else 0
        if 0 <= start < end <= length:
            return None
        return "out_of_bounds", f"The span {start} to {end} does not lie within the text of {length} characters."

    def blurred(self, part: Part, field: Field, luck: random.Random, error: float) -> Geometry:
        assert isinstance(field, Text)
        if luck.random() >= 0.9 * error:
            return part.geometry
        # A slip of the mouse: one letter or blank too many, or one too few.
        first, last = map(round, part.geometry)
        first, last = luck.choice([(first - 1, last), (first + 1, last), (first, last + 1), (first, last - 1)])
        return (first, last) if 0 <= first < last <= len(field.text) else part.geometry

    def imagined(self, field: Field, luck: random.Random) -> list[Geometry]:
        assert isinstance(field, Text)
        words = [word.span() for word in re.finditer(r"\w{3,}", field.text)]
        return [luck.choice(words)] if words else []


QUESTION = SpansQuestion
ANSWER = Spans
