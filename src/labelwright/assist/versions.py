"""What is kept about each version of a labeler."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from labelwright.store import tables
from labelwright.store.codec import decode, encode
from labelwright.store.database import Connection
from labelwright.store.project import Project

__all__ = ["find", "record"]


def record(project: Project, labeler: str, version: str, *, report: dict[str, Any], trained_on: int = 0, model: str | None = None) -> None:
    """Write a version's row, or its report anew; nothing is written where it stands already."""
    rows = tables.labeler_versions
    key = (rows.c.project_id == project.id) & (rows.c.labeler == labeler) & (rows.c.version == version)

    def work(connection: Connection) -> None:
        changed = sa.update(rows).where(key).values(report=encode(report), trained_on=trained_on, model=model)
        if not connection.execute(changed).rowcount:
            connection.execute(
                sa.insert(rows).values(
                    project_id=project.id,
                    labeler=labeler,
                    version=version,
                    report=encode(report),
                    trained_on=trained_on,
                    model=model,
                    created_at=time.time(),
                )
            )

    stored = find(project, labeler, version)
    if stored is None or stored != (report, model):
        project.database.write(work)


def find(project: Project, labeler: str, version: str) -> tuple[dict[str, Any], str | None] | None:
    """Return a version's report and the blob of its model, or None."""
    rows = tables.labeler_versions
    query = sa.select(rows.c.report, rows.c.model).where(
        rows.c.project_id == project.id, rows.c.labeler == labeler, rows.c.version == version
    )
    with project.database.read() as connection:
        row = connection.execute(query).one_or_none()
    return (decode(row.report), row.model) if row else None
