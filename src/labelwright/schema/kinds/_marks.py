"""What all kinds share whose answers are labeled marks of one shape; each of them says where a mark may lie, and little else."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from labelwright.errors import InvalidPipeline
from labelwright.expressions import Terms
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds.base import Answer, LabelQuestion, Part, Problem
from labelwright.schema.modalities import Field
from labelwright.shapes import Geometry, Shape

if TYPE_CHECKING:
    import random

    from labelwright.stats.fusion.matching import Labeled, Matching
    from labelwright.stats.fusion.skill import FusionSkill

__all__ = ["Marks", "MarksQuestion", "labeled"]


class Marks(Answer, frozen=True):
    """All marks of one field. A mark is a struct of the shape's numbers and the label behind them."""

    @property
    def marks(self) -> tuple[Any, ...]:
        """The marks, in the answer's order."""
        found: tuple[Any, ...] = getattr(self, self.__struct_fields__[0])
        return found

    def parts(self) -> list[Part]:
        return [Part(label, tuple(geometry)) for *geometry, label in map(msgspec.structs.astuple, self.marks)]

    def plain(self) -> list[dict[str, Any]]:
        return [msgspec.structs.asdict(mark) for mark in self.marks]


class _Place(NamedTuple):
    """One mark as an expression sees it: with the text of the field that it lies in, if that is one."""

    part: Part
    within: str


class MarksQuestion(LabelQuestion, frozen=True, kw_only=True):
    """Asks for labeled marks of one shape.

    `same` is the overlap, intersection over union, from which two marks with one label count as the same; the kind's own unless given.
    """

    same: float | None = None

    usual: ClassVar[float] = 0.5
    """What `same` is unless the question says otherwise."""

    aggregation: ClassVar[str] = "marks"
    shape: ClassVar[Shape]
    answer: ClassVar[Callable[..., Marks]]
    mark: ClassVar[Any]
    """The struct of one mark."""

    example: ClassVar[str]
    """The plain form of an answer, to be shown."""

    def problems(self, answer: Any, data: Mapping[str, Field]) -> list[Problem]:
        parts = answer.parts()
        found = self.unknown_labels([part.label for part in parts])
        field = data.get(self.of)
        for index, part in enumerate(parts):
            finite = all(map(math.isfinite, part.geometry))
            wrong = self.misplaced(part.geometry, field, finite=finite)
            if wrong is not None:
                found.append(Problem(*wrong, index))
        return found

    def misplaced(self, geometry: Any, field: Field | None, *, finite: bool) -> tuple[str, str] | None:
        """Return rule and message where a mark cannot lie so; None where it can."""
        raise AttributeError(f"{type(self).__name__} does not define misplaced()")

    def numbers(self, geometry: Geometry) -> Geometry:
        """Return a geometry in the numbers that the kind's marks have."""
        return tuple(map(float, geometry))

    def with_parts(self, parts: Sequence[Part]) -> Marks:
        return self.answer(tuple(self.mark(*self.numbers(part.geometry), part.label) for part in parts))

    def from_plain(self, value: Any) -> Marks:
        return self.answer(_plain.read(value, self.form, kind=self.kind, example=self.example))

    def distance(self, first: Any, second: Any) -> float:
        return 0.0 if first == second else _soft_f1_distance(first.parts(), second.parts(), self.shape.overlap)

    def terms(self, modality: type[Field]) -> Terms:
        def places(answer: Any, fields: Mapping[str, Any]) -> list[_Place]:
            field = fields.get(self.of)
            within = field.text or "" if field else ""
            return [_Place(part, within) for part in answer.parts()] if answer is not None else []

        of_shape = {name: _of_geometry(value) for name, value in self.shape.values.items()}
        within_text = {"text": _words} if modality.is_text else {}
        return Terms(places, self.labels, {"label": lambda place: place.part.label, **of_shape, **within_text})

    def check(self, where: str) -> None:
        super().check(where)
        if not 0 < self.least <= 1:
            hint = "1 asks for exactly the same place, 0.5 for half of their union."
            raise InvalidPipeline("Two marks overlap by more than 0 and at most 1.", where=f"{where}.same", hint=hint)

    @property
    def least(self) -> float:
        """The overlap from which two marks count as the same."""
        return self.usual if self.same is None else self.same

    def similarity(self, first: Any, second: Any) -> float:
        return 1.0 if first == second else self.match(first, second).f1

    def alike(self, first: Any, second: Any) -> bool:
        """Tell whether every mark of one answer is one of the other's, with its label, and the other way round."""
        return self.similarity(first, second) == 1.0

    def match(self, first: Any, second: Any, *, same_label: bool = True) -> Matching:
        """Pair the marks of two answers one to one, where they overlap by as much as counts as the same."""
        from labelwright.stats import match_shapes

        return match_shapes(self.shape, labeled(first), labeled(second), iou=self.least, same_label=same_label)

    def fused(self, answers: Sequence[Any], weights: Sequence[float]) -> Answer:
        """Group marks where they overlap, vote on each group, and lay it together by weight."""
        from labelwright.stats import fuse_shapes

        first: Answer = answers[0]
        if all(answer == first for answer in answers[1:]):
            return first
        marks = [
            (one.confidence, Part(str(one.label), self.shape.rounded(one.geometry)))
            for one in fuse_shapes(self.shape, [labeled(answer) for answer in answers], weights=weights)
        ]
        if not getattr(self, "overlapping", True):
            marks = _apart(marks, self.shape)
        return self.with_parts([part for _, part in marks])

    def skills(self, items: Sequence[Mapping[int, Any]]) -> FusionSkill:
        from labelwright.stats import fusion_skill

        marked: list[dict[Hashable, Labeled]] = [{user_id: labeled(answer) for user_id, answer in answers.items()} for answers in items]
        return fusion_skill(marked, self.shape)

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> Answer:
        places = [self.imagined(data[self.of], luck) for _ in range(luck.randrange(4))]
        parts = [Part(luck.choice(self.labels), self.numbers(geometry)) for found in places for geometry in found]
        return self.with_parts([part for _, part in _apart([(1.0, part) for part in parts], self.shape)])


