"""Dawid-Skene as published: plain maximum likelihood, without a prior.

A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied Statistics 28 (1979).
With few answers an annotator the tables overfit: `dawid_skene`, with its prior, is the safer choice. This one is here to compare.
"""

from __future__ import annotations

from labelwright.stats.aggregate import dawid_skene
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers

__all__ = ["fit"]


def fit(answers: Answers, *, iterations: int = 100, tolerance: float = 1e-5, compiled: bool | None = None) -> Fit:
    """Fit a confusion table to every annotator by expectation maximisation, starting from the shares of the votes.

    Args:
        answers: encoded answers.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this; -1 does all iterations.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="dawid_skene_ml").labels
    {1: 'x', 2: 'y'}
    """
    return dawid_skene.fit(answers, right=0.0, wrong=0.0, shares=0.0, iterations=iterations, tolerance=tolerance, compiled=compiled)
