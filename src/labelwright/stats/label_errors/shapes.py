"""Label errors among marks of any shape: what a model sees and nobody marked, what is marked elsewhere or by another name.

U. Tkachenko, A. Thyagarajan and J. Mueller, "ObjectLab: Automated Diagnosis of Mislabeled Images in Object Detection Data", ICML workshop
(2023), for boxes. All that it asks of them is how far two overlap, which every shape says.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.shapes import Shape
from labelwright.stats.answers import Floats
from labelwright.stats.fusion.matching import Labeled, overlap_of_labels

__all__ = ["Predicted", "ShapeErrors", "ShapeSuspect", "find_shape_errors"]

Predicted = tuple[Sequence[Hashable], Any, Any]
"""A model's marks: their labels, where they lie, and how sure it is of each, 0 to 1."""

Reason = Literal["overlooked", "swapped", "misplaced", "unsupported"]

SURE = 0.8
"""A prediction counts as seen from this confidence on, unless said otherwise."""

NEAR = 0.1
"""From this overlap on a mark lies near another one, unless less counts as the right place."""

SLACK = 1e-12
"""What an overlap may be off, so that marks of the same place lie in it."""

SOFT = 0.1
"""The temperature at which an item's scores are pooled: nearly the least of them."""


@dataclass(frozen=True)
class ShapeSuspect:
    """One doubtful mark: `place` in the given marks of the item, or, where it was overlooked, in the predicted ones."""

    item: int
    reason: Reason
    place: int
    score: float


@dataclass(frozen=True, eq=False)
class ShapeErrors:
    """The doubtful marks, the most doubtful first, and a score for each item, 0 to 1, low where some of its marks are doubtful."""

    suspects: list[ShapeSuspect]
    item_score: Floats


def find_shape_errors(
    shape: Shape, given: Sequence[Labeled], predicted: Sequence[Predicted], *, iou: float = 0.5, sure: float = SURE
) -> ShapeErrors:
    """Find marks that are probably missing, named wrongly, in the wrong place, or of nothing.

    A predicted mark of which the model is `sure` is *overlooked* where no given mark lies near; a given mark is *swapped* where a sure
    prediction of another label takes its place and none of its own does, *misplaced* where the best prediction of its label overlaps it
    by less than `iou`, and *unsupported* where nothing was predicted near it.

    Args:
        shape: what the marks are.
        given: for each item (labels, marks), with a row a mark.
        predicted: for each item (labels, marks, confidences) of a model that was not trained on it.
        iou: the overlap, above 0 and at most 1, from which on a mark is in the right place; of a question it is `least`.
        sure: the confidence, 0 to 1, from which on a prediction counts as seen.

    Raises:
        InvalidInput: the numbers of items differ, a mark or confidence is wrong, or an option is out of range.

    >>> from labelwright.shapes import BOX, INTERVAL
    >>> cat = (["cat"], [[0, 0, 10, 10]])
    >>> errors = find_shape_errors(BOX, [cat], [(["cat", "dog"], [[0, 0, 10, 9], [40, 40, 9, 9]], [0.9, 0.95])])
    >>> [(one.reason, one.place) for one in errors.suspects]
    [('overlooked', 1)]
    >>> errors = find_shape_errors(INTERVAL, [(["DATE"], [[3, 9]])], [(["NAME"], [[3, 9]], [0.97])])
    >>> [(one.reason, one.place) for one in errors.suspects]
    [('swapped', 0)]
    """
    if len(given) != len(predicted):
        raise InvalidInput(f"There are {len(given)} items with given marks and {len(predicted)} with predicted ones.")
    if not 0 < iou <= 1 or not 0 <= sure <= 1:
        raise InvalidInput("The overlap has to be above 0 and at most 1, and the confidence from 0 to 1.")
    suspects: list[ShapeSuspect] = []
    item_score = np.ones(len(given))
    for item, ((labels, marks), (seen_labels, seen, confidences)) in enumerate(zip(given, predicted, strict=True)):
        trust = np.asarray(confidences, dtype=np.float64).reshape(-1)
        if len(trust) != len(seen) or not bool(((trust >= 0) & (trust <= 1)).all()):
            raise InvalidInput("There has to be one confidence, 0 to 1, a predicted mark.", where=f"item {item}")
        if len(labels) != len(marks) or len(seen_labels) != len(seen):
            raise InvalidInput("There has to be one label a mark.", where=f"item {item}")
        overlaps = _Overlaps(shape.overlaps(marks, seen), overlap_of_labels(labels, seen_labels) > 0, trust, iou, sure)
        found = [*_given(item, overlaps), *_overlooked(item, overlaps)]
        suspects += [one for one in found if one.score < 0.5]
        if found:
            scores = np.array([one.score for one in found])
            weight = np.exp((scores.min() - scores) / SOFT)
            item_score[item] = float((scores * weight).sum() / weight.sum())
    return ShapeErrors(sorted(suspects, key=lambda one: (one.score, one.item, one.place)), item_score)


class _Overlaps(NamedTuple):
    """How far n given marks of an item overlap m predicted ones, (n, m), which have one label, and how sure the model is of each of m."""

    any: Floats
    same_label: Any
    trust: Floats
    iou: float
    sure: float

    @property
    def own(self) -> Floats:
        """The overlaps of marks with one label."""
        found: Floats = np.where(self.same_label, self.any, 0.0)
        return found

    @property
    def near(self) -> float:
        """The overlap from which on a mark lies near another one."""
        return min(NEAR, self.iou)


def _given(item: int, overlaps: _Overlaps) -> list[ShapeSuspect]:
    found = []
    own, iou = overlaps.own, overlaps.iou - SLACK
    for place, (near, same) in enumerate(zip(overlaps.any, overlaps.same_label, strict=True)):
        best = float(own[place].max(initial=0.0))
        rivals = np.where(~same & (overlaps.trust >= overlaps.sure) & (near >= iou), overlaps.trust * near, 0.0)
        rival = float(rivals.max(initial=0.0))
        if rival > 0 and best < iou:
            found.append(ShapeSuspect(item, "swapped", place, 1 - rival))
        elif best >= overlaps.near - SLACK:
            score = 0.5 * best / overlaps.iou if best < iou else 0.5 + best / 2
            found.append(ShapeSuspect(item, "misplaced", place, min(1.0, score)))
        else:
            # How strange it is that nothing was seen depends on how much is seen elsewhere; it is no proof.
            nothing = float(near.max(initial=0.0)) < overlaps.near - SLACK
            found.append(ShapeSuspect(item, "unsupported", place, 0.49 if nothing else 0.5))
    return found


def _overlooked(item: int, overlaps: _Overlaps) -> list[ShapeSuspect]:
    found = []
    for place in np.flatnonzero(overlaps.trust >= overlaps.sure):
        # What lies at the place of a given mark of another label is a swap, and told there.
        if float(overlaps.any[:, place].max(initial=0.0)) >= overlaps.near - SLACK:
            continue
        own = float(overlaps.own[:, place].max(initial=0.0))
        found.append(ShapeSuspect(item, "overlooked", int(place), float(1 - overlaps.trust[place] * (1 - own))))
    return found
