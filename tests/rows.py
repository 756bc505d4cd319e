"""Writes the rows that a test starts from straight into the store: people, items, tasks, answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.schema import content_hash
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.project import Project


def add_users(project: Project, *names: str, role: str = "annotator") -> list[int]:
    """Add people with a role in the project and return their numbers."""

    def work(connection: Connection) -> list[int]:
        found = []
        for name in names:
            row = connection.execute(sa.insert(tables.users).values(name=name, password_hash="x", created_at=time.time()))
            found.append(row.inserted_primary_key[0])
            connection.execute(sa.insert(tables.memberships).values(project_id=project.id, user_id=found[-1], role=role))
        return found

    return project.database.write(work)


def add_texts(project: Project, texts: Sequence[str], *, field: str = "body", key: str = "t") -> list[int]:
    """Add prepared items of one text each and return their numbers; keys are t0, t1, …"""

    def work(connection: Connection) -> list[int]:
        found = []
        for index, text in enumerate(texts):
            raw = connection.execute(
                sa.insert(tables.raw_items).values(
                    project_id=project.id,
                    source="test",
                    key=f"{key}{index}",
                    revision=content_hash(text),
                    place=f"test:{index}",
                    data=encode({field: text}),
                    created_at=time.time(),
                )
            )
            item = connection.execute(
                sa.insert(tables.items).values(
                    project_id=project.id,
                    raw_id=raw.inserted_primary_key[0],
                    key=f"{key}{index}",
                    revision=content_hash(text),
                    data=encode({field: {"modality": "text", "text": text}}),
                    created_at=time.time(),
                )
            )
            found.append(item.inserted_primary_key[0])
        return found

    return project.database.write(work)


def add_known(project: Project, item_id: int, values: Mapping[str, Any], *, use: str = "gold") -> None:
    """Make an item gold, or give it a reference answer; `values` are answers."""
    project.database.write(
        lambda connection: connection.execute(
            sa.insert(tables.known_answers).values(
                project_id=project.id, item_id=item_id, use=use, origin="test", values=encode(values), created_at=time.time()
            )
        )
    )


def count(project: Project, table: sa.Table, *where: Any) -> int:
    """Count a table's rows."""
    with project.database.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0)
