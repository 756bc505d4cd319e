"""Disagreement: items on which several models, or several people, differ.

H. S. Seung, M. Opper and H. Sompolinsky, "Query by committee", COLT (1992); A. McCallum and K. Nigam, "Employing EM and pool-based active
learning for text classification", ICML (1998), for the divergence to the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.sampling._checks import best_first, checked_probabilities

__all__ = ["disagreement", "disagreement_sample"]


def disagreement(members: Any) -> Floats:
    """Return how much the members of a committee differ on each item: the Jensen-Shannon divergence, 0 for none to 1 at most.

    Args:
        members: an array (members, items, classes) of probabilities; votes are probabilities of 0 and 1.

    Raises:
        InvalidInput: there is no member, or a row is no distribution.

    >>> disagreement([[[1.0, 0.0]], [[0.0, 1.0]]]).tolist(), disagreement([[[0.5, 0.5]], [[0.5, 0.5]]]).tolist()
    ([1.0], [0.0])
    """
    try:
        array = np.asarray(members, dtype=np.float64)
    except ValueError as error:
        raise InvalidInput("The members of a committee have to judge the same items and classes, by numbers.") from error
    if array.ndim != 3 or not len(array):
        raise InvalidInput("A committee has to be an array (members, items, classes) with one member or more.")
    for member in array:
        checked_probabilities(member)
    mean = array.mean(axis=0)
    spread = _entropy(mean) - np.mean([_entropy(member) for member in array], axis=0)
    most = np.log(min(len(array), array.shape[2]))
    return np.clip(spread / most, 0.0, 1.0) if most > 0 else np.zeros(array.shape[1])


def disagreement_sample(members: Any, size: int, *, seed: int = 0) -> Any:
    """Return the places of the `size` items on which the members differ most, the most contested first; equal ones in random order.

    >>> disagreement_sample([[[1.0, 0.0], [0.9, 0.1], [0.2, 0.8]], [[1.0, 0.0], [0.1, 0.9], [0.6, 0.4]]], 2).tolist()
    [1, 2]
    """
    return best_first(disagreement(members), size, seed)


def _entropy(p: Floats) -> Floats:
    summed: Floats = -np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0.0).sum(axis=1)
    return summed
