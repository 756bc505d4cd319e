"""The append-only log of events, and how the background work follows it without missing one.

On PostgreSQL, transactions commit in another order than their rows are numbered. A follower therefore reads only what belongs to
transactions older than every running one, ordered by transaction, and remembers both numbers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from labelwright.store import bulk
from labelwright.store.codec import decode, encode
from labelwright.store.database import Connection
from labelwright.store.portable import transaction_number
from labelwright.store.statement import Statement
from labelwright.store.tables import cursors, events

__all__ = ["LoggedEvent", "Position", "append", "append_all", "before", "follow", "insertion", "newest", "position", "remember", "touched"]


class Position(Struct, frozen=True, order=True):
    """How far a follower has read."""

    transaction: int = 0
    id: int = 0


class LoggedEvent(Struct, frozen=True):
    """One thing that happened. `kind` is a noun and a participle: `annotation_submitted`, `task_skipped`, `review_given`."""

    id: int
    kind: str
    user_id: int | None
    item_id: int | None
    subject_id: int | None
    payload: dict[str, Any]
    created_at: float
    position: Position


_columns = ("project_id", "kind", "user_id", "item_id", "subject_id", "payload", "created_at")


def insertion(**values: Any) -> Any:
    """Return the statement that writes an event; what is not among `values` are parameters named as the columns."""
    given: dict[str, Any] = {name: sa.bindparam(name) for name in _columns}
    return sa.insert(events).values({**given, "transaction": transaction_number(), **values})


_insert = Statement(insertion())


def append(
    connection: Connection,
    project_id: int,
    kind: str,
    *,
    user_id: int | None = None,
    item_id: int | None = None,
    subject_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write one event, in the transaction of what it tells about."""
    _insert.run(
        connection,
        project_id=project_id,
        kind=kind,
        user_id=user_id,
        item_id=item_id,
        subject_id=subject_id,
        payload=encode(payload or {}),
        created_at=time.time(),
    )


def append_all(
    connection: Connection,
    project_id: int,
    kind: str,
    about: Sequence[tuple[int | None, int | None, int | None]],
    *,
    payload: dict[str, Any],
) -> None:
    """Write one event for each user, item and subject, in the transaction of what they tell about."""
    same = {"project_id": project_id, "kind": kind, "payload": encode(payload), "created_at": time.time()}
    if connection.dialect.name == "postgresql":
        same["transaction"] = int(connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one())
    bulk.insert(connection, events, ("user_id", "item_id", "subject_id"), about, same)


def follow(connection: Connection, project_id: int, after: Position, limit: int = 10_000) -> list[LoggedEvent]:
    """Return the events behind `after`, in an order in which none can appear later before one already returned."""
    # In two steps, each of which the index is read for from a place on: compared as a pair or by "or", SQLite passes over all events.
    same = sa.and_(events.c.transaction == after.transaction, events.c.id > after.id)
    rows: list[Any] = []
    for behind in (same, events.c.transaction > after.transaction):
        if len(rows) < limit:
            query = sa.select(events).where(events.c.project_id == project_id, behind).order_by(events.c.transaction, events.c.id)
            rows += connection.execute(_settled(connection, query.limit(limit - len(rows))))
    return [
        LoggedEvent(
            id=row.id,
            kind=row.kind,
            user_id=row.user_id,
            item_id=row.item_id,
            subject_id=row.subject_id,
            payload=decode(row.payload),
            created_at=row.created_at,
            position=Position(row.transaction, row.id),
        )
        for row in rows
    ]


def _settled(connection: Connection, query: Any) -> Any:
    """Leave out what belongs to transactions that are not older than every running one."""
    if connection.dialect.name == "sqlite":
        return query
    oldest_running = sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot())
    return query.where(events.c.transaction < sa.cast(sa.cast(oldest_running, sa.Text), sa.BigInteger))


def newest(connection: Connection, project_id: int) -> Position:
    """Return the position of the newest event that a follower may have seen, or the start where there is none."""
    query = _settled(connection, sa.select(events.c.transaction, events.c.id).where(events.c.project_id == project_id))
    row = connection.execute(query.order_by(events.c.transaction.desc(), events.c.id.desc()).limit(1)).one_or_none()
    return Position(*row) if row else Position()


def touched(connection: Connection, item_ids: Sequence[int], after: Position) -> set[int]:
    """Return those of the items that something happened to behind `after`, whether a follower may have seen it already or not."""
    later = sa.or_(events.c.transaction > after.transaction, (events.c.transaction == after.transaction) & (events.c.id > after.id))
    return set(connection.scalars(sa.select(events.c.item_id).where(bulk.among(connection, events.c.item_id, item_ids), later)))


def before(connection: Connection, project_id: int, count: int) -> Position:
    """Return the position behind which stand the newest `count` events, or the start where there are no more than these."""
    query = _settled(connection, sa.select(events.c.transaction, events.c.id).where(events.c.project_id == project_id))
    newest_first = query.order_by(events.c.transaction.desc(), events.c.id.desc())
    # `count` is bounded by the page of whoever asks, so that passing over so many rows of the index costs little.
    row = connection.execute(newest_first.offset(count).limit(1)).one_or_none()
    return Position(*row) if row else Position()


def position(connection: Connection, project_id: int, name: str) -> Position:
    """Return how far the follower `name` has come."""
    query = sa.select(cursors.c.position).where(cursors.c.project_id == project_id, cursors.c.name == name)
    stored = connection.execute(query).scalar()
    found: Position = decode(stored, Position) if stored else Position()
    return found


def remember(connection: Connection, project_id: int, name: str, reached: Position) -> None:
    """Note how far the follower `name` has come, in the transaction of what it derived."""
    key = (cursors.c.project_id == project_id) & (cursors.c.name == name)
    if not connection.execute(sa.update(cursors).where(key).values(position=encode(reached))).rowcount:
        connection.execute(sa.insert(cursors).values(project_id=project_id, name=name, position=encode(reached)))
