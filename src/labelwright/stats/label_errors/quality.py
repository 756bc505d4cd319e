"""How well each given label fits a model's out-of-fold prediction: one score an item, low where the label is doubtful.

C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70 (2021); J. Kuan and J.
Mueller, "Model-agnostic label quality scoring to detect real-world label errors", ICML DataPerf workshop (2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput, nearest
from labelwright.stats.answers import Codes, Floats, encode

__all__ = [
    "LONG",
    "RANKS",
    "ROWS",
    "TOLERANCE",
    "Rank",
    "checked",
    "label_quality",
    "numba_is_there",
    "quality_of_codes",
    "right_rows",
    "wrong_rows",
]

Rank = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]
RANKS: tuple[Rank, ...] = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")

TOLERANCE = 1e-3
"""By so much the probabilities of a row may miss the sum 1."""

LONG = 50_000
"""From this many rows on the compiled pass is worth its loading time."""

ROWS = 8192
"""Rows worked on at a time, so that intermediate arrays stay in the cache."""


def label_quality(labels: Any, probabilities: Any, *, classes: Sequence[Any] | None = None, rank: Rank = "self_confidence") -> Floats:
    """Return a score, 0 to 1, for each of n labels; the lower, the more doubtful.

    Args:
        labels: n given labels.
        probabilities: an array (n, K) of predicted probabilities from a model that was not trained on the item; rows sum to 1.
        classes: the K classes in the order of the columns; by default the labels are 0 to K - 1 themselves.
        rank: `self_confidence` is the probability of the given label; `normalized_margin` compares it with the greatest other
            probability; `confidence_weighted_entropy` divides it by itself plus the row's entropy over log K, so that a label
            counts as doubtful where it is improbable or the whole row is unsure.

    Raises:
        InvalidInput: shapes do not fit, a label is not among the classes, a probability is not a number from 0 to 1, a row does not
            sum to 1, or the ranking is unknown.

    >>> label_quality([0, 1], [[0.9, 0.1], [0.7, 0.3]]).tolist()
    [0.9, 0.3]
    """
    codes, array, _ = checked(labels, probabilities, classes)
    return quality_of_codes(codes, array, rank)


def quality_of_codes(codes: Codes, probabilities: Any, rank: Rank) -> Floats:
    """Return the scores of labels that are places among the columns."""
    if rank not in RANKS:
        raise InvalidInput(f"There is no ranking named '{rank}'.", hint=nearest(rank, RANKS))
    given = probabilities[np.arange(len(codes)), codes].astype(np.float64)
    if rank == "self_confidence":
        return np.asarray(given)
    score = np.empty(len(codes))
    for begin in range(0, len(codes), ROWS):
        part = slice(begin, begin + ROWS)
        if rank == "normalized_margin":
            score[part] = (given[part] - _greatest_other(probabilities[part], codes[part]) + 1) / 2
        else:
            doubt = _entropy(probabilities[part])
            score[part] = np.where(given[part] > 0, given[part] / np.maximum(given[part] + doubt, 1e-300), 0.0)
    return score


def checked(labels: Any, probabilities: Any, classes: Sequence[Any] | None, *, rows: bool = True) -> tuple[Codes, Any, list[Any]]:
    """Return labels as places among the columns, the probabilities as a floating array, and the classes.

    Without `rows` the probabilities themselves are not looked at: who goes over all of them anyway does it on the way.
    """
    array = np.asarray(probabilities)
    if array.ndim != 2 or array.dtype.kind not in "fiu" or len(array) != len(labels):
        raise InvalidInput(f"There have to be {len(labels)} rows of probabilities, one a label, in an array of two dimensions.")
    if not len(array) or not array.shape[1]:
        raise InvalidInput("There is no label to judge.")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if rows and not right_rows(array):
        raise wrong_rows()
    n_classes = array.shape[1]
    known = list(range(n_classes)) if classes is None else list(classes)
    if len(known) != n_classes:
        raise InvalidInput(f"There are {len(known)} classes and {n_classes} columns of probabilities.")
    return _codes(labels, known, classes is None), array, known


@cache
def numba_is_there() -> bool:
    """Say whether the optional accelerator is installed."""
    return find_spec("numba") is not None


def wrong_rows() -> InvalidInput:
    """Return what is raised where a row of probabilities is none."""
    return InvalidInput("Each row of probabilities has to be numbers of at least 0 with the sum 1.")


def right_rows(array: Any) -> bool:
    """Say whether every row has numbers of at least 0 with the sum 1, to within `TOLERANCE`."""
    if len(array) >= LONG and numba_is_there():
        from labelwright.stats.label_errors import _compiled

        return bool(_compiled.rows_are_right(array, TOLERANCE))
    # A NaN anywhere makes its row's sum NaN, so that this one comparison finds it too.
    total = np.einsum("ij->i", array)
    return bool((np.abs(total - 1) <= TOLERANCE).all()) and float(array.min()) >= 0


def _codes(labels: Any, known: list[Any], numbered: bool) -> Codes:
    if numbered and isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and labels.ndim == 1:
        if labels.min() < 0 or labels.max() >= len(known):
            raise InvalidInput(f"Labels without named classes have to be 0 to {len(known) - 1}.")
        return labels.astype(np.int32, copy=False)
    codes, distinct = encode(labels, what="label")
    place = {label: index for index, label in enumerate(known)}
    strange = [label for label in distinct if label not in place]
    if strange:
        raise InvalidInput(f"Label {strange[0]!r} is not among the classes.")
    table = np.array([place[label] for label in distinct], dtype=np.int32)
    return table[codes]


def _greatest_other(rows: Any, codes: Codes) -> Floats:
    if rows.shape[1] == 1:
        return np.zeros(len(rows))
    rows = rows.copy()
    rows[np.arange(len(rows)), codes] = -1
    greatest: Floats = rows.max(axis=1).astype(np.float64)
    return greatest


def _entropy(rows: Any) -> Floats:
    """Return each row's entropy over the greatest that K classes allow, 0 to 1."""
    if rows.shape[1] == 1:
        return np.zeros(len(rows))
    positive = rows.astype(np.float64)
    entropy: Floats = -(positive * np.log(np.where(positive > 0, positive, 1.0))).sum(axis=1) / np.log(rows.shape[1])
    return entropy
