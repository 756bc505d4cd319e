"""The inner loops compiled by Numba, imported only where Numba is installed: same results as SciPy's products, a fraction of the time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit  # its decorator has no types, and none is looked for where Numba is not installed: hence what is ignored below

__all__ = ["begin", "climb", "count", "score", "step", "vote"]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _renew(row: Any, fresh: Any) -> float:
    """Write the probabilities of the log scores `fresh`, which are used up, over a task's row; return the most that one moved."""
    top = fresh[0]
    for truth in range(1, len(fresh)):
        top = max(top, fresh[truth])
    total = 0.0
    for truth in range(len(fresh)):
        fresh[truth] = np.exp(fresh[truth] - top)
        total += fresh[truth]
    scale = 1.0 / total
    moved = 0.0
    for truth in range(len(fresh)):
        value = fresh[truth] * scale
        moved = max(moved, abs(row[truth] - value))
        row[truth] = value
    return moved


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def begin(first: int, last: int, start: Any, cell: Any, label: Any, weight: Any, overall: Any, posteriors: Any, counts: Any) -> float:
    """Write the shares of each task's votes, `overall` where it has none, and count its answers by them."""
    weighted = len(weight) > 0
    for task in range(first, last):
        row = posteriors[task]
        total = 0.0
        for truth in range(len(row)):
            row[truth] = 0.0
        for place in range(start[task], start[task + 1]):
            times = weight[place] if weighted else 1.0
            row[label[place]] += times
            total += times
        for truth in range(len(row)):
            row[truth] = row[truth] / total if total > 0.0 else overall[truth]
        for place in range(start[task], start[task + 1]):
            counted = counts[cell[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(len(row)):
                counted[truth] += times * row[truth]
    return 0.0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def score(start: Any, cell: Any, weight: Any, logs: Any, scores: Any) -> None:
    """Add the log table's entries of each task's answers to its row of `scores`."""
    weighted = len(weight) > 0
    for task in range(len(start) - 1):
        row = scores[task]
        for place in range(start[task], start[task + 1]):
            entry = logs[cell[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(len(row)):
                row[truth] += times * entry[truth]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def count(start: Any, cell: Any, weight: Any, posteriors: Any, counts: Any) -> None:
    """Add each task's posterior to the rows of its answers' cells."""
    weighted = len(weight) > 0
    for task in range(len(start) - 1):
        row = posteriors[task]
        for place in range(start[task], start[task + 1]):
            counted = counts[cell[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(len(row)):
                counted[truth] += times * row[truth]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def step(first: int, last: int, start: Any, cell: Any, weight: Any, logs: Any, base: Any, posteriors: Any, counts: Any) -> float:
    """Do E-step and the counting of the M-step in one go over the tasks from first to last; return the most that a posterior moved."""
    n_classes = len(base)
    weighted = len(weight) > 0
    moved = 0.0
    fresh = np.empty(n_classes)
    for task in range(first, last):
        for truth in range(n_classes):
            fresh[truth] = base[truth]
        for place in range(start[task], start[task + 1]):
            entry = logs[cell[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(n_classes):
                fresh[truth] += times * entry[truth]
        row = posteriors[task]
        moved = max(moved, _renew(row, fresh))
        for place in range(start[task], start[task + 1]):
            counted = counts[cell[place]]
            times = weight[place] if weighted else 1.0
            for truth in range(n_classes):
                counted[truth] += times * row[truth]
    return moved


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def vote(
    first: int,
    last: int,
    start: Any,
    annotator: Any,
    label: Any,
    weight: Any,
    gain: Any,
    base: Any,
    posteriors: Any,
    hits: Any,
    only_hits: bool,
) -> float:
    """Do the same where an answer speaks by `gain` for its own class alone; return the most that a posterior moved."""
    n_classes = len(base)
    weighted = len(weight) > 0
    moved = 0.0
    fresh = np.empty(n_classes)
    for task in range(first, last):
        row = posteriors[task]
        if not only_hits:
            for truth in range(n_classes):
                fresh[truth] = base[truth]
            for place in range(start[task], start[task + 1]):
                times = weight[place] if weighted else 1.0
                fresh[label[place]] += times * gain[annotator[place], label[place]]
            moved = max(moved, _renew(row, fresh))
        for place in range(start[task], start[task + 1]):
            times = weight[place] if weighted else 1.0
            hits[annotator[place], label[place]] += times * row[label[place]]
    return moved


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def climb(first: int, last: int, start: Any, annotator: Any, weight: Any, right: Any, ability: Any, ease: Any, sums: Any) -> float:
    """Move each task's easiness one damped Newton step, and add each answer's slope and curvature to its annotator's row of `sums`."""
    weighted = len(weight) > 0
    for task in range(first, last):
        slope = np.exp(ease[task])
        gain, curve = 1.0 - ease[task], 1.0
        for place in range(start[task], start[task + 1]):
            who = annotator[place]
            times = weight[place] if weighted else 1.0
            logit = ability[who] * slope
            chance = 1.0 / (1.0 + np.exp(-logit))
            error = (right[place] - chance) * times
            bend = chance * (1.0 - chance) * times
            sums[who, 0] += error * slope
            sums[who, 1] += bend * slope * slope
            gain += error * logit
            curve += bend * logit * logit
        ease[task] = min(max(ease[task] + 0.5 * min(max(gain / curve, -1.0), 1.0), -6.0), 6.0)
    return 0.0
