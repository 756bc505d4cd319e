"""Medians and means with their intervals: the arithmetic behind the overview."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labelwright.schema.figure import Figure

__all__ = ["mean", "median"]

Z = 1.959964
"""Standard errors on both sides of an estimate at 95% confidence."""


def median(values: Sequence[float], reason: str = "There is nothing to measure.") -> Figure:
    """Return the median with the interval between two of the values, as the binomial distribution places them.

    It needs no assumption about the distribution: half of all values lie below the true median, whatever it is.

    >>> figure = median([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    >>> figure.value, figure.low, figure.high
    (5.5, 2.0, 9.0)
    """
    ordered = sorted(values)
    n = len(ordered)
    if not n:
        return Figure.missing(reason)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    if n < 6:
        return Figure.of(middle, count=n, reason="Fewer than six values give no interval.")
    below = _values_below(n)
    return Figure.of(middle, float(ordered[below]), float(ordered[n - 1 - below]), count=n)


def _values_below(n: int) -> int:
    """How many of n values lie outside the interval of the median on each side: the 2.5% point of n throws of a coin, less one."""
    if n > 100:
        return max(math.floor((n - Z * math.sqrt(n)) / 2) - 1, 0)
    chance, count = 0.5**n, 0
    while chance < 0.025:
        count += 1
        chance += math.comb(n, count) * 0.5**n
    return max(count - 1, 0)


def mean(values: Sequence[float], reason: str = "There is nothing to compare.") -> Figure:
    """Return the mean of values from 0 to 1 with its interval, exact where each is 0 or 1."""
    if not values:
        return Figure.missing(reason)
    from labelwright import stats

    count = len(values)
    if all(value in (0.0, 1.0) for value in values):
        right = round(sum(values))
        return Figure.of(right / count, *stats.binomial_interval(right, count), count=count)
    import numpy as np

    from labelwright.stats.agreement.base import mean_agreement

    found = mean_agreement(np.array(values, dtype=np.float64), confidence=0.95)
    return Figure.of(found.value, found.low, found.high, count=count, reason=found.note)