def _of_geometry(value: Callable[[Geometry], float]) -> Callable[[_Place], float]:
    return lambda place: value(place.part.geometry)


def _words(place: _Place) -> str:
    start, end = place.part.geometry
    return place.within[int(start) : int(end)]


def labeled(answer: Answer) -> Labeled:
    """Return an answer as the statistics take it: its labels, and where each lies."""
    parts = answer.parts()
    return [part.label for part in parts], [part.geometry for part in parts]


def _soft_f1_distance(a: Sequence[Part], b: Sequence[Part], overlap: Callable[[Geometry, Geometry], float]) -> float:
    """Return 1 minus the F1 of two sets of marks, where a matched pair of equal labels counts by its overlap.

    Pairs are matched greedily from the greatest overlap on. Two empty sets are equal.
    """
    if not a and not b:
        return 0.0
    pairs = sorted(
        ((overlap(x.geometry, y.geometry), i, j) for i, x in enumerate(a) for j, y in enumerate(b) if x.label == y.label),
        key=lambda pair: -pair[0],
    )
    left: set[int] = set()
    right: set[int] = set()
    total = 0.0
    for common, i, j in pairs:
        if common > 0 and i not in left and j not in right:
            left.add(i)
            right.add(j)
            total += common
    return max(0.0, 1.0 - 2.0 * total / (len(a) + len(b)))


def _apart(marks: Sequence[tuple[float, Part]], shape: Shape) -> list[tuple[float, Part]]:
    """Of marks that overlap keep the more confident, and among equals the one that begins first."""
    kept: list[tuple[float, Part]] = []
    for confidence, part in sorted(marks, key=lambda one: (-one[0], one[1].geometry)):
        if all(shape.overlap(part.geometry, other.geometry) <= 0 for _, other in kept):
            kept.append((confidence, part))
    return sorted(kept, key=lambda one: one[1].geometry)
