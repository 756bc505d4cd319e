"""Keeps the figures that cost as much as the project is large: made by the background work, and read by requests as they are kept.

All that is kept is read at one moment and written at once, so that no two pages ever show figures of different moments, and nothing that
was read earlier takes the place of what was read later. Each row says when it was read and how far the log had come.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.analytics.answered import Answered, read_answered
from labelwright.analytics.audits import Audits
from labelwright.analytics.counts import read_counts
from labelwright.analytics.labeled import read_labels
from labelwright.analytics.reading import overview
from labelwright.analytics.requirements import check_requirements
from labelwright.api.figures import Counts, Outcome, Overview
from labelwright.errors import BeingComputed
from labelwright.store import log, tables
from labelwright.store.bulk import lock_project
from labelwright.store.codec import decode, encode
from labelwright.store.log import Position
from labelwright.store.project import Project

__all__ = ["Kept", "keep", "kept_at", "kept_counts", "kept_overview", "kept_requirements"]

T = TypeVar("T")

_figures = tables.figures


class Kept(Struct, frozen=True):
    """When the figures were read, and how far the log had come then."""

    at: float
    position: Position


def keep(project: Project, requirements: Sequence[str], *, anew: bool = False) -> list[Outcome]:
    """Read all figures of a project as it stands and keep them; return how the requirements came out.

    With `anew` nothing that was counted before is relied on.

    Raises:
        InvalidPipeline: a requirement cannot be read.
    """
    with project.database.read() as connection:
        position = log.newest(connection, project.id)
        labels = read_labels(connection, project.id, project.schema)
        counts = read_counts(connection, project, labels)
        audits = Audits(connection, project)
        answered, settled = read_answered(connection, project.id, None if anew else _stored(connection, project, "answered", Answered))
        found = overview(connection, project, labels, counts, answered, audits)
        outcomes = check_requirements(connection, project, requirements, labels, audits)
    kept = {"counts": counts, "overview": found, "requirements": outcomes, "answered": settled}
    bodies = {name: encode(value) for name, value in kept.items()}

    def write(connection: Connection) -> None:
        # A run and the worker may have made them at the same moment.
        lock_project(connection, project.id)
        mine = _figures.c.project_id == project.id
        newer = connection.scalar(sa.select(sa.func.max(_figures.c.at)).where(mine))
        if newer is not None and counts.at < newer <= time.time():
            return
        connection.execute(sa.delete(_figures).where(mine))
        rows = [
            {"project_id": project.id, "name": name, "body": body, "position": encode(position), "at": counts.at}
            for name, body in bodies.items()
        ]
        connection.execute(sa.insert(_figures), rows)

    project.database.write(write)
    return outcomes


def kept_at(connection: Connection, project_id: int) -> Kept | None:
    """Tell of which moment the kept figures are; None where there are none."""
    query = sa.select(_figures.c.at, _figures.c.position).where(_figures.c.project_id == project_id, _figures.c.name == "counts")
    row = connection.execute(query).one_or_none()
    return Kept(row.at, decode(row.position, Position)) if row else None


def kept_counts(connection: Connection, project: Project) -> Counts:
    """Return the kept counts.

    Raises:
        BeingComputed: nothing is kept yet.
    """
    return _read(connection, project, "counts", Counts)


def kept_overview(connection: Connection, project: Project) -> Overview:
    """Return the kept overview.

    Raises:
        BeingComputed: nothing is kept yet.
    """
    return _read(connection, project, "overview", Overview)


def kept_requirements(connection: Connection, project: Project) -> list[Outcome]:
    """Return how the requirements came out, as it is kept.

    Raises:
        BeingComputed: nothing is kept yet.
    """
    return _read(connection, project, "requirements", list[Outcome])


def _read(connection: Connection, project: Project, name: str, kind: type[T]) -> T:
    found = _stored(connection, project, name, kind)
    if found is not None:
        return found
    raise BeingComputed(
        "The figures are being computed.",
        where=project.name,
        hint="The background work of `labelwright serve` makes them within seconds, `labelwright run` at its end.",
    )


def _stored(connection: Connection, project: Project, name: str, kind: type[T]) -> T | None:
    query = sa.select(_figures.c.body).where(_figures.c.project_id == project.id, _figures.c.name == name)
    body: Any = connection.scalar(query)
    if body is None:
        return None
    try:
        found: T = decode(body, kind)
    except msgspec.ValidationError:
        # Kept by another version of Labelwright, whose figures have another shape: they are made anew.
        return None
    return found
