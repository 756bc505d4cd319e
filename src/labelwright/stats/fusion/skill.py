"""How much each annotator's boxes, spans, polygons, masks or keypoints are worth: the weights for fusion, from how far each agrees with
what the others' are fused to.

J. Braylan and M. Lease, "Modeling and Aggregation of Complex Annotations via Annotation Distances", The Web Conference (2020), for the
idea: whoever is near the consensus of others weighs more in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.shapes import BOX, INTERVAL, RowShape
from labelwright.stats.fusion.keypoints import Keypoints, fuse_keypoints
from labelwright.stats.fusion.masks import fuse_instances
from labelwright.stats.fusion.matching import Labeled, Matching, match_masks, match_shapes
from labelwright.stats.fusion.polygons import fuse_polygons, match_polygons
from labelwright.stats.fusion.shapes import fuse_shapes

__all__ = ["FusionSkill", "fusion_skill", "skill_by_likeness"]

Geometry = Literal["boxes", "intervals", "polygons", "masks", "keypoints"]
GEOMETRIES: tuple[Geometry, ...] = ("boxes", "intervals", "polygons", "masks", "keypoints")

PULL = 2.0
"""So many items of average agreement are added to each annotator's own."""

PAIRWISE_ROUNDS = 50
"""Far more than it takes until agreement in pairs stands still; what a round costs does not depend on the items."""


@dataclass(frozen=True)
class FusionSkill:
    """`skill` is each annotator's mean agreement, 0 to 1, with what the others' units are fused to; `weight` the log odds of it, at least
    0.05, to be given to `fuse_boxes` and its kin; `items` counts what each was compared on."""

    skill: dict[Any, float]
    weight: dict[Any, float]
    items: dict[Any, int]


def fusion_skill(
    items: Sequence[Mapping[Hashable, Any]],
    geometry: Geometry | RowShape,
    *,
    iou: float = 0.5,
    rounds: int = 3,
) -> FusionSkill:
    """Estimate how good each annotator is, by fusing the others' units with the weights so far and comparing, again and again.

    The first weights come from agreement in pairs, since where the careless are many nothing that the careful mark has a quorum at first.

    Args:
        items: for each item what each annotator marked, as the fusion of that geometry takes it: (labels, geometry), and for keypoints
            the points by name.
        geometry: `boxes`, `intervals`, `polygons`, `masks` (of one thing or several, as `fuse_instances` takes them), `keypoints`, or any
            shape.
        iou: the least overlap, above 0 and at most 1, of what counts as the same unit; keypoints have none.
        rounds: how often weights are estimated anew, at least 1.

    Raises:
        InvalidInput: nobody saw anything, a unit is wrong, or an argument is out of range.

    >>> good, bad = (["A"], [[0, 4]]), (["A"], [[9, 12]])
    >>> found = fusion_skill([{"ann": good, "bob": good, "cyd": bad}] * 5, "intervals")
    >>> found.skill["ann"] > found.skill["cyd"], found.weight["ann"] > found.weight["cyd"]
    (True, True)
    """
    if isinstance(geometry, str) and geometry not in GEOMETRIES:
        raise InvalidInput(f"There is no geometry '{geometry}'.", hint=f"Known are: {', '.join(GEOMETRIES)}.")
    if geometry == "keypoints":
        usual = _usual_distance(items)
        return skill_by_likeness(
            items,
            lambda one, other: _agreement_on_points([one], [1.0], other, usual),
            lambda others, weights, own: _agreement_on_points(others, weights, own, usual),
            rounds=rounds,
        )
    return skill_by_likeness(
        items,
        lambda one, other: _overlap(_match(geometry, one, other, iou)),
        lambda others, weights, own: _agreement(others, weights, own, geometry, iou),
        rounds=rounds,
    )


def skill_by_likeness(
    items: Sequence[Mapping[Any, Any]],
    alike: Callable[[Any, Any], float],
    alike_to_others: Callable[[list[Any], list[float], Any], float],
    *,
    rounds: int = 3,
) -> FusionSkill:
    """Estimate the same for answers of any sort, by how alike each is to what the others' come to.

    Args:
        items: for each item what each annotator answered.
        alike: how alike two answers are, 0 to 1.
        alike_to_others: how alike an answer, the last argument, is to what others' answers come to with these weights, 0 to 1.
        rounds: how often weights are estimated anew, at least 1.

    Raises:
        InvalidInput: nobody answered anything, or there is no round.

    >>> same = lambda one, other: float(one == other)
    >>> most = lambda others, weights, own: same(max(others, key=others.count), own)
    >>> found = skill_by_likeness([{"ann": "a", "bob": "a", "cyd": "b"}] * 5, same, most)
    >>> found.weight["ann"] > found.weight["cyd"]
    True
    """
    if rounds < 1:
        raise InvalidInput("There has to be at least one round.", where="rounds")
    people = list(dict.fromkeys(person for item in items for person in item))
    if not people:
        raise InvalidInput("There is no annotator whose answers could be compared.")
    count = {person: sum(person in item and len(item) > 1 for item in items) for person in people}
    weight = _log_odds(_pairwise(items, people, count, alike))
    skill: dict[Any, float] = {}
    for _ in range(rounds):
        total = dict.fromkeys(people, 0.0)
        for item in items:
            for person, own in item.items():
                others = [other for other in item if other != person]
                if others:
                    total[person] += alike_to_others([item[one] for one in others], [weight[one] for one in others], own)
        compared = sum(count.values())
        pool = sum(total.values()) / compared if compared else 0.5
        skill = {person: (total[person] + PULL * pool) / (count[person] + PULL) for person in people}
        weight = _log_odds(skill)
    return FusionSkill(skill, weight, count)


