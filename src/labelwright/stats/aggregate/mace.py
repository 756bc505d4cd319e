"""MACE: each annotator either knows the answer or falls back on a habit.

D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy, "Learning Whom to Trust with MACE", NAACL-HLT (2013), in its variational form.
"""

from __future__ import annotations

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate import shared_coin
from labelwright.stats.aggregate._em import Votes, checked_prior, log_rows, starting_posteriors
from labelwright.stats.aggregate.base import Fit, Guesses
from labelwright.stats.answers import Answers

__all__ = ["fit"]


def fit(
    answers: Answers,
    *,
    competence: float = 0.5,
    habit: float = 0.5,
    belief: float = 0.0,
    iterations: int = 50,
    tolerance: float = 1e-5,
    compiled: bool | None = None,
) -> Fit:
    """Fit to every annotator the chance of knowing and the habit otherwise.

    Args:
        answers: encoded answers.
        competence: pseudo-answers, above 0, of the Beta prior on either side of knowing and not knowing.
        habit: pseudo-answers, above 0, of the Dirichlet prior for each class in a habit.
        belief: the power, at least 0, of the classes' shares as `shared_coin` finds them; by 0, as published, all classes are equally
            probable beforehand, and a rare one is then found too often.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors, and knowledge and habits as `Guesses`.

    Raises:
        InvalidInput: a pseudo-count is not above 0, the power is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="mace").labels
    {1: 'x', 2: 'y'}
    """
    from scipy.special import digamma, expit

    checked_prior(competence, habit, above=True)
    checked_prior(belief)
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    _, n_annotators, n_classes = answers.shape
    cell = answers.annotator.astype(np.int64) * n_classes + answers.label
    given = np.bincount(cell, weights=answers.weight, minlength=n_annotators * n_classes).reshape(n_annotators, n_classes)
    votes, posteriors = Votes(answers, compiled=compiled), starting_posteriors(answers)
    known = votes.hits(posteriors)
    base = np.zeros(n_classes)
    if belief > 0:
        base = belief * log_rows(shared_coin.fit(answers).posteriors.sum(axis=0) + 1.0, axis=0)
    done = 0
    while done < iterations:
        done += 1
        knows = known.sum(axis=1) + competence
        guesses = given - known + habit
        falls_back = given.sum(axis=1) - knows + 2 * competence
        # The log odds from expected logarithms under the Dirichlet posteriors; their common normalizer cancels.
        odds = (digamma(knows) - digamma(falls_back))[:, None] - (digamma(guesses) - digamma(guesses.sum(axis=1, keepdims=True)))
        right, moved = votes.step(np.logaddexp(0.0, odds), base, posteriors)
        known = right * expit(odds)
        if moved <= tolerance:
            break
    share = knows / (given.sum(axis=1) + 2 * competence)
    confusion = Guesses(share, (1 - share)[:, None] * (guesses / guesses.sum(axis=1, keepdims=True)), n_classes)
    reason = f"Asked for: annotators who know or follow a habit, {done} iterations."
    return Fit(posteriors, confusion, reason=reason, shares=np.exp(base) / np.exp(base).sum())
