"""Agreement on boxes and on intervals: the mean F1 of the matched units over all pairs of annotators of an item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from labelwright.stats.agreement.base import Agreement, mean_agreement
from labelwright.stats.fusion.matching import Labeled, Matching, match_boxes, match_intervals

__all__ = ["box_agreement", "interval_agreement"]

Items = Sequence[Sequence[Labeled | None]]


def box_agreement(items: Items, *, iou: float = 0.5, same_label: bool = True, confidence: float = 0.95) -> Agreement:
    """Return the mean over items of the mean F1, 0 to 1, of the matched boxes of every pair of annotators.

    Args:
        items: for each item one entry an annotator: (labels, boxes) with an array (n, 4) of x, y, width, height, or None for whoever did
            not see the item. Two who both marked nothing agree.
        iou: the least overlap, above 0 and at most 1, of two boxes that match.
        same_label: whether matching boxes need one label.
        confidence: of the interval over items, above 0 and below 1.

    Returns:
        An `Agreement`; NaN with a note where no item was seen by two annotators.

    Raises:
        InvalidInput: a box is wrong or an argument is out of range.

    >>> one = (["cat"], [[0, 0, 10, 10]])
    >>> box_agreement([[one, one], [one, ([], [])], [one, None]]).value
    0.5
    """
    return _agreement(items, lambda a, b: match_boxes(a, b, iou=iou, same_label=same_label), confidence)


def interval_agreement(items: Items, *, iou: float = 0.5, same_label: bool = True, confidence: float = 0.95) -> Agreement:
    """Return the mean over items of the mean F1, 0 to 1, of the matched intervals of every pair of annotators.

    Args:
        items: for each item one entry an annotator: (labels, intervals) with an array (n, 2) of start and end, or None for whoever did
            not see the item. Two who both marked nothing agree.
        iou: the least overlap, above 0 and at most 1, of two intervals that match; 1 asks for equal ends.
        same_label: whether matching intervals need one label.
        confidence: of the interval over items, above 0 and below 1.

    Returns:
        An `Agreement`; NaN with a note where no item was seen by two annotators.

    Raises:
        InvalidInput: an interval is wrong or an argument is out of range.

    >>> interval_agreement([[(["DATE"], [[3, 9]]), (["DATE"], [[3, 8]])]], iou=1).value
    0.0
    """
    return _agreement(items, lambda a, b: match_intervals(a, b, iou=iou, same_label=same_label), confidence)


def _agreement(items: Items, match: Callable[[Labeled, Labeled], Matching], confidence: float) -> Agreement:
    seen = [[units for units in item if units is not None] for item in items]
    values = [np.mean([match(a, b).f1 for a, b in combinations(item, 2)]) for item in seen if len(item) >= 2]
    return mean_agreement(np.array(values, dtype=np.float64), confidence=confidence)
