"""The method that the answers themselves support, with the reason.

No single model is best on every crowd, so several are fitted and averaged, in the spirit of J. A. Hoeting et al., "Bayesian Model
Averaging", Statistical Science 14 (1999), with weights from how well answers are foretold that were held out, never from the truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from labelwright.stats.aggregate import dawid_skene, difficulty, glad, labeling_functions, mace, majority, one_coin, pooled
from labelwright.stats.aggregate._em import LONG
from labelwright.stats.aggregate._evidence import gain_of_difficulty
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers, Floats

__all__ = ["fit"]

CLEAR_GAIN = 0.01
"""Nats an answer from which on the models with difficulty carry the whole weight: an answer is foretold 1% better."""

ROUGHLY = {"iterations": 25, "tolerance": 1e-3}
"""Where there are many answers no model is fitted beyond this: what one would still move is less than what they differ among each other."""


def fit(answers: Answers) -> Fit:
    """Choose by how much the answers can tell about annotators and tasks.

    1. Hardly any task has two answers, or only one class occurs: majority vote, since nothing can be learned.
    2. Most answers come from annotators who only ever give one class: they are labeling functions, and that they spoke
       is the evidence.
    3. Otherwise Dawid-Skene, its pooled and its one-coin form, and MACE are averaged; so are the two models in which tasks
       differ in difficulty; and the second average weighs the more, the better it foretells answers that were held out.

    >>> from labelwright.stats import aggregate
    >>> result = aggregate([1, 2, 3], ["ann", "ann", "bob"], ["x", "y", "x"])
    >>> result.method, result.reason
    ('majority', 'Only 0% of the tasks have two answers or more, so the answers say nothing about the annotators.')
    """
    per_task = np.diff(answers.start)
    shared = float((per_task >= 2).sum() / max((per_task > 0).sum(), 1))
    if len(np.unique(answers.label)) < 2:
        return replace(majority.fit(answers), method="majority", reason="Only one class occurs.")
    one_sided = labeling_functions.share_of_one_class_voters(answers)
    if one_sided > 0.5:
        reason = (
            f"{one_sided:.0%} of the answers come from annotators who only ever give one class, as labeling functions do, so that they "
            f"spoke is the evidence; averaged with the majority vote."
        )
        posteriors = np.zeros((len(answers.tasks), len(answers.classes)))
        _add(posteriors, 0.5, (model.fit(answers) for model in (labeling_functions, majority)))
        return Fit(posteriors, method="labeling_functions", reason=reason)
    if shared < 0.05:
        reason = f"Only {shared:.0%} of the tasks have two answers or more, so the answers say nothing about the annotators."
        return replace(majority.fit(answers), method="majority", reason=reason)
    gain = gain_of_difficulty(answers)
    weight = float(np.clip(gain / CLEAR_GAIN, 0.0, 1.0))
    posteriors = np.zeros((len(answers.tasks), len(answers.classes)))
    how: dict[str, Any] = ROUGHLY if len(answers.task) >= LONG else {}
    if weight < 1:
        _add(posteriors, (1 - weight) / 4, (model.fit(answers, **how) for model in (dawid_skene, pooled, one_coin, mace)))
    if weight > 0:
        _add(posteriors, weight / 2, (model.fit(answers, **how) for model in (difficulty, glad)))
    reason = (
        f"{shared:.0%} of the tasks have two answers or more. Letting tasks differ in difficulty foretells a held-out answer by "
        f"{gain:+.3f} nats, so models with difficulty weigh {weight:.0%} and models of annotators alone {1 - weight:.0%}."
    )
    return Fit(posteriors, method="average", reason=reason)


def _add(posteriors: Floats, weight: float, fits: Iterable[Fit]) -> None:
    # One after the other, so that only one of them is held at a time.
    for one in fits:
        posteriors += weight * one.posteriors
