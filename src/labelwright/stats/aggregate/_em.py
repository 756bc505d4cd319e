"""The inner loop that all models with a confusion table share: posteriors from a table, and counts for the next table.

A table is an array (annotators, answer, truth), so that the entries that one answer needs lie side by side. There are two forms with
the same results: sparse matrix products of SciPy, and, where Numba is installed and the work is long enough to pay for loading it, one
fused loop that never holds more than the posteriors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Answers, Floats

__all__ = ["Table", "fit_tables", "log_rows", "softmax_rows", "starting_posteriors", "weighted_votes"]

LONG = 200_000
"""From this many answers on the compiled loop is worth its loading time."""


class Table:
    """The answers of `answers` as a sparse matrix, or as arrays for the compiled loop, made once and used in every iteration."""

    def __init__(self, answers: Answers, *, compiled: bool | None = None) -> None:
        """Prepare; `compiled` None chooses by the number of answers and by whether Numba is there."""
        self.answers = answers
        self.compiled = (len(answers.task) >= LONG and _numba_is_there()) if compiled is None else compiled
        n_tasks, n_annotators, n_classes = answers.shape
        self._weight = np.empty(0) if answers.weight is None else answers.weight
        if not self.compiled:
            from scipy.sparse import csr_array

            column = answers.annotator * np.int32(n_classes) + answers.label
            self._rows = csr_array((answers.weights, column, answers.start), shape=(n_tasks, n_annotators * n_classes))

    def posteriors(self, logs: Floats, base: Floats) -> tuple[Floats, float]:
        """Return posteriors (tasks, classes) and the log-likelihood, given log table and base, the log of the classes' shares.

        `base` is an array (classes,) or (tasks, classes).
        """
        posteriors = self._scores(logs, base)
        return posteriors, softmax_rows(posteriors)

    def counts(self, posteriors: Floats) -> Floats:
        """Return the expected number of answers, an array (annotators, answer, truth)."""
        _, n_annotators, n_classes = self.answers.shape
        if self.compiled:
            counts = np.zeros((n_annotators, n_classes, posteriors.shape[1]))
            _kernels().count(self.answers.start, self.answers.annotator, self.answers.label, self._weight, posteriors, counts)
            return counts
        summed: Floats = self._rows.T @ posteriors
        return summed.reshape(n_annotators, n_classes, posteriors.shape[1])

    def step(self, logs: Floats, base: Floats, posteriors: Floats) -> tuple[Floats, float]:
        """Write new posteriors over the old ones and return the counts that follow from them, with the log-likelihood."""
        if self.compiled and base.ndim == 1:
            counts = np.zeros_like(logs)
            answers = self.answers
            logs = np.ascontiguousarray(logs)
            value = _kernels().step(answers.start, answers.annotator, answers.label, self._weight, logs, base, posteriors, counts)
            return counts, float(value)
        posteriors[:], likelihood = self.posteriors(logs, base)
        return self.counts(posteriors), likelihood

    def _scores(self, logs: Floats, base: Floats) -> Floats:
        if self.compiled:
            answers = self.answers
            scores = np.empty((answers.shape[0], logs.shape[2]))
            scores[:] = base
            _kernels().score(answers.start, answers.annotator, answers.label, self._weight, np.ascontiguousarray(logs), scores)
            return scores
        scored: Floats = self._rows @ logs.reshape(-1, logs.shape[2]) + base
        return scored


def fit_tables(
    answers: Answers,
    logs: Callable[[Floats], Floats],
    base: Callable[[Floats], Floats],
    *,
    iterations: int,
    tolerance: float,
    compiled: bool | None = None,
) -> tuple[Floats, Floats, int]:
    """Alternate between tables and posteriors, from the shares of the votes on, until no posterior moves by more than `tolerance`.

    `logs` makes the log table from counts (annotators, answer, truth); `base` makes the classes' log shares from their expected numbers
    of tasks. Returns posteriors, the last counts and the number of iterations.

    Raises:
        InvalidInput: there is to be no iteration.
    """
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    table = Table(answers, compiled=compiled)
    posteriors = starting_posteriors(answers)
    counts = table.counts(posteriors)
    done = 0
    while done < iterations:
        done += 1
        before = posteriors.copy() if tolerance >= 0 else posteriors
        counts, _ = table.step(logs(counts), base(posteriors.sum(axis=0)), posteriors)
        if tolerance >= 0:
            np.subtract(before, posteriors, out=before)
            if max(before.max(), -before.min()) <= tolerance:
                break
    return posteriors, counts, done


def starting_posteriors(answers: Answers) -> Floats:
    """Return the shares of the votes as posteriors; a task without answers gets the shares of the classes over all votes."""
    votes = answers.votes()
    overall = votes.sum(axis=0)
    total = votes.sum(axis=1, keepdims=True)
    silent = total[:, 0] == 0
    if silent.any():
        votes[silent] = overall
        total[silent] = overall.sum()
    votes /= total
    return votes


def weighted_votes(answers: Answers, weight: Floats) -> Floats:
    """Return an array (tasks, classes) of the summed weight, one for each answer, of the answers for each class."""
    n_tasks, _, n_classes = answers.shape
    cell = answers.task.astype(np.int64) * n_classes + answers.label
    votes: Floats = np.bincount(cell, weights=weight, minlength=n_tasks * n_classes).astype(np.float64, copy=False)
    return votes.reshape(n_tasks, n_classes)


def log_rows(values: Floats, *, axis: int) -> Floats:
    """Return the logarithm of counts scaled to the sum 1; a count of 0 stays possible, barely, so that nothing is infinite."""
    floored = np.maximum(values, 1e-10)
    logs: Floats = np.log(floored / floored.sum(axis=axis, keepdims=True))
    return logs


def softmax_rows(scores: Floats) -> float:
    """Turn rows of log scores into rows of probabilities, in place, and return the sum of the rows' log normalisers."""
    # Column by column where there are few, and sums by einsum: NumPy reduces over short rows slowly, and threads of BLAS cost more.
    if scores.shape[1] <= 32:
        top = scores[:, 0].copy()
        for column in scores.T[1:]:
            np.maximum(top, column, out=top)
    else:
        top = scores.max(axis=1)
    scores -= top[:, None]
    np.exp(scores, out=scores)
    total = np.einsum("ij->i", scores)
    scores /= total[:, None]
    return float(np.log(total).sum() + top.sum())


@cache
def _numba_is_there() -> bool:
    return find_spec("numba") is not None


@cache
def _kernels() -> Any:
    from labelwright.stats.aggregate import _compiled

    return _compiled
