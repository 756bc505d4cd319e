"""The inner loop that all models with a confusion table share: posteriors from a table, and counts for the next table.

A table is an array (annotators, answer, truth), so that the entries that one answer needs lie side by side. There are two forms with
the same results: sparse matrix products of SciPy, and, where Numba is installed and the work is long enough to pay for loading it, one
fused loop that never holds more than the posteriors.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from labelwright.stats.answers import Answers, Floats

__all__ = ["Table", "softmax_rows"]

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


def softmax_rows(scores: Floats) -> float:
    """Turn rows of log scores into rows of probabilities, in place, and return the sum of the rows' log normalisers."""
    top = scores.max(axis=1, keepdims=True)
    scores -= top
    np.exp(scores, out=scores)
    total = scores.sum(axis=1, keepdims=True)
    scores /= total
    return float(np.log(total).sum() + top.sum())


@cache
def _numba_is_there() -> bool:
    return find_spec("numba") is not None


@cache
def _kernels() -> Any:
    from labelwright.stats.aggregate import _compiled

    return _compiled
