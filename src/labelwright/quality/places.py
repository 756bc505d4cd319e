"""Spans, boxes and segments as the arrays that the statistics work on: one way for every kind that marks places."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any

from labelwright import stats
from labelwright.schema import Answer, Question
from labelwright.schema.kinds import Unit
from labelwright.stats.fusion.matching import Labeled, Matching

__all__ = ["agreement", "fuse", "match", "places", "similarity", "skill"]


def places(answer: Answer) -> Labeled:
    """Return an answer as (labels, geometry)."""
    units = answer.units()
    return [unit.label for unit in units], [unit.geometry for unit in units]


def match(question: Question, first: Answer, second: Answer, *, same_label: bool = True) -> Matching:
    """Pair the places of two answers one to one, where they have half of their union in common."""
    matched = stats.match_boxes if question.family == "box" else stats.match_intervals
    return matched(places(first), places(second), same_label=same_label)


def similarity(question: Question, first: Answer, second: Answer) -> float:
    """Return how far two answers agree, 0 to 1: the same choice or not, or the F1 of the places that match."""
    if first == second:
        return 1.0
    return 0.0 if question.family == "category" else match(question, first, second).f1


def agreement(question: Question, answers: Sequence[Answer]) -> float | None:
    """Return the mean similarity of all pairs of answers; None where there is no pair."""
    values = [similarity(question, first, second) for first, second in combinations(answers, 2)]
    return sum(values) / len(values) if values else None


def fuse(question: Any, answers: Sequence[Answer], weights: Sequence[float]) -> Answer:
    """Bring several annotators' places together; answers that are all the same stay exactly as they are."""
    if all(answer == answers[0] for answer in answers[1:]):
        return answers[0]
    marked = [places(answer) for answer in answers]
    confident: list[tuple[float, Unit]]
    if question.family == "box":
        confident = [
            (box.confidence, Unit(str(box.label), tuple(round(side, 2) for side in (box.x, box.y, box.width, box.height))))
            for box in stats.fuse_boxes(marked, weights=weights)
        ]
    else:
        confident = [
            (part.confidence, Unit(str(part.label), (_rounded(part.start), _rounded(part.end))))
            for part in stats.fuse_intervals(marked, weights=weights)
        ]
    if not getattr(question, "overlapping", True):
        confident = _apart(confident)
    fused: Answer = question.from_units([unit for _, unit in confident])
    return fused


def skill(question: Question, items: Sequence[Mapping[int, Answer]]) -> stats.FusionSkill:
    """Return how good each annotator is, from the answers to each item by annotator, and how much each is to weigh in `fuse`."""
    marked: list[dict[Hashable, Labeled]] = [{user_id: places(answer) for user_id, answer in answers.items()} for answers in items]
    return stats.fusion_skill(marked, "boxes" if question.family == "box" else "intervals")


def _rounded(end: float) -> float:
    return end if isinstance(end, int) else round(end, 3)


def _apart(units: list[tuple[float, Unit]]) -> list[tuple[float, Unit]]:
    """Of intervals that overlap keep the more confident, and among equals the one that begins first."""
    kept: list[tuple[float, Unit]] = []
    for confidence, unit in sorted(units, key=lambda one: (-one[0], one[1].geometry)):
        start, end = unit.geometry
        if all(end <= other.geometry[0] or start >= other.geometry[1] for _, other in kept):
            kept.append((confidence, unit))
    return sorted(kept, key=lambda one: one[1].geometry)
