"""Percent agreement: how often two annotators of one item give the same answer. It forgives nothing for chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.stats.agreement.base import Agreement, mean_agreement
from labelwright.stats.answers import encode_answers

__all__ = ["percent_agreement"]


def percent_agreement(tasks: Any, annotators: Any, values: Any, *, confidence: float = 0.95) -> Agreement:
    """Return the mean, over the tasks with two answers or more, of the share of pairs of answers that are the same.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.
        confidence: of the interval over items, above 0 and below 1.

    Raises:
        InvalidInput: lengths differ, there is no answer, or the confidence is out of range.

    >>> percent_agreement([1, 1, 2, 2], ["a", "b"] * 2, ["x", "x", "x", "y"]).value
    0.5
    """
    answers = encode_answers(tasks, annotators, values, duplicates="last")
    m = np.diff(answers.start).astype(np.float64)
    cell, times = np.unique(answers.task * np.int64(len(answers.classes)) + answers.label, return_counts=True)
    same = np.bincount(cell // len(answers.classes), weights=times * (times - 1.0), minlength=len(m))
    kept = m >= 2
    return mean_agreement(same[kept] / (m[kept] * (m[kept] - 1)), confidence=confidence)
