"""What all kinds share whose answers are labeled marks of one shape; each of them says where a mark may lie, and little else."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from labelwright.expressions import Terms
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds.base import MOST_ID, Answer, LabelQuestion, Part, Problem
from labelwright.schema.modalities import Field
from labelwright.shapes import Geometry, RowShape, Shape

if TYPE_CHECKING:
    import random

    from labelwright.stats.fusion.matching import Labeled, Matching
    from labelwright.stats.fusion.skill import FusionSkill

__all__ = ["Mark", "Marks", "MarksQuestion", "RowMarksQuestion", "labeled", "plain_marks"]


class Mark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mark: a kind's own has the shape's numbers, and the label behind them.

    `id` tells it from the other marks of the answer, whatever becomes of its place: comments and findings name it. One without an id goes
    by its number in the answer, from 1. Two marks are equal where place and label are.
    """

    id: str | UnsetType = UNSET

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash(self._said())

    def _said(self) -> tuple[Any, ...]:
        return msgspec.structs.astuple(self)[:-1]


class Marks(Answer, frozen=True):
    """All marks of one field."""

    @property
    def marks(self) -> tuple[Any, ...]:
        """The marks, in the answer's order."""
        found: tuple[Any, ...] = getattr(self, self.__struct_fields__[0])
        return found

    def parts(self) -> list[Part]:
        said = map(msgspec.structs.astuple, self.marks)
        return [Part(label, tuple(geometry), id) for (*geometry, label, _), id in zip(said, self.ids(), strict=True)]

    def ids(self) -> list[str]:
        """Return the id of each mark: its own, and of one that has none, or one that is taken, its number or the next free one."""
        own = [mark.id or "" for mark in self.marks]
        taken = set(own)
        found: list[str] = []
        used: set[str] = set()
        for number, name in enumerate(own, 1):
            if not name or name in used:
                name = next(str(free) for free in itertools.count(number) if str(free) not in taken)
                taken.add(name)
            used.add(name)
            found.append(name)
        return found

    def plain(self) -> list[dict[str, Any]]:
        """Return the marks as exports carry them. Their ids mean something beside comments and findings alone, and stay here."""
        return [{name: value for name, value in msgspec.structs.asdict(mark).items() if name != "id"} for mark in self.marks]

    def told(self) -> list[dict[str, Any]]:
        return [{**mark, "id": id} for mark, id in zip(self.plain(), self.ids(), strict=True)]


class _Place(NamedTuple):
    """One mark as an expression sees it: with the text of the field that it lies in, if that is one."""

    part: Part
    within: str


