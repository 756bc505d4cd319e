"""What all kinds share whose answers are labeled marks of one shape; each of them says where a mark may lie, and little else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from labelwright.schema.item import Field
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds.base import Answer, LabelQuestion, Part, Problem
from labelwright.shapes import Geometry, Shape

if TYPE_CHECKING:
    from labelwright.stats.fusion.matching import Labeled, Matching

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


class MarksQuestion(LabelQuestion, frozen=True, kw_only=True):
    """Asks for labeled marks of one shape."""

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
        return _soft_f1_distance(first.parts(), second.parts(), self.shape.overlap)

    def similarity(self, first: Any, second: Any) -> float:
        return 1.0 if first == second else self.match(first, second).f1

    def match(self, first: Any, second: Any, *, same_label: bool = True) -> Matching:
        """Pair the marks of two answers one to one, where they have half of their union in common."""
        from labelwright.stats import match_shapes

        return match_shapes(self.shape, labeled(first), labeled(second), same_label=same_label)


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
    return 1.0 - 2.0 * total / (len(a) + len(b))
