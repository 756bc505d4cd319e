"""Predictions set right by the labels themselves, out of fold, before they judge these labels.

M. Kull et al., "Beyond temperature scaling: Obtaining well-calibrated multi-class probabilities with Dirichlet calibration", NeurIPS
(2019): a multinomial logistic regression on the logarithms of the probabilities. A model that is surer than it is right, or that takes
one class for another too often, doubts the wrong labels; calibrated, it doubts those that are improbable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.label_errors.folds import grouped_folds
from labelwright.stats.label_errors.quality import checked

__all__ = ["recalibrated"]

STRENGTH = 0.1
"""The inverse of the regression's penalty."""

LEAST = 1e-12
"""Probabilities below this are taken for it."""


def recalibrated(
    labels: Any,
    probabilities: Any,
    *,
    classes: Sequence[Any] | None = None,
    groups: Sequence[Any] | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
) -> Floats:
    """Return out-of-fold probabilities, calibrated on the labels of the other folds and averaged over several ways to make the folds.

    Averaged with the model's own probabilities they rank real label errors better than these alone (see `ensemble_quality`). It costs
    `folds` x `repeats` regressions on K features, seconds for ten classes and 10,000 items, and suits up to some hundred classes.

    Args:
        labels: n given labels.
        probabilities: an array (n, K) of predicted probabilities from a model that was not trained on the item; rows sum to 1.
        classes: the K classes in the order of the columns; by default the labels are 0 to K - 1 themselves.
        groups: n group ids; items of one group are never in two folds.
        folds: how many, from 2 to the number of groups or items.
        repeats: how often folds are made anew, at least 1.
        seed: of the folds.

    Returns:
        An array (n, K); rows sum to 1. A class that a training part lacks keeps no probability there.

    Raises:
        InvalidInput: shapes do not fit, a label is not among the classes, a probability is wrong, or there are fewer groups than folds.

    >>> rows = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.1, 0.9]] * 50)
    >>> found = recalibrated([0, 0, 1, 1] * 50, rows, folds=2)
    >>> found.shape, bool(found[2, 1] > 0.6)
    ((200, 2), True)
    """
    from sklearn.linear_model import LogisticRegression

    if repeats < 1:
        raise InvalidInput("The folds have to be made at least once.", where="repeats")
    codes, array, known = checked(labels, probabilities, classes)
    logs = np.log(np.maximum(np.asarray(array, dtype=np.float64), LEAST))
    logs -= logs.mean(axis=1, keepdims=True)
    total = np.zeros((len(codes), len(known)))
    for repeat in range(repeats):
        fold = grouped_folds(codes, groups, folds=folds, seed=seed + repeat)
        for held in range(folds):
            test, train = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
            present = np.unique(codes[train])
            if len(present) == 1:
                total[test, present[0]] += 1.0
                continue
            model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(logs[train], codes[train])
            total[np.ix_(test, model.classes_)] += model.predict_proba(logs[test])
    mean: Floats = total / repeats
    return mean