class MarksQuestion(LabelQuestion, frozen=True, kw_only=True):
    """Asks for labeled marks of one shape. From an overlap of `same` on two marks with one label count as the same."""

    usual: ClassVar[float] = 0.5
    aggregation: ClassVar[str] = "marks"
    graded: ClassVar[bool] = True
    shape: ClassVar[Shape]
    answer: ClassVar[Callable[..., Marks]]
    mark: ClassVar[Any]
    """The struct of one mark."""

    example: ClassVar[str]
    """The plain form of an answer, to be shown."""

    def problems(self, answer: Any, data: Mapping[str, Field]) -> list[Problem]:
        parts = answer.parts()
        found = self.unknown_labels(parts)
        field = data.get(self.of)
        for part in parts:
            finite = all(map(math.isfinite, part.geometry))
            wrong = self.misplaced(part.geometry, field, finite=finite)
            if wrong is not None:
                found.append(Problem(*wrong, part.id))
        given = [mark.id or "" for mark in answer.marks]
        for index, name in enumerate(given):
            if name and (name in given[:index] or len(name) > MOST_ID or not name.isprintable()):
                wanted = f"another one than those before, of at most {MOST_ID} printable characters"
                found.append(Problem("invalid_id", f"The id of mark {index + 1} has to be {wanted}."))
        return found

    def misplaced(self, geometry: Any, field: Field | None, *, finite: bool) -> tuple[str, str] | None:
        """Return rule and message where a mark cannot lie so; None where it can."""
        raise AttributeError(f"{type(self).__name__} does not define misplaced()")

    def numbers(self, geometry: Geometry) -> Geometry:
        """Return a geometry in the numbers that the kind's marks have."""
        return tuple(map(float, geometry))

    def with_parts(self, parts: Sequence[Part]) -> Marks:
        return self.answer(tuple(self.marked(part, number) for number, part in enumerate(parts, 1)))

    def marked(self, part: Part, number: int) -> Mark:
        """Return a part as a mark, the `number`th of its answer, which says its id where it is not that."""
        mark: Mark = self.mark(*self.numbers(part.geometry), part.label, id=UNSET if part.id in ("", str(number)) else part.id)
        return mark

    def from_plain(self, value: Any) -> Marks:
        form: Any = tuple[self.mark, ...]  # type: ignore[name-defined]  # which mark it is depends on the kind
        return self.answer(_plain.read(value, form, kind=self.kind, example=self.example))

    def distance(self, first: Any, second: Any) -> float:
        return 0.0 if first == second else _soft_f1_distance(first.parts(), second.parts(), self.shape.overlap)

    def terms(self, modality: type[Field]) -> Terms:
        def places(answer: Any, fields: Mapping[str, Any]) -> list[_Place]:
            field = fields.get(self.of)
            within = field.text or "" if field else ""
            return [_Place(part, within) for part in answer.parts()] if answer is not None else []

        of_shape = {name: _of_geometry(value) for name, value in self.shape.values.items()}
        within_text = {"text": _words} if modality.is_text else {}
        return Terms(places, self.labels, {"label": lambda place: place.part.label, **of_shape, **within_text}, frozenset(of_shape))

    def similarity(self, first: Any, second: Any) -> float:
        """Return the F1 of the marks that match: 1 where every mark of one answer is one of the other's, with its label."""
        return 1.0 if first == second else self.match(first, second).f1

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> Answer:
        places = [self.imagined(data[self.of], luck) for _ in range(luck.randrange(4))]
        parts = [Part(luck.choice(self.labels), self.numbers(geometry)) for found in places for geometry in found]
        return self.with_parts([part for _, part in _apart([(1.0, part) for part in parts], self.shape)])


class RowMarksQuestion(MarksQuestion, frozen=True, kw_only=True):
    """Asks for marks whose shape has so many numbers each: the statistics match and fuse them.

    A kind of other marks derives from `MarksQuestion` and says itself how they are matched, fused and weighed.
    """

    shape: ClassVar[RowShape]

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
        given = [answer.parts() for answer in answers]
        marks = [
            (one.confidence, Part(str(one.label), self.shape.rounded(one.geometry), _heaviest(given, one.members, weights)))
            for one in fuse_shapes(self.shape, [labeled(answer) for answer in answers], weights=weights)
        ]
        if not getattr(self, "overlapping", True):
            marks = _apart(marks, self.shape)
        return self.with_parts(_told_apart([part for _, part in marks]))

    def skills(self, items: Sequence[Mapping[int, Any]]) -> FusionSkill:
        from labelwright.stats import fusion_skill

        marked: list[dict[Hashable, Labeled]] = [{user_id: labeled(answer) for user_id, answer in answers.items()} for answers in items]
        return fusion_skill(marked, self.shape)


def _of_geometry(value: Callable[[Geometry], float]) -> Callable[[_Place], float]:
    return lambda place: value(place.part.geometry)


def _words(place: _Place) -> str:
    start, end = place.part.geometry
    return place.within[int(start) : int(end)]


def _heaviest(given: Sequence[Sequence[Part]], members: Sequence[tuple[int, int]], weights: Sequence[float]) -> str:
    """Return the id that the mark of the heaviest member has, the least among equals: it stays while that answer stands."""
    return min((-weights[annotator], given[annotator][place].id) for annotator, place in members)[1]


def _told_apart(parts: Sequence[Part]) -> list[Part]:
    """Return the parts without the ids that one before has: different annotators may have used the same."""
    seen: set[str] = set()
    found = []
    for part in parts:
        found.append(part._replace(id="") if part.id in seen else part)
        seen.add(part.id)
    return found


def plain_marks(mark: type[Mark]) -> Any:
    """Return the type of a list of marks in the plain form, which has no ids.

    >>> from labelwright.schema.kinds.spans import Span
    >>> plain_marks(Span)
    tuple[labelwright.schema.kinds.spans.Span, ...]
    """
    fields = [(field.name, field.type) for field in msgspec.structs.fields(mark) if field.name != "id"]
    return tuple[msgspec.defstruct(mark.__name__, fields, frozen=True, module=mark.__module__), ...]  # type: ignore[misc]  # made here


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
