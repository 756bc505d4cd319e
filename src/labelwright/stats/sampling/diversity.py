"""Diversity: items that differ from each other and from those already labeled.

O. Sener and S. Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach", ICLR (2018), for k-center; J. T. Ash
et al., "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds" (BADGE), ICLR (2020), for the gradients of the last
layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.sampling._checks import checked_probabilities, checked_size

__all__ = ["gradient_sample", "k_center_sample"]


def k_center_sample(vectors: Any, size: int, *, chosen: Any = (), seed: int = 0) -> Any:
    """Return `size` places such that no vector is far from a picked one: the greedy 2-approximation of the k-center problem.

    Args:
        vectors: an array (items, dimensions).
        size: how many to pick.
        chosen: places that are labeled already; they count as picked and are not returned.
        seed: for the first pick, where nothing is chosen yet.

    Raises:
        InvalidInput: the vectors have another shape or are not finite, or a chosen place is none.

    >>> k_center_sample([[0.0], [0.1], [5.0], [9.9], [10.0]], 2, chosen=[0]).tolist()
    [4, 2]
    """
    points = _checked_vectors(vectors)
    size = checked_size(size, len(points))
    taken = np.asarray(chosen, dtype=np.int64)
    if len(taken) and (taken.min() < 0 or taken.max() >= len(points)):
        raise InvalidInput("A chosen place lies outside the vectors.")
    far = np.full(len(points), np.inf)
    for place in taken:
        far = np.minimum(far, _squared(points, points[place]))
    far[taken] = -1.0
    picked: list[int] = []
    while len(picked) < min(size, len(points) - len(set(taken.tolist()))):
        place = int(np.random.default_rng(seed).integers(len(points))) if not picked and not len(taken) else int(far.argmax())
        picked.append(place)
        far = np.minimum(far, _squared(points, points[place]))
        far[place] = -1.0
        far[np.asarray(picked)] = -1.0
    return np.asarray(picked, dtype=np.int64)


def gradient_sample(probabilities: Any, vectors: Any, size: int, *, seed: int = 0) -> Any:
    """Return `size` places that are both uncertain and diverse, as BADGE picks them.

    Each item stands for the gradient that its most probable label would give the last layer, `(p - onehot) x vector`; a draw as of
    k-means++ prefers long gradients (uncertain items) far from those picked. The outer product is never built: squared distances
    between two of them follow from the inner products of their two factors.

    Args:
        probabilities: an array (items, classes) whose rows sum to 1.
        vectors: an array (items, dimensions), the features under the last layer.
        size: how many to pick.
        seed: of the draws.

    Raises:
        InvalidInput: shapes differ or a row is no distribution.

    >>> len(set(gradient_sample([[0.5, 0.5], [0.6, 0.4], [1.0, 0.0]], [[1.0], [-1.0], [1.0]], 2).tolist()))
    2
    """
    p, points = checked_probabilities(probabilities), _checked_vectors(vectors)
    if len(p) != len(points):
        raise InvalidInput(f"There are probabilities of {len(p)} items and vectors of {len(points)}.")
    size = checked_size(size, len(p))
    slope = p.copy()
    slope[np.arange(len(p)), p.argmax(axis=1)] -= 1.0
    length = (slope**2).sum(axis=1) * (points**2).sum(axis=1)
    random = np.random.default_rng(seed)
    picked: list[int] = []
    near = length.copy()
    for _ in range(size):
        if picked:
            last = picked[-1]
            distance = length + length[last] - 2 * (slope @ slope[last]) * (points @ points[last])
            near = np.minimum(near if len(picked) > 1 else np.inf, np.maximum(distance, 0.0))
            near[np.asarray(picked)] = 0.0
            total = near.sum()
            place = int(random.choice(len(p), p=near / total)) if total > 0 else _any_other(len(p), picked, random)
        else:
            place = int(length.argmax())
        picked.append(place)
    return np.asarray(picked, dtype=np.int64)


def _any_other(population: int, picked: list[int], random: np.random.Generator) -> int:
    return int(random.choice(np.setdiff1d(np.arange(population), picked)))


def _squared(points: Floats, center: Floats) -> Floats:
    distance: Floats = ((points - center) ** 2).sum(axis=1)
    return distance


def _checked_vectors(vectors: Any) -> Floats:
    points = np.asarray(vectors, dtype=np.float64)
    if points.ndim != 2 or not bool(np.isfinite(points).all()):
        raise InvalidInput("Vectors have to be an array (items, dimensions) of finite numbers.")
    return points
