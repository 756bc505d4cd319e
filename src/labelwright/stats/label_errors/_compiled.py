"""The pass over the predictions compiled by Numba, imported only where Numba is installed: same results, a fraction of the time."""

from __future__ import annotations

from typing import Any

from numba import njit

__all__ = ["classes_of_rows", "rows_are_right"]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator,unused-ignore]
def rows_are_right(probabilities: Any, tolerance: float) -> bool:
    """Say whether every row has numbers of at least 0 with the sum 1."""
    for row in probabilities:
        total = 0.0
        below = 0
        for value in row:
            total += value
            below += value < 0.0
        # Written so that NaN fails; sums may be taken in any order, so that they go several at a time.
        if below or not (abs(total - 1.0) <= tolerance):
            return False
    return True


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def classes_of_rows(probabilities: Any, floor: Any, counted: Any, likeliest: Any) -> None:
    """Write each row's likeliest class among those that reach their floor, -1 where none, and the likeliest of all."""
    for place in range(len(probabilities)):
        row = probabilities[place]
        best, best_value = 0, row[0]
        sure, sure_value = -1, -1.0
        for column in range(len(row)):
            value = row[column]
            if value > best_value:
                best, best_value = column, value
            if value >= floor[column] and value > sure_value:
                sure, sure_value = column, value
        counted[place] = sure
        likeliest[place] = best
