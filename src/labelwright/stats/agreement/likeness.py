"""Agreement by how far each two annotators of one item agree, 0 to 1: for spans, boxes and whatever else can be alike in part."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import Agreement, mean_agreement, no_agreement
from labelwright.stats.agreement.jackknife import checked_over, of_others
from labelwright.stats.agreement.without import pairs_without_each
from labelwright.stats.answers import encode
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["mean_likeness"]


def mean_likeness(
    items: Any, first: Any, second: Any, values: Any, *, confidence: float = 0.95, over: Literal["items", "annotators"] = "items"
) -> Agreement:
    """Return the mean, over the items, of the mean of how far each two of their annotators agree.

    Args:
        items: n item ids, one a pair of answers.
        first: n ids of one annotator of each pair.
        second: n ids of the other one.
        values: n numbers from 0 to 1: how far the two agree.
        confidence: of the interval, above 0 and below 1.
        over: whether the interval speaks of other `items`, judged by annotators like these, or of other `annotators` (delete-one
            jackknife with Student's t).

    Raises:
        InvalidInput: lengths differ, a value lies outside of 0 to 1, or an argument is out of range.

    >>> mean_likeness([1, 1, 1, 2], ["a", "a", "b", "a"], ["b", "c", "c", "b"], [1, 0.5, 0, 1]).value
    0.75
    """
    checked_confidence(confidence)
    checked_over(over)
    alike = np.asarray(values, dtype=np.float64)
    if not len(items) == len(first) == len(second) == len(alike):
        raise InvalidInput("Items, both annotators and values have to be equally long.")
    if not len(alike):
        return no_agreement("No item has two answers.", confidence=confidence)
    if not ((alike >= 0) & (alike <= 1)).all():
        raise InvalidInput("How far two answers agree lies between 0 and 1.")
    item, _ = encode(items, what="item")
    person, _ = encode([*first, *second], what="annotator")
    result = mean_agreement(np.bincount(item, weights=alike) / np.bincount(item), confidence=confidence)
    if over == "items":
        return result
    return of_others(result, pairs_without_each(item, person[: len(alike)], person[len(alike) :], alike))
