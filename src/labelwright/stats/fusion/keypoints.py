"""Several annotators' keypoints of one thing become one set: a point that no single stray one can pull away, and whether it is to be seen.

E. Weiszfeld, "Sur le point pour lequel la somme des distances de n points donnés est minimum", Tohoku Mathematical Journal 43 (1937), for
the geometric median, which withstands outliers of up to half of the weight. Where his steps are slow Newton's take their place.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.fusion.grouping import checked_weights, name_order

__all__ = ["FusedKeypoint", "Keypoints", "fuse_keypoints", "geometric_median"]

Keypoints = Mapping[Hashable, Sequence[float] | None]
"""One annotator's points by name: x, y, or None where the annotator looked and saw none."""


@dataclass(frozen=True)
class FusedKeypoint:
    """A point that annotators agree on.

    `x` and `y` are in the annotators' unit of length and NaN where most saw none. `visible`, 0 to 1, is the share of the weight that saw
    it. `error` estimates the distance of the fused point from the true one, from how far the annotators' lie around it; NaN with fewer
    than two that have weight. `members` are the places of the annotators who set it.
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
        The fused points in the order of the names: by the farthest place that a name has in any annotator's list, which is the list's own
        order where all have the same names.

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
    weight = checked_weights(weights, len(annotators))
    fused = []
    for name in _names(annotators):
        asked = [place for place, points in enumerate(annotators) if name in points]
        seen = [place for place in asked if annotators[place][name] is not None]
        whole = fsum(weight[asked])
        visible = fsum(weight[seen]) / whole if whole > 0 else 0.0
        if not seen or visible < quorum - 1e-12 or visible == 0:
            fused.append(FusedKeypoint(name, float("nan"), float("nan"), visible, float("nan"), tuple(seen)))
            continue
        points = _checked([annotators[place][name] for place in seen], name)
        share = weight[seen]
        # Sums are taken in the order of the points, so that no order of annotators changes a digit.
        order = np.lexsort((share, points[:, 1], points[:, 0]))
        points, share = points[order], share[order]
        x, y = geometric_median(points, share)
        fused.append(FusedKeypoint(name, x, y, visible, _error(points, share, (x, y)), tuple(seen)))
    return fused


def geometric_median(points: Any, weights: Any = None, *, iterations: int = 200, tolerance: float = 1e-9) -> tuple[float, float]:
    """Return the point with the least weighted sum of distances to `points`, an array (n, 2).

    Points on one line may have many such points, all from one of them to the next: it is the middle between these two.

    >>> geometric_median([[0, 0], [0, 0], [9, 9]]), geometric_median([[0, 0], [4, 2]])
    ((0.0, 0.0), (2.0, 1.0))
    """
    array = np.asarray(points, dtype=np.float64)
    weight = np.ones(len(array)) if weights is None else np.asarray(weights, dtype=np.float64)
    array, weight = array[weight > 0], weight[weight > 0]
    along = _on_one_line(array)
    if along is not None:
        order = np.argsort(along, kind="stable")
        reached, half = np.cumsum(weight[order]), fsum(weight) / 2
        ends = [order[int(np.searchsorted(reached, half * side, side="left"))] for side in (1 - 1e-12, 1 + 1e-12)]
        middle = (array[ends[0]] + array[ends[1]]) / 2
        return float(middle[0]), float(middle[1])
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
        after = min(_steps(array, weight, middle), key=lambda place: float(weight @ np.hypot(*(array - place).T)))
        moved = float(np.hypot(*(after - middle)))
        middle = after
        if moved <= tolerance * (1 + float(np.abs(middle).max())):
            break
    return float(middle[0]), float(middle[1])


def _steps(points: Floats, weights: Floats, middle: Floats) -> tuple[Floats, Floats]:
    """Return where Weiszfeld's step leads, which never leads up but can be slow, and Newton's, which is fast near the end."""
    away = points - middle
    distance = np.maximum(np.hypot(*away.T), 1e-12)
    pull, toward = weights / distance, away / distance[:, None]
    bend = pull.sum() * np.eye(2) - (toward * pull[:, None]).T @ toward
    newton = middle + np.linalg.solve(bend, weights @ toward) if abs(np.linalg.det(bend)) > 1e-9 * pull.sum() ** 2 else middle
    return np.average(points, axis=0, weights=pull), newton


def _on_one_line(points: Floats) -> Floats | None:
    """Return where each point lies along the one line that all lie on; None where there is no such line."""
    away = points - points[0]
    farthest = away[int((away**2).sum(axis=1).argmax())]
    length = float(np.hypot(*farthest))
    if length == 0:
        return np.zeros(len(points))
    along, across = away @ farthest / length, (away[:, 0] * farthest[1] - away[:, 1] * farthest[0]) / length
    return along if float(np.abs(across).max()) <= 1e-9 * length else None


def _names(annotators: Sequence[Keypoints]) -> list[Hashable]:
    places: dict[Hashable, list[int]] = {}
    for points in annotators:
        for place, name in enumerate(points):
            places.setdefault(name, []).append(place)
    return sorted(places, key=lambda name: (max(places[name]), sum(places[name]) / len(places[name]), name_order(name)))


def _error(points: Floats, weights: Floats, middle: tuple[float, float]) -> float:
    """The spread of the points around the fused one over the root of how many count."""
    points, weights = points[weights > 0], weights[weights > 0]
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
