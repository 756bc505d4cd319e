"""Rankings of several items become a score an item: the model of Plackett and Luce.

R. L. Plackett, "The Analysis of Permutations", Applied Statistics 24 (1975); fitted as D. R. Hunter describes in "MM Algorithms for
Generalized Bradley-Terry Models", Annals of Statistics 32 (2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import encode
from labelwright.stats.rankings._choices import Orders, climb
from labelwright.stats.rankings.base import Ranking, checked, refuse_disconnected
from labelwright.stats.rankings.bradley_terry import ranked

__all__ = ["plackett_luce"]


def plackett_luce(
    rankings: Sequence[Sequence[Any] | None],
    *,
    prior: float = 1.0,
    confidence: float = 0.95,
    iterations: int = 10_000,
    tolerance: float = 1e-8,
) -> Ranking:
    """Score items by rankings, each of which may hold any of the items.

    The model: the best of a ranking is chosen among all its items with chances in proportion to the exponential of the scores, then the
    second among the rest, and so on. Rankings of two are `bradley_terry`.

    Args:
        rankings: n sequences of items, best first. None, an empty one and one of a single item say nothing.
        prior: drawn games, at least 0, of every item against one of average score, as in `bradley_terry`.
        confidence: of the intervals, above 0 and below 1.
        iterations: the most steps, at least 1.
        tolerance: stop when no score moved by more than this.

    Returns:
        A `Ranking`. Neither the names of the items nor the order of the rankings change it.

    Raises:
        InvalidInput: no ranking holds two items, an item occurs twice in a ranking, an argument is out of range, or the prior is 0 and
            the rankings leave a score infinite: not all items are linked, or some never came after any of the others.

    >>> plackett_luce([["a", "b", "c"], ["a", "c", "b"], ["b", "a", "c"]]).order
    ['a', 'b', 'c']
    """
    checked(prior, confidence, iterations)
    told = [list(ranking) for ranking in rankings if ranking is not None and len(ranking)]
    codes, distinct = encode([item for ranking in told for item in ranking], what="item")
    items = list(distinct)
    length = np.array([len(ranking) for ranking in told], dtype=np.int64)
    if not len(length) or length.max() < 2:
        raise InvalidInput("There is no comparison: no ranking holds two items.")
    start = np.cumsum(length) - length
    groups = []
    for size in np.unique(length[length > 1]).tolist():
        places = codes[start[length == size][:, None] + np.arange(size)].astype(np.int64)
        ordered = np.sort(places, axis=1)
        twice = np.argwhere(ordered[:, 1:] == ordered[:, :-1])
        if len(twice):
            raise InvalidInput(f"Item {items[int(ordered[twice[0, 0], twice[0, 1]])]!r} occurs twice in a ranking.")
        distinct_rows, times = np.unique(places, axis=0, return_counts=True)
        groups.append(Orders(distinct_rows, times.astype(np.float64)))
    if prior == 0:
        better = np.concatenate([group.places[:, :-1].ravel() for group in groups])
        refuse_disconnected(better, np.concatenate([group.places[:, 1:].ravel() for group in groups]), items)
    scores, done = climb(groups, prior, np.zeros(len(items)), iterations=iterations, tolerance=tolerance)
    return ranked(items, groups, scores, prior, confidence, done, iterations)
