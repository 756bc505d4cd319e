"""Pages of a project's rows in several states, in the order of their numbers.

An index of project, state and number has each state in order, and several states only one after the other: asked for the next thousand
rows in either of two states, SQLite reads and sorts all that is left, for every page.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

__all__ = ["next_page"]


def next_page(connection: Connection, table: sa.Table, project_id: int, states: Sequence[str], *, after: int, size: int) -> list[int]:
    """Return the numbers, in order, of the project's next rows behind `after` that are in one of the states, at most `size`."""
    found: list[int] = []
    for state in states:
        of_state = sa.and_(table.c.project_id == project_id, table.c.state == state, table.c.id > after)
        found += connection.scalars(sa.select(table.c.id).where(of_state).order_by(table.c.id).limit(size))
    return sorted(found)[:size]
