"""A transaction of PostgreSQL whose end is known, even if the connection breaks while it is committed.

The answer to a COMMIT may be lost, and the transaction be committed or not. Whoever took it for not committed and repeated it would do the
work twice; whoever took it for committed could lose it. So the transaction's number is noted before, and PostgreSQL is asked for its end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from labelwright.errors import StoreUnavailable
from labelwright.store.statement import driver

__all__ = ["transaction"]

ASKING_SECONDS = 10.0
"""How long PostgreSQL is asked for the end of a transaction."""

_NUMBER = "SELECT pg_current_xact_id_if_assigned()::text"
_STATUS = sa.text("SELECT pg_xact_status(CAST(:number AS xid8))")
# A connection that is cut on the way may stay open on the other side, and its transaction with it.
_END = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = CAST(CAST(:number AS xid8) AS xid)")


@contextmanager
def transaction(engine: Engine, label: str) -> Iterator[Connection]:
    """Give a connection and commit what the block does. Any exception means that nothing of it was written, but for one.

    Raises:
        StoreUnavailable: the connection broke while the transaction was committed, and PostgreSQL does not say how it ended; `label` is
            the store's address for the message.
    """
    with engine.connect() as connection, connection.begin() as begun:
        yield connection
        # None for one that has only read.
        (number,) = driver(connection).execute(_NUMBER, prepare=True).fetchone()
        try:
            begun.commit()
        except DBAPIError as error:
            if number is None or not error.connection_invalidated:
                raise
            if not _was_committed(engine, number, label, error):
                raise


def _was_committed(engine: Engine, number: str, label: str, broken: DBAPIError) -> bool:
    """Ask PostgreSQL whether a transaction was committed, and end it where it is still open."""
    until = time.monotonic() + ASKING_SECONDS
    status = None
    while status in (None, "in progress") and time.monotonic() < until:
        try:
            with engine.connect() as connection:
                status = connection.scalar(_STATUS, {"number": number})
                if status == "in progress":
                    connection.execute(_END, {"number": number})
        except DBAPIError:
            # It may start anew at this moment.
            status = None
        if status in (None, "in progress"):
            time.sleep(0.05)
    if status not in ("committed", "aborted"):
        raise StoreUnavailable(
            "PostgreSQL broke off while it was writing, and whether that was kept is not known.",
            where=label,
            hint="Look whether it runs, and then whether what you did is there.",
        ) from broken
    return bool(status == "committed")
