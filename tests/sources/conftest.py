"""Shorthands for what the store holds after collecting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.store.codec import decode
from labelwright.store.project import Project
from labelwright.store.tables import quarantine, raw_items


@pytest.fixture
def stored() -> Callable[[Project], dict[str, Any]]:
    """Return the current rows by key, each with its decoded data."""

    def read(project: Project) -> dict[str, Any]:
        query = sa.select(raw_items).where(raw_items.c.project_id == project.id, raw_items.c.state == "current")
        with project.database.read() as connection:
            return {row.key: decode(row.data) for row in connection.execute(query)}

    return read


@pytest.fixture
def set_aside() -> Callable[[Project], list[tuple[str, str]]]:
    """Return place and reason of every quarantined row, by place."""

    def read(project: Project) -> list[tuple[str, str]]:
        query = sa.select(quarantine.c.place, quarantine.c.reason).where(quarantine.c.project_id == project.id)
        with project.database.read() as connection:
            return sorted((row.place, row.reason) for row in connection.execute(query))

    return read
