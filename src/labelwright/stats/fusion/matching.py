"""Which unit of one annotator is which unit of another: one-to-one matching by overlap, the same for boxes, intervals and masks.

H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2 (1955).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.shapes import BOX, INTERVAL, RowShape
from labelwright.stats.answers import Floats

__all__ = [
    "Labeled",
    "Matching",
    "box_iou",
    "checked_masks",
    "checked_units",
    "interval_iou",
    "mask_iou",
    "match_boxes",
    "match_intervals",
    "match_masks",
    "match_shapes",
    "match_units",
    "overlap_of_labels",
]

Labeled = tuple[Sequence[Hashable], Any]
"""One annotator's units: their labels, and their geometry, an array with one row a unit."""


@dataclass(frozen=True)
class Matching:
    """The pairs that belong together and what is left over.

    `pairs` are places (in the first, in the second), `ious` their overlaps, 0 to 1, in the same order.
    """

    pairs: list[tuple[int, int]]
    ious: list[float]
    first_unmatched: list[int]
    second_unmatched: list[int]

    @property
    def f1(self) -> float:
        """Twice the pairs over all units, 0 to 1; two annotators who both marked nothing agree perfectly."""
        units = 2 * len(self.pairs) + len(self.first_unmatched) + len(self.second_unmatched)
        return 2 * len(self.pairs) / units if units else 1.0


def box_iou(first: Any, second: Any) -> Floats:
    """Return the intersection over union of each box of `first`, (n, 4), with each of `second`, (m, 4), as an array (n, m).

    A box is x, y, width, height, in any unit of length. Two boxes without area overlap by 1 where they are equal and by 0 otherwise.

    Raises:
        InvalidInput: not four finite numbers a box, or a negative width or height.

    >>> box_iou([[0, 0, 2, 2]], [[1, 0, 2, 2], [5, 5, 1, 1]]).round(3).tolist()
    [[0.333, 0.0]]
    """
    return BOX.overlaps(first, second)


def interval_iou(first: Any, second: Any) -> Floats:
    """Return the intersection over union of each interval of `first`, (n, 2), with each of `second`, (m, 2), as an array (n, m).

    An interval is start, end, with the end not included: characters, tokens, seconds. Two empty intervals overlap by 1 where they are
    equal and by 0 otherwise.

    Raises:
        InvalidInput: not two finite numbers an interval, or an end before its start.

    >>> interval_iou([[0, 4]], [[2, 6], [0, 4]]).round(3).tolist()
    [[0.333, 1.0]]
    """
    return INTERVAL.overlaps(first, second)


def mask_iou(first: Any, second: Any) -> Floats:
    """Return the intersection over union of each mask of `first`, (n, height, width), with each of `second`, as an array (n, m).

    Two empty masks overlap by 1.

    Raises:
        InvalidInput: the masks are no pictures of one size.

    >>> one = [[[1, 1], [0, 0]]]
    >>> mask_iou(one, [[[1, 0], [1, 0]], [[1, 1], [0, 0]]]).round(3).tolist()
    [[0.333, 1.0]]
    """
    a, b = checked_masks(first), checked_masks(second)
    if len(a) and len(b) and a.shape[1:] != b.shape[1:]:
        raise InvalidInput(f"The masks differ in size: {a.shape[1:]} and {b.shape[1:]}.")
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    flat, other = a.reshape(len(a), -1).astype(np.float32), b.reshape(len(b), -1).astype(np.float32)
    shared = (flat @ other.T).astype(np.float64)
    union = flat.sum(axis=1, dtype=np.float64)[:, None] + other.sum(axis=1, dtype=np.float64)[None] - shared
    found: Floats = np.where(union > 0, shared / np.where(union > 0, union, 1.0), 1.0)
    return found


def match_boxes(first: Labeled, second: Labeled, *, iou: float = 0.5, same_label: bool = True) -> Matching:
    """Pair the boxes of two annotators one to one: as many pairs as can be, and of these the greatest sum of overlaps.

    Args:
        first: (labels, boxes) with n labels and an array (n, 4) of x, y, width, height.
        second: the same of the other annotator.
        iou: the least overlap, above 0 and at most 1, of a pair.
        same_label: whether a pair needs one label.

    Raises:
        InvalidInput: labels and boxes differ in number, a box is wrong, or `iou` is out of range.

    >>> match_boxes((["cat"], [[0, 0, 2, 2]]), (["dog", "cat"], [[0, 0, 2, 2], [0, 0, 2, 1]])).pairs
    [(0, 1)]
    """
    return match_shapes(BOX, first, second, iou=iou, same_label=same_label)


