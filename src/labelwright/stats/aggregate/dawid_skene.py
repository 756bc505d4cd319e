"""Dawid-Skene with a prior: each annotator has a confusion table, and the answers themselves tell which.

A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied Statistics 28 (1979).
The prior makes it a maximum a posteriori estimate, so that an annotator with few answers counts as the average one.
"""

from __future__ import annotations

import numpy as np

from labelwright.stats.aggregate._em import checked_prior, fit_tables, log_rows
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers, Floats

__all__ = ["diagonal_prior", "fit"]


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
    """Fit a confusion table to every annotator by expectation maximisation, starting from the shares of the votes.

    The prior is a Dirichlet distribution over each row of each table, worth `right` pseudo-answers on the diagonal and `wrong`
    pseudo-answers spread evenly over the other classes, and one over the classes' shares, worth `shares` pseudo-tasks of every class.

    Args:
        answers: encoded answers.
        right: pseudo-answers, at least 0, that agree with the truth, in each row.
        wrong: pseudo-answers, at least 0, in the rest of each row together.
        shares: pseudo-tasks, at least 0, of each class.
        iterations: the most iterations.
        tolerance: stop when no posterior moved by more than this.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors and confusion tables.

    Raises:
        InvalidInput: a pseudo-count is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> tasks, people = [1, 1, 1, 2, 2, 2, 3, 3, 3], ["ann", "bob", "cyd"] * 3
    >>> result = aggregate(tasks, people, list("xxyyyxxxy"), method="dawid_skene")
    >>> result.labels, result.skill["ann"] > result.skill["cyd"]
    ({1: 'x', 2: 'y', 3: 'x'}, True)
    """
    checked_prior(right, wrong, shares)
    prior = diagonal_prior(len(answers.classes), right, wrong)
    posteriors, cells, counts, done = fit_tables(
        answers,
        lambda cells, counts: cells.log_rows(counts, prior),
        lambda expected: log_rows(expected + shares, axis=0),
        iterations=iterations,
        tolerance=tolerance,
        compiled=compiled,
    )
    return Fit(posteriors, cells.tables(counts, prior), reason=f"Asked for: one confusion table an annotator, {done} iterations.")


def diagonal_prior(n_classes: int, right: float, wrong: float) -> Floats:
    """Return pseudo-answers (answer, truth): `right` on the diagonal, `wrong` spread over the rest of each column."""
    prior = np.full((n_classes, n_classes), wrong / max(n_classes - 1, 1))
    np.fill_diagonal(prior, right)
    return prior
