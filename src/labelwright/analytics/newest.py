"""The newest answers by people: what medians, comparisons and the pace are told from."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.store import tables

__all__ = ["IDLE", "MOST", "NewAnswer", "newest_answers"]

MOST = 5000
"""So many of the newest answers are looked at."""

IDLE = 10
"""An answer that took more than so many medians was left open in a pause; only so many count."""

_annotations = tables.annotations


class NewAnswer(NamedTuple):
    """One person's answer about one item."""

    id: int
    item_id: int
    user_id: int
    values: str
    seconds: float
    purpose: str
    at: float


def newest_answers(connection: Connection, project_id: int) -> list[NewAnswer]:
    """Return the newest answers by people that nobody replaced, the newest first.

    Each state is asked for by itself, so that an index gives them in order and the cost does not grow with the project.
    """
    found = []
    for state in ("submitted", "accepted", "fixed", "rejected"):
        query = (
            sa.select(
                _annotations.c.id,
                _annotations.c.item_id,
                _annotations.c.user_id,
                _annotations.c["values"],
                _annotations.c.seconds_active,
                _annotations.c.purpose,
                _annotations.c.created_at,
            )
            .where(_annotations.c.project_id == project_id, _annotations.c.state == state, _annotations.c.origin == "person")
            .order_by(_annotations.c.id.desc())
            .limit(MOST)
        )
        found += [NewAnswer(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: -one.id)[:MOST]
