"""Pooled Dawid-Skene: annotators' confusion tables vary around a common one, and the data say by how much.

R. J. Passonneau and B. Carpenter, "The Benefits of a Model of Annotation", TACL 2 (2014), for the hierarchy; T. Minka, "Estimating a
Dirichlet distribution" (2000), for the strength.

An annotator with few answers is taken for the typical one, with many for what the answers show.
"""

from __future__ import annotations

import numpy as np

from labelwright.stats.aggregate._cells import Cells
from labelwright.stats.aggregate._em import checked_prior, fit_tables, log_rows
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.aggregate.dawid_skene import diagonal_prior
from labelwright.stats.answers import Answers, Floats

__all__ = ["fit"]


def fit(
    answers: Answers,
    *,
    right: float = 2.0,
    wrong: float = 1.0,
    shares: float = 1.0,
    iterations: int = 100,
    tolerance: float = 1e-5,
    compiled: bool | None = None,
) -> Fit:
    """Fit the common table, the strength with which it holds in each true class, and every annotator's own table.

    Args:
        answers: encoded answers.
        right: pseudo-answers, at least 0, on the diagonal of the common table, in each row.
        wrong: pseudo-answers, at least 0, in the rest of each row of the common table together.
        shares: pseudo-tasks, at least 0, of each class.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors and confusion tables.

    Raises:
        InvalidInput: a pseudo-count is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="pooled").labels
    {1: 'x', 2: 'y'}
    """
    checked_prior(right, wrong, shares)
    prior = diagonal_prior(len(answers.classes), right, wrong)
    strength = np.full(len(answers.classes), right + wrong)

    def around(cells: Cells, counts: Floats) -> Floats:
        nonlocal strength
        common = np.exp(log_rows(cells.by_answer(counts) + prior, axis=0))
        strength = _strength(cells, counts, common, strength)
        found: Floats = strength * common
        return found

    posteriors, cells, counts, done = fit_tables(
        answers,
        lambda cells, counts: cells.log_rows(counts, around(cells, counts)),
        lambda expected: log_rows(expected + shares, axis=0),
        iterations=iterations,
        tolerance=tolerance,
        compiled=compiled,
    )
    return Fit(posteriors, cells.tables(counts, around(cells, counts)), reason=f"Asked for: tables around a common one, {done} iterations.")


def _strength(cells: Cells, counts: Floats, common: Floats, strength: Floats) -> Floats:
    """Do a step of Minka's fixed point for the strength of each true class's Dirichlet around the common table."""
    from scipy.special import digamma

    mean = np.maximum(strength * common, 1e-6)
    before = digamma(mean)
    gained = np.zeros(len(strength))
    # What nobody said adds nothing.
    for part in cells.parts():
        label = cells.label[part]
        gained += (common[label] * (digamma(counts[part] + mean[label]) - before[label])).sum(axis=0)
    lost = (digamma(cells.by_annotator(counts) + strength) - digamma(strength)).sum(axis=0)
    step = np.where((gained > 0) & (lost > 0), gained / np.maximum(lost, 1e-300), 1.0)
    return np.clip(strength * step, 1.0, 100.0)
