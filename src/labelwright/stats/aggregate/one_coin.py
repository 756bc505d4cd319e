"""One-coin Dawid-Skene: each annotator has one accuracy, and errs towards every other class alike.

Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, "Spectral Methods Meet EM", JMLR 17 (2016). The prior makes it a maximum a posteriori estimate.
"""

from __future__ import annotations

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._em import Votes, checked_prior, log_rows, starting_posteriors
from labelwright.stats.aggregate.base import Fit, Guesses
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
    compiled: bool | None = None,
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
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors, and the accuracies as `Guesses`.

    Raises:
        InvalidInput: a pseudo-count is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="one_coin").labels
    {1: 'x', 2: 'y'}
    """
    checked_prior(right, wrong, shares or 0.0)
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    _, n_annotators, n_classes = answers.shape
    given = np.bincount(answers.annotator, weights=answers.weight, minlength=n_annotators)
    votes, posteriors = Votes(answers, compiled=compiled), starting_posteriors(answers)
    hits = votes.hits(posteriors).sum(axis=1)
    base = np.zeros(n_classes)
    accuracy: Floats
    done = 0
    while True:
        accuracy = np.clip((hits + right) / np.maximum(given + right + wrong, 1e-10), 1e-6, 1 - 1e-6)
        if done == iterations:
            break
        done += 1
        # Only the odds of a right answer against one certain wrong one matter: a vote weighs their logarithm.
        odds = np.log(accuracy) - np.log((1 - accuracy) / max(n_classes - 1, 1))
        if shares is not None:
            base = log_rows(posteriors.sum(axis=0) + shares, axis=0)
        right_answers, moved = votes.step(np.repeat(odds[:, None], n_classes, axis=1), base, posteriors)
        hits = right_answers.sum(axis=1)
        if moved <= tolerance:
            break
    wrongly = (1 - accuracy) / (n_classes - 1) if n_classes > 1 else np.zeros(n_annotators)
    confusion = Guesses(accuracy - wrongly if n_classes > 1 else np.ones(n_annotators), wrongly[:, None], n_classes)
    reason = f"Asked for: one accuracy an annotator, {done} iterations."
    return Fit(posteriors, confusion, reason=reason, shares=np.full(n_classes, 1 / n_classes) if shares is None else None)
