"""Majority vote: every annotator counts the same, and the class with the most votes wins."""

from __future__ import annotations

import numpy as np

from labelwright.stats.aggregate.base import TIE, Fit
from labelwright.stats.answers import Answers

__all__ = ["fit"]


def fit(answers: Answers) -> Fit:
    """Return each class's share of the votes as its posterior.

    A tie goes to the class with more votes over all tasks, and among equally frequent ones to the first in order; the tied tasks are
    reported. Neither the order nor the names of tasks and annotators break a tie. The posterior of a tied task still ranks the winner
    first, by a margin below one in a million. A task without answers gets the shares of the classes over all votes.

    >>> from labelwright.stats import aggregate
    >>> result = aggregate([1, 1, 2, 2, 2], ["a", "b", "a", "b", "c"], ["x", "y", "y", "y", "x"], method="majority")
    >>> result.labels, result.ties
    ({1: 'y', 2: 'y'}, [1])
    """
    votes = answers.votes()
    overall = votes.sum(axis=0)
    total = votes.sum(axis=1, keepdims=True)
    silent = total[:, 0] == 0
    if votes.shape[1] > 1:
        top = np.partition(votes, -2, axis=1)
        tied = (top[:, -1] - top[:, -2] <= TIE * np.maximum(total[:, 0], 1.0)) & ~silent
    else:
        tied = np.zeros(len(votes), dtype=bool)
    if tied.any():
        # Rank of each class by its votes over all tasks; `argsort` is stable, so the first in order wins among equals.
        rank = np.empty(len(overall))
        rank[np.argsort(-overall, kind="stable")] = np.arange(len(overall), 0, -1)
        first = votes[tied] >= votes[tied].max(axis=1, keepdims=True) - TIE * np.maximum(total[tied], 1.0)
        winner = np.where(first, rank, 0).argmax(axis=1)
        votes[np.flatnonzero(tied), winner] += 1e-7 * total[tied, 0]
        total = votes.sum(axis=1, keepdims=True)
    votes /= np.where(silent, 1.0, total[:, 0])[:, None]
    votes[silent] = overall / overall.sum()
    return Fit(votes, tied=tied, reason="Asked for: each vote counts the same.")
