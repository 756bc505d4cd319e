"""Outlines: things in a picture, each surrounded by a polygon."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, ClassVar

from msgspec import UNSET

from labelwright.schema.kinds import Part
from labelwright.schema.kinds._marks import Mark, Marks, MarksQuestion, plain_marks
from labelwright.schema.modalities import Field, Image
from labelwright.shapes import Geometry, Shape
from labelwright.stats import FusionSkill, Matching, fuse_polygons, fusion_skill, match_polygons
from labelwright.stats.fusion.polygons import FusedPolygon


def _corners(geometry: Geometry) -> list[tuple[float, float]]:
    return list(zip(geometry[::2], geometry[1::2], strict=True))


def _labeled(answer: Any) -> tuple[list[Hashable], list[Any]]:
    return [part.label for part in answer.parts()], [_corners(part.geometry) for part in answer.parts()]


class _Polygon(Shape):
    """A polygon as x, y, x, y, …, with as many corners as it has."""

    name: ClassVar[str] = "polygon"
    values: ClassVar[Mapping[str, Callable[[Geometry], float]]] = {"corners": lambda mark: len(mark) / 2}

    def overlap(self, first: Geometry, second: Geometry) -> float:
        found = match_polygons((["x"], [_corners(first)]), (["x"], [_corners(second)]), iou=0.001)
        return found.ious[0] if found.ious else 0.0

    def bounds(self, mark: Geometry) -> Geometry:
        left, top = min(mark[::2]), min(mark[1::2])
        return left, top, max(mark[::2]) - left, max(mark[1::2]) - top

    def rounded(self, mark: Geometry) -> Geometry:
        return tuple(round(value, 1) for value in mark)


POLYGON: Shape = _Polygon()


class Outline(Mark, frozen=True):
    """A closed line through its points, x, y, x, y, …"""

    points: tuple[float, ...]
    label: str


class Outlines(Marks, frozen=True, tag="outlines"):
    """All outlines of one picture."""

    outlines: tuple[Outline, ...] = ()

    def parts(self) -> list[Part]:
        return [Part(one.label, one.points, id) for one, id in zip(self.outlines, self.ids(), strict=True)]


class OutlinesQuestion(MarksQuestion, frozen=True, kw_only=True, tag="outlines"):
    """Asks for outlines."""

    modalities: ClassVar[frozenset[str]] = frozenset({"image"})
    shape: ClassVar[Shape] = POLYGON
    form: ClassVar[Any] = plain_marks(Outline)
    answer = Outlines
    mark = Outline
    example: ClassVar[str] = '[{"points": [1, 1, 9, 1, 5, 8], "label": "leaf"}]'

    def marked(self, part: Part, number: int) -> Outline:
        return Outline(tuple(map(float, part.geometry)), part.label, id=UNSET if part.id in ("", str(number)) else part.id)

    def misplaced(self, geometry: Any, field: Field | None, *, finite: bool) -> tuple[str, str] | None:
        wide, high = (field.width, field.height) if isinstance(field, Image) else (0, 0)
        if not finite or len(geometry) < 6 or any(not (0 <= x <= wide and 0 <= y <= high) for x, y in _corners(geometry)):
            return "out_of_bounds", "The outline does not lie within the picture."
        return None

    def match(self, first: Any, second: Any, *, same_label: bool = True) -> Matching:
        return match_polygons(_labeled(first), _labeled(second), iou=self.least, same_label=same_label)

    def fused(self, answers: Sequence[Any], weights: Sequence[float]) -> Outlines:
        if all(answer == answers[0] for answer in answers[1:]):
            first: Outlines = answers[0]
            return first
        fused: list[FusedPolygon] = fuse_polygons([_labeled(answer) for answer in answers], weights=weights)
        return self.with_parts([Part(str(one.label), POLYGON.rounded(tuple(one.points.ravel().tolist()))) for one in fused])

    def skills(self, items: Sequence[Mapping[int, Any]]) -> FusionSkill:
        return fusion_skill([{user: _labeled(answer) for user, answer in answers.items()} for answers in items], "polygons")

    def blurred(self, part: Part, field: Field, luck: random.Random, error: float) -> Geometry:
        assert isinstance(field, Image)
        moved = [(x + luck.gauss(0, 6 * error), y + luck.gauss(0, 6 * error)) for x, y in _corners(part.geometry)]
        return tuple(round(value, 1) for x, y in moved for value in (min(max(x, 0), field.width), min(max(y, 0), field.height)))

    def imagined(self, field: Field, luck: random.Random) -> list[Geometry]:
        assert isinstance(field, Image)
        x, y = luck.uniform(0, 0.7 * field.width), luck.uniform(0, 0.7 * field.height)
        wide, high = luck.uniform(0.1, 0.3) * field.width, luck.uniform(0.1, 0.3) * field.height
        return [tuple(round(value, 1) for value in (x, y, x + wide, y, x + wide / 2, y + high))]


QUESTION = OutlinesQuestion
ANSWER = Outlines
