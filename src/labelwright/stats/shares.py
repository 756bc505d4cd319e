"""How often something is so, where the same people and the same items give many values each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["ClusteredShare", "clustered_share"]


@dataclass(frozen=True)
class ClusteredShare:
    """A mean of values from 0 to 1 with an interval over people and items.

    `low` and `high` are NaN where no interval can be given, and `note` says why; it also says where the interval is about one person, or
    one item, alone. `people` and `items` count those with a value.
    """

    value: float
    low: float
    high: float
    confidence: float
    people: int
    items: int
    note: str = ""


def clustered_share(
    values: ArrayLike,
    items: Sequence[Hashable] | NDArray[Any],
    people: Sequence[Hashable] | NDArray[Any] | None = None,
    *,
    confidence: float = 0.95,
) -> ClusteredShare:
    """Return the mean of values from 0 to 1, such as whether answers are right, with an interval for other people and other items.

    Answers to one item have its difficulty in common and those of one person their skill, so that three answers to a hard item say less
    than three to different ones. The variance is counted both ways, as in `clustered_difference`: that between people plus that between
    items less that between pairs of both, and never below the larger of the first two. The interval is the exact binomial one for as many
    independent values as would have that variance, fewer still by Student's t with as many degrees of freedom as there are people, or
    items if these are fewer, less one (Korn and Graubard 1998). Where all values are 0, or all are 1, each item counts as one value.

    Simulated with 3 to 20 people, 10 to 60 items of which some are hard and 3 answers each, an interval of 95% covers in 94 to 100%.

    A. C. Cameron, J. B. Gelbach and D. L. Miller, "Robust inference with multiway clustering", Journal of Business & Economic Statistics
    29 (2011). E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data", Survey Methodology 24 (1998).

    Args:
        values: one number from 0 to 1 an answer.
        items: what each answer is about.
        people: who gave it; without them the interval is about other items alone, and no person is counted.
        confidence: above 0 and below 1.

    Raises:
        InvalidInput: there is no value, the lengths differ, a value lies outside 0 to 1, or the confidence is out of range.

    >>> right = [1, 1, 1, 1, 0, 0, 0, 1] * 5
    >>> items, people = [number // 4 for number in range(40)], [number % 4 for number in range(40)]
    >>> found = clustered_share(right, items, people)
    >>> found.value, found.low < 0.4 < 0.8 < found.high
    (0.625, True)
    """
    checked_confidence(confidence)
    y = np.asarray(values, dtype=np.float64)
    nobody = np.zeros(len(y), dtype=np.int64)
    item, person = (nobody if names is None else np.unique(np.asarray(names), return_inverse=True)[1] for names in (items, people))
    if y.ndim != 1 or not len(y) or item.shape != y.shape or person.shape != y.shape:
        raise InvalidInput("Values, items and people are one each for every answer, and there is one at least.")
    if not np.isfinite(y).all() or y.min() < 0 or y.max() > 1:
        raise InvalidInput("Every value lies from 0 to 1.")
    value = float(y.mean())
    many_items, many_people = int(item.max()) + 1, int(person.max()) + 1
    counts = {"people": 0 if people is None else many_people, "items": many_items}
    groups = [group for group, many in ((item, many_items), (person, many_people)) if many > 1]
    if not groups:
        return ClusteredShare(value, float("nan"), float("nan"), confidence, **counts, note="One item says nothing about others.")
    between = [_left_out(y, group) for group in groups]
    variance = max(between)
    if len(groups) == 2:
        variance = max(variance, sum(between) - _within(y, item * many_people + person))
    alike = value in (0.0, 1.0) or variance <= 0
    size = min(len(y), many_items if alike else value * (1 - value) / variance)
    degrees = min(int(group.max()) for group in groups)
    low, high = _exact(value, size * _shrunk(degrees, confidence), confidence)
    alone = "" if people is None or len(groups) == 2 else "one person" if many_people == 1 else "one item"
    return ClusteredShare(value, low, high, confidence, **counts, note=f"The interval is about {alone} and no other." if alone else "")


def _left_out(y: Floats, group: NDArray[np.int64]) -> float:
    """The jackknife's variance of the mean: from how it changes without each group."""
    sums, counts = np.bincount(group, weights=y), np.bincount(group)
    changes = (y.sum() - sums) / (len(y) - counts) - y.mean()
    return float((len(counts) - 1) / len(counts) * (changes**2).sum())


def _within(y: Floats, pair: NDArray[np.int64]) -> float:
    """The variance of the mean if only values of the same item and person belonged together."""
    sums = np.bincount(np.unique(pair, return_inverse=True)[1], weights=y - y.mean())
    return float((sums**2).sum()) / len(y) ** 2


def _shrunk(degrees: int, confidence: float) -> float:
    """By how much fewer values there are, as it were, for the variance being estimated."""
    from scipy.special import ndtri, stdtrit

    half = (1 + confidence) / 2
    return float((ndtri(half) / stdtrit(degrees, half)) ** 2)


def _exact(value: float, size: float, confidence: float) -> tuple[float, float]:
    """The interval of Clopper and Pearson for a share of so many values, which need not be a whole number."""
    from scipy.special import betaincinv

    half, hits = (1 + confidence) / 2, value * size
    low = 0.0 if value == 0 else float(betaincinv(hits, size - hits + 1, 1 - half))
    high = 1.0 if value == 1 else float(betaincinv(hits + 1, size - hits, half))
    return min(low, value), max(high, value)
