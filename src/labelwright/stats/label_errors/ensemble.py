"""Several models judge each label together.

J. Kuan and J. Mueller, "Model-agnostic label quality scoring to detect real-world label errors", ICML DataPerf workshop (2022), section on
ensembles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.label_errors.quality import Rank, checked, quality_of_codes

__all__ = ["ensemble_probabilities", "ensemble_quality"]

TEMPERATURE = 0.1
"""In nats: a model whose log loss is greater by this has a weight smaller by the factor e."""


def ensemble_probabilities(
    labels: Any, models: Sequence[Any], *, classes: Sequence[Any] | None = None, weigh: Literal["equal", "log_loss"] = "equal"
) -> Floats:
    """Return the weighted mean (n, K) of several models' probabilities.

    Args:
        labels: n given labels.
        models: for each model an array (n, K) of out-of-fold probabilities.
        classes: the K classes in the order of the columns; by default the labels are 0 to K - 1 themselves.
        weigh: `equal`, or `log_loss`: by how well each model foretells the given labels.

    Raises:
        InvalidInput: there is no model, shapes do not fit, or a probability is wrong.

    >>> ensemble_probabilities([0, 1], [[[0.9, 0.1], [0.7, 0.3]], [[0.5, 0.5], [0.1, 0.9]]]).round(2).tolist()
    [[0.7, 0.3], [0.4, 0.6]]
    """
    if not models:
        raise InvalidInput("There is no model.", where="models")
    if weigh not in ("equal", "log_loss"):
        raise InvalidInput(f"There is no weighting named '{weigh}'.", hint="Known are: equal, log_loss.")
    total: Any = 0.0
    weights = np.ones(len(models))
    arrays = []
    for model in models:
        codes, array, _ = checked(labels, model, classes)
        arrays.append(np.asarray(array, dtype=np.float64))
    if len({array.shape for array in arrays}) > 1:
        raise InvalidInput("The models' probabilities differ in shape.")
    if weigh == "log_loss":
        losses = np.array([-np.log(np.maximum(array[np.arange(len(codes)), codes], 1e-12)).mean() for array in arrays])
        weights = np.exp(-(losses - losses.min()) / TEMPERATURE)
    for weight, array in zip(weights / weights.sum(), arrays, strict=True):
        total = total + weight * array
    mean: Floats = total
    return mean


def ensemble_quality(
    labels: Any,
    models: Sequence[Any],
    *,
    classes: Sequence[Any] | None = None,
    weigh: Literal["equal", "log_loss"] = "equal",
    rank: Rank = "self_confidence",
) -> Floats:
    """Return a score, 0 to 1, for each of n labels under several models together; the lower, the more doubtful.

    Args:
        labels: n given labels.
        models: for each model an array (n, K) of out-of-fold probabilities; what `recalibrated` makes of one is a good second.
        classes: the K classes in the order of the columns; by default the labels are 0 to K - 1 themselves.
        weigh: as in `ensemble_probabilities`.
        rank: as in `label_quality`.

    Raises:
        InvalidInput: there is no model, shapes do not fit, a probability is wrong, or an option is unknown.

    >>> ensemble_quality([0, 1], [[[0.9, 0.1], [0.7, 0.3]], [[0.5, 0.5], [0.1, 0.9]]]).round(2).tolist()
    [0.7, 0.6]
    """
    mean = ensemble_probabilities(labels, models, classes=classes, weigh=weigh)
    codes, array, _ = checked(labels, mean, classes)
    return quality_of_codes(codes, array, rank)
