"""Several annotators' marks of any shape become one set, each with a confidence.

Marks are grouped by overlap, voted on, and laid together by weight.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.shapes import Geometry, RowShape
from labelwright.stats.fusion.grouping import group_units, name_order
from labelwright.stats.fusion.matching import Labeled

__all__ = ["FusedShape", "fuse_shapes"]


@dataclass(frozen=True)
class FusedShape:
    """A mark that annotators agree on.

    `geometry` is as the shape counts. `confidence`, 0 to 1, is the share of the annotators' weight behind this label here; `iou`, 0 to 1,
    how well the members overlap; `members` are (annotator, mark) places in the input.
    """

    label: Hashable
    geometry: Geometry
    confidence: float
    iou: float
    members: tuple[tuple[int, int], ...]


def fuse_shapes(
    shape: RowShape, annotators: Sequence[Labeled], *, weights: Sequence[float] | None = None, iou: float = 0.5, quorum: float = 0.5
) -> list[FusedShape]:
    """Fuse the marks of several annotators: group by overlap, vote on existence and label, and lay each group together by weight.

    Args:
        shape: what the marks are.
        annotators: one (labels, marks) for each annotator who saw the item, with a row a mark; whoever saw it and marked nothing is
            `([], [])` and votes against every mark.
        weights: one weight an annotator, such as the skill; 1 by default.
        iou: the least mean overlap, above 0 and at most 1, within a group.
        quorum: the least share, 0 to 1, of the weight of all annotators for a mark to be kept.

    Returns:
        The fused marks in the order of the shape.

    Raises:
        InvalidInput: no annotator, wrong weights, a wrong mark, or `iou` or `quorum` out of range.

    >>> from labelwright.shapes import INTERVAL
    >>> fused = fuse_shapes(INTERVAL, [(["DATE"], [[3, 9]]), (["DATE"], [[3, 8]]), (["DATE"], [[3, 9]])])
    >>> [(one.label, one.geometry, one.confidence) for one in fused]
    [('DATE', (3, 9), 1.0)]
    """
    whole = all(np.asarray(marks).dtype.kind in "iu" for _, marks in annotators if len(marks))
    fused = [
        FusedShape(group.label, shape.merged(group.geometry, group.weights, whole=whole), group.confidence, group.iou, group.members)
        for group in group_units(annotators, shape.overlaps, shape.checked, weights=weights, iou=iou, quorum=quorum)
    ]
    return sorted(fused, key=lambda one: (shape.order(one.geometry, one.confidence, one.iou), name_order(one.label)))
