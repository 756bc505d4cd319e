"""Krippendorff's alpha by any distance between two values, for spans, boxes, rankings and whatever else has one.

K. Krippendorff, "Content Analysis: An Introduction to Its Methodology", chapter 12: alpha is 1 - observed / expected disagreement for
every function that says how far two values disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import UNSEEN, Agreement, no_agreement, ratio_agreement
from labelwright.stats.agreement.jackknife import of_others
from labelwright.stats.answers import Floats, encode

__all__ = ["alpha_by_distance"]

PAIRS = 100_000
"""Up to this many pairs of values the disagreement by chance is exact, unless said otherwise."""


def alpha_by_distance(
    units: Sequence[Sequence[Any]],
    distance: Callable[[Any, Any], float],
    *,
    confidence: float = 0.95,
    seed: int = 0,
    pairs: int = PAIRS,
    annotators: Sequence[Sequence[Hashable]] | None = None,
) -> Agreement:
    """Return alpha over units, each the values that different annotators gave to one item.

    Args:
        units: for each item the values given to it; an item with fewer than two says nothing and is left out.
        distance: how far two values disagree: symmetric, at least 0, and 0 for equal values. It is used as it is, not squared.
        confidence: of the interval, above 0 and below 1.
        seed: of the random pairs from which the disagreement by chance is estimated where all pairs would be too many.
        pairs: up to this many pairs of values that disagreement is exact; beyond it is estimated from about so many.
        annotators: who gave each value, in the form of `units`. With them the interval speaks of other annotators (delete-one jackknife
            with Student's t), without of other items. What chance would bring without somebody is told from the same pairs.

    Returns:
        An `Agreement`; NaN with a note where no item has two values or all values are the same.

    Raises:
        InvalidInput: a distance is negative or not finite, `annotators` has another form, or the confidence is out of range.

    >>> round(alpha_by_distance([["x", "x"], ["y", "y"], ["x", "y"]], lambda a, b: float(a != b)).value, 4)
    0.4444
    """
    shared = [list(unit) for unit in units if len(unit) >= 2]
    if not shared:
        return no_agreement("No item has two values.", confidence=confidence)
    values = [value for unit in shared for value in unit]
    owner = np.repeat(np.arange(len(shared)), [len(unit) for unit in shared])
    m = np.bincount(owner).astype(np.float64)
    met = [[_checked(distance(a, b)) for a, b in combinations(unit, 2)] for unit in shared]
    inside = np.array([2 * sum(apart) for apart in met]) / (m - 1)
    people = None if annotators is None else _people(units, annotators)
    mean, worst, without = _mean_distances(values, distance, seed, pairs, people)
    n, size = m.sum(), m.mean()
    observed, expected = float(inside.sum() / n), float(mean.mean())
    if expected <= 0:
        return no_agreement("All values are the same.", confidence=confidence, items=len(shared))
    outside = np.bincount(owner, weights=mean)
    result = ratio_agreement(
        observed,
        expected,
        (inside - observed * m) / size,
        2 * (outside - expected * m) / size,
        confidence=confidence,
        worst=worst,
        unseen=(-observed, 2 * (float(mean.max()) - expected)),
    )
    return result if people is None else of_others(result, 1 - _observed_without_each(met, m, people) / without)


def _people(units: Sequence[Sequence[Any]], annotators: Sequence[Sequence[Hashable]]) -> NDArray[np.int64]:
    """Return a number for whoever gave each value of an item with two values or more."""
    if [len(unit) for unit in units] != [len(unit) for unit in annotators]:
        raise InvalidInput("There has to be one annotator for each value.")
    codes, _ = encode([one for unit in annotators if len(unit) >= 2 for one in unit], what="annotator")
    return codes.astype(np.int64)


def _observed_without_each(met: Sequence[Sequence[float]], m: Floats, people: NDArray[np.int64]) -> Floats:
    """Return the observed disagreement without each annotator, from that of each pair of values of one item."""
    size = int(people.max()) + 1
    total, left = (
        np.full(size, sum(2 * sum(apart) / (many - 1) for apart, many in zip(met, m.tolist(), strict=True))),
        np.full(size, m.sum()),
    )
    begin = 0
    for apart, many in zip(met, m.astype(int).tolist(), strict=True):
        who = people[begin : begin + many]
        begin += many
        of_one = np.zeros(many)
        for (i, j), value in zip(combinations(range(many), 2), apart, strict=True):
            of_one[i] += value
            of_one[j] += value
        whole = sum(apart)
        after = 2 * (whole - of_one) / (many - 2) if many > 2 else np.zeros(many)
        np.add.at(total, who, after - 2 * whole / (many - 1))
        np.add.at(left, who, -1.0 if many > 2 else -2.0)
    return np.where(left > 0, total / np.maximum(left, 1.0), np.nan)


def _mean_distances(
    values: list[Any], distance: Callable[[Any, Any], float], seed: int, pairs: int, people: NDArray[np.int64] | None
) -> tuple[Any, float, Floats]:
    """Return each value's mean distance to the other values, the greatest distance met, and the mean distance without each annotator."""
    n = len(values)
    total, worst = np.zeros(n), 0.0
    who = np.zeros(n, dtype=np.int64) if people is None else people
    # All pairs, and of each annotator those of which one value or both are theirs.
    summed, count = np.zeros(int(who.max()) + 1), np.zeros(int(who.max()) + 1)

    def add(i: int, j: int) -> None:
        nonlocal worst
        apart = _checked(distance(values[i], values[j]))
        total[i] += apart
        total[j] += apart
        worst = max(worst, apart)
        for one in {who[i], who[j]}:
            summed[one] += apart
            count[one] += 1

    if n * (n - 1) // 2 <= pairs:
        for i, j in combinations(range(n), 2):
            add(i, j)
        return total / (n - 1), worst, _rest(total.sum() / 2 - summed, n * (n - 1) / 2 - count)
    rng = np.random.default_rng(seed)
    rounds = max(pairs // n, 10 if pairs >= PAIRS else 2)
    for _ in range(rounds):
        # A shift of a random order pairs every value with another one, and each equally often.
        order = rng.permutation(n)
        for i, j in zip(order.tolist(), np.roll(order, 1).tolist(), strict=True):
            add(i, j)
    return total / (2 * rounds), worst, _rest(total.sum() / 2 - summed, n * rounds - count)


def _rest(total: Floats, count: Floats) -> Floats:
    """The mean of what is left; NaN where nothing is, or nothing that differs."""
    known = (count > 0.5) & (total > UNSEEN)
    return np.where(known, total / np.where(known, count, 1.0), np.nan)


def _checked(apart: float) -> float:
    if not 0 <= apart < float("inf"):
        raise InvalidInput(f"A distance has to be a finite number of at least 0, and is {apart}.")
    return float(apart)
