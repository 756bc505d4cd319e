"""One-coin Dawid-Skene: each annotator has one accuracy, and errs towards every other class alike.

Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, "Spectral Methods Meet EM", JMLR 17 (2016). The prior makes it a maximum a posteriori estimate.
"""

from __future__ import annotations

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._em import log_rows, softmax_rows, starting_posteriors, weighted_votes
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers, Floats

__all__ = ["fit"]


def fit(
    answers: Answers,
    *,
    right: float = 2.0,
    wrong: float = 1.0,
    shares: float | None = None,
    iterations: int = 100,
    tolerance: float = 1e-5,
) -> Fit:
    """Fit an accuracy to every annotator by expectation maximisation, starting from the shares of the votes.

    Args:
        answers: encoded answers.
        right: right pseudo-answers, at least 0, of the Beta prior over each annotator's accuracy.
        wrong: wrong pseudo-answers, at least 0.
        shares: None takes all classes for equally probable beforehand; a number of pseudo-tasks, at least 0, of each class learns
            their shares, which in a crowd of little skill can run away to one class.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.

    Returns:
        A `Fit` with posteriors and confusion tables of one number each.

    Raises:
        InvalidInput: a pseudo-count is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="one_coin").labels
    {1: 'x', 2: 'y'}
    """
    if min(right, wrong, shares or 0.0) < 0:
        raise InvalidInput("Pseudo-counts of a prior cannot be negative.")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    _, n_annotators, n_classes = answers.shape
    given = np.bincount(answers.annotator, weights=answers.weight, minlength=n_annotators)
    posteriors = starting_posteriors(answers)
    place = answers.task.astype(np.int64) * n_classes + answers.label
    accuracy: Floats
    done = 0
    while True:
        hit = posteriors.ravel()[place] * answers.weights
        hits = np.bincount(answers.annotator, weights=hit, minlength=n_annotators)
        accuracy = np.clip((hits + right) / np.maximum(given + right + wrong, 1e-10), 1e-6, 1 - 1e-6)
        if done == iterations:
            break
        done += 1
        # Only the odds of a right answer against one certain wrong one matter: a vote weighs their logarithm.
        odds = np.log(accuracy) - np.log((1 - accuracy) / max(n_classes - 1, 1))
        after = weighted_votes(answers, odds[answers.annotator] * answers.weights)
        if shares is not None:
            after += log_rows(posteriors.sum(axis=0) + shares, axis=0)
        softmax_rows(after)
        moved = float(np.abs(after - posteriors).max())
        posteriors = after
        if moved <= tolerance:
            break
    confusion = np.repeat(((1 - accuracy) / max(n_classes - 1, 1))[:, None, None], n_classes, 1).repeat(n_classes, 2)
    confusion[:, np.arange(n_classes), np.arange(n_classes)] = accuracy[:, None] if n_classes > 1 else 1.0
    return Fit(posteriors, confusion, reason=f"Asked for: one accuracy an annotator, {done} iterations.")
