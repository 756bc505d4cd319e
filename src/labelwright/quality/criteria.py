"""Report `criteria`: which labels the guidelines do not tell apart well enough, and whether a new version of them helped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import Connection

from labelwright.api.reports import Confusion, GuidelinesCriteria, Missed, QuestionCriteria
from labelwright.quality.pairs import Comparison, Guidelines, Tally
from labelwright.schema import Question
from labelwright.schema.figure import Figure
from labelwright.store import tables

__all__ = ["of_question", "with_keys"]

MOST = 50
"""Confusions in a report."""


def of_question(
    name: str,
    question: Question,
    comparison: Comparison | None,
    agreement: Mapping[str | None, Figure],
    guidelines: Mapping[int, Guidelines],
) -> QuestionCriteria:
    """Return how the criteria of one question stand the test; `agreement` is the share of agreeing pairs, overall and for each digest."""
    if comparison is None:
        return QuestionCriteria(question=name, kind=question.kind, items=0, disagreement=Figure.missing("Nobody has answered yet."))
    first = {one.digest: one.first for one in guidelines.values()}
    versions = [
        GuidelinesCriteria(
            digest=digest,
            version=first[digest],
            items=tally.items,
            disagreement=_opposite(agreement.get(digest)),
            confusions=_confusions(tally),
            missed=_missed(tally),
        )
        for digest, tally in sorted(comparison.guidelines.items(), key=lambda one: first[one[0]])
    ]
    overall = comparison.overall
    return QuestionCriteria(
        question=name,
        kind=question.kind,
        items=overall.items,
        disagreement=_opposite(agreement.get(None)),
        confusions=_confusions(overall),
        missed=_missed(overall),
        guidelines=versions,
    )


def with_keys(connection: Connection, questions: list[QuestionCriteria]) -> list[QuestionCriteria]:
    """Return the same with the key of every item that is named as an example."""
    parts: list[Any] = [part for question in questions for part in (question, *question.guidelines)]
    wanted = {item for part in parts for one in (*part.confusions, *part.missed) for item in one.items}
    keys = dict(connection.execute(sa.select(tables.items.c.id, tables.items.c.key).where(tables.items.c.id.in_(wanted))).all())

    def named(part: Any) -> Any:
        def of(found: list[Any]) -> list[Any]:
            return [replace(one, keys=[keys.get(item, "") for item in one.items]) for one in found]

        return replace(part, confusions=of(part.confusions), missed=of(part.missed))

    return [replace(named(question), guidelines=[named(part) for part in question.guidelines]) for question in questions]


def _confusions(tally: Tally) -> list[Confusion]:
    found = [
        Confusion(
            first=first,
            second=second,
            pairs=count,
            share=round(count / (tally.met[first] + tally.met[second] - count), 6),
            items=tally.examples[first, second],
        )
        for (first, second), count in tally.confusions.items()
    ]
    return sorted(found, key=lambda one: (-one.pairs, -one.share, one.first, one.second))[:MOST]


def _missed(tally: Tally) -> list[Missed]:
    found = [
        Missed(
            label=label,
            compared=tally.compared[label],
            missed=count,
            share=round(count / tally.compared[label], 6),
            items=tally.examples[label, None],
        )
        for label, count in tally.missed.items()
    ]
    return sorted(found, key=lambda one: (-one.missed, one.label))[:MOST]


def _opposite(agreement: Figure | None) -> Figure:
    """The share of pairs that disagree, from the share that agree."""
    if agreement is None or agreement.value is None:
        return agreement or Figure.missing("No item has answers of two people.")
    return Figure.of(
        1 - agreement.value,
        None if agreement.high is None else 1 - agreement.high,
        None if agreement.low is None else 1 - agreement.low,
        count=agreement.count,
        confidence=agreement.confidence,
        reason=agreement.reason,
    )
