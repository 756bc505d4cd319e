"""Krippendorff's alpha for nominal, ordinal, interval and ratio values, with an interval over items or over annotators.

K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). The interval over items is analytic: alpha is a smooth function of
means over items, and the spread of its linearisation is its standard error. The interval over annotators leaves one out at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement._ratios import ratio_distance, ratio_means, ratio_pairs
from labelwright.stats.agreement.base import LEAST, Agreement, no_agreement, ratio_agreement
from labelwright.stats.agreement.jackknife import checked_over, of_others, over_annotators
from labelwright.stats.agreement.without import alpha_without_each
from labelwright.stats.answers import Answers, Floats, encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["Level", "krippendorff_alpha", "nominal_alpha", "nominal_over_annotators"]

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
        An `Agreement`; NaN with a note where no task has two answers or only one value occurs. At the ratio level the disagreement by
        chance of more than 1,024 distinct values is off by less than 1e-9, in time that grows hardly faster than the answers.

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
    if over == "items" or np.isnan(result.value):
        return result
    if level == "nominal":
        return nominal_over_annotators(answers, result)
    return over_annotators(answers, lambda some: _alpha(some, numbers, level, confidence), result)


def nominal_alpha(answers: Answers, *, confidence: float) -> Agreement:
    """Return alpha at the nominal level of answers that are encoded already, with an interval over items."""
    return _alpha(answers, np.empty(0), "nominal", confidence)


def nominal_over_annotators(answers: Answers, whole: Agreement) -> Agreement:
    """Return alpha at the nominal level with an interval over annotators."""
    return whole if np.isnan(whole.value) else of_others(whole, alpha_without_each(answers))


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
        parts = _ratio(task, answers.label, counts, m, numbers)
    else:
        places = numbers if level == "interval" else (np.cumsum(counts) - counts / 2) / counts.sum()
        parts = _squared(task, answers.label, counts, m, places, level == "ordinal")
    # `inside` sums each item's disagreeing pairs over m - 1, `outside` its values' mean disagreement with all values.
    n, size = m.sum(), m.mean()
    observed, expected = float(parts.inside.sum() / n), float(parts.outside.sum() / n)
    if expected <= 0:
        return no_agreement("All values are the same.", confidence=confidence, items=items)
    change_observed = (parts.inside - observed * m) / size
    change_expected = 2 * (parts.outside - expected * m) / size
    by_observed, by_expected = np.full(len(counts), -observed), 2 * (parts.each - expected)
    if parts.bend is not None:
        moved = [each - float(counts @ each) / n for each in parts.bend]
        change_observed += np.bincount(task, weights=moved[0][answers.label]) / size
        change_expected += np.bincount(task, weights=moved[1][answers.label]) / size
        by_observed, by_expected = by_observed + moved[0], by_expected + moved[1]
    rare = (counts > 0) & (by_expected >= by_expected[counts > 0].max() - 1e-9 * expected)
    rarest = int(np.where(rare, by_observed, np.inf).argmin())
    return ratio_agreement(
        observed,
        expected,
        change_observed,
        change_expected,
        confidence=confidence,
        worst=parts.worst,
        value=1 - observed / expected * (n - 1) / n,
        unseen=(float(by_observed[rarest]), float(by_expected[rarest])),
        least=LEAST,
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    """What alpha is made of: for each item the sum of its disagreeing pairs over m - 1, and of its values' mean disagreement with all.

    `each` is that mean disagreement for each value, `worst` the greatest of two values. `bend` says for each value how one more answer of
    it changes the distances, in the observed and in the expected disagreement, where they depend on the answers.
    """

    inside: Floats
    outside: Floats
    each: Floats
    worst: float
    bend: tuple[Floats, Floats] | None = None


def _nominal(task: Any, label: Any, counts: Floats, m: Floats) -> _Parts:
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
    return _Parts((m * m - same) / (m - 1), m - met, 1 - share, 1.0)


def _squared(task: Any, label: Any, counts: Floats, m: Floats, places: Floats, ranks: bool) -> _Parts:
    share = counts / counts.sum()
    places = places - float(share @ places)
    x = places[label]
    first, second = np.bincount(task, weights=x), np.bincount(task, weights=x * x)
    inside = 2 * (m * second - first * first) / (m - 1)
    spread = float(share @ places**2)
    bend = None
    if ranks:
        # A rank moves with the shares of the values below it; its gradient, summed from above, is what one more answer changes.
        pull = np.bincount(label, weights=(m[task] * x - first[task]) / (m[task] - 1), minlength=len(counts)) * 4 / counts.sum()
        both = [gradient.sum() - np.cumsum(gradient) + gradient / 2 for gradient in (pull, 4 * share * places)]
        bend = (both[0], both[1])
    return _Parts(inside, second + m * spread, places**2 + spread, float(np.ptp(places[counts > 0]) ** 2), bend)


def _ratio(task: Any, label: Any, counts: Floats, m: Floats, numbers: Floats) -> _Parts:
    inside = ratio_pairs(task, numbers[label], m) / (m - 1)
    each = ratio_means(numbers, counts / counts.sum())
    seen = numbers[counts > 0]
    worst = float(ratio_distance(seen.min(), seen.max()))
    return _Parts(inside, np.bincount(task, weights=each[label], minlength=len(m)).astype(np.float64, copy=False), each, worst)


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
