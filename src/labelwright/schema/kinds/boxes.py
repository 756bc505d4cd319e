"""Boxes: labeled upright rectangles in a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from labelwright.schema.item import Field, Image
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds._overlap import box_iou, soft_f1_distance
from labelwright.schema.kinds.base import Answer, Family, Problem, Question, Unit

TOLERANCE = 0.5
"""Pixels by which a box may stick out of its picture: rounding in browsers and in other tools' files."""


class Box(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """An upright rectangle in pixels; `x` and `y` are its top left corner."""

    x: float
    y: float
    width: float
    height: float
    label: str


class Boxes(Answer, frozen=True, tag="boxes"):
    """All labeled rectangles of one picture.

    >>> Boxes((Box(1, 2, 30, 40, "cell"),)).plain()
    [{'x': 1, 'y': 2, 'width': 30, 'height': 40, 'label': 'cell'}]
    """

    boxes: tuple[Box, ...] = ()

    def units(self) -> list[Unit]:
        return [Unit(box.label, (box.x, box.y, box.width, box.height)) for box in self.boxes]

    def plain(self) -> list[dict[str, Any]]:
        return [{"x": box.x, "y": box.y, "width": box.width, "height": box.height, "label": box.label} for box in self.boxes]

    def distance(self, other: Answer) -> float:
        return soft_f1_distance(self.units(), other.units(), box_iou)


class BoxesQuestion(Question, frozen=True, kw_only=True, tag="boxes"):
    """Asks for labeled rectangles in a picture."""

    family: ClassVar[Family] = "box"
    modalities: ClassVar[frozenset[str]] = frozenset({"image"})

    def problems(self, answer: Boxes, data: Mapping[str, Field]) -> list[Problem]:
        found = self.unknown_labels([box.label for box in answer.boxes])
        field = data.get(self.of)
        width, height = (field.width, field.height) if isinstance(field, Image) else (0, 0)
        for index, box in enumerate(answer.boxes):
            finite = all(math.isfinite(side) for side in (box.x, box.y, box.width, box.height))
            if not finite or box.width <= 0 or box.height <= 0:
                found.append(Problem("empty_box", "The box has no area.", index))
            elif (
                box.x < -TOLERANCE or box.y < -TOLERANCE or box.x + box.width > width + TOLERANCE or box.y + box.height > height + TOLERANCE
            ):
                message = (
                    f"The box at {box.x:g}, {box.y:g} of {box.width:g} x {box.height:g} pixels "
                    f"does not lie within the picture of {width} x {height}."
                )
                found.append(Problem("out_of_bounds", message, index))
        return found

    def from_units(self, units: Sequence[Unit]) -> Boxes:
        boxes = []
        for unit in units:
            x, y, width, height = map(float, unit.geometry)
            boxes.append(Box(x, y, width, height, unit.label))
        return Boxes(tuple(boxes))

    def from_plain(self, value: Any) -> Boxes:
        example = '[{"x": 1, "y": 2, "width": 30, "height": 40, "label": "cell"}]'
        return Boxes(_plain.read(value, tuple[Box, ...], kind="boxes", example=example))


QUESTION = BoxesQuestion
ANSWER = Boxes
