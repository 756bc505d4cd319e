"""Layered Dawid-Skene: tables vary around each annotator's own accuracy, accuracies around a common one, and the data say by how much.

B. Carpenter, "Multilevel Bayesian Models of Categorical Data Annotation" (2008), and R. J. Passonneau and B. Carpenter, "The Benefits of
a Model of Annotation", TACL 2 (2014), for the hierarchy; T. Minka, "Estimating a Dirichlet distribution" (2000), for the strength.

What the answers do not show of an annotator is taken from what they show of everybody. So with few answers it is close to the majority
vote, where Dawid-Skene runs away, and with many it is Dawid-Skene.
"""

from __future__ import annotations

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate import shared_coin
from labelwright.stats.aggregate._em import Table, checked_prior, log_rows
from labelwright.stats.aggregate.base import Fit, Guesses, Layers
from labelwright.stats.answers import Answers, Floats

__all__ = ["BELIEF", "fit"]

BELIEF = 0.5
"""The power of the classes' shares: by their whole weight a model of few answers runs away to the frequent class, without them it finds
too many of a rare one."""

START = 10.0
"""Pseudo-answers that hold an annotator at the common accuracy, before the data have said how many."""


def fit(
    answers: Answers,
    *,
    right: float = 2.0,
    wrong: float = 1.0,
    shares: float = 1.0,
    own: float = 10.0,
    iterations: int = 100,
    tolerance: float = 1e-5,
    compiled: bool | None = None,
) -> Fit:
    """Fit common accuracy, annotators' accuracies and their tables by expectation maximisation, from the posteriors of `shared_coin` on.

    The classes' shares are those that `shared_coin` finds, and enter by their square root.

    Args:
        answers: encoded answers.
        right: right pseudo-answers, at least 0, of the prior over the common accuracy.
        wrong: wrong pseudo-answers, at least 0.
        shares: pseudo-tasks, at least 0, of each class.
        own: pseudo-answers, above 0, that hold each row of an annotator's table at the annotator's accuracy; `inf` leaves no tables.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors and confusion tables.

    Raises:
        InvalidInput: a pseudo-count is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="layered").labels
    {1: 'x', 2: 'y'}
    """
    checked_prior(right, wrong, shares)
    if not own > 0:
        raise InvalidInput("What holds a table at its annotator's accuracy has to be above 0.")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    _, n_annotators, n_classes = answers.shape
    posteriors = shared_coin.fit(answers, right=right, wrong=wrong, shares=shares).posteriors
    base = BELIEF * log_rows(posteriors.sum(axis=0) + shares, axis=0)
    given = np.bincount(answers.annotator, weights=answers.weights, minlength=n_annotators).astype(np.float64, copy=False)
    table = Table(answers, compiled=compiled)
    cells, counts, strength = table.cells, table.counts(posteriors), START
    every, others = np.arange(len(cells)), max(n_classes - 1, 1)
    # An infinite `own` makes no row: answers then count for the accuracy alone.
    held, seen = (1.0, 0.0) if np.isinf(own) else (own, 1.0)
    done = 0
    while True:
        hits = cells.by_annotator(counts[every, cells.label][:, None])[:, 0]
        common = float(np.clip((hits.sum() + right) / max(given.sum() + right + wrong, 1e-10), min(1 / n_classes, 0.99), 0.99))
        strength = _strength(hits, given, common, strength)
        accuracy = np.clip((hits + strength * common) / (given + strength), 1e-4, 1 - 1e-4)
        wrongly = (1 - accuracy) / others
        values = np.repeat(held * wrongly[cells.annotator, None], n_classes, axis=1)
        values[every, cells.label] = held * accuracy[cells.annotator]
        values += seen * counts
        total = held + seen * cells.by_annotator(counts)
        values /= total[cells.annotator]
        if done == iterations:
            break
        done += 1
        counts, moved = table.step(np.log(values), base, posteriors)
        if moved <= tolerance:
            break
    if n_classes == 1:
        accuracy, wrongly = np.ones(n_annotators), np.zeros(n_annotators)
    coins = Guesses(accuracy - wrongly, wrongly[:, None], n_classes)
    reason = f"Asked for: tables around accuracies around {common:.2f}, {done} iterations."
    confusion = coins if np.isinf(own) else Layers(cells.annotator, cells.label, values, coins, held / total)
    return Fit(posteriors, confusion, reason=reason, shares=np.exp(base) / np.exp(base).sum())


def _strength(hits: Floats, given: Floats, mean: float, strength: float) -> float:
    """Do a step of Minka's fixed point for the strength of the Beta distribution around the common accuracy, between 1 and 100."""
    from scipy.special import digamma

    up, down = strength * mean, strength * (1 - mean)
    gained = mean * (digamma(hits + up) - digamma(up)) + (1 - mean) * (digamma(np.maximum(given - hits, 0.0) + down) - digamma(down))
    lost = digamma(given + strength) - digamma(strength)
    if gained.sum() <= 0 or lost.sum() <= 0:
        return strength
    return float(np.clip(strength * gained.sum() / lost.sum(), 1.0, 100.0))
