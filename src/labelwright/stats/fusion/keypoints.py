"""Several annotators' keypoints of one thing become one set: a point that no single stray one can pull away, and whether it is to be seen.

E. Weiszfeld, "Sur le point pour lequel la somme des distances de n points donnés est minimum", Tohoku Mathematical Journal 43 (1937), for
the geometric median, which withstands outliers of up to half of the weight.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats

__all__ = ["FusedKeypoint", "fuse_keypoints", "geometric_median"]

Keypoints = Mapping[Hashable, Sequence[float] | None]
"""One annotator's points by name: x, y, or None where the annotator looked and saw none."""


@dataclass(frozen=True)
class FusedKeypoint:
    """A point that annotators agree on.

    `x` and `y` are in the annotators' unit of length and NaN where most saw none. `visible`, 0 to 1, is the share of the weight that saw
    it. `error` estimates the distance of the fused point from the true one, from how far the annotators' lie around it; NaN with fewer
    than two. `members` are the places of the annotators who set it.
    """

    name: Hashable
    x: float
    y: float
    visible: float
    error: float
    members: tuple[int, ...]


def fuse_keypoints(annotators: Sequence[Keypoints], *, weights: Sequence[float] | None = None, quorum: float = 0.5) -> list[FusedKeypoint]:
    """Fuse the keypoints of several annotators: vote on whether each is to be seen, then take the weighted geometric median.

    Args:
        annotators: for each annotator the points by name; a name that is missing was not asked and counts for nothing.
        weights: one weight an annotator, such as the skill; 1 by default.
        quorum: the least share, 0 to 1, of the weight of those asked for a point to have a place.

    Returns:
        The fused points in the order in which their names first occur.

    Raises:
        InvalidInput: there is no annotator, or a point, weight or the quorum is wrong.

    >>> fused = fuse_keypoints([{"nose": (10, 10)}, {"nose": (10, 10)}, {"nose": (90, 90)}])
    >>> fused[0].name, round(fused[0].x, 3), fused[0].visible
    ('nose', 10.0, 1.0)
    """
    if not annotators:
        raise InvalidInput("There is no annotator whose points could be fused.")
    if not 0 <= quorum <= 1:
        raise InvalidInput("The quorum has to lie between 0 and 1.", where="quorum")
    weight = np.ones(len(annotators)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (len(annotators),) or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise InvalidInput(f"There have to be {len(annotators)} weights, one an annotator, none negative and not all 0.")
    fused = []
    for name in dict.fromkeys(name for points in annotators for name in points):
        asked = [place for place, points in enumerate(annotators) if name in points]
        seen = [place for place in asked if annotators[place][name] is not None]
        whole = float(weight[asked].sum())
        visible = float(weight[seen].sum()) / whole if whole > 0 else 0.0
        if not seen or visible < quorum or visible == 0:
            fused.append(FusedKeypoint(name, float("nan"), float("nan"), visible, float("nan"), tuple(seen)))
            continue
        points = _checked([annotators[place][name] for place in seen], name)
        share = weight[seen]
        x, y = geometric_median(points, share)
        fused.append(FusedKeypoint(name, x, y, visible, _error(points, share, (x, y)), tuple(seen)))
    return fused


def geometric_median(points: Any, weights: Any = None, *, iterations: int = 200, tolerance: float = 1e-9) -> tuple[float, float]:
    """Return the point with the least weighted sum of distances to `points`, an array (n, 2).

    >>> geometric_median([[0, 0], [0, 0], [9, 9]])
    (0.0, 0.0)
    """
    array = np.asarray(points, dtype=np.float64)
    weight = np.ones(len(array)) if weights is None else np.asarray(weights, dtype=np.float64)
    array, weight = array[weight > 0], weight[weight > 0]
    # The median may be one of the points: it is one where the others do not pull harder than its own weight.
    for place in range(len(array)):
        away = array - array[place]
        distance = np.hypot(*away.T)
        here = distance == 0
        pull = (weight[~here, None] * away[~here] / distance[~here, None]).sum(axis=0)
        if np.hypot(*pull) <= weight[here].sum() + 1e-12:
            return float(array[place, 0]), float(array[place, 1])
    middle = np.average(array, axis=0, weights=weight)
    for _ in range(iterations):
        distance = np.maximum(np.hypot(*(array - middle).T), 1e-12)
        after = np.average(array, axis=0, weights=weight / distance)
        moved = float(np.hypot(*(after - middle)))
        middle = after
        if moved <= tolerance * (1 + float(np.abs(middle).max())):
            break
    return float(middle[0]), float(middle[1])


def _error(points: Floats, weights: Floats, middle: tuple[float, float]) -> float:
    """The spread of the points around the fused one over the root of how many count."""
    if len(points) < 2:
        return float("nan")
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    square = float(np.average(((points - np.array(middle)) ** 2).sum(axis=1), weights=weights))
    return float(np.sqrt(square * len(points) / (len(points) - 1) / effective))


def _checked(points: Any, name: Hashable) -> Floats:
    try:
        array = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput("A point has to be two numbers, x and y.", where=str(name)) from error
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise InvalidInput("A point has to be two finite numbers, x and y.", where=str(name))
    return array
