"""The reports of the quality, the annotators and the doubtful labels, as the page shows them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics.people import read_people
from labelwright.analytics.report import REPORTS
from labelwright.api.figures import AnnotatorRow, QualityView, SuspectRow
from labelwright.store import tables
from labelwright.store.codec import decode
from labelwright.store.project import Project

__all__ = ["read_quality"]

MOST_SUSPECTS = 100


def read_quality(connection: Connection, project: Project) -> QualityView:
    """Return the reports of a project, the annotators by name, and the doubtful labels, the worst first."""
    reports, users, measured = tables.quality_reports, tables.users, tables.annotator_quality
    errors, items = tables.label_errors, tables.items
    shown = reports.c.name.in_(REPORTS)
    found = connection.execute(sa.select(reports).where(reports.c.project_id == project.id, shown)).all()
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
        {row.name: decode(row.report) for row in found},
        [AnnotatorRow(annotator=name, quality=people[user_id]) for user_id, name in names if user_id in people],
        [
            SuspectRow(
                item_id=row.item_id,
                key=row.key,
                question=row.question,
                score=row.score,
                given=decode(row.given),
                proposed=decode(row.proposed),
            )
            for row in suspects
        ],
        max((row.updated_at for row in found), default=None),
    )
