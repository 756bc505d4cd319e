"""Several annotators' boxes on one picture become one set of boxes, each with a confidence."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from labelwright.shapes import BOX
from labelwright.stats.fusion.matching import Labeled
from labelwright.stats.fusion.shapes import fuse_shapes

__all__ = ["FusedBox", "fuse_boxes"]


@dataclass(frozen=True)
class FusedBox:
    """A box that annotators agree on.

    `x`, `y`, `width` and `height` are in the annotators' unit of length. `confidence`, 0 to 1, is the share of the annotators' weight
    behind this label here; `iou`, 0 to 1, how well the members overlap; `members` are (annotator, box) places in the input.
    """

    label: Hashable
    x: float
    y: float
    width: float
    height: float
    confidence: float
    iou: float
    members: tuple[tuple[int, int], ...]


def fuse_boxes(
    annotators: Sequence[Labeled], *, weights: Sequence[float] | None = None, iou: float = 0.5, quorum: float = 0.5
) -> list[FusedBox]:
    """Fuse the boxes of several annotators: group by overlap, vote on existence and label, average the corners by weight.

    Args:
        annotators: one (labels, boxes) for each annotator who saw the picture, boxes an array (n, 4) of x, y, width, height; whoever
            saw it and marked nothing is `([], [])` and votes against every box.
        weights: one weight an annotator, such as the skill; 1 by default.
        iou: the least mean overlap, above 0 and at most 1, within a group.
        quorum: the least share, 0 to 1, of the weight of all annotators for a box to be kept.

    Returns:
        The fused boxes, the most confident first.

    Raises:
        InvalidInput: no annotator, wrong weights, a wrong box, or `iou` or `quorum` out of range.

    >>> fused = fuse_boxes([(["cat"], [[0, 0, 10, 10]]), (["cat"], [[2, 0, 10, 10]]), ([], [])])
    >>> [(box.label, box.x, box.width, round(box.confidence, 3)) for box in fused]
    [('cat', 1.0, 10.0, 0.667)]
    """
    fused = []
    for one in fuse_shapes(BOX, annotators, weights=weights, iou=iou, quorum=quorum):
        x, y, width, height = one.geometry
        fused.append(FusedBox(one.label, x, y, width, height, one.confidence, one.iou, one.members))
    return fused