def match_intervals(first: Labeled, second: Labeled, *, iou: float = 0.5, same_label: bool = True) -> Matching:
    """Pair the intervals of two annotators one to one: as many pairs as can be, and of these the greatest sum of overlaps.

    Args:
        first: (labels, intervals) with n labels and an array (n, 2) of start and end.
        second: the same of the other annotator.
        iou: the least overlap, above 0 and at most 1, of a pair.
        same_label: whether a pair needs one label.

    Raises:
        InvalidInput: labels and intervals differ in number, an interval is wrong, or `iou` is out of range.

    >>> match_intervals((["DATE"], [[3, 9]]), (["DATE", "NAME"], [[3, 8], [20, 24]])).second_unmatched
    [1]
    """
    return match_shapes(INTERVAL, first, second, iou=iou, same_label=same_label)


def match_masks(first: Labeled, second: Labeled, *, iou: float = 0.5, same_label: bool = True) -> Matching:
    """Pair the masks of two annotators one to one: as many pairs as can be, and of these the greatest sum of overlaps.

    Args:
        first: (labels, masks) with n labels and truth values (n, height, width).
        second: the same of the other annotator.
        iou: the least overlap, above 0 and at most 1, of a pair.
        same_label: whether a pair needs one label.

    Raises:
        InvalidInput: labels and masks differ in number, masks differ in size, or `iou` is out of range.

    >>> match_masks((["cell"], [[[1, 1, 0]]]), (["dirt", "cell"], [[[1, 1, 0]], [[1, 1, 1]]])).pairs
    [(0, 1)]
    """
    return match_units(first, second, mask_iou, checked_masks, iou=iou, same_label=same_label)


def match_shapes(shape: RowShape, first: Labeled, second: Labeled, *, iou: float = 0.5, same_label: bool = True) -> Matching:
    """Pair the marks of two annotators, of any shape, one to one: as many pairs as can be, and of these the greatest sum of overlaps.

    Raises:
        InvalidInput: labels and marks differ in number, a mark is wrong, or `iou` is out of range.
    """
    return match_units(first, second, shape.overlaps, shape.checked, iou=iou, same_label=same_label)


def match_units(
    first: Labeled,
    second: Labeled,
    overlap: Callable[[Any, Any], Floats],
    checked: Callable[[Any], Floats],
    *,
    iou: float,
    same_label: bool,
) -> Matching:
    """Pair units of any geometry for which `overlap` gives an array (n, m), 0 to 1, and `checked` an array with a row a unit."""
    if not 0 < iou <= 1:
        raise InvalidInput(f"The least overlap of a pair has to be above 0 and at most 1, and is {iou}.")
    a, b = checked_units(first, checked), checked_units(second, checked)
    allowed = overlap(a, b)
    allowed[allowed < iou - 1e-12] = 0.0
    if same_label:
        allowed *= overlap_of_labels(first[0], second[0])
    # One pair more outweighs whatever the others lose by it: whether all belong together does not depend on their order.
    rows, columns = _assign(np.where(allowed > 0, allowed + min(allowed.shape), 0.0))
    pairs = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if allowed[i, j] > 0]
    of_first, of_second = {i for i, _ in pairs}, {j for _, j in pairs}
    return Matching(
        pairs,
        [float(allowed[i, j]) for i, j in pairs],
        [i for i in range(len(a)) if i not in of_first],
        [j for j in range(len(b)) if j not in of_second],
    )


def overlap_of_labels(first: Sequence[Hashable], second: Sequence[Hashable]) -> Floats:
    """Return an array (n, m) of 1 where the labels are equal and 0 where they are not."""
    return np.array([[float(a == b) for b in second] for a in first]).reshape(len(first), len(second))


def checked_units(units: Labeled, checked: Callable[[Any], Floats]) -> Floats:
    """Return the geometry of one annotator's units after checking it and the number of labels."""
    geometry = checked(units[1])
    if len(geometry) != len(units[0]):
        raise InvalidInput(f"There are {len(units[0])} labels and {len(geometry)} units of geometry.")
    return geometry


def checked_masks(masks: Any) -> Any:
    """Return masks as truth values (n, height, width)."""
    array = np.asarray(masks)
    if array.size == 0:
        return np.zeros((len(array) if array.ndim == 3 else 0, 0, 0), dtype=bool)
    if array.ndim != 3:
        raise InvalidInput("Masks have to be truth values of the shape (n, height, width).")
    return array != 0


def _assign(values: Floats) -> tuple[Any, Any]:
    if not values.size or not values.any():
        return [], []
    if len(values) == 1 or values.shape[1] == 1:
        place = int(values.argmax())
        return [place // values.shape[1]], [place % values.shape[1]]
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(values, maximize=True)
    return rows, columns
