"""Several annotators' spans of a text, or segments of a recording, become one set, each with a confidence."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from labelwright.shapes import INTERVAL
from labelwright.stats.fusion.matching import Labeled
from labelwright.stats.fusion.shapes import fuse_shapes

__all__ = ["FusedInterval", "fuse_intervals"]


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
    fused = []
    for one in fuse_shapes(INTERVAL, annotators, weights=weights, iou=iou, quorum=quorum):
        start, end = one.geometry
        fused.append(FusedInterval(one.label, start, end, one.confidence, one.iou, one.members))
    return fused
