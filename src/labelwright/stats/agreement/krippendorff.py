"""Krippendorff's alpha for nominal, ordinal, interval and ratio values, with an interval over items or over annotators.

K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). The interval over items is analytic: alpha is a smooth function of
means over items, and the spread of its linearisation is its standard error. The interval over annotators leaves one out at a time.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import Agreement, no_agreement, ratio_agreement
from labelwright.stats.agreement.jackknife import checked_over, over_annotators
from labelwright.stats.answers import Answers, Floats, encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["Level", "krippendorff_alpha"]

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(
    tasks: Any,
    annotators: Any,
    values: Any,
    *,
    level: Level = "nominal",
    confidence: float = 0.95,
    over: Literal["items", "annotators"] = "items",
) -> Agreement:
    """Return Krippendorff's alpha: 1 where annotators agree perfectly, 0 where they agree as by chance, below 0 where less.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing. All levels but the nominal one need numbers, the ordinal one anything sortable.
        level: `nominal` (same or not), `ordinal` (how many answers lie between), `interval` (squared difference) or `ratio` (squared
            difference over squared sum; values have to be at least 0).
        confidence: of the interval, above 0 and below 1.
        over: whether the interval speaks of other `items`, judged by annotators like these, or of other `annotators` (delete-one
            jackknife with Student's t): take the second for a claim about people who were not there.

    Returns:
        An `Agreement`; NaN with a note where no task has two answers or only one value occurs.

    Raises:
        InvalidInput: lengths differ, there is no answer, a value does not fit the level, or an argument is out of range.

    >>> result = krippendorff_alpha([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, ["x", "x", "y", "y", "x", "y"])
    >>> round(result.value, 4), result.items
    (0.4444, 3)
    """
    checked_confidence(confidence)
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise InvalidInput(f"There is no level of measurement named '{level}'.", hint="Known are: nominal, ordinal, interval, ratio.")
    checked_over(over)
    answers = encode_answers(tasks, annotators, values, duplicates="last")
    numbers = _numbers(answers, level)
    result = _alpha(answers, numbers, level, confidence)
    return result if over == "items" else over_annotators(answers, lambda some: _alpha(some, numbers, level, confidence), result)


def _alpha(answers: Answers, numbers: Floats, level: Level, confidence: float) -> Agreement:
    per_task = np.diff(answers.start)
    kept = per_task >= 2
    items = int(kept.sum())
    if not items:
        return no_agreement("No task has two answers.", confidence=confidence)
    if items < len(per_task):
        answers = answers.take(kept[answers.task])
    m = per_task[kept].astype(np.float64)
    task = answers.task if items == len(per_task) else (np.cumsum(kept) - 1)[answers.task]
    counts = np.bincount(answers.label, minlength=len(answers.classes)).astype(np.float64)
    if np.count_nonzero(counts) < 2:
        return no_agreement("Only one value occurs, so that chance agreement is perfect too.", confidence=confidence, items=items)
    if level == "nominal":
        parts = _nominal(task, answers.label, counts, m)
    elif level == "ratio":
        parts = _by_matrix(task, answers.label, counts, m, _ratio_distances(numbers))
    else:
        places = numbers if level == "interval" else np.cumsum(counts) - counts / 2
        parts = _squared(task, answers.label, counts, m, places / counts.sum() if level == "ordinal" else places, level == "ordinal")
    inside, outside, bend, worst = parts
    # `inside` sums each item's disagreeing pairs over m - 1, `outside` its values' mean disagreement with all values.
    n, size = m.sum(), m.mean()
    observed, expected = inside.sum() / n, outside.sum() / n
    if expected <= 0:
        return no_agreement("All values are the same.", confidence=confidence, items=items)
    change_observed = (inside - observed * m) / size + bend[0]
    change_expected = 2 * (outside - expected * m) / size + bend[1]
    value = 1 - observed / expected * (n - 1) / n
    return ratio_agreement(observed, expected, change_observed, change_expected, confidence=confidence, worst=worst, value=value)


Parts = tuple[Floats, Floats, tuple[Any, Any], float]


def _nominal(task: Any, label: Any, counts: Floats, m: Floats) -> Parts:
    share = counts / counts.sum()
    n_classes = len(counts)
    if len(m) * n_classes <= 20 * len(task):
        counted = np.bincount(task * np.int64(n_classes) + label, minlength=len(m) * n_classes)
        cells = counted.astype(np.float64).reshape(len(m), n_classes)
        met = np.einsum("ij,j->i", cells, share)
        same = np.einsum("ij,ij->i", cells, cells)
    else:
        cell, times = np.unique(task * np.int64(n_classes) + label, return_counts=True)
        row = cell // n_classes
        same = np.bincount(row, weights=times.astype(np.float64) ** 2, minlength=len(m))
        met = np.bincount(task, weights=share[label], minlength=len(m))
    return (m * m - same) / (m - 1), m - met, (0.0, 0.0), 1.0


def _squared(task: Any, label: Any, counts: Floats, m: Floats, places: Floats, ranks: bool) -> Parts:
    share = counts / counts.sum()
    places = places - float(share @ places)
    x = places[label]
    first, second = np.bincount(task, weights=x), np.bincount(task, weights=x * x)
    inside = 2 * (m * second - first * first) / (m - 1)
    outside = second + m * float(share @ places**2)
    bend: tuple[Any, Any] = (0.0, 0.0)
    if ranks:
        # A rank moves with the shares of the values below it; its gradient, summed from above, is what one more answer changes.
        pull = np.bincount(label, weights=(m[task] * x - first[task]) / (m[task] - 1), minlength=len(counts)) * 4 / counts.sum()
        chance = 4 * share * places
        both = []
        for gradient in (pull, chance):
            above = gradient.sum() - np.cumsum(gradient) + gradient / 2
            steady = float(share @ above)
            both.append((np.bincount(task, weights=above[label]) - m * steady) / m.mean())
        bend = (both[0], both[1])
    return inside, outside, bend, float(np.ptp(places) ** 2)


def _by_matrix(task: Any, label: Any, counts: Floats, m: Floats, distances: Floats) -> Parts:
    from scipy.sparse import csr_array

    cells = csr_array((np.ones(len(task)), (task, label)), shape=(len(m), len(counts)))
    inside = cells.multiply(cells @ distances).sum(axis=1) / (m - 1)
    outside = cells @ (distances @ (counts / counts.sum()))
    return np.asarray(inside).ravel(), np.asarray(outside).ravel(), (0.0, 0.0), float(distances.max())


def _ratio_distances(numbers: Floats) -> Floats:
    total = numbers[:, None] + numbers[None]
    share: Floats = (numbers[:, None] - numbers[None]) / np.where(total == 0, 1.0, total)
    return share**2


def _numbers(answers: Answers, level: Level) -> Floats:
    if level in ("nominal", "ordinal"):
        return np.arange(len(answers.classes), dtype=np.float64)
    try:
        numbers = np.array([float(value) for value in answers.classes])
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The {level} level needs numbers: {error}.") from error
    if not np.isfinite(numbers).all() or (level == "ratio" and (numbers < 0).any()):
        raise InvalidInput(f"The {level} level needs finite numbers{', none below 0' if level == 'ratio' else ''}.")
    return numbers
