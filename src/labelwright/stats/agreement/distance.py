"""Krippendorff's alpha by any distance between two values, for spans, boxes, rankings and whatever else has one.

K. Krippendorff, "Content Analysis: An Introduction to Its Methodology", chapter 12: alpha is 1 - observed / expected disagreement for
every function that says how far two values disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import Agreement, no_agreement, ratio_agreement

__all__ = ["alpha_by_distance"]

PAIRS = 100_000
"""Up to this many pairs of values the disagreement by chance is exact, unless said otherwise."""


def alpha_by_distance(
    units: Sequence[Sequence[Any]], distance: Callable[[Any, Any], float], *, confidence: float = 0.95, seed: int = 0, pairs: int = PAIRS
) -> Agreement:
    """Return alpha over units, each the values that different annotators gave to one item.

    Args:
        units: for each item the values given to it; an item with fewer than two says nothing and is left out.
        distance: how far two values disagree: symmetric, at least 0, and 0 for equal values. It is used as it is, not squared.
        confidence: of the interval over items, above 0 and below 1.
        seed: of the random pairs from which the disagreement by chance is estimated where all pairs would be too many.
        pairs: up to this many pairs of values that disagreement is exact; beyond it is estimated from about so many.

    Returns:
        An `Agreement`; NaN with a note where no item has two values or all values are the same.

    Raises:
        InvalidInput: a distance is negative or not finite, or the confidence is out of range.

    >>> round(alpha_by_distance([["x", "x"], ["y", "y"], ["x", "y"]], lambda a, b: float(a != b)).value, 4)
    0.4444
    """
    shared = [list(unit) for unit in units if len(unit) >= 2]
    if not shared:
        return no_agreement("No item has two values.", confidence=confidence)
    values = [value for unit in shared for value in unit]
    owner = np.repeat(np.arange(len(shared)), [len(unit) for unit in shared])
    m = np.bincount(owner).astype(np.float64)
    inside = np.array([2 * sum(_checked(distance(a, b)) for a, b in combinations(unit, 2)) for unit in shared]) / (m - 1)
    mean, worst = _mean_distances(values, distance, seed, pairs)
    n, size = m.sum(), m.mean()
    observed, expected = float(inside.sum() / n), float(mean.mean())
    if expected <= 0:
        return no_agreement("All values are the same.", confidence=confidence, items=len(shared))
    outside = np.bincount(owner, weights=mean)
    return ratio_agreement(
        observed,
        expected,
        (inside - observed * m) / size,
        2 * (outside - expected * m) / size,
        confidence=confidence,
        worst=worst,
        unseen=(-observed, 2 * (float(mean.max()) - expected)),
    )


def _mean_distances(values: list[Any], distance: Callable[[Any, Any], float], seed: int, pairs: int) -> tuple[Any, float]:
    """Return each value's mean distance to the other values, and the greatest distance met."""
    n = len(values)
    total, worst = np.zeros(n), 0.0
    if n * (n - 1) // 2 <= pairs:
        for i, j in combinations(range(n), 2):
            apart = _checked(distance(values[i], values[j]))
            total[i] += apart
            total[j] += apart
            worst = max(worst, apart)
        return total / (n - 1), worst
    rng = np.random.default_rng(seed)
    rounds = max(pairs // n, 10 if pairs >= PAIRS else 2)
    for _ in range(rounds):
        # A shift of a random order pairs every value with another one, and each equally often.
        order = rng.permutation(n)
        for i, j in zip(order.tolist(), np.roll(order, 1).tolist(), strict=True):
            apart = _checked(distance(values[i], values[j]))
            total[i] += apart
            total[j] += apart
            worst = max(worst, apart)
    return total / (2 * rounds), worst


def _checked(apart: float) -> float:
    if not 0 <= apart < float("inf"):
        raise InvalidInput(f"A distance has to be a finite number of at least 0, and is {apart}.")
    return float(apart)
