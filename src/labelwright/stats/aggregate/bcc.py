"""Bayesian classifier combination: Dawid-Skene with its uncertainty about the tables, by variational inference.

H.-C. Kim and Z. Ghahramani, "Bayesian Classifier Combination", AISTATS (2012); E. Simpson, S. Roberts, I. Psorakis and A. Smith, "Dynamic
Bayesian combination of multiple imperfect classifiers" (2013), for the variational form.
"""

from __future__ import annotations

from labelwright.stats.aggregate._cells import Cells
from labelwright.stats.aggregate._em import checked_prior, fit_tables
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
    """Fit a distribution over confusion tables to every annotator: one of whom little is known says less than one who is known.

    Args:
        answers: encoded answers.
        right: pseudo-answers, above 0, of the Dirichlet prior that agree with the truth, in each row.
        wrong: pseudo-answers, above 0, in the rest of each row together.
        shares: pseudo-tasks, above 0, of each class.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors and the mean confusion tables.

    Raises:
        InvalidInput: a pseudo-count is not above 0 or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="bcc").labels
    {1: 'x', 2: 'y'}
    """
    checked_prior(right, wrong, shares, above=True)
    prior = diagonal_prior(len(answers.classes), right, wrong) + (1e-10 if len(answers.classes) == 1 else 0.0)
    posteriors, cells, counts, done = fit_tables(
        answers,
        lambda cells, counts: _expected_log_rows(cells, counts, prior),
        lambda expected: _expected_logs(expected + shares),
        iterations=iterations,
        tolerance=tolerance,
        compiled=compiled,
    )
    return Fit(posteriors, cells.tables(counts, prior), reason=f"Asked for: a distribution over confusion tables, {done} iterations.")


def _expected_log_rows(cells: Cells, counts: Floats, prior: Floats) -> Floats:
    from scipy.special import digamma

    values = cells.with_prior(counts, prior)
    total = digamma(cells.totals(values, prior))
    for part in cells.parts():
        values[part] = digamma(values[part]) - total[cells.annotator[part]]
    return values


def _expected_logs(counts: Floats) -> Floats:
    from scipy.special import digamma

    logs: Floats = digamma(counts) - digamma(counts.sum())
    return logs
