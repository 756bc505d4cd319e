"""Counts what is sent to a database, at the driver: each statement on SQLite, each message there and back on PostgreSQL."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from labelwright.store.database import Database


@contextlib.contextmanager
def statements(database: Database, trace: Path) -> Iterator[list[str]]:
    """Give a list that has, after the block, all statements that the block sent; `trace` is a file for PostgreSQL's client to write."""
    sent: list[str] = []
    engine: sa.Engine = database._backend._engine
    if database.dialect == "sqlite":
        traced: list[Any] = []

        def listen(raw: Any, _record: Any, _proxy: Any) -> None:
            raw.set_trace_callback(sent.append)
            traced.append(raw)

        sa.event.listen(engine, "checkout", listen)
        # The one that writes is taken from the pool once.
        database.write(lambda connection: listen(connection.connection.driver_connection, None, None))
        sent.clear()
        yield sent
        sa.event.remove(engine, "checkout", listen)
        for raw in traced:
            with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed by now
                raw.set_trace_callback(None)
        # Those that begin and end the group are SQLite's alone, and cost no message.
        sent[:] = [one for one in sent if one.split()[0] not in ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")]
        return
    with trace.open("w+b") as file:

        def follow(raw: Any, _record: Any, _proxy: Any) -> None:
            raw.pgconn.trace(file.fileno())

        sa.event.listen(engine, "checkout", follow)
        yield sent
        sa.event.remove(engine, "checkout", follow)
        engine.dispose()
        file.seek(0)
        # Each message has a line: time, direction, length, kind. A prepared statement is sent by Execute, a plain one by Query.
        lines = [line.split("\t") for line in file.read().decode().splitlines()]
        sent += [line[-1] for line in lines if len(line) > 3 and line[1] == "F" and line[3] in ("Execute", "Query")]
