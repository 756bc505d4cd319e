"""The method that the evidence at hand supports, with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labelwright.stats.aggregate import dawid_skene, majority
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers

__all__ = ["fit"]


def fit(answers: Answers) -> Fit:
    """Choose between majority vote and Dawid-Skene by how much the answers can tell about the annotators.

    A confusion table is learned from tasks that several annotators answered; where hardly any task has two answers, or the annotators
    have fewer answers each than there are classes, nothing can be learned and each vote counts the same.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 2, 3], ["ann", "ann", "bob"], ["x", "y", "x"]).method
    'majority'
    """
    _, _, n_classes = answers.shape
    per_task = np.diff(answers.start)
    shared = float((per_task >= 2).sum() / max((per_task > 0).sum(), 1))
    per_annotator = np.bincount(answers.annotator, minlength=len(answers.annotators))
    typical = float(np.average(per_annotator, weights=per_annotator))
    if n_classes < 2:
        return replace(majority.fit(answers), method="majority", reason="Only one class occurs.")
    if shared < 0.05:
        reason = f"Only {shared:.0%} of the tasks have two answers or more, so the answers say nothing about the annotators."
        return replace(majority.fit(answers), method="majority", reason=reason)
    if typical < n_classes:
        reason = f"A typical answer comes from an annotator with {typical:.0f} answers, fewer than the {n_classes} classes."
        return replace(majority.fit(answers), method="majority", reason=reason)
    reason = (
        f"{shared:.0%} of the tasks have two answers or more, and a typical annotator gave {typical:.0f}: enough for a confusion table."
    )
    return replace(dawid_skene.fit(answers), method="dawid_skene", reason=reason)
