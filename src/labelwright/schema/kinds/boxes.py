"""Boxes: labeled upright rectangles in a picture."""

from __future__ import annotations

import random
from typing import Any, ClassVar

from labelwright.schema.kinds._marks import Mark, Marks, RowMarksQuestion, plain_marks
from labelwright.schema.kinds.base import Part
from labelwright.schema.modalities import Field, Image
from labelwright.shapes import BOX, Geometry, RowShape

TOLERANCE = 0.5
"""Pixels by which a box may stick out of its picture: rounding in browsers and in other tools' files."""


class Box(Mark, frozen=True):
    """An upright rectangle in pixels; `x` and `y` are its top left corner."""

    x: float
    y: float
    width: float
    height: float
    label: str


class Boxes(Marks, frozen=True, tag="boxes"):
    """All labeled rectangles of one picture.

    >>> Boxes((Box(1, 2, 30, 40, "cell"),)).plain()
    [{'x': 1, 'y': 2, 'width': 30, 'height': 40, 'label': 'cell'}]
    """

    boxes: tuple[Box, ...] = ()


class BoxesQuestion(RowMarksQuestion, frozen=True, kw_only=True, tag="boxes"):
    """Asks for labeled rectangles in a picture."""

    modalities: ClassVar[frozenset[str]] = frozenset({"image"})
    shape: ClassVar[RowShape] = BOX
    form: ClassVar[Any] = plain_marks(Box)
    answer = Boxes
    mark = Box
    example: ClassVar[str] = '[{"x": 1, "y": 2, "width": 30, "height": 40, "label": "cell"}]'

    def misplaced(self, geometry: Any, field: Field | None, *, finite: bool) -> tuple[str, str] | None:
        x, y, width, height = geometry
        if not finite or width <= 0 or height <= 0:
            return "empty_box", "The box has no area."
        wide, high = (field.width, field.height) if isinstance(field, Image) else (0, 0)
        if x < -TOLERANCE or y < -TOLERANCE or x + width > wide + TOLERANCE or y + height > high + TOLERANCE:
            message = f"The box at {x:g}, {y:g} of {width:g} x {height:g} pixels does not lie within the picture of {wide} x {high}."
            return "out_of_bounds", message
        return None

    def blurred(self, part: Part, field: Field, luck: random.Random, error: float) -> Geometry:
        assert isinstance(field, Image)
        x, y, width, height = part.geometry
        sides = (x, y, x + width, y + height)
        widths = (width, height, width, height)
        left, top, right, bottom = (round(side + luck.gauss(0.0, 0.28 * error * size), 1) for side, size in zip(sides, widths, strict=True))
        left, right = max(0.0, left), min(float(field.width), right)
        top, bottom = max(0.0, top), min(float(field.height), bottom)
        return (left, top, round(right - left, 1), round(bottom - top, 1)) if right - left > 2 and bottom - top > 2 else part.geometry

    def imagined(self, field: Field, luck: random.Random) -> list[Geometry]:
        assert isinstance(field, Image)
        width, height = luck.uniform(0.06, 0.15) * field.width, luck.uniform(0.06, 0.15) * field.height
        place = (luck.uniform(0, field.width - width), luck.uniform(0, field.height - height), width, height)
        return [tuple(round(side, 1) for side in place)]


QUESTION = BoxesQuestion
ANSWER = Boxes
