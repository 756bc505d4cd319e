"""What is kept about each version of a labeler, and how far each has come."""

from __future__ import annotations

import time
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from labelwright.store import tables
from labelwright.store.codec import decode, encode
from labelwright.store.database import Connection
from labelwright.store.project import Project

__all__ = ["find", "forget", "keep", "kept", "names", "record"]

T = TypeVar("T")


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


def names(project: Project, prefix: str) -> list[str]:
    """Return the names under which something is kept that begin with `prefix`."""
    cursors = tables.cursors
    with project.database.read() as connection:
        found = connection.scalars(sa.select(cursors.c.name).where(cursors.c.project_id == project.id))
        return sorted(name for name in found if name.startswith(prefix))


def kept(project: Project, name: str, form: type[T]) -> T | None:
    """Return what is kept under `name`; what has another form, as an earlier restore left it, counts as nothing."""
    cursors = tables.cursors
    query = sa.select(cursors.c.position).where(cursors.c.project_id == project.id, cursors.c.name == name)
    with project.database.read() as connection:
        body = connection.scalar(query)
    try:
        found: T | None = decode(body, form) if body else None
    except msgspec.ValidationError:
        return None
    return found


def keep(connection: Connection, project_id: int, name: str, value: Any) -> None:
    """Keep `value` under `name`, in the transaction of what it tells about."""
    cursors = tables.cursors
    key = (cursors.c.project_id == project_id) & (cursors.c.name == name)
    if not connection.execute(sa.update(cursors).where(key).values(position=encode(value))).rowcount:
        connection.execute(sa.insert(cursors).values(project_id=project_id, name=name, position=encode(value)))


def forget(connection: Connection, project_id: int, name: str) -> None:
    """Keep nothing under `name` any longer."""
    connection.execute(sa.delete(tables.cursors).where(tables.cursors.c.project_id == project_id, tables.cursors.c.name == name))
