"""Percent agreement: how often two annotators of one item give the same answer. It forgives nothing for chance."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from labelwright.stats.agreement.base import Agreement, mean_agreement
from labelwright.stats.agreement.jackknife import checked_over, of_others
from labelwright.stats.agreement.without import percent_without_each
from labelwright.stats.answers import Answers, encode_answers

__all__ = ["percent_agreement", "percent_of", "percent_over_annotators"]


def percent_agreement(
    tasks: Any, annotators: Any, values: Any, *, confidence: float = 0.95, over: Literal["items", "annotators"] = "items"
) -> Agreement:
    """Return the mean, over the tasks with two answers or more, of the share of pairs of answers that are the same.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.
        confidence: of the interval, above 0 and below 1.
        over: whether the interval speaks of other `items`, judged by annotators like these, or of other `annotators` (delete-one
            jackknife with Student's t).

    Raises:
        InvalidInput: lengths differ, there is no answer, or an argument is out of range.

    >>> percent_agreement([1, 1, 2, 2], ["a", "b"] * 2, ["x", "x", "x", "y"]).value
    0.5
    """
    checked_over(over)
    answers = encode_answers(tasks, annotators, values, duplicates="last")
    result = percent_of(answers, confidence=confidence)
    return result if over == "items" else percent_over_annotators(answers, result)


def percent_of(answers: Answers, *, confidence: float) -> Agreement:
    """Return percent agreement of answers that are encoded already, with an interval over items."""
    m = np.diff(answers.start).astype(np.float64)
    cell, times = np.unique(answers.task * np.int64(len(answers.classes)) + answers.label, return_counts=True)
    same = np.bincount(cell // len(answers.classes), weights=times * (times - 1.0), minlength=len(m))
    kept = m >= 2
    return mean_agreement(same[kept] / (m[kept] * (m[kept] - 1)), confidence=confidence)


def percent_over_annotators(answers: Answers, whole: Agreement) -> Agreement:
    """Return percent agreement with an interval over annotators."""
    return whole if np.isnan(whole.value) else of_others(whole, percent_without_each(answers))
