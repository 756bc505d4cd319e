"""What comes of comparing answers pair by pair: how far people agree, and which labels they confuse.

Both are counted overall and for each version of the guidelines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

__all__ = ["EXAMPLES", "Comparison", "Guidelines", "Tally", "only_rows", "placed", "shared", "shared_items"]

EXAMPLES = 5
"""Items named as examples."""


class Guidelines(Struct, frozen=True):
    """One version of the guidelines: its digest, and the numbers of pipeline versions that had it."""

    digest: str
    first: int


@dataclass
class Tally:
    """Pairs of answers under one version of the guidelines, or under any."""

    items: int = 0
    pairs: float = 0.0
    by_item: list[float] = field(default_factory=list)
    confusions: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    met: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    compared: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[tuple[str, str | None], list[int]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Comparison:
    """All that comes from comparing answers in pairs.

    `people` has, for each pair of annotators, how many items both answered, and the sum of their agreement there. Of marks, `alike` has
    each pair of answers: the item, both annotators, and how far they agree. `overlaps` are the
    intersections over union of places that match. Where places were compared, `skill` is how far each annotator agrees with what the
    others' are fused to, 0 to 1, and `weight` what those count for who were compared often enough.
    """

    overall: Tally
    guidelines: dict[str, Tally]
    people: dict[tuple[int, int], tuple[int, float]]
    alike: list[tuple[int, int, int, float]] = field(default_factory=list)
    overlaps: list[float] = field(default_factory=list)
    skill: dict[int, float] = field(default_factory=dict)
    weight: dict[int, float] = field(default_factory=dict)


def shared(guidelines: Mapping[int, Guidelines], first: int, second: int) -> str | None:
    """The guidelines under which both answers were given, if they are the same."""
    one, other = guidelines.get(first), guidelines.get(second)
    return one.digest if one is not None and other is not None and one.digest == other.digest else None


def only_rows(data: Mapping[str, Any], kept: Any) -> Mapping[str, Any]:
    """Return the rows that are kept of columns of one length; where these are all, nothing is copied, for there may be millions."""
    return data if kept.all() else {name: column[kept] for name, column in data.items()}


def placed(values: Any) -> tuple[Any, Any]:
    """Return the distinct values in order, and the place of each value among them.

    `np.unique` tells the places too, and needs six times the memory of the values on the way.
    """
    import numpy as np

    distinct = np.unique(values)
    return distinct, np.searchsorted(distinct, values)


def shared_items(item: Any) -> int:
    """Return how many items have two answers or more, from the item of each answer in ascending order."""
    import numpy as np

    starts = np.flatnonzero(np.diff(item, prepend=item[:1] - 1))
    return int((np.diff(starts, append=len(item)) >= 2).sum())
