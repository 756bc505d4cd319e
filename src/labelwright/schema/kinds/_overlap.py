"""How much two sets of labeled places have in common, for the distance between two answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labelwright.schema.kinds.base import Unit

__all__ = ["box_iou", "interval_iou", "soft_f1_distance"]


def interval_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Return intersection over union of two intervals `(start, end)`, 0 to 1.

    >>> interval_iou((0, 10), (5, 15))
    0.3333333333333333
    """
    common = min(a[1], b[1]) - max(a[0], b[0])
    union = max(a[1], b[1]) - min(a[0], b[0])
    return max(0.0, common) / union if union > 0 else float(a == b)


def box_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Return intersection over union of two boxes `(x, y, width, height)`, 0 to 1.

    >>> box_iou((0, 0, 2, 2), (1, 0, 2, 2))
    0.3333333333333333
    """
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    union = a[2] * a[3] + b[2] * b[3] - common
    return common / union if union > 0 else float(tuple(a) == tuple(b))


def soft_f1_distance(a: Sequence[Unit], b: Sequence[Unit], overlap: Callable[[Sequence[float], Sequence[float]], float]) -> float:
    """Return 1 minus the F1 of two sets of places, where a matched pair of equal labels counts by its overlap.

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
    return 1.0 - 2.0 * total / (len(a) + len(b))
