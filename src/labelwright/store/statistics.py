"""What the planner of the database knows of each table: how many rows there are, and how many share a value.

Without it, a planner takes every table for small: it then reads all rows where an index would have led to one. PostgreSQL looks by itself
about once a minute, which is too late for a table that is filled in seconds; SQLite never does. So a bulk load tells of its rows while it
goes on (`note_rows`), and whatever may have written much looks afterwards which tables have grown (`renew`).
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from labelwright.store import tables
from labelwright.store.database import Database

__all__ = ["GROWTH", "LEAST", "note_rows", "renew"]

LEAST = 1000
"""Of a table with fewer rows nothing need be known: reading it whole is as quick."""

GROWTH = 4
"""A table is looked at again when it has so many times the rows that are known of."""

ROWS_LOOKED_AT = 1000
"""So many rows of each index SQLite looks at, however many there are."""

FEW_PAGES = 8
"""A table of fewer pages is small for PostgreSQL."""

_written: WeakKeyDictionary[Engine, dict[str, tuple[int, int]]] = WeakKeyDictionary()
"""How many rows of a table this process has loaded, and how many there were when it was last looked at."""


def note_rows(connection: Connection, table: sa.Table, rows: int) -> None:
    """Count rows that a bulk load has just written, and look at the table at 1, 4, 16, 64 … thousand of them, in the same transaction.

    Only on PostgreSQL, which plans the load's own queries by it.
    """
    if connection.dialect.name != "postgresql":
        return
    known = _written.setdefault(connection.engine, {})
    written, looked_at = known.get(table.name, (0, 0))
    written += rows
    if written >= max(LEAST, GROWTH * looked_at):
        _look_at(connection, [table.name])
        looked_at = written
    known[table.name] = (written, looked_at)


def renew(database: Database) -> list[str]:
    """Look at the tables that have grown much since they were last looked at, and return their names; costs little where none has."""
    with database.read() as connection:
        grown = (_grown_sqlite if database.dialect == "sqlite" else _grown_postgresql)(connection)
    if grown:
        database.write(lambda connection: _look_at(connection, grown))
        database.reconnect()
    return grown


def _look_at(connection: Connection, names: list[str]) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA analysis_limit = {ROWS_LOOKED_AT}")
    for name in names:
        connection.exec_driver_sql(f"ANALYZE {name}")


def _grown_sqlite(connection: Connection) -> list[str]:
    known: dict[str, int] = {}
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").scalar():
        for name, numbers in connection.exec_driver_sql("SELECT tbl, stat FROM sqlite_stat1 WHERE stat IS NOT NULL"):
            known[name] = max(known.get(name, 0), int(numbers.split()[0]))
    grown = []
    for name in tables.metadata.tables:
        # The newest row's number: counting would read the table.
        rows = connection.exec_driver_sql(f"SELECT max(rowid) FROM {name}").scalar() or 0
        if rows >= max(LEAST, GROWTH * known.get(name, 0)):
            grown.append(name)
    return grown


def _grown_postgresql(connection: Connection) -> list[str]:
    # Measured by pages, which are known at once: the server's own counts of rows lag behind.
    found = connection.exec_driver_sql(
        "SELECT relname, pg_relation_size(oid) / current_setting('block_size')::int, relpages, reltuples FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    )
    wanted = tables.metadata.tables
    return [
        name
        for name, pages, known, rows in found
        if name in wanted and pages >= FEW_PAGES and (rows < 0 or pages >= GROWTH * max(known, 1))
    ]
