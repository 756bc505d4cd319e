"""Orders of items by Luce's choice model, of which pairs are the shortest case: the climb to the best scores, and the information.

D. R. Hunter, "MM Algorithms for Generalized Bradley-Terry Models", Annals of Statistics 32 (2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.stats.answers import Floats

__all__ = ["Orders", "climb", "information", "symmetric"]


@dataclass(frozen=True, eq=False)
class Orders:
    """Orders of one length: `places` is an array (orders, length) of items, best first, `weight` one (orders,)."""

    places: Any
    weight: Floats


def climb(groups: list[Orders], prior: float, start: Floats, *, iterations: int, tolerance: float) -> tuple[Floats, int]:
    """Return the scores of greatest posterior density and the number of steps, starting from the scores `start`.

    `prior` is the number of drawn games of every item against an item of score 0. No step ever makes the density smaller. It stops
    where no score moved by more than `tolerance`.
    """
    size = len(start)
    won = np.full(size, prior / 2)
    for group in groups:
        chosen = group.places[:, :-1]
        won += np.bincount(chosen.ravel(), weights=np.repeat(group.weight, chosen.shape[1]), minlength=size)
    scores = start
    done = 0
    while done < iterations:
        done += 1
        strength = np.exp(scores)
        met = prior / (strength + 1)
        for group in groups:
            stages = np.cumsum(group.weight[:, None] / _remaining(strength, group), axis=1)
            both = np.concatenate([stages, stages[:, -1:]], axis=1)
            met += np.bincount(group.places.ravel(), weights=both.ravel(), minlength=size)
        # The floors hold where an item occurs in no choice at all, which a prior of 0 leaves where it is.
        after = np.where(met > 0, np.log(np.maximum(won, 1e-300) / np.where(met > 0, met, 1.0)), scores)
        after = _leveled(after, prior)
        moved = float(np.abs(after - scores).max())
        scores = after
        if moved <= tolerance:
            break
    return scores, done


def _leveled(scores: Floats, prior: float) -> Floats:
    """Shift all scores to where the prior is greatest, which the orders do not see and single steps would reach slowly."""
    from scipy.special import expit

    scores = scores - scores.mean()
    if prior > 0:
        for _ in range(5):
            likely = expit(scores)
            scores = scores + np.clip((0.5 - likely).sum() / (likely * (1 - likely)).sum(), -1.0, 1.0)
    return scores


def information(groups: list[Orders], scores: Floats) -> Any:
    """Return the sparse matrix (items, items) of the information that the orders hold on each difference of scores."""
    size, strength = len(scores), np.exp(scores)
    links: Any = symmetric(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), size)
    for group in groups:
        squares = np.cumsum(group.weight[:, None] / _remaining(strength, group) ** 2, axis=1)
        for place in range(squares.shape[1]):
            first, later = group.places[:, place], group.places[:, place + 1 :]
            amount = (squares[:, place] * strength[first])[:, None] * strength[later]
            links = links + symmetric(np.repeat(first, later.shape[1]), later.ravel(), amount.ravel(), size)
    return links


def _remaining(strength: Floats, group: Orders) -> Floats:
    """Return the strength of all who could still be chosen, for each choice: an array (orders, length - 1)."""
    found: Floats = np.cumsum(strength[group.places][:, ::-1], axis=1)[:, ::-1]
    return found[:, :-1]


def symmetric(first: Any, second: Any, amount: Floats, size: int) -> Any:
    """Return a sparse matrix (size, size) with the amounts at both (first, second) and (second, first), summed."""
    from scipy.sparse import coo_array

    half: Any = coo_array((amount, (first, second)), shape=(size, size)).tocsr()
    return half + half.T
