"""Which units of several annotators are one and the same thing, whatever their geometry.

Grouping is agglomerative with average linkage, under the constraint that a group holds at most one unit of each annotator: the pairs with
one label come first, the greatest overlap first. Equal overlaps go by where the units lie, the least coordinates first, and units that
lie in one place by label, weight and all that their annotators marked: the order of annotators changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.fusion.matching import Labeled, checked_units

__all__ = ["Group", "checked_weights", "group_units", "name_order", "weighted_vote"]


@dataclass(frozen=True)
class Group:
    """Units of different annotators that mean one thing.

    `members` are (annotator, unit) places in ascending order; `geometry` and `weights` have one row a member, ordered by geometry, so that
    sums over them are the same to the last digit in whichever order the annotators come. `label` has the most weight among the
    members, `confidence` is its weight over the weight of all annotators asked, `iou` the mean overlap of the members.
    """

    label: Hashable
    confidence: float
    iou: float
    members: tuple[tuple[int, int], ...]
    geometry: Floats
    weights: Floats


def group_units(
    annotators: Sequence[Labeled],
    overlap: Callable[[Any, Any], Floats],
    checked: Callable[[Any], Floats],
    *,
    weights: Sequence[float] | None,
    iou: float,
    quorum: float,
) -> list[Group]:
    """Group the units of all annotators and keep the groups that at least a share `quorum` of the annotators' weight supports.

    Raises:
        InvalidInput: no annotator, a weight that is negative or missing, all weights 0, a wrong unit, or `iou` or `quorum` out of range.
    """
    if not 0 < iou <= 1 or not 0 <= quorum <= 1:
        raise InvalidInput("The least overlap has to be above 0 and at most 1, and the quorum between 0 and 1.")
    skill = checked_weights(weights, len(annotators))
    whole = fsum(skill)
    shapes = [checked_units(units, checked) for units in annotators]
    units = _ordered(annotators, shapes, skill)
    if not units:
        return []
    owner = np.array([who for who, _ in units])
    labels = [annotators[who][0][place] for who, place in units]
    geometry = np.stack([shapes[who][place] for who, place in units])
    similar = overlap(geometry, geometry)
    kept = []
    for group in _merged(similar, owner, labels, iou):
        share = skill[owner[group]]
        if share.sum() < quorum * whole - 1e-12 or share.sum() <= 0:
            continue
        label, weight = weighted_vote([labels[unit] for unit in group], share)
        inside = similar[np.ix_(group, group)]
        pairs = len(group) * (len(group) - 1)
        mean = float((inside.sum() - np.trace(inside)) / pairs) if pairs else 1.0
        members = tuple(sorted(units[unit] for unit in group))
        kept.append(Group(label, float(weight / whole), mean, members, geometry[group], share))
    return kept


def name_order(label: Hashable) -> tuple[str, str]:
    """Return what labels are sorted by, whatever their types."""
    return str(label), type(label).__name__


def _ordered(annotators: Sequence[Labeled], shapes: list[Floats], skill: Floats) -> list[tuple[int, int]]:
    """Return all units as (annotator, place) in an order that depends on what was marked and not on who comes first."""
    keys = [
        [(tuple(shape.ravel().tolist()), name_order(label)) for shape, label in zip(units, of[0], strict=True)]
        for units, of in zip(shapes, annotators, strict=True)
    ]
    whose = [(float(weight), sorted(mine)) for weight, mine in zip(skill, keys, strict=True)]
    places = [(who, place) for who, mine in enumerate(keys) for place in range(len(mine))]
    return sorted(places, key=lambda one: (keys[one[0]][one[1]], whose[one[0]]))


def weighted_vote(labels: Sequence[Hashable], weights: Floats) -> tuple[Hashable, float]:
    """Return the label with the most weight and its weight; among equal ones the first by its name."""
    total: dict[Hashable, float] = {}
    for label, weight in zip(labels, weights.tolist(), strict=True):
        total[label] = total.get(label, 0.0) + weight
    most = max(total.values())
    winner = min((label for label, weight in total.items() if weight >= most - 1e-12), key=name_order)
    return winner, total[winner]


def checked_weights(weights: Sequence[float] | None, count: int) -> Floats:
    """Return one weight an annotator, ones where none are given."""
    if not count:
        raise InvalidInput("There is no annotator whose units could be fused.")
    skill = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if skill.shape != (count,) or not np.isfinite(skill).all() or (skill < 0).any() or not skill.any():
        raise InvalidInput(f"There have to be {count} weights, one an annotator, none negative and not all 0.")
    return skill


def _merged(similar: Floats, owner: Any, labels: list[Any], iou: float) -> list[list[int]]:
    group_of = list(range(len(owner)))
    members = {unit: [unit] for unit in group_of}
    first, second = np.nonzero(np.triu(similar >= iou - 1e-12, 1) & (owner[:, None] != owner[None]))
    candidates = sorted(
        zip(first.tolist(), second.tolist(), strict=True),
        key=lambda pair: (labels[pair[0]] != labels[pair[1]], -round(float(similar[pair[0], pair[1]]), 9), pair),
    )
    for i, j in candidates:
        a, b = group_of[i], group_of[j]
        if a == b or {owner[unit] for unit in members[a]} & {owner[unit] for unit in members[b]}:
            continue
        if similar[np.ix_(members[a], members[b])].mean() < iou - 1e-12:
            continue
        for unit in members[b]:
            group_of[unit] = a
        members[a] = sorted(members[a] + members.pop(b))
    return list(members.values())
