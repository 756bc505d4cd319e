"""Confident learning: which labels are wrong, judged by out-of-fold predictions and the model's own typical confidence in each class.

C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70 (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput, nearest
from labelwright.stats.answers import Codes, Floats
from labelwright.stats.label_errors.quality import (
    LONG,
    ROWS,
    TOLERANCE,
    Rank,
    checked,
    numba_is_there,
    quality_of_codes,
    right_rows,
    wrong_rows,
)

__all__ = ["LabelErrors", "Prune", "find_label_errors"]

Prune = Literal["both", "class", "noise_rate", "confident"]
FEW = 4_000_000
"""Up to this many probabilities of one label's doubtful items are copied to lie side by side."""

PRUNES: tuple[Prune, ...] = ("both", "class", "noise_rate", "confident")


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """The labels that are probably wrong.

    `suspects` are places of items, the most doubtful first. `score` has one entry an item, 0 to 1, low where the label is doubtful.
    `suggested` is, for each item, the most probable class. `joint[given, true]` is the estimated share of all items with that given
    label and that true one; it sums to 1, and its part off the diagonal is the estimated share of wrong labels.
    """

    suspects: list[int]
    score: Floats
    suggested: list[Any]
    joint: Floats
    classes: list[Any]


def find_label_errors(
    labels: Any,
    probabilities: Any,
    *,
    classes: Sequence[Any] | None = None,
    prune: Prune = "both",
    rank: Rank = "self_confidence",
) -> LabelErrors:
    """Find the labels that are probably wrong.

    An item counts for a true class where its probability reaches the class's threshold, which is the mean probability of the class
    over the items that carry its label. The counts, calibrated to the given labels, are the joint distribution of given and true labels.

    Args:
        labels: n given labels.
        probabilities: an array (n, K) of predicted probabilities from a model that was not trained on the item; rows sum to 1.
        classes: the K classes in the order of the columns; by default the labels are 0 to K - 1 themselves.
        prune: `class` takes of each given label as many of the least probable as the joint says are wrong; `noise_rate` takes of each
            pair (given, true) as many as the joint says, by the greatest margin of the true class over the given; `both` takes what both
            take; `confident` takes the items that count for another class than their label.
        rank: how the suspects are ranked, see `label_quality`.

    Returns:
        A `LabelErrors`. An item whose given label is the most probable class is never a suspect, and items that are equally doubtful
        are taken or left together, so that their order changes nothing.

    Raises:
        InvalidInput: shapes do not fit, a label is not among the classes, a probability is wrong, or an option is unknown.

    >>> errors = find_label_errors([0, 0, 0, 1, 1, 1], [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
    >>> errors.suspects, errors.suggested[2]
    ([2], 1)
    """
    if prune not in PRUNES:
        raise InvalidInput(f"There is no way to prune named '{prune}'.", hint=nearest(prune, PRUNES))
    codes, array, known = checked(labels, probabilities, classes, rows=False)
    n_classes = len(known)
    given = array[np.arange(len(codes)), codes]
    counted, likeliest = _confident_classes(codes, array, _thresholds(codes, given, n_classes))
    cell = codes * np.int64(n_classes) + counted
    sure = np.bincount(cell[counted >= 0], minlength=n_classes * n_classes).reshape(n_classes, n_classes).astype(np.float64)
    carried = np.bincount(codes, minlength=n_classes).astype(np.float64)
    joint = _calibrated(sure, carried)
    if prune == "confident":
        wrong = (counted >= 0) & (counted != codes)
    else:
        wrong = np.ones(len(codes), dtype=bool)
        expected = joint * len(codes)
        if prune in ("both", "class"):
            wrong &= _by_class(codes, given, carried, expected)
        if prune in ("both", "noise_rate"):
            wrong &= _by_noise_rate(codes, array, given, likeliest, expected)
    wrong &= likeliest != codes
    score = quality_of_codes(codes, array, rank)
    suspects = np.flatnonzero(wrong)
    suspects = suspects[np.argsort(score[suspects], kind="stable")]
    return LabelErrors(suspects.tolist(), score, [known[code] for code in likeliest.tolist()], joint, known)


def _thresholds(codes: Codes, given: Any, n_classes: int) -> Floats:
    """Return the mean probability of each class among the items with its label; a class that nobody was given is never reached."""
    carried = np.bincount(codes, minlength=n_classes)
    total = np.bincount(codes, weights=given, minlength=n_classes)
    mean: Floats = np.where(carried > 0, total / np.maximum(carried, 1), np.inf)
    return mean


