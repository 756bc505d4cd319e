"""How much each annotator's boxes, spans or segments are worth: the weights for fusion, from how far each agrees with what is fused.

J. Braylan and M. Lease, "Modeling and Aggregation of Complex Annotations via Annotation Distances", The Web Conference (2020), for the
idea: whoever is near the consensus of others weighs more in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.fusion.boxes import fuse_boxes
from labelwright.stats.fusion.intervals import fuse_intervals
from labelwright.stats.fusion.matching import Labeled, Matching, match_boxes, match_intervals

__all__ = ["FusionSkill", "fusion_skill"]

PULL = 2.0
"""So many items of average agreement are added to each annotator's own."""


@dataclass(frozen=True)
class FusionSkill:
    """`skill` is each annotator's mean agreement, 0 to 1, with what the others' units are fused to; `weight` the log odds of it, at least
    0.05, to be given to `fuse_boxes` or `fuse_intervals`; `items` counts what each was compared on."""

    skill: dict[Any, float]
    weight: dict[Any, float]
    items: dict[Any, int]


def fusion_skill(
    items: Sequence[Mapping[Hashable, Labeled]],
    geometry: Literal["boxes", "intervals"],
    *,
    iou: float = 0.5,
    rounds: int = 3,
) -> FusionSkill:
    """Estimate how good each annotator is, by fusing the others' units with the weights so far and comparing, again and again.

    Args:
        items: for each item the units by annotator: (labels, geometry), as `fuse_boxes` and `fuse_intervals` take them.
        geometry: `boxes` or `intervals`.
        iou: the least overlap, above 0 and at most 1, of what counts as the same unit.
        rounds: how often weights are estimated anew, at least 1.

    Raises:
        InvalidInput: nobody saw anything, a unit is wrong, or an argument is out of range.

    >>> good, bad = (["A"], [[0, 4]]), (["A"], [[9, 12]])
    >>> found = fusion_skill([{"ann": good, "bob": good, "cyd": bad}] * 5, "intervals")
    >>> found.skill["ann"] > found.skill["cyd"], found.weight["ann"] > found.weight["cyd"]
    (True, True)
    """
    if geometry not in ("boxes", "intervals"):
        raise InvalidInput(f"There is no geometry '{geometry}'.", hint="Known are: boxes, intervals.")
    if rounds < 1:
        raise InvalidInput("There has to be at least one round.", where="rounds")
    people = list(dict.fromkeys(person for item in items for person in item))
    if not people:
        raise InvalidInput("There is no annotator whose units could be compared.")
    weight = dict.fromkeys(people, 1.0)
    skill: dict[Any, float] = {}
    count = {person: sum(person in item and len(item) > 1 for item in items) for person in people}
    for _ in range(rounds):
        total = dict.fromkeys(people, 0.0)
        for item in items:
            for person, units in item.items():
                others = [other for other in item if other != person]
                if others:
                    total[person] += _agreement([item[one] for one in others], [weight[one] for one in others], units, geometry, iou)
        compared = sum(count.values())
        pool = sum(total.values()) / compared if compared else 0.5
        skill = {person: (total[person] + PULL * pool) / (count[person] + PULL) for person in people}
        weight = {person: max(0.05, float(np.log(one / (1 - one)))) if 0 < one < 1 else 5.0 * one + 0.05 for person, one in skill.items()}
    return FusionSkill(skill, weight, count)


def _agreement(others: list[Labeled], weights: list[float], units: Labeled, geometry: str, iou: float) -> float:
    found: Matching
    if geometry == "boxes":
        boxes = fuse_boxes(others, weights=weights, iou=iou)
        fused: Labeled = ([one.label for one in boxes], [(one.x, one.y, one.width, one.height) for one in boxes])
        found = match_boxes(units, fused, iou=iou)
    else:
        spans = fuse_intervals(others, weights=weights, iou=iou)
        fused = ([one.label for one in spans], [(one.start, one.end) for one in spans])
        found = match_intervals(units, fused, iou=iou)
    marked = 2 * len(found.pairs) + len(found.first_unmatched) + len(found.second_unmatched)
    # Well placed units count more than those that only just match.
    return 2 * sum(found.ious) / marked if marked else 1.0
