"""Segments: labeled stretches of time in a sound clip."""

from __future__ import annotations

import random
from typing import Any, ClassVar

from labelwright.schema.kinds._marks import Mark, Marks, RowMarksQuestion, plain_marks
from labelwright.schema.kinds.base import Part
from labelwright.schema.modalities import Audio, Field
from labelwright.shapes import INTERVAL, Geometry, RowShape

TOLERANCE = 0.005
"""Seconds by which a segment may stick out of its clip: rounding in browsers and in other tools' files."""


class Segment(Mark, frozen=True):
    """A stretch of time, from `start` to `end` in seconds."""

    start: float
    end: float
    label: str


class Segments(Marks, frozen=True, tag="segments"):
    """All labeled stretches of one clip.

    >>> Segments((Segment(0.5, 1.25, "speech"),)).plain()
    [{'start': 0.5, 'end': 1.25, 'label': 'speech'}]
    """

    segments: tuple[Segment, ...] = ()


class SegmentsQuestion(RowMarksQuestion, frozen=True, kw_only=True, tag="segments"):
    """Asks for labeled stretches of time. With `overlapping: false` two segments may not share any time."""

    overlapping: bool = True

    modalities: ClassVar[frozenset[str]] = frozenset({"audio"})
    shape: ClassVar[RowShape] = INTERVAL
    form: ClassVar[Any] = plain_marks(Segment)
    answer = Segments
    mark = Segment
    example: ClassVar[str] = '[{"start": 0.5, "end": 1.25, "label": "speech"}]'

    def misplaced(self, geometry: Any, field: Field | None, *, finite: bool) -> tuple[str, str] | None:
        start, end = geometry
        duration = field.duration if isinstance(field, Audio) else 0.0
        if finite and -TOLERANCE <= start < end <= duration + TOLERANCE:
            return None
        return "out_of_bounds", f"The segment {start:g} s to {end:g} s does not lie within the clip of {duration:g} s."

    def blurred(self, part: Part, field: Field, luck: random.Random, error: float) -> Geometry:
        assert isinstance(field, Audio)
        start, end = part.geometry
        first = max(0.0, start + luck.gauss(0.0, 0.45 * error * (end - start)))
        last = min(field.duration, end + luck.gauss(0.0, 0.45 * error * (end - start)))
        return (round(first, 3), round(last, 3)) if last - first > 0.02 else part.geometry

    def imagined(self, field: Field, luck: random.Random) -> list[Geometry]:
        assert isinstance(field, Audio)
        length = min(luck.uniform(0.2, 0.8), field.duration / 2)
        start = luck.uniform(0, field.duration - length)
        return [(round(start, 3), round(start + length, 3))]


QUESTION = SegmentsQuestion
ANSWER = Segments
