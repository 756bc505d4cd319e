"""Which of two is better, asked of many pairs, becomes a score an item: the model of Bradley and Terry.

R. A. Bradley and M. E. Terry, "Rank Analysis of Incomplete Block Designs", Biometrika 39 (1952); fitted as D. R. Hunter describes in "MM
Algorithms for Generalized Bradley-Terry Models", Annals of Statistics 32 (2004).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats, encode
from labelwright.stats.rankings._choices import Orders, climb, information
from labelwright.stats.rankings.base import Ranking, checked, refuse_disconnected, standard_errors

__all__ = ["bradley_terry", "encode_pairs"]


def bradley_terry(
    winners: Any,
    losers: Any,
    *,
    tied: Any = None,
    prior: float = 1.0,
    confidence: float = 0.95,
    iterations: int = 10_000,
    tolerance: float = 1e-8,
) -> Ranking:
    """Score items by comparisons of two.

    Args:
        winners: n items, one for each comparison: the one that was preferred. None is an abstention.
        losers: n items that the winners were preferred to. None is an abstention.
        tied: n times true where neither was preferred: half a win for each. By default none.
        prior: drawn games, at least 0, of every item against one of average score, so that unbeaten items stay finite and items that
            nothing links can be ranked. With 0 the scores are the most likely ones.
        confidence: of the intervals, above 0 and below 1.
        iterations: the most steps, at least 1.
        tolerance: stop when no score moved by more than this.

    Returns:
        A `Ranking`. Neither the names nor the order of items and comparisons change it.

    Raises:
        InvalidInput: lengths differ, there is no comparison, an item is compared to itself, an argument is out of range, or the prior
            is 0 and the comparisons leave a score infinite: not all items are linked, or some never lost against the others.

    >>> result = bradley_terry(["a"] * 3 + ["b"], ["b"] * 3 + ["a"], prior=0)
    >>> round(result.chance("a", "b"), 6), result.order
    (0.75, ['a', 'b'])
    """
    checked(prior, confidence, iterations)
    items, first, second, weight, _ = encode_pairs(winners, losers, tied)
    if prior == 0:
        refuse_disconnected(first, second, items)
    cell, place = np.unique(first * np.int64(len(items)) + second, return_inverse=True)
    group = Orders(np.column_stack(np.divmod(cell, len(items))), np.bincount(place, weights=weight).astype(np.float64))
    scores, done = climb([group], prior, np.zeros(len(items)), iterations=iterations, tolerance=tolerance)
    return ranked(items, [group], scores, prior, confidence, done, iterations)


def ranked(items: list[Any], groups: list[Orders], scores: Floats, prior: float, confidence: float, done: int, most: int) -> Ranking:
    """Return the result for scores that `climb` found."""
    errors, note = standard_errors(information(groups, scores), prior_information(scores, prior))
    if done == most:
        note = " ".join(filter(None, [note, f"The fit stopped after {most} steps."]))
    return Ranking(items, scores - scores.mean(), errors, confidence, done, note=note)


def prior_information(scores: Floats, prior: float) -> Floats:
    """Return what the games against the average item tell of each score."""
    from scipy.special import expit

    return prior * np.asarray(expit(scores) * expit(-scores))


def encode_pairs(winners: Any, losers: Any, tied: Any) -> tuple[list[Any], Any, Any, Floats, Any]:
    """Return items, two arrays of their codes, weights and the row of each entry; a tie becomes two entries of half the weight.

    Raises:
        InvalidInput: as `bradley_terry`.
    """
    if len(winners) != len(losers) or (tied is not None and len(tied) != len(winners)):
        raise InvalidInput("Winners, losers and ties have to be equally long.")
    pairs = [(one, other, row) for row, (one, other) in enumerate(zip(winners, losers, strict=True)) if not (_gone(one) or _gone(other))]
    if not pairs:
        raise InvalidInput("There is no comparison.")
    row = np.array([pair[2] for pair in pairs])
    codes, distinct = encode([pair[0] for pair in pairs] + [pair[1] for pair in pairs], what="item")
    first, second = codes[: len(pairs)], codes[len(pairs) :]
    same = np.flatnonzero(first == second)
    if len(same):
        raise InvalidInput(f"Item {pairs[int(same[0])][0]!r} is compared to itself.", where=f"comparison {int(row[same[0]])}")
    draw = np.zeros(len(row), dtype=bool) if tied is None else np.asarray(tied, dtype=bool)[row]
    weight = np.where(draw, 0.5, 1.0)
    both = np.append(np.arange(len(row)), np.flatnonzero(draw))
    turned = np.arange(len(both)) >= len(row)
    better, worse = np.where(turned, second[both], first[both]), np.where(turned, first[both], second[both])
    return list(distinct), better, worse, weight[both], row[both]


def _gone(value: Any) -> bool:
    return value is None or bool(value != value)
