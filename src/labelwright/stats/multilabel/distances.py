"""How far two sets of labels differ, from 0 to 1, for `alpha_by_distance`.

R. Passonneau, "Measuring Agreement on Set-valued Items (MASI) for Semantic and Pragmatic Annotation", LREC (2006).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable

__all__ = ["jaccard_distance", "masi_distance"]


def jaccard_distance(first: Collection[Hashable], second: Collection[Hashable]) -> float:
    """Return 1 - the size of the intersection over that of the union; two empty sets are equal.

    >>> jaccard_distance({"cat", "dog"}, {"cat"}), jaccard_distance([], [])
    (0.5, 0.0)
    """
    one, other = set(first), set(second)
    either = len(one | other)
    return 1 - len(one & other) / either if either else 0.0


def masi_distance(first: Collection[Hashable], second: Collection[Hashable]) -> float:
    """Return 1 - Jaccard's similarity times how the sets lie to each other: a subset is nearer than a mere overlap.

    The factor is 1 for equal sets, 2/3 where one holds the other, 1/3 where each has something of its own, 0 where they share nothing.

    >>> round(masi_distance({"cat", "dog"}, {"cat"}), 4), round(masi_distance({"cat", "dog"}, {"cat", "cow"}), 4)
    (0.6667, 0.8889)
    """
    one, other = set(first), set(second)
    if one == other:
        return 0.0
    kinship = 2 / 3 if one <= other or other <= one else 1 / 3
    return 1 - kinship * len(one & other) / len(one | other)
