"""Uncertainty: what the model is least sure of.

D. D. Lewis and W. A. Gale, "A sequential algorithm for training text classifiers", SIGIR (1994); B. Settles, "Active Learning Literature
Survey" (2009), for the three measures.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput, nearest
from labelwright.stats.answers import Floats
from labelwright.stats.sampling._checks import best_first, checked_probabilities

__all__ = ["uncertainty", "uncertainty_sample"]

Measure = Literal["least_confidence", "margin", "entropy"]


def uncertainty(probabilities: Any, *, measure: Measure = "margin") -> Floats:
    """Return how unsure a model is of each item, 0 for certain to 1 for no idea.

    Args:
        probabilities: an array (items, classes) whose rows sum to 1.
        measure: `least_confidence` looks at the best class, `margin` at the gap between the best two, `entropy` at all of them. Each is
            scaled by the number of classes to reach 1.

    Raises:
        InvalidInput: a row is no distribution, or the measure is unknown.

    >>> uncertainty([[1.0, 0.0], [0.5, 0.5]]).tolist()
    [0.0, 1.0]
    """
    p = checked_probabilities(probabilities)
    n_classes = p.shape[1]
    if measure not in ("least_confidence", "margin", "entropy"):
        raise InvalidInput(f"There is no measure named '{measure}'.", hint=nearest(measure, ["least_confidence", "margin", "entropy"]))
    if n_classes == 1:
        return np.zeros(len(p))
    if measure == "least_confidence":
        doubt: Floats = (1 - p.max(axis=1)) * n_classes / (n_classes - 1)
        return doubt
    if measure == "margin":
        top = np.partition(p, -2, axis=1)
        calm: Floats = 1 - (top[:, -1] - top[:, -2])
        return calm
    entropy: Floats = -np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0.0).sum(axis=1) / np.log(n_classes)
    return np.clip(entropy, 0.0, 1.0)


def uncertainty_sample(probabilities: Any, size: int, *, measure: Measure = "margin", seed: int = 0) -> Any:
    """Return the places of the `size` least certain items, the least certain first.

    >>> uncertainty_sample([[0.9, 0.1], [0.55, 0.45], [0.7, 0.3]], 2).tolist()
    [1, 2]
    """
    return best_first(uncertainty(probabilities, measure=measure), size, seed)