def _log_odds(skill: Mapping[Any, float]) -> dict[Any, float]:
    return {person: max(0.05, float(np.log(one / (1 - one)))) if 0 < one < 1 else 5.0 * one + 0.05 for person, one in skill.items()}


def _pairwise(
    items: Sequence[Mapping[Any, Any]], people: list[Any], count: Mapping[Any, int], alike: Callable[[Any, Any], float]
) -> dict[Any, float]:
    """Return each annotator's mean agreement with the others, each of whom counts for as much as that comes to, again and again."""
    seat = {person: place for place, person in enumerate(people)}
    found: dict[tuple[int, int], list[float]] = defaultdict(list)
    for item in items:
        for one, other in combinations(item, 2):
            pair = (seat[one], seat[other]) if seat[one] < seat[other] else (seat[other], seat[one])
            found[pair].append(alike(item[one], item[other]))
    agreed, met = np.zeros((len(people),) * 2), np.zeros((len(people),) * 2)
    for (a, b), values in found.items():
        agreed[a, b] = agreed[b, a] = fsum(values)  # exact, so that the order of items does not matter
        met[a, b] = met[b, a] = len(values)
    pool = float(agreed.sum() / met.sum()) if found else 0.5
    times = np.array([count[person] for person in people], dtype=np.float64)
    skill = np.ones(len(people))
    for _ in range(PAIRWISE_ROUNDS):
        weighed = met @ skill
        share = np.divide(agreed @ skill, weighed, out=np.full(len(people), pool), where=weighed > 0)
        skill = (times * share + PULL * pool) / (times + PULL)
    return dict(zip(people, skill.tolist(), strict=True))


def _agreement(others: list[Labeled], weights: list[float], units: Labeled, geometry: str | RowShape, iou: float) -> float:
    fused: Labeled
    shape = _shape(geometry)
    if shape is not None:
        marks = fuse_shapes(shape, others, weights=weights, iou=iou)
        fused = ([one.label for one in marks], [one.geometry for one in marks])
    elif geometry == "polygons":
        outlines = fuse_polygons(others, weights=weights, iou=iou)
        fused = ([one.label for one in outlines], [one.points for one in outlines])
    else:
        things = fuse_instances(others, weights=weights, iou=iou)
        fused = ([one.label for one in things], [one.mask for one in things])
    return _overlap(_match(geometry, units, fused, iou))


_SHAPES: dict[str, RowShape] = {"boxes": BOX, "intervals": INTERVAL}


def _shape(geometry: str | RowShape) -> RowShape | None:
    return _SHAPES.get(geometry) if isinstance(geometry, str) else geometry


def _match(geometry: str | RowShape, first: Labeled, second: Labeled, iou: float) -> Matching:
    shape = _shape(geometry)
    if shape is not None:
        return match_shapes(shape, first, second, iou=iou)
    return (match_polygons if geometry == "polygons" else match_masks)(first, second, iou=iou)


def _overlap(found: Matching) -> float:
    marked = 2 * len(found.pairs) + len(found.first_unmatched) + len(found.second_unmatched)
    # Well placed units count more than those that only just match.
    return 2 * sum(found.ious) / marked if marked else 1.0


def _agreement_on_points(others: list[Keypoints], weights: list[float], points: Keypoints, usual: float) -> float:
    """Return the mean nearness of one annotator's points to the fused ones, 1 for the same place and a half at the usual distance."""
    near = []
    for one in fuse_keypoints(others, weights=weights):
        if one.name not in points:
            continue
        mine, seen = points[one.name], one.x == one.x
        if mine is None or not seen:
            near.append(float(mine is None and not seen))
        else:
            away = float(np.hypot(mine[0] - one.x, mine[1] - one.y))
            near.append(1 / (1 + (away / usual) ** 2) if usual else float(away == 0))
    return sum(near) / len(near) if near else 1.0


def _usual_distance(items: Sequence[Mapping[Hashable, Keypoints]]) -> float:
    """Return the median distance of annotators' points to what the others' are fused to: keypoints have no size to compare it with."""
    away = [0.0]
    for item in items:
        for person, points in item.items():
            others = [item[other] for other in item if other != person]
            for one in fuse_keypoints(others) if others else []:
                mine = points.get(one.name)
                if mine is not None and one.x == one.x:
                    away.append(float(np.hypot(mine[0] - one.x, mine[1] - one.y)))
    return float(np.median(away[1:])) if len(away) > 1 else 0.0
