"""Writes how good each person's answers are: on gold items, beside the labels that others helped to make, and by the model's estimate."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.schema import Schema
from labelwright.store import tables
from labelwright.store.codec import decode_values
from labelwright.store.project import Project

__all__ = ["Measured", "ReviewedAnswers", "reviewed_answers", "write"]

_quality = tables.annotator_quality


class Measured(NamedTuple):
    """One person's figures for one question. `agreement` is the sum of similarities with the label and the number of answers compared."""

    answers: int = 0
    agreement: tuple[float, int] = (0.0, 0)
    skill: float | None = None


class ReviewedAnswers(NamedTuple):
    """What reviews say about people's answers: the annotations that were reviewed, and for each question and person the agreement."""

    annotations: set[int]
    agreement: dict[str, dict[int, tuple[float, int]]]


def reviewed_answers(connection: Connection, project_id: int, schema: Schema) -> ReviewedAnswers:
    """Compare every answer that a review accepted or fixed with what the review made of it."""
    reviews, before, after = tables.reviews, tables.annotations.alias("given"), tables.annotations.alias("settled")
    query = (
        sa.select(before.c.id, before.c.user_id, before.c["values"], after.c["values"].label("fixed"))
        .select_from(reviews)
        .join(before, before.c.id == reviews.c.annotation_id)
        .outerjoin(after, after.c.id == reviews.c.fixed_annotation_id)
        .where(reviews.c.project_id == project_id, reviews.c.verdict.in_(("accept", "fix")), before.c.origin != "review")
        .order_by(reviews.c.id)
    )
    newest = {row.id: row for row in connection.execute(query)}
    found = ReviewedAnswers(set(newest), defaultdict(dict))
    for row in newest.values():
        given = decode_values(row.values)
        settled = decode_values(row.fixed) if row.fixed is not None else given
        for name, answer in given.items():
            outcome = settled.get(name)
            if name in schema.questions and outcome is not None and type(outcome) is type(answer):
                _add(found.agreement[name], row.user_id, schema.questions[name].similarity(answer, outcome))
    return found


def _add(of: dict[int, tuple[float, int]], user_id: int, value: float) -> None:
    total, count = of.get(user_id, (0.0, 0))
    of[user_id] = (total + value, count + 1)


def write(
    project: Project,
    measured: Mapping[str, Mapping[int, Measured]] | None,
    gold: Mapping[str, Mapping[int, tuple[float, int]]],
) -> int:
    """Bring the table to these figures and return how many rows changed; without `measured`, only what concerns gold is written."""

    def work(connection: Connection) -> int:
        old = {
            (row.user_id, row.question): row
            for row in connection.execute(sa.select(_quality).where(_quality.c.project_id == project.id)).all()
        }
        names = project.schema.questions
        people = {(user, name) for name in names for user in gold.get(name, {})}
        if measured is not None:
            people |= {(user, name) for name in names for user in measured.get(name, {})}
        else:
            people |= {key for key in old if key[1] in names}
        new, changed = [], 0
        for user, name in sorted(people):
            right, count = gold.get(name, {}).get(user, (0.0, 0))
            values: dict[str, Any] = {"gold_answers": count, "gold_accuracy": round(right / count, 6) if count else None}
            if measured is not None:
                one = measured.get(name, {}).get(user, Measured())
                agreed, compared = one.agreement
                values.update(answers=one.answers, agreement=round(agreed / compared, 6) if compared else None, skill=one.skill)
            before = old.pop((user, name), None)
            if before is None:
                new.append({"answers": 0, **values, "project_id": project.id, "user_id": user, "question": name, "updated_at": time.time()})
            elif any(getattr(before, column) != value for column, value in values.items()):
                mine = sa.and_(_quality.c.project_id == project.id, _quality.c.user_id == user, _quality.c.question == name)
                connection.execute(sa.update(_quality).where(mine).values(**values, updated_at=time.time()))
                changed += 1
        for user, name in old:
            mine = sa.and_(_quality.c.project_id == project.id, _quality.c.user_id == user, _quality.c.question == name)
            connection.execute(sa.delete(_quality).where(mine))
        if new:
            # All rows of one insert name the same columns.
            blank = dict.fromkeys(("agreement", "skill"))
            connection.execute(sa.insert(_quality), [{**blank, **row} for row in new])
        return len(new) + changed + len(old)

    return project.database.write(work)
