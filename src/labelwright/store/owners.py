"""Which project something belongs to, for whoever decides who may reach it."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.store import tables

__all__ = ["Owned", "project_of", "secret_of_numbers", "shows_blob"]

Owned = Literal["task", "item", "comment"]

_tables: dict[Owned, sa.Table] = {"task": tables.tasks, "item": tables.items, "comment": tables.comments}


def project_of(connection: Connection, kind: Owned, number: int) -> int | None:
    """Return the number of the project of a task, an item or a comment; None where there is no such thing."""
    if not 0 < number < 2**63:
        return None
    table = _tables[kind]
    return connection.scalar(sa.select(table.c.project_id).where(table.c.id == number))


def shows_blob(connection: Connection, project_id: int, digest: str) -> bool:
    """Tell whether an item of the project shows the blob, as it was collected or as a step made it."""
    shown, raw = tables.media, tables.raw_items
    made = sa.select(sa.literal(1)).where(shown.c.project_id == project_id, shown.c.digest == digest)
    source = sa.select(sa.literal(1)).where(raw.c.project_id == project_id, raw.c.blob == digest).limit(1)
    return connection.scalar(made) is not None or connection.scalar(source) is not None


def secret_of_numbers(connection: Connection) -> str:
    """Return the store's secret by which tasks and items are numbered outside; empty where there is none."""
    return connection.scalar(sa.select(tables.secrets.c.value).where(tables.secrets.c.name == "task_numbers")) or ""
