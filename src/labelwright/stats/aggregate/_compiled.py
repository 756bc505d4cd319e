"""The inner loop compiled by Numba, imported only where Numba is installed: same results as SciPy's products, a fraction of the time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["count", "score", "step"]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def score(start: Any, annotator: Any, label: Any, weight: Any, logs: Any, scores: Any) -> None:
    """Add the log table's entries of each task's answers to its row of `scores`."""
    weighted = len(weight) > 0
    for task in range(len(start) - 1):
        row = scores[task]
        for place in range(start[task], start[task + 1]):
            entry = logs[annotator[place], label[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(len(row)):
                row[truth] += times * entry[truth]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def count(start: Any, annotator: Any, label: Any, weight: Any, posteriors: Any, counts: Any) -> None:
    """Add each task's posterior to the cells (annotator, answer) of its answers."""
    weighted = len(weight) > 0
    for task in range(len(start) - 1):
        row = posteriors[task]
        for place in range(start[task], start[task + 1]):
            cell = counts[annotator[place], label[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(len(row)):
                cell[truth] += times * row[truth]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def step(start: Any, annotator: Any, label: Any, weight: Any, logs: Any, base: Any, posteriors: Any, counts: Any) -> float:
    """Do E-step and the counting of the M-step in one go over the tasks; return the log-likelihood."""
    n_classes = len(base)
    weighted = len(weight) > 0
    likelihood = 0.0
    for task in range(len(start) - 1):
        row = posteriors[task]
        for truth in range(n_classes):
            row[truth] = base[truth]
        for place in range(start[task], start[task + 1]):
            entry = logs[annotator[place], label[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(n_classes):
                row[truth] += times * entry[truth]
        top = row[0]
        for truth in range(1, n_classes):
            top = max(top, row[truth])
        total = 0.0
        for truth in range(n_classes):
            row[truth] = np.exp(row[truth] - top)
            total += row[truth]
        scale = 1.0 / total
        for truth in range(n_classes):
            row[truth] *= scale
        likelihood += top + np.log(total)
        for place in range(start[task], start[task + 1]):
            cell = counts[annotator[place], label[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(n_classes):
                cell[truth] += times * row[truth]
    return likelihood
