"""The pass over the predictions compiled by Numba, imported only where Numba is installed: same results, a fraction of the time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit  # its decorator has no types, and none is looked for where Numba is not installed: hence what is ignored below

__all__ = ["classes_of_rows", "rows_are_right"]


STRETCH = 64
"""So many values of a row are gone over at a time."""


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator,unused-ignore]
def _total(row: Any, begin: int, end: int) -> float:
    """Return the sum of a stretch, or NaN where a value is below 0; sums may be taken in any order, so that they go several at a time."""
    total = 0.0
    below = 0
    for column in range(begin, end):
        total += row[column]
        below += row[column] < 0.0
    return np.nan if below else total


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz", "reassoc", "contract"})  # type: ignore[untyped-decorator,unused-ignore]
def _greatest(row: Any, begin: int, end: int) -> float:
    """Return the greatest of a stretch, several values at a time; there may be no NaN among them for it to mean anything."""
    greatest: float = row[begin]
    for column in range(begin + 1, end):
        greatest = max(greatest, row[column])
    return greatest


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def rows_are_right(probabilities: Any, tolerance: float) -> bool:
    """Say whether every row has numbers of at least 0 with the sum 1."""
    right = 0
    for place in range(len(probabilities)):
        # Compared so that NaN fails.
        right += abs(_total(probabilities[place], 0, probabilities.shape[1]) - 1.0) <= tolerance
    return right == len(probabilities)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def classes_of_rows(probabilities: Any, tolerance: float, floor: Any, counted: Any, likeliest: Any) -> bool:
    """Write each row's likeliest class among those that reach their floor, -1 where none, and the likeliest of all.

    Whether every row has numbers of at least 0 with the sum 1 is found out on the way; where one has not, nothing is promised but that.
    """
    n_classes = probabilities.shape[1]
    lowest = floor[0]
    for column in range(1, n_classes):
        lowest = min(lowest, floor[column])
    tops = np.empty((n_classes + STRETCH - 1) // STRETCH)
    for place in range(len(probabilities)):
        row = probabilities[place]
        # Stretch by stretch, so that the memory is read once and the place of the greatest is looked for in one stretch alone.
        found, greatest, total = 0, -1.0, 0.0
        for begin in range(0, n_classes, STRETCH):
            end = min(begin + STRETCH, n_classes)
            total += _total(row, begin, end)
            value = tops[begin // STRETCH] = _greatest(row, begin, end)
            if value > greatest:
                found, greatest = begin, value
        if not (abs(total - 1.0) <= tolerance):
            return False
        best = found
        while row[best] != greatest:
            best += 1
        likeliest[place] = best
        # The likeliest of all is the likeliest among those that reach their floor, if it does.
        sure, sure_value = best, greatest
        if greatest < floor[best]:
            sure, sure_value = -1, -1.0
            for begin in range(0, n_classes, STRETCH):
                if tops[begin // STRETCH] < lowest:
                    continue
                for column in range(begin, min(begin + STRETCH, n_classes)):
                    value = row[column]
                    if value >= floor[column] and value > sure_value:
                        sure, sure_value = column, value
        counted[place] = sure
    return True
