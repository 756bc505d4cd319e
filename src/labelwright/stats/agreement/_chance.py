"""What the coefficients that correct for chance share: pooled shares of the labels, and the linearised variance over items.

K. L. Gwet, "Handbook of Inter-Rater Reliability" (4th edition, 2014), chapters 2 to 5: an item with one answer still says how often each
label is given, only items with two or more say how often two answers agree. The interval is that of a ratio of means over items, in which
the number of items with two answers varies as well; where none is missing its standard error is the published one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import LEAST, UNSEEN, Agreement, no_agreement, ratio_agreement
from labelwright.stats.answers import Answers, Floats

__all__ = ["Chance", "corrected", "disagreements", "pooled_chance"]

Chance = Callable[[Floats], tuple[float, Floats]]
"""From the shares of the labels: the disagreement by chance, and how it changes with each share."""


def corrected(answers: Answers, apart: Floats | None, chance: Chance, confidence: float, *, least: float = LEAST) -> Agreement:
    """Return 1 - observed / chance disagreement with an interval over items.

    Args:
        answers: one answer an annotator and a task at the most.
        apart: how far two labels disagree, 0 to 1, an array (classes, classes); None counts every difference as 1.
        chance: the disagreement by chance.
        confidence: of the interval.
        least: what the coefficient cannot lie below.
    """
    m = np.diff(answers.start).astype(np.float64)
    rated, shared = m >= 1, m >= 2
    items = int(shared.sum())
    if not items:
        return no_agreement("No task has two answers.", confidence=confidence)
    each = np.divide(1.0, m, out=np.zeros(len(m)), where=rated)[answers.task]
    share = np.bincount(answers.label, weights=each, minlength=len(answers.classes)) / rated.sum()
    expected, gradient = chance(share)
    if expected <= 1e-15:
        return no_agreement("Only one value occurs, so that chance agreement is perfect too.", confidence=confidence, items=items)
    differing = _differing(answers, apart, len(m))[shared] / (m * (m - 1))[shared]
    observed = float(differing.mean())
    change_observed = np.zeros(len(m))
    change_observed[shared] = (differing - observed) * rated.sum() / items
    steady = float(share @ gradient)
    change_expected: Floats = np.asarray(np.bincount(answers.task, weights=each * gradient[answers.label], minlength=len(m)) - steady)
    counted = rated if observed > UNSEEN * expected and items > 1 else shared
    result = ratio_agreement(
        observed,
        expected,
        change_observed[counted],
        change_expected[counted],
        confidence=confidence,
        worst=1.0 if apart is None else float(apart.max()),
        unseen=(-observed, float(gradient.max()) - steady),
        least=least,
    )
    return replace(result, items=items)


def pooled_chance(apart: Floats | None) -> Chance:
    """Return the chance of Scott and of Fleiss: two answers drawn from the same pooled shares disagree."""

    def chance(share: Floats) -> tuple[float, Floats]:
        met = 1 - share if apart is None else apart @ share
        return float(share @ met), 2 * met

    return chance


def disagreements(n_classes: int, weights: str | None) -> Floats | None:
    """Return how far two of so many ordered classes disagree, 0 to 1, an array (classes, classes), or None for the nominal weights."""
    if weights is None:
        return None
    place = np.arange(n_classes, dtype=np.float64)
    distance = np.abs(place[:, None] - place[None]) / max(n_classes - 1, 1)
    if weights == "linear":
        return distance
    if weights == "quadratic":
        return distance**2
    if weights == "ordinal":
        # The pairs of classes that lie between the two, both included, out of all pairs.
        steps = distance * max(n_classes - 1, 1)
        return steps * (steps + 1) / max(n_classes * (n_classes - 1), 1)
    raise InvalidInput(f"There is no weighting named '{weights}'.", hint="Known are: linear, ordinal, quadratic.")


def _differing(answers: Answers, apart: Floats | None, n_tasks: int) -> Any:
    """Return for each task the sum of the disagreements over its ordered pairs of answers."""
    from scipy.sparse import csr_array

    n_classes = len(answers.classes)
    cells = csr_array((np.ones(len(answers.task)), answers.label, answers.start), shape=(n_tasks, n_classes), copy=True)
    cells.sum_duplicates()
    if apart is None:
        m = np.diff(answers.start).astype(np.float64)
        row = np.repeat(np.arange(n_tasks), np.diff(cells.indptr))
        return m * m - np.bincount(row, weights=cells.data**2, minlength=n_tasks)
    return np.asarray(cells.multiply(cells @ apart).sum(axis=1)).ravel()
