"""Expected error reduction per unit of cost: whose answer about which item would help most for its price.

N. Roy and A. McCallum, "Toward optimal active learning through sampling estimation of error reduction", ICML (2001); V. S. Sheng, F.
Provost and P. Ipeirotis, "Get another label?", KDD (2008), for asking about the same item again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.sampling._checks import best_first, checked_probabilities

__all__ = ["error_reduction_sample", "expected_error_reduction"]


def expected_error_reduction(posteriors: Any, confusion: Any, *, cost: Any = 1.0) -> Floats:
    """Return by how much one more answer about each item is expected to lower its error probability, per unit of cost.

    An answer that cannot change which class is the most probable reduces nothing, however unsure the item is: that is what tells this
    measure from uncertainty.

    Args:
        posteriors: an array (items, classes): what is believed now.
        confusion: an array (truth, answer) of the annotator who would be asked; every row sums to 1.
        cost: of an answer about each item, above 0: one number or one for each item, such as the seconds that it takes.

    Raises:
        InvalidInput: a row is no distribution, shapes differ, or a cost is not above 0.

    >>> expected_error_reduction([[0.5, 0.5], [0.99, 0.01]], [[0.9, 0.1], [0.1, 0.9]]).round(3).tolist()
    [0.4, 0.0]
    """
    p, table = checked_probabilities(posteriors), checked_probabilities(confusion)
    if table.shape != (p.shape[1], p.shape[1]):
        raise InvalidInput(f"The confusion has to be an array ({p.shape[1]}, {p.shape[1]}), and is {table.shape}.")
    price = np.asarray(cost, dtype=np.float64)
    if price.shape not in ((), (len(p),)) or not bool((price > 0).all()):
        raise InvalidInput(f"The cost has to be a number above 0, or {len(p)} of them, one an item.")
    # After answer l the best class has the weight max_k p[k] C[k, l]; summed over l it is the expected share of right labels.
    after = sum((p * table[:, answer]).max(axis=1) for answer in range(table.shape[1]))
    reduction: Floats = np.maximum(after - p.max(axis=1), 0.0) / price
    return reduction


def error_reduction_sample(posteriors: Any, confusion: Any, size: int, *, cost: Any = 1.0, seed: int = 0) -> Any:
    """Return the places of the `size` items where one more answer is worth most for its price, the best first.

    >>> error_reduction_sample([[0.5, 0.5], [0.99, 0.01], [0.7, 0.3]], [[0.9, 0.1], [0.1, 0.9]], 2).tolist()
    [0, 2]
    >>> error_reduction_sample([[0.5, 0.5], [0.99, 0.01], [0.7, 0.3]], [[0.9, 0.1], [0.1, 0.9]], 2, cost=[9.0, 1.0, 1.0]).tolist()
    [2, 0]
    """
    return best_first(expected_error_reduction(posteriors, confusion, cost=cost), size, seed)
