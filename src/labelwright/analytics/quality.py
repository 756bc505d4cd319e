"""The reports of the quality, the annotators and the doubtful labels, as the page shows them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics.people import read_people
from labelwright.api.figures import AnnotatorRow, QualityView, SuspectRow
from labelwright.store import tables
from labelwright.store.codec import decode_answer
from labelwright.store.project import Project
from labelwright.store.reports import read_reports, reported_at

__all__ = ["read_quality"]

MOST_SUSPECTS = 100


def read_quality(connection: Connection, project: Project) -> QualityView:
    """Return the reports of a project, the annotators by name, and the doubtful labels, the worst first."""
    users, measured = tables.users, tables.annotator_quality
    errors, items = tables.label_errors, tables.items
    people = read_people(connection, project.id, project.schema.questions)
    mine = sa.select(measured.c.user_id).where(measured.c.project_id == project.id)
    names = connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(mine)).order_by(users.c.name))
    suspects = connection.execute(
        sa.select(errors, items.c.key)
        .join(items, items.c.id == errors.c.item_id)
        .where(errors.c.project_id == project.id)
        .order_by(errors.c.score)
        .limit(MOST_SUSPECTS)
    )
    return QualityView(
        read_reports(connection, project.id),
        [AnnotatorRow(annotator=name, quality=people[user_id]) for user_id, name in names if user_id in people],
        [
            SuspectRow(
                item_id=row.item_id,
                key=row.key,
                question=row.question,
                score=row.score,
                given=decode_answer(row.given),
                proposed=decode_answer(row.proposed),
            )
            for row in suspects
        ],
        reported_at(connection, project.id),
    )
