"""How good each person's answers are: the one place where a person's figures on all questions are made of those on each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.figures import PersonQuality, QuestionQuality
from labelwright.store import tables

__all__ = ["read_people", "unmeasured"]

_quality = tables.annotator_quality


def read_people(connection: Connection, project_id: int, questions: Iterable[str]) -> dict[int, PersonQuality]:
    """Return the quality of everybody who answered one of these questions, by the person's number."""
    rows = connection.execute(
        sa.select(_quality)
        .where(_quality.c.project_id == project_id, _quality.c.question.in_(list(questions)))
        .order_by(_quality.c.user_id, _quality.c.question)
    )
    found: dict[int, list[QuestionQuality]] = defaultdict(list)
    for row in rows:
        found[row.user_id].append(
            QuestionQuality(
                question=row.question,
                answers=row.answers,
                gold_answers=row.gold_answers,
                gold_accuracy=row.gold_accuracy,
                agreement=row.agreement,
                skill=row.skill,
            )
        )
    return {user_id: _together(user_id, listed) for user_id, listed in found.items()}


def unmeasured(user_id: int) -> PersonQuality:
    """Return the quality of somebody of whom nothing is known yet."""
    return _together(user_id, [])


def _together(user_id: int, questions: list[QuestionQuality]) -> PersonQuality:
    return PersonQuality(
        user_id=user_id,
        gold_answers=sum(one.gold_answers for one in questions),
        gold_accuracy=_mean((one.gold_accuracy, one.gold_answers) for one in questions),
        agreement=_mean((one.agreement, one.answers) for one in questions),
        skill=_mean((one.skill, one.answers) for one in questions),
        questions=questions,
    )


def _mean(values: Iterable[tuple[float | None, int]]) -> float | None:
    """The mean of values, each counted so many times; where all counts are 0, each once."""
    known = [(value, count) for value, count in values if value is not None]
    whole = sum(count for _, count in known)
    if not known:
        return None
    if not whole:
        return round(sum(value for value, _ in known) / len(known), 6)
    return round(sum(value * count for value, count in known) / whole, 6)
