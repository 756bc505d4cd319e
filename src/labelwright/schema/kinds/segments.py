"""Segments: labeled stretches of time in a sound clip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from labelwright.schema.item import Audio, Field
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds._overlap import interval_iou, soft_f1_distance
from labelwright.schema.kinds.base import Answer, Family, Problem, Question, Unit

TOLERANCE = 0.005
"""Seconds by which a segment may stick out of its clip: rounding in browsers and in other tools' files."""


class Segment(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A stretch of time, from `start` to `end` in seconds."""

    start: float
    end: float
    label: str


class Segments(Answer, frozen=True, tag="segments"):
    """All labeled stretches of one clip.

    >>> Segments((Segment(0.5, 1.25, "speech"),)).plain()
    [{'start': 0.5, 'end': 1.25, 'label': 'speech'}]
    """

    segments: tuple[Segment, ...] = ()

    def units(self) -> list[Unit]:
        return [Unit(segment.label, (segment.start, segment.end)) for segment in self.segments]

    def plain(self) -> list[dict[str, Any]]:
        return [{"start": item.start, "end": item.end, "label": item.label} for item in self.segments]

    def distance(self, other: Answer) -> float:
        return soft_f1_distance(self.units(), other.units(), interval_iou)


class SegmentsQuestion(Question, frozen=True, kw_only=True, tag="segments"):
    """Asks for labeled stretches of time. With `overlapping: false` two segments may not share any time."""

    overlapping: bool = True

    family: ClassVar[Family] = "interval"
    modalities: ClassVar[frozenset[str]] = frozenset({"audio"})

    def problems(self, answer: Segments, data: Mapping[str, Field]) -> list[Problem]:
        found = self.unknown_labels([segment.label for segment in answer.segments])
        field = data.get(self.of)
        duration = field.duration if isinstance(field, Audio) else 0.0
        for index, segment in enumerate(answer.segments):
            inside = -TOLERANCE <= segment.start < segment.end <= duration + TOLERANCE
            if not (math.isfinite(segment.start) and math.isfinite(segment.end) and inside):
                message = f"The segment {segment.start:g} s to {segment.end:g} s does not lie within the clip of {duration:g} s."
                found.append(Problem("out_of_bounds", message, index))
        return found

    def from_units(self, units: Sequence[Unit]) -> Segments:
        return Segments(tuple(Segment(float(unit.geometry[0]), float(unit.geometry[1]), unit.label) for unit in units))

    def from_plain(self, value: Any) -> Segments:
        example = '[{"start": 0.5, "end": 1.25, "label": "speech"}]'
        return Segments(_plain.read(value, tuple[Segment, ...], kind="segments", example=example))


QUESTION = SegmentsQuestion
ANSWER = Segments
