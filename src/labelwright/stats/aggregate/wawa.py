"""Worker agreement with aggregate: vote once, then let each vote count by how often its annotator agreed with the first result.

D. Ustalov, N. Pavlichenko and B. Tseitlin describe it in "Learning from Crowds with Crowd-Kit", JOSS 9 (2024).
"""

from __future__ import annotations

import numpy as np

from labelwright.stats.aggregate import majority
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers

__all__ = ["fit"]


def fit(answers: Answers) -> Fit:
    """Return each class's share of the votes, each weighted by its annotator's agreement with the majority vote.

    Where the majority vote ties, each of the tied classes counts as agreement by its share of the tie.

    >>> from labelwright.stats import aggregate
    >>> tasks, people = [1, 1, 1, 2, 2, 2, 3, 3], ["ann", "bob", "cyd"] * 2 + ["ann", "cyd"]
    >>> aggregate(tasks, people, list("xxyyyyxy"), method="wawa").labels[3]
    'x'
    """
    first = majority.fit(answers)
    votes = answers.votes()
    winning = (votes >= votes.max(axis=1, keepdims=True) - 1e-9).astype(np.float64)
    winning /= winning.sum(axis=1, keepdims=True)
    weight, n_annotators = answers.weights, len(answers.annotators)
    agreed = np.bincount(answers.annotator, weights=winning[answers.task, answers.label] * weight, minlength=n_annotators)
    given = np.bincount(answers.annotator, weights=weight, minlength=n_annotators)
    # An annotator who never agreed keeps a trace of a vote, so that a task that nobody else answered has a label.
    skill = np.maximum(agreed / np.maximum(given, 1e-10), 1e-6)
    posteriors = answers.weighed(skill[answers.annotator] * weight)
    total = posteriors.sum(axis=1, keepdims=True)
    posteriors = np.where(total > 0, posteriors / np.where(total > 0, total, 1.0), first.posteriors)
    return Fit(posteriors, reason="Asked for: each vote counts by its annotator's agreement with the majority.")
