"""Label errors where an item has a set of labels: each class is judged on its own, and an item by its most doubtful classes.

A. Thyagarajan, E. Snorrason, C. Northcutt and J. Mueller, "Identifying Incorrect Annotations in Multi-Label Classification Data", ICLR
workshop (2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.label_errors.confident import Prune, find_label_errors

__all__ = ["MultilabelErrors", "find_multilabel_errors"]

DECAY = 0.8
"""How much the most doubtful class weighs in an item's score; each next one weighs a fifth of the one before."""


@dataclass(frozen=True, eq=False)
class MultilabelErrors:
    """The labels that are probably wrong, present or absent.

    `suspects` are (item, class) pairs, the most doubtful first. `score` is an array (items, classes), 0 to 1, low where the presence or
    absence of the class is doubtful; `item_score` one (items,), low where a whole set is.
    """

    suspects: list[tuple[int, Any]]
    score: Floats
    item_score: Floats
    classes: list[Any]


def find_multilabel_errors(
    labels: Sequence[Any], probabilities: Any, *, classes: Sequence[Any] | None = None, prune: Prune = "both"
) -> MultilabelErrors:
    """Find the classes that an item has and should not have, or has not and should have.

    Args:
        labels: n sets of given labels.
        probabilities: an array (n, K): for each class the predicted probability that the item has it, from a model that was not trained
            on the item. Rows need not sum to 1.
        classes: the K classes in the order of the columns; by default 0 to K - 1.
        prune: as in `find_label_errors`.

    Raises:
        InvalidInput: shapes do not fit, a label is not among the classes, or a probability is not from 0 to 1.

    >>> rows = [[0.9, 0.1], [0.8, 0.9], [0.1, 0.8], [0.9, 0.2], [0.2, 0.1], [0.9, 0.8]]
    >>> find_multilabel_errors([{0}, {0, 1}, {1}, {0}, set(), {1}], rows).suspects
    [(5, 0)]
    """
    array = np.asarray(probabilities, dtype=np.float64)
    if array.ndim != 2 or len(array) != len(labels):
        raise InvalidInput(f"There have to be {len(labels)} rows of probabilities, one an item.")
    if not bool(((array >= 0) & (array <= 1)).all()):
        raise InvalidInput("Each probability has to be a number from 0 to 1.")
    known = list(range(array.shape[1])) if classes is None else list(classes)
    if len(known) != array.shape[1] or len(set(known)) != len(known):
        raise InvalidInput(f"There have to be {array.shape[1]} different classes, one a column.")
    place = {name: column for column, name in enumerate(known)}
    given = np.zeros(array.shape, dtype=np.int64)
    for item, names in enumerate(labels):
        for name in names:
            if name not in place:
                raise InvalidInput(f"Label {name!r} is not among the classes.", where=f"item {item}")
            given[item, place[name]] = 1
    score = np.where(given == 1, array, 1 - array)
    found: list[tuple[float, int, int]] = []
    for column in range(array.shape[1]):
        two = np.column_stack([1 - array[:, column], array[:, column]])
        if not len(given):
            continue
        for item in find_label_errors(given[:, column], two, prune=prune).suspects:
            found.append((float(score[item, column]), item, column))
    # An item is as doubtful as its most doubtful classes: an exponential mean over its sorted scores.
    weight = DECAY * (1 - DECAY) ** np.arange(array.shape[1])
    item_score = np.sort(score, axis=1) @ (weight / weight.sum()) if array.shape[1] else np.ones(len(array))
    return MultilabelErrors([(item, known[column]) for _, item, column in sorted(found)], score, item_score, known)
