"""Dawid-Skene with clear and hard tasks: every annotator has one confusion table for either kind, and the answers tell the kinds apart.

Dawid-Skene takes answers to be independent given the truth, so where tasks differ in difficulty it explains the hard ones of a frequent
class as members of a rare one. A second latent value for each task keeps the two apart, in the spirit of P. Whitehill et al., "Whose Vote
Should Count More", NIPS (2009), and of the latent class models with strata of L. A. Goodman, Biometrika 61 (1974).
"""

from __future__ import annotations

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._em import Table, checked_prior, log_rows, starting_posteriors
from labelwright.stats.aggregate.base import Fit, Tables
from labelwright.stats.aggregate.dawid_skene import diagonal_prior
from labelwright.stats.answers import Answers, Floats

__all__ = ["fit", "fit_kinds"]


def fit(answers: Answers, *, shares: float = 1.0, iterations: int = 80, tolerance: float = 1e-5, compiled: bool | None = None) -> Fit:
    """Fit two confusion tables to every annotator by expectation maximisation.

    A task starts as the clearer, the more its votes agree. The prior of a row is worth 3 right and 0.3 wrong pseudo-answers for clear
    tasks, 2 right and 1.5 wrong ones for hard tasks, the wrong ones spread evenly over the other classes.

    Args:
        answers: encoded answers.
        shares: pseudo-tasks, at least 0, of each class and kind.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors; the confusion tables are those over tasks of both kinds.

    Raises:
        InvalidInput: the pseudo-count is negative or there is to be no iteration.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="difficulty").labels
    {1: 'x', 2: 'y'}
    """
    posteriors, _, done = fit_kinds(answers, shares=shares, iterations=iterations, tolerance=tolerance, compiled=compiled)
    n_classes = len(answers.classes)
    joined = posteriors[:, :n_classes] + posteriors[:, n_classes:]
    hard = float(posteriors[:, n_classes:].sum() / len(posteriors))
    return Fit(joined, reason=f"Asked for: clear and hard tasks, {hard:.0%} of them hard, {done} iterations.")


def fit_kinds(
    answers: Answers, *, shares: float = 1.0, iterations: int = 80, tolerance: float = 1e-5, compiled: bool | None = None
) -> tuple[Floats, Tables, int]:
    """Return posteriors (tasks, 2 classes), clear ones first, the tables of both kinds, and the iterations done."""
    checked_prior(shares)
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    n_classes = len(answers.classes)
    table = Table(answers, compiled=compiled)
    start = starting_posteriors(answers)
    # Clear is what the votes agree on beyond an even split.
    clear = (start.max(axis=1, keepdims=True) - 1 / n_classes) / max(1 - 1 / n_classes, 1e-12) if n_classes > 1 else 1.0
    posteriors = np.concatenate([start * clear, start * (1 - clear)], axis=1)
    prior = np.concatenate([diagonal_prior(n_classes, 3.0, 0.3), diagonal_prior(n_classes, 2.0, 1.5)], axis=1)
    counts = table.counts(posteriors)
    done = 0
    while done < iterations:
        done += 1
        base = log_rows(posteriors.sum(axis=0) + shares, axis=0)
        counts, moved = table.step(table.cells.log_rows(counts, prior), base, posteriors)
        if moved <= tolerance:
            break
    return posteriors, table.cells.tables(counts, prior), done
