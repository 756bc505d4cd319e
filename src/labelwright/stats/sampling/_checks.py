"""What the strategies ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.certificates.binomial import whole

__all__ = ["best_first", "checked_probabilities", "checked_size"]


def checked_size(size: int, population: int) -> int:
    """Return how many to pick, at most as many as there are.

    Raises:
        InvalidInput: the size is no whole number or below 0.
    """
    if not whole(size) or size < 0:
        raise InvalidInput(f"A sample has a whole number of items, at least 0, and {size} were asked for.")
    return min(int(size), population)


def checked_probabilities(values: Any) -> Floats:
    """Return probabilities as an array (items, classes).

    Raises:
        InvalidInput: it has another shape, or a row is no distribution.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] < 1:
        raise InvalidInput("Probabilities have to be an array (items, classes).")
    if not bool((array >= 0).all()) or not bool((np.abs(array.sum(axis=1) - 1) < 1e-6).all()):
        raise InvalidInput("Every row of the probabilities has to sum to 1.")
    return array


def best_first(score: Floats, size: int, seed: int) -> Any:
    """Return the places of the greatest scores; equal scores are in random order, so that no position in the file is preferred."""
    shuffled = np.random.default_rng(seed).permutation(len(score))
    order = np.argsort(-score[shuffled], kind="stable")
    return shuffled[order[: checked_size(size, len(score))]]
