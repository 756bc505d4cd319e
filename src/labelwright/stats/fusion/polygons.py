"""Several annotators' polygons on one picture become one set: grouped by overlap, voted on pixel by pixel, and traced around again.

Corners of different annotators have nothing to do with each other, so that they cannot be averaged; what can be voted on is each pixel.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.fusion.grouping import group_units, name_order
from labelwright.stats.fusion.matching import Labeled, Matching, match_units

__all__ = ["FusedPolygon", "fuse_polygons", "match_polygons", "polygon_mask"]

CELLS = 512
"""Polygons that are compared or fused are drawn on a grid of so many cells a side, just around them."""


@dataclass(frozen=True, eq=False)
class FusedPolygon:
    """A polygon that annotators agree on.

    `points` is an array (n, 2) of x, y, the outline without holes. `confidence`, 0 to 1, is the share of the annotators' weight behind
    this label here; `iou`, 0 to 1, how well the members overlap; `members` are (annotator, polygon) places in the input.
    """

    label: Hashable
    points: Floats
    confidence: float
    iou: float
    members: tuple[tuple[int, int], ...]


def fuse_polygons(
    annotators: Sequence[tuple[Sequence[Hashable], Sequence[Any]]],
    *,
    weights: Sequence[float] | None = None,
    iou: float = 0.5,
    quorum: float = 0.5,
) -> list[FusedPolygon]:
    """Fuse the polygons of several annotators.

    Args:
        annotators: one (labels, polygons) for each annotator who saw the picture, each polygon an array (n, 2) of at least three corners
            x, y; whoever saw it and marked nothing is `([], [])` and votes against every polygon.
        weights: one weight an annotator, such as the skill; 1 by default.
        iou: the least mean overlap, above 0 and at most 1, within a group.
        quorum: the least share, 0 to 1, of the weight of all annotators for a polygon to be kept.

    Returns:
        The fused polygons, the most confident first. A polygon that is the only one, or the same as all others, is kept as it is; of
        several, the outline follows a grid of 512 cells a side, just around them.

    Raises:
        InvalidInput: no annotator, wrong weights, a wrong polygon, or `iou` or `quorum` out of range.

    >>> square = [[0, 0], [10, 0], [10, 10], [0, 10]]
    >>> wider = [[0, 0], [12, 0], [12, 10], [0, 10]]
    >>> fused = fuse_polygons([(["cell"], [square]), (["cell"], [square]), (["cell"], [wider])])
    >>> fused[0].points.max(axis=0).round(1).tolist(), fused[0].confidence
    ([10.0, 10.0], 1.0)
    """
    units, flat, overlap = _numbered(annotators)
    fused = []
    for group in group_units(units, overlap, lambda one: one, weights=weights, iou=iou, quorum=quorum):
        members = [int(place) for place in group.geometry[:, 0]]
        points = flat[members[0]] if len(set(members)) == 1 else _voted([flat[place] for place in members], group.weights)
        fused.append(FusedPolygon(group.label, points, group.confidence, group.iou, group.members))
    return sorted(
        fused, key=lambda one: (-one.confidence, -one.iou, one.points.min(axis=0).tolist(), _key(one.points), name_order(one.label))
    )


def match_polygons(
    first: tuple[Sequence[Hashable], Sequence[Any]],
    second: tuple[Sequence[Hashable], Sequence[Any]],
    *,
    iou: float = 0.5,
    same_label: bool = True,
) -> Matching:
    """Pair the polygons of two annotators one to one: as many pairs as can be, and of these the greatest sum of overlaps.

    Args:
        first: (labels, polygons) with n labels and n polygons, each an array (corners, 2) of x, y.
        second: the same of the other annotator.
        iou: the least overlap, above 0 and at most 1, of a pair, measured on a grid of 512 cells a side, just around the two.
        same_label: whether a pair needs one label.

    Raises:
        InvalidInput: labels and polygons differ in number, a polygon is wrong, or `iou` is out of range.

    >>> square, wider = [[0, 0], [10, 0], [10, 10], [0, 10]], [[0, 0], [12, 0], [12, 10], [0, 10]]
    >>> match_polygons((["cell"], [square]), (["dirt", "cell"], [square, wider])).pairs
    [(0, 1)]
    """
    (a, b), _, overlap = _numbered([first, second])
    return match_units(a, b, overlap, lambda one: one, iou=iou, same_label=same_label)


def polygon_mask(points: Any, width: int, height: int) -> Any:
    """Return which pixels have their center inside the polygon, an array (height, width), by the even-odd rule.

    >>> polygon_mask([[0, 0], [2, 0], [2, 2], [0, 2]], 3, 3).astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    """
    array = _checked(points)
    mask = np.zeros((height, width), dtype=bool)
    centers = np.arange(width) + 0.5
    rows = np.arange(height) + 0.5
    for (x1, y1), (x2, y2) in zip(array, np.roll(array, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        crossed = (rows >= min(y1, y2)) & (rows < max(y1, y2))
        at = x1 + (rows[crossed] - y1) * (x2 - x1) / (y2 - y1)
        mask[crossed] ^= centers[None] > at[:, None]
    return mask


def _numbered(annotators: Sequence[tuple[Sequence[Hashable], Sequence[Any]]]) -> tuple[list[Labeled], list[Floats], Any]:
    """Return the units with a number for each polygon, the polygons by number, and how far two numbers overlap.

    Numbers follow the order of the corners, so that equal polygons have one number and no annotator comes first.
    """
    shapes = [[_checked(one) for one in polygons] for _, polygons in annotators]
    number = {key: place for place, key in enumerate(sorted({_key(one) for polygons in shapes for one in polygons}))}
    flat = [np.array(key).reshape(-1, 2) for key in number]
    units: list[Labeled] = [
        (list(labels), np.array([[number[_key(one)]] for one in polygons], dtype=np.float64).reshape(-1, 1))
        for (labels, _), polygons in zip(annotators, shapes, strict=True)
    ]
    low, high = (np.array([end(one, axis=0) for one in flat]).reshape(-1, 2) for end in (np.min, np.max))
    known: dict[tuple[int, int], float] = {}

    def overlap(first: Any, second: Any) -> Floats:
        a, b = first[:, 0].astype(np.int64), second[:, 0].astype(np.int64)
        found: Floats = np.equal.outer(a, b).astype(np.float64)
        near = ((low[a][:, None] < high[b][None]) & (low[b][None] < high[a][:, None])).all(axis=-1)
        for i, j in np.argwhere(near & (found == 0)).tolist():
            pair = (min(int(a[i]), int(b[j])), max(int(a[i]), int(b[j])))
            if pair not in known:
                known[pair] = _iou(flat[pair[0]], flat[pair[1]])
            found[i, j] = known[pair]
        return found

    return units, flat, overlap


class _Grid:
    """The cells on which a few polygons are drawn: as many in either direction, so that what is small or narrow is seen as well."""

    def __init__(self, polygons: Sequence[Floats]) -> None:
        corners = np.concatenate(polygons)
        self.low = corners.min(axis=0)
        self.cell = np.maximum(corners.max(axis=0) - self.low, 1e-9) / CELLS

    def draw(self, polygon: Floats) -> Any:
        return polygon_mask((polygon - self.low) / self.cell, CELLS, CELLS)


def _voted(polygons: Sequence[Floats], weights: Floats) -> Floats:
    grid = _Grid(polygons)
    share = sum(weight * grid.draw(one) for weight, one in zip(weights, polygons, strict=True)) / weights.sum()
    # Rounding of the weights must not decide where exactly half of them are on each side.
    mask = np.asarray(share) >= 0.5 - 1e-9
    if not mask.any():
        mask = np.asarray(share) >= np.asarray(share).max()
    points: Floats = _outline(mask) * grid.cell + grid.low
    return points


def _outline(mask: Any) -> Floats:
    """Walk once around the largest piece of a mask and return the corners passed, an array (n, 2) of x, y."""
    from scipy.ndimage import label

    pieces, count = label(mask)
    if count > 1:
        mask = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    padded = np.pad(mask, 1)
    row = int(np.flatnonzero(padded.any(axis=1))[0])
    column = int(np.flatnonzero(padded[row])[0])
    # Corners of cells; the piece lies on the right of the way, which begins to the right along its top.
    x, y, dx, dy = column, row, 1, 0
    start, path = (x, y), [(x, y)]
    while True:
        x, y = x + dx, y + dy
        # The cells ahead, to the left and to the right of the way.
        if dx == 1:
            left, right = padded[y - 1, x], padded[y, x]
        elif dx == -1:
            left, right = padded[y, x - 1], padded[y - 1, x - 1]
        elif dy == 1:
            left, right = padded[y, x], padded[y, x - 1]
        else:
            left, right = padded[y - 1, x - 1], padded[y - 1, x]
        if not right:
            turn = (-dy, dx)
        elif left:
            turn = (dy, -dx)
        else:
            turn = (dx, dy)
        if (x, y) == start:
            break
        if turn != (dx, dy):
            path.append((x, y))
        dx, dy = turn
    return np.array(path, dtype=np.float64) - 1


def _key(polygon: Floats) -> tuple[float, ...]:
    return tuple(polygon.ravel().tolist())


def _iou(first: Floats, second: Floats) -> float:
    """Return the intersection over union of two different polygons; those too narrow to be drawn share nothing."""
    grid = _Grid([first, second])
    one, other = grid.draw(first), grid.draw(second)
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 0.0


def _checked(points: Any) -> Floats:
    try:
        array = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput("A polygon has to be corners of two numbers, x and y.") from error
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < 3 or not np.isfinite(array).all():
        raise InvalidInput("A polygon has to have at least three corners of two finite numbers, x and y.")
    return array
