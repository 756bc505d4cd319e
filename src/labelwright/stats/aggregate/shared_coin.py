"""One accuracy for all: the majority vote with a posterior that knows how often annotators of this crowd are right.

The homogeneous case of A. P. Dawid and A. M. Skene, Applied Statistics 28 (1979): nobody is better than another. Where annotators differ
little, or have answered too little to tell, it foretells what they will answer better than models that give each a skill.
"""

from __future__ import annotations

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._em import checked_prior, log_rows, most_moved, softmax_rows, starting_posteriors
from labelwright.stats.aggregate.base import Fit, Guesses
from labelwright.stats.answers import Answers

__all__ = ["fit"]


def fit(
    answers: Answers, *, right: float = 2.0, wrong: float = 1.0, shares: float = 1.0, iterations: int = 100, tolerance: float = 1e-5
) -> Fit:
    """Fit the common accuracy and the classes' shares by expectation maximisation, starting from the shares of the votes.

    Args:
        answers: encoded answers.
        right: right pseudo-answers, at least 0, of the Beta prior over the accuracy.
        wrong: wrong pseudo-answers, at least 0.
        shares: pseudo-tasks, at least 0, of each class.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.

    Returns:
        A `Fit` with posteriors, and the same `Guesses` for everybody.

    Raises:
        InvalidInput: a pseudo-count is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> result = aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="shared_coin")
    >>> result.labels, result.skill["a"] == result.skill["b"]
    ({1: 'x', 2: 'y'}, True)
    """
    checked_prior(right, wrong, shares)
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    _, n_annotators, n_classes = answers.shape
    votes, posteriors = answers.votes(), starting_posteriors(answers)
    total, others = votes.sum(), max(n_classes - 1, 1)
    done, moved = 0, np.inf
    while True:
        # Nobody is worse than a guess, or the vote would turn against itself.
        hits = np.einsum("tk,tk->", posteriors, votes)
        accuracy = float(np.clip((hits + right) / max(total + right + wrong, 1e-10), 1 / n_classes, 1 - 1e-6))
        if done == iterations or moved <= tolerance:
            break
        done += 1
        after = votes * (np.log(accuracy) - np.log((1 - accuracy) / others)) if n_classes > 1 else np.zeros_like(votes)
        after += log_rows(posteriors.sum(axis=0) + shares, axis=0)
        softmax_rows(after)
        moved = most_moved(posteriors, after)
        posteriors = after
    wrongly = (1 - accuracy) / others if n_classes > 1 else 0.0
    knows = accuracy - wrongly if n_classes > 1 else 1.0
    confusion = Guesses(np.full(n_annotators, knows), np.full((n_annotators, 1), wrongly), n_classes)
    return Fit(posteriors, confusion, reason=f"Asked for: one accuracy for everybody, {done} iterations.")
