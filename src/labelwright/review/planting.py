"""Answers that are known to be wrong, audited like labels: the share of them that auditors find is what the certificate allows for.

They are people's real answers: to gold items, whose truth is known, and to items that somebody corrected since. An auditor sees nothing
that tells them from other audits, and gets none about an item that they answered, reviewed or have in hand themselves.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.review.policy import ReviewPolicy
from labelwright.schema import Schema, Values, Verdict
from labelwright.store import tables
from labelwright.store.bulk import lock_project
from labelwright.store.codec import decode_values, encode
from labelwright.store.evidence import differs, planted_truth, wrong_by
from labelwright.store.project import Project

__all__ = ["plant", "planted_answer", "record_planted"]

PAGE = 500
_tasks, _annotations, _items = tables.tasks, tables.annotations, tables.items


def plant(project: Project, policy: ReviewPolicy) -> int:
    """Plant as many wrong answers among the audits as the file declares and the project has, and return how many there were new."""
    if not policy.planted:
        return 0
    return project.database.write(partial(_plant, project=project, wanted=policy.planted))


def _plant(connection: Connection, project: Project, wanted: int) -> int:
    lock_project(connection, project.id)
    open_audits = sa.and_(_tasks.c.project_id == project.id, _tasks.c.purpose == "audit", _tasks.c.state == "open")
    lowest, highest = connection.execute(sa.select(sa.func.min(_tasks.c.rank), sa.func.max(_tasks.c.rank)).where(open_audits)).one()
    if lowest is None:
        # Alone they would be told from audits at once.
        return 0
    standing = sa.and_(_tasks.c.annotation_id.is_not(None), _tasks.c.state.not_in(("cancelled", "away")))
    planted = sa.select(_tasks.c.item_id).where(_tasks.c.project_id == project.id, _tasks.c.purpose == "audit", standing)
    taken = set(connection.scalars(planted))
    rows = []
    for annotation_id, item_id in _wrong_answers(connection, project):
        if len(taken) >= wanted:
            break
        if item_id in taken:
            continue
        taken.add(item_id)
        rows.append(
            {
                "project_id": project.id,
                "item_id": item_id,
                "purpose": "audit",
                "state": "open",
                "lane": 1,
                "rank": random.randint(lowest, highest),
                "annotation_id": annotation_id,
            }
        )
    if rows:
        connection.execute(sa.insert(_tasks), rows)
    return len(rows)


def _wrong_answers(connection: Connection, project: Project) -> Iterator[tuple[int, int]]:
    """Yield people's answers that are known to be wrong, `(annotation, item)`, the newest first, those to gold items before others."""
    known, reviews = tables.known_answers, tables.reviews
    gold = sa.select(known.c.item_id).where(known.c.project_id == project.id, known.c.use == "gold")
    fixed = sa.select(reviews.c.item_id).where(reviews.c.project_id == project.id, reviews.c.verdict == "fix")
    for known_items in (gold, fixed):
        query = (
            sa.select(_annotations.c.id, _annotations.c.item_id, _annotations.c["values"])
            .join(_items, _items.c.id == _annotations.c.item_id)
            .where(
                _annotations.c.project_id == project.id,
                _annotations.c.item_id.in_(known_items),
                _annotations.c.origin == "person",
                _annotations.c.state != "replaced",
                _items.c.state == "active",
            )
            .order_by(_annotations.c.id.desc())
            .limit(PAGE)
        )
        last = None
        while page := connection.execute(query if last is None else query.where(_annotations.c.id < last)).all():
            last = page[-1].id
            for row in page:
                truth = planted_truth(connection, row.item_id)
                if truth and wrong_by(project.schema, decode_values(row.values), truth):
                    yield row.id, row.item_id


def planted_answer(connection: Connection, annotation_id: int) -> Values:
    """Return the wrong answer that a planted audit shows as the label."""
    values = connection.scalar(sa.select(_annotations.c["values"]).where(_annotations.c.id == annotation_id))
    return decode_values(values or "{}")


def record_planted(
    connection: Connection,
    project: Project,
    *,
    item_id: int,
    task_id: int,
    annotation_id: int,
    auditor_id: int,
    blind: Values,
    verdict: Verdict,
    values: Values,
) -> None:
    """Write down which of the planted errors the auditor found. Labels and answers stay as they are."""
    shown, truth = planted_answer(connection, annotation_id), planted_truth(connection, item_id)
    found = {name: _how(project.schema, shown, blind, verdict, values, name) for name in wrong_by(project.schema, shown, truth)}
    planted = tables.planted_audits
    connection.execute(
        sa.insert(planted).values(
            project_id=project.id,
            item_id=item_id,
            task_id=task_id,
            annotation_id=annotation_id,
            auditor_id=auditor_id,
            found=encode(found),
            verdict=verdict.verdict,
            created_at=time.time(),
        )
    )


def _how(schema: Schema, shown: Values, blind: Values, verdict: Verdict, values: Values, name: str) -> str:
    """How an error was found: `blind` where the auditor's own answer was another one and stood, `shown` where it was changed then."""
    settled = values.get(name) if verdict.verdict == "fix" else shown[name]
    if not differs(schema, name, shown[name], settled):
        return "missed"
    return "blind" if differs(schema, name, shown[name], blind.get(name)) else "shown"
