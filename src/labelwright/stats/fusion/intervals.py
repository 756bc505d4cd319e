"""Several annotators' spans of a text, or segments of a recording, become one set, each with a confidence."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.stats.answers import Floats
from labelwright.stats.fusion.grouping import group_units, name_order
from labelwright.stats.fusion.matching import Labeled, checked_intervals, interval_iou

__all__ = ["FusedInterval", "fuse_intervals", "weighted_median"]


@dataclass(frozen=True)
class FusedInterval:
    """An interval that annotators agree on.

    `start` and `end` are integers where the annotators' were (characters, tokens) and floats otherwise (seconds). `confidence`, 0 to 1,
    is the share of the annotators' weight behind this label here; `iou`, 0 to 1, how well the members overlap; `members` are
    (annotator, interval) places in the input.
    """

    label: Hashable
    start: float
    end: float
    confidence: float
    iou: float
    members: tuple[tuple[int, int], ...]


def fuse_intervals(
    annotators: Sequence[Labeled], *, weights: Sequence[float] | None = None, iou: float = 0.5, quorum: float = 0.5
) -> list[FusedInterval]:
    """Fuse the intervals of several annotators: group by overlap, vote on existence and label, then settle start and end.

    Integer ends stay integers: the weighted median, which is an end that somebody chose, and the one most chose where there is one.
    Ends in floats are averaged by weight.

    Args:
        annotators: one (labels, intervals) for each annotator who saw the item, intervals an array (n, 2) of start and end; whoever saw
            it and marked nothing is `([], [])` and votes against every interval.
        weights: one weight an annotator, such as the skill; 1 by default.
        iou: the least mean overlap, above 0 and at most 1, within a group.
        quorum: the least share, 0 to 1, of the weight of all annotators for an interval to be kept.

    Returns:
        The fused intervals, by start and end.

    Raises:
        InvalidInput: no annotator, wrong weights, a wrong interval, or `iou` or `quorum` out of range.

    >>> fused = fuse_intervals([(["DATE"], [[3, 9]]), (["DATE"], [[3, 8]]), (["DATE"], [[3, 9]])])
    >>> [(span.label, span.start, span.end, span.confidence) for span in fused]
    [('DATE', 3, 9, 1.0)]
    """
    whole = all(np.asarray(intervals).dtype.kind in "iu" for _, intervals in annotators if len(intervals))
    fused = []
    for group in group_units(annotators, interval_iou, checked_intervals, weights=weights, iou=iou, quorum=quorum):
        start: float
        end: float
        if whole:
            start, end = (int(weighted_median(ends, group.weights)) for ends in group.geometry.T)
        else:
            start, end = (float(value) for value in np.average(group.geometry, axis=0, weights=group.weights))
        fused.append(FusedInterval(group.label, start, end, group.confidence, group.iou, group.members))
    return sorted(fused, key=lambda span: (span.start, span.end, -span.confidence, name_order(span.label)))


def weighted_median(values: Any, weights: Floats) -> float:
    """Return the least value at which the weight of the values so far reaches half of the whole.

    >>> weighted_median([8, 9, 9], np.ones(3))
    9.0
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, reached[-1] / 2 - 1e-12))
    return float(np.asarray(values)[order][place])
