"""The disagreement of numbers on a ratio scale, ((x - y) / (x + y))^2, of many numbers with many others in nearly linear time.

On a logarithmic scale it is tanh(t / 2)^2 of the distance t, smooth enough that shares can be spread over a grid, met there by a fast
Fourier transform, and read off between its points: L. Greengard and J. Lee, "Accelerating the nonuniform fast Fourier transform", SIAM
Review 46 (2004), for the idea, with polynomials in place of Gaussians.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.stats.answers import Floats

__all__ = ["ratio_distance", "ratio_means", "ratio_pairs"]

FEW = 1024
"""Up to this many values all pairs are met one by one."""
STEP = 0.1
"""The grid's step in units of the natural logarithm."""
POINTS = 10
"""Points of the grid that a value is spread over. The kernel's tenth derivative is below 10! x 1e-4, so that polynomials through so many
points err by less than 1e-4 x 872 x STEP^10 < 1e-11, twice, and the first time times at most 3 for the sum of the weights' sizes."""


def ratio_distance(x: Any, y: Any) -> Floats:
    """Return ((x - y) / (x + y))^2 of numbers of at least 0; 0 of two zeros, which are the same.

    >>> ratio_distance(np.array([1.0, 0.0, 0.0]), np.array([3.0, 2.0, 0.0])).round(9).tolist()
    [0.25, 1.0, 0.0]
    """
    more = np.maximum(x, y)
    share = np.where(more > 0, np.minimum(x, y) / np.where(more > 0, more, 1.0), 1.0)
    found: Floats = ((1 - share) / (1 + share)) ** 2
    return found


def ratio_pairs(task: Any, x: Floats, m: Floats) -> Floats:
    """Return for each item the sum of the disagreements over its ordered pairs of answers, with `task` ascending."""
    total = np.zeros(len(m))
    end = np.cumsum(m).astype(np.int64)
    large = m > FEW
    place = np.flatnonzero(~large[task])
    for lag in range(1, int(m[~large].max(initial=1))):
        place = place[place + lag < end[task[place]]]
        total += np.bincount(task[place], weights=ratio_distance(x[place], x[place + lag]), minlength=len(m))
    for item in np.flatnonzero(large):
        values, times = np.unique(x[end[item] - int(m[item]) : end[item]], return_counts=True)
        total[item] = float(times @ ratio_means(values, times.astype(np.float64))) / 2
    return 2 * total


def ratio_means(numbers: Floats, share: Floats) -> Floats:
    """Return for each number the sum of its disagreements with all of them, each times its share; off by less than 1e-9 of all shares."""
    if len(numbers) <= FEW:
        found: Floats = ratio_distance(numbers[:, None], numbers[None]) @ share
        return found
    # Zero is as far as can be from everything but itself.
    zero = numbers == 0
    each = np.where(zero, float(share[~zero].sum()), float(share[zero].sum()))
    place = np.log(numbers[~zero]) / STEP
    low = int(np.floor(place.min())) - POINTS
    size = int(np.ceil(place.max())) + POINTS - low
    cell = np.floor(place).astype(np.int64) - low
    weight = _weights(place - np.floor(place))
    at = cell[:, None] + np.arange(1 - POINTS // 2, POINTS // 2 + 1)
    spread = np.bincount(at.ravel(), weights=(weight * share[~zero][:, None]).ravel(), minlength=size)
    kernel = np.tanh(np.arange(size) * (STEP / 2)) ** 2
    circle = np.concatenate([kernel, [0.0], kernel[:0:-1]])
    met = np.fft.irfft(np.fft.rfft(circle) * np.fft.rfft(spread, len(circle)), len(circle))
    each[~zero] += np.einsum("ij,ij->i", weight, met[at])
    return np.maximum(each, 0.0)


def _weights(offset: Floats) -> Floats:
    """Return Lagrange's weights of the points -4 to 5 for a place between the points 0 and 1, an array (places, points)."""
    nodes = np.arange(1 - POINTS // 2, POINTS // 2 + 1)
    weight = np.ones((len(offset), POINTS))
    for one, node in enumerate(nodes):
        for other in nodes:
            if other != node:
                weight[:, one] *= (offset - other) / (node - other)
    return weight
