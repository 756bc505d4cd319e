"""Medians, means and ratios with their intervals: the arithmetic behind the overview."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labelwright.schema.figure import Figure

__all__ = ["difference", "mean", "median", "ratio"]

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


def ratio(first: Figure, second: Figure, reason: str) -> Figure:
    """Return first over second, two positive and independent figures, with an interval on the logarithm."""
    if first.value is None or second.value is None or first.value <= 0 or second.value <= 0:
        return Figure.missing(reason)
    count = min(first.count, second.count)
    value = first.value / second.value
    errors = [_log_error(one) for one in (first, second)]
    if None in errors:
        return Figure.of(value, count=count, reason="Too few values for an interval.")
    reach = Z * math.hypot(*(error for error in errors if error is not None))
    return Figure.of(value, value * math.exp(-reach), value * math.exp(reach), count=count)


def _log_error(figure: Figure) -> float | None:
    if figure.low is None or figure.high is None or figure.low <= 0:
        return None
    return (math.log(figure.high) - math.log(figure.low)) / (2 * Z)


def difference(first: Figure, second: Figure, reason: str) -> Figure:
    """Return first minus second, two independent figures, with an interval that keeps each one's asymmetry (Newcombe 1998)."""
    if first.value is None or second.value is None:
        return Figure.missing(reason)
    value = first.value - second.value
    count = min(first.count, second.count)
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return Figure.of(value, count=count, reason="Too few values for an interval.")
    down = math.hypot(first.value - first.low, second.high - second.value)
    up = math.hypot(first.high - first.value, second.value - second.low)
    return Figure.of(value, value - down, value + up, count=count)