def _confident_classes(codes: Codes, probabilities: Any, thresholds: Floats) -> tuple[Codes, Codes]:
    """Return for each item the likeliest class among those whose threshold it reaches, -1 where none, and the likeliest of all."""
    counted = np.empty(len(codes), dtype=np.int32)
    likeliest = np.empty(len(codes), dtype=np.int32)
    # A tolerance, so that a constant prediction reaches its own mean.
    floor = (thresholds - 1e-6).astype(probabilities.dtype)
    if len(codes) >= LONG and numba_is_there():
        from labelwright.stats.label_errors import _compiled

        if not _compiled.classes_of_rows(probabilities, TOLERANCE, floor, counted, likeliest):
            raise wrong_rows()
        return counted, likeliest
    if not right_rows(probabilities):
        raise wrong_rows()
    for begin in range(0, len(codes), ROWS):
        part = slice(begin, begin + ROWS)
        rows = probabilities[part]
        likeliest[part] = rows.argmax(axis=1)
        reached = np.where(rows >= floor, rows, -1)
        best = reached.argmax(axis=1)
        counted[part] = np.where(reached[np.arange(len(rows)), best] >= 0, best, -1)
    return counted, likeliest


def _calibrated(sure: Floats, carried: Floats) -> Floats:
    """Scale each given label's row of confident counts to the number of items that carry the label, over all items."""
    total = sure.sum(axis=1)
    rows = np.where(total[:, None] > 0, sure / np.maximum(total, 1)[:, None], np.eye(len(sure)))
    joint: Floats = rows * carried[:, None] / carried.sum()
    return joint


def _by_class(codes: Codes, given: Any, carried: Floats, expected: Floats) -> Any:
    wrong = np.zeros(len(codes), dtype=bool)
    number = np.rint(carried - np.diag(expected)).astype(np.int64)
    order, start = _by_label(codes, len(carried))
    for label in np.flatnonzero(number > 0):
        mine = order[start[label] : start[label + 1]]
        wrong[mine[_least(given[mine], int(number[label]))]] = True
    return wrong


def _by_noise_rate(codes: Codes, probabilities: Any, given: Any, likeliest: Codes, expected: Floats) -> Any:
    wrong = np.zeros(len(codes), dtype=bool)
    number = np.rint(expected).astype(np.int64)
    np.fill_diagonal(number, 0)
    order, start = _by_label(codes, len(number))
    for label in np.flatnonzero(number.any(axis=1)):
        mine = order[start[label] : start[label + 1]]
        # Where the label is the likeliest class, no margin is below 0, so that mostly the few others alone are looked at.
        doubtful = mine[likeliest[mine] != label]
        others = np.flatnonzero(number[label])
        if len(doubtful) and len(doubtful) * number.shape[1] <= FEW:
            margin = given[doubtful, None] - probabilities[doubtful][:, others]
            enough = np.count_nonzero(margin < 0, axis=0) >= number[label, others]
            wrong[doubtful[_least_of_columns(margin[:, enough], number[label, others[enough]])]] = True
            others = others[~enough]
        for true in others:
            margin, items = given[doubtful] - probabilities[doubtful, true], doubtful
            if np.count_nonzero(margin < 0) < number[label, true]:
                margin, items = given[mine] - probabilities[mine, true], mine
            wrong[items[_least(margin, int(number[label, true]))]] = True
    return wrong


def _by_label(codes: Codes, n_classes: int) -> tuple[Any, Any]:
    start = np.zeros(n_classes + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=n_classes), out=start[1:])
    narrow = codes.astype(np.int16) if n_classes < 32_000 else codes
    return np.argsort(narrow, kind="stable"), start


def _least_of_columns(values: Any, number: Any) -> Any:
    """Say which rows are among the `number` least, at least 1 and at most all, of any column, as `_least` does for each."""
    last = np.sort(values, axis=0)[number - 1, np.arange(len(number))]
    below, reached = values < last, values <= last
    over, under = np.count_nonzero(reached, axis=0) - number, number - np.count_nonzero(below, axis=0)
    return np.where(over <= under, reached, below).any(axis=1)


def _least(values: Any, number: int) -> Any:
    """Say which values are the `number` least; equal ones are taken or left together, whichever is nearer to so many."""
    if number >= len(values):
        return np.ones(len(values), dtype=bool)
    last = np.partition(values, number - 1)[number - 1]
    below, reached = values < last, values <= last
    return reached if np.count_nonzero(reached) - number <= number - np.count_nonzero(below) else below
