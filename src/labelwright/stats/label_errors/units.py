"""Label errors among boxes, spans and segments: what a model sees and nobody marked, what is marked elsewhere or by another name.

U. Tkachenko, A. Thyagarajan and J. Mueller, "ObjectLab: Automated Diagnosis of Mislabeled Images in Object Detection Data", ICML workshop
(2023), for boxes; a span is a box of one dimension.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.shapes import BOX, INTERVAL, RowShape
from labelwright.stats.answers import Floats
from labelwright.stats.fusion.matching import Labeled, checked_units

__all__ = ["Predicted", "UnitErrors", "UnitSuspect", "find_box_errors", "find_interval_errors"]

Predicted = tuple[Sequence[Hashable], Any, Any]
"""A model's units: their labels, their geometry, and how sure it is of each, 0 to 1."""

Reason = Literal["overlooked", "swapped", "misplaced", "unsupported"]

SURE = 0.8
"""A prediction counts as seen from this confidence on, unless said otherwise."""

NEAR = 0.1
"""From this overlap on two units mean the same place."""

SOFT = 0.1
"""The temperature at which an item's scores are pooled: nearly the least of them."""


@dataclass(frozen=True)
class UnitSuspect:
    """One doubtful unit: `place` in the given units of the item, or, where it was overlooked, in the predicted ones."""

    item: int
    reason: Reason
    place: int
    score: float


@dataclass(frozen=True, eq=False)
class UnitErrors:
    """The doubtful units, the most doubtful first, and a score for each item, 0 to 1, low where some of its units are doubtful."""

    suspects: list[UnitSuspect]
    item_score: Floats


def find_box_errors(given: Sequence[Labeled], predicted: Sequence[Predicted], *, iou: float = 0.5, sure: float = SURE) -> UnitErrors:
    """Find boxes that are probably missing, named wrongly, in the wrong place, or of nothing.

    A predicted box of which the model is `sure` is *overlooked* where no given box of its label lies near; a given box is *swapped* where
    a sure prediction of another label takes its place and none of its own does, *misplaced* where the best prediction of its label
    overlaps it by less than `iou`, and *unsupported* where nothing was predicted near it.

    Args:
        given: for each image (labels, boxes), boxes an array (n, 4) of x, y, width, height.
        predicted: for each image (labels, boxes, confidences) of a model that was not trained on it.
        iou: the overlap, above 0 and at most 1, from which on a box is in the right place.
        sure: the confidence, 0 to 1, from which on a prediction counts as seen.

    Raises:
        InvalidInput: the numbers of images differ, a box or confidence is wrong, or an option is out of range.

    >>> cat = (["cat"], [[0, 0, 10, 10]])
    >>> errors = find_box_errors([cat], [(["cat", "dog"], [[0, 0, 10, 9], [40, 40, 9, 9]], [0.9, 0.95])])
    >>> [(one.reason, one.place) for one in errors.suspects]
    [('overlooked', 1)]
    """
    return _find(given, predicted, BOX, iou, sure)


def find_interval_errors(given: Sequence[Labeled], predicted: Sequence[Predicted], *, iou: float = 0.5, sure: float = SURE) -> UnitErrors:
    """Find spans or segments that are probably missing, named wrongly, in the wrong place, or of nothing; see `find_box_errors`.

    Args:
        given: for each item (labels, intervals), intervals an array (n, 2) of start and end.
        predicted: for each item (labels, intervals, confidences) of a model that was not trained on it.
        iou: the overlap, above 0 and at most 1, from which on an interval is in the right place.
        sure: the confidence, 0 to 1, from which on a prediction counts as seen.

    Raises:
        InvalidInput: the numbers of items differ, an interval or confidence is wrong, or an option is out of range.

    >>> errors = find_interval_errors([(["DATE"], [[3, 9]])], [(["NAME"], [[3, 9]], [0.97])])
    >>> [(one.reason, one.place) for one in errors.suspects]
    [('swapped', 0)]
    """
    return _find(given, predicted, INTERVAL, iou, sure)


def _find(
    given: Sequence[Labeled],
    predicted: Sequence[Predicted],
    shape: RowShape,
    iou: float,
    sure: float,
) -> UnitErrors:
    if len(given) != len(predicted):
        raise InvalidInput(f"There are {len(given)} items with given units and {len(predicted)} with predicted ones.")
    if not 0 < iou <= 1 or not 0 <= sure <= 1:
        raise InvalidInput("The overlap has to be above 0 and at most 1, and the confidence from 0 to 1.")
    suspects: list[UnitSuspect] = []
    item_score = np.ones(len(given))
    for item, (units, (labels, places, confidences)) in enumerate(zip(given, predicted, strict=True)):
        here, seen = checked_units(units, shape.checked), checked_units((labels, places), shape.checked)
        trust = np.asarray(confidences, dtype=np.float64).reshape(-1)
        if len(trust) != len(seen) or not bool(((trust >= 0) & (trust <= 1)).all()):
            raise InvalidInput("There has to be one confidence, 0 to 1, a predicted unit.", where=f"item {item}")
        near = shape.overlaps(here, seen) if len(here) and len(seen) else np.zeros((len(here), len(seen)))
        same = np.array([[a == b for b in labels] for a in units[0]], dtype=bool).reshape(near.shape)
        own = np.where(same, near, 0.0)
        found = [*_given(item, near, own, same, trust, iou, sure), *_overlooked(item, own, near, trust, sure)]
        suspects += [one for one in found if one.score < 0.5]
        if found:
            scores = np.array([one.score for one in found])
            weight = np.exp((scores.min() - scores) / SOFT)
            item_score[item] = float((scores * weight).sum() / weight.sum())
    return UnitErrors(sorted(suspects, key=lambda one: (one.score, one.item, one.place)), item_score)


def _given(item: int, near: Floats, own: Floats, same: Any, trust: Floats, iou: float, sure: float) -> list[UnitSuspect]:
    found = []
    for place in range(len(near)):
        best = float(own[place].max(initial=0.0))
        rivals = np.where(~same[place] & (trust >= sure) & (near[place] >= iou), trust * near[place], 0.0)
        rival = float(rivals.max(initial=0.0))
        if rival > 0 and best < iou:
            found.append(UnitSuspect(item, "swapped", place, 1 - rival))
        elif best >= NEAR:
            found.append(UnitSuspect(item, "misplaced", place, min(1.0, 0.5 * best / iou) if best < iou else 0.5 + best / 2))
        else:
            # How strange it is that nothing was seen depends on how much is seen elsewhere; it is no proof.
            found.append(UnitSuspect(item, "unsupported", place, 0.49 if float(near[place].max(initial=0.0)) < NEAR else 0.5))
    return found


def _overlooked(item: int, own: Floats, near: Floats, trust: Floats, sure: float) -> list[UnitSuspect]:
    found = []
    for place in np.flatnonzero(trust >= sure):
        # What lies at the place of a given unit of another label is a swap, and told there.
        if float(near[:, place].max(initial=0.0)) >= NEAR:
            continue
        found.append(UnitSuspect(item, "overlooked", int(place), float(1 - trust[place] * (1 - own[:, place].max(initial=0.0)))))
    return found
