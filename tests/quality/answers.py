"""Writes answers, reviews and known answers straight into the store, with the events that tell of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.schema import content_hash
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import log, tables
from labelwright.store.codec import encode
from labelwright.store.project import Project


def choice(label: str) -> Choice:
    return Choice(label)


def spans(*triples: tuple[int, int, str]) -> Spans:
    return Spans(tuple(Span(*triple) for triple in triples))


def boxes(*rows: tuple[float, float, float, float, str]) -> Boxes:
    return Boxes(tuple(Box(*row) for row in rows))


def answer(
    project: Project,
    rows: Iterable[tuple[int, int, dict[str, Any]]],
    *,
    purpose: str = "label",
    state: str = "submitted",
    origin: str = "person",
    version: int | None = None,
    seconds: float = 5.0,
    assisted: int = 0,
    suggested: str | None = None,
    at: float | None = None,
    tell: bool = True,
) -> list[int]:
    """Add annotations given as (item, user, values), and return their numbers."""
    listed = list(rows)

    def work(connection: Connection) -> list[int]:
        numbers = []
        for item_id, user_id, values in listed:
            row = connection.execute(
                sa.insert(tables.annotations).values(
                    project_id=project.id,
                    item_id=item_id,
                    user_id=user_id,
                    pipeline_version=version or project.pipeline_version,
                    values=encode(values),
                    purpose=purpose,
                    state=state,
                    origin=origin,
                    seconds_active=seconds,
                    assisted=assisted,
                    suggested=suggested,
                    created_at=at or time.time(),
                )
            )
            numbers.append(int(row.inserted_primary_key[0]))
            if tell:
                log.append(
                    connection, project.id, "annotation_submitted", user_id=user_id, item_id=item_id, subject_id=numbers[-1], payload={}
                )
        return numbers

    return project.database.write(work)


def add_version(project: Project, guidelines: str, number: int) -> int:
    """Add a pipeline version with other guidelines and return its row's number."""

    def work(connection: Connection) -> int:
        row = connection.execute(
            sa.insert(tables.pipeline_versions).values(
                project_id=project.id,
                number=number,
                digest=f"test{number}",
                declaration="{}",
                guidelines=guidelines,
                guidelines_digest=content_hash(guidelines.encode()),
                created_at=time.time(),
            )
        )
        return int(row.inserted_primary_key[0])

    return project.database.write(work)


def set_state(project: Project, annotation_id: int, state: str) -> None:
    """Change the state of an annotation, as a review does."""

    def work(connection: Connection) -> None:
        notes = tables.annotations
        connection.execute(sa.update(notes).where(notes.c.id == annotation_id).values(state=state))
        item_id = connection.scalar(sa.select(notes.c.item_id).where(notes.c.id == annotation_id))
        log.append(connection, project.id, "review_given", item_id=item_id, subject_id=annotation_id)

    project.database.write(work)


def rows(project: Project, table: sa.Table) -> list[dict[str, Any]]:
    """Return all rows of a derived table, in order."""
    with project.database.read() as connection:
        order = [column for column in (table.c.get("item_id"), table.c.get("user_id"), table.c.get("question")) if column is not None]
        return [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*order))]


def report(project: Project, name: str, form: Any = Any) -> Any:
    """Return a quality report, or None."""
    import msgspec

    with project.database.read() as connection:
        body = connection.scalar(sa.select(tables.quality_reports.c.report).where(tables.quality_reports.c.name == name))
    return None if body is None else msgspec.json.decode(body, type=form)
