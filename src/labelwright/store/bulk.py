"""Thousands of rows in one statement, by what each database is quickest at: many-row inserts on SQLite, COPY on PostgreSQL.

Sources and preparation write so much at once, in transactions of at most `BATCH` rows, so that people who label meanwhile never wait long;
and a restore, for which nobody waits.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY

from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.portable import lock_row
from labelwright.store.statistics import note_rows

__all__ = ["BATCH", "Current", "SetAsideEntry", "among", "current_rows", "insert", "insert_new", "lock_project", "quarantine"]

BATCH = 2000
"""At most so many rows are written in one transaction."""

_ROWS = 200
"""So many rows go into one statement on SQLite, which takes 32,766 parameters at most."""


class Current(NamedTuple):
    """A raw item as it stands now."""

    key: str
    id: int
    revision: str
    source: str
    place: str
    gone: bool  # it was not in its source when that was last read


class SetAsideEntry(NamedTuple):
    """A row or item that is set aside: where it came from, why, and how it begins."""

    source: str
    place: str
    key: str | None
    reason: str
    sample: str = ""


def insert(
    connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], same: Mapping[str, Any] | None = None
) -> None:
    """Insert rows, each a tuple of the values of `columns`; the remaining columns take the values in `same`, or their defaults."""
    same = same or {}
    names = (*same, *columns)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        first = tuple(same.values())
        _copy(driver, table.name, names, ((*first, *row) for row in rows))
        note_rows(connection, table, len(rows))
        return
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        driver.execute(_many_rows(table.name, names, len(same), len(part)), (*same.values(), *chain.from_iterable(part)))


def insert_new(connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert those rows whose keys are not there yet, and return how many they were."""
    driver: Any = connection.connection.driver_connection
    new = 0
    if connection.dialect.name == "postgresql":
        # COPY cannot pass by a row that is there, so it fills a table beside, which this transaction alone sees.
        listed, beside = _listed(columns), f"new_{table.name}"
        driver.execute(f"CREATE TEMP TABLE IF NOT EXISTS {beside} ON COMMIT DROP AS SELECT {listed} FROM {table.name} WITH NO DATA")
        _copy(driver, beside, columns, rows)
        new = driver.execute(f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {beside} ON CONFLICT DO NOTHING").rowcount
        driver.execute(f"TRUNCATE {beside}")
        note_rows(connection, table, new)
        return int(new)
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        statement = f"{_many_rows(table.name, tuple(columns), 0, len(part))} ON CONFLICT DO NOTHING"
        new += driver.execute(statement, list(chain.from_iterable(part))).rowcount
    return new


def _copy(driver: Any, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({_listed(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


@lru_cache(64)
def _many_rows(table: str, names: tuple[str, ...], same: int, rows: int) -> str:
    """Return the statement that inserts so many rows; what is the same in all of them is handed over once."""
    own = len(names) - same
    first = [f"?{number}" for number in range(1, same + 1)]
    values = (", ".join([*first, *(f"?{same + row * own + column + 1}" for column in range(own))]) for row in range(rows))
    return f"INSERT INTO {table} ({_listed(names)}) VALUES ({'), ('.join(values)})"


def current_rows(connection: Connection, project_id: int, keys: Sequence[str]) -> list[Current]:
    """Return the raw items that stand under `keys`, by one query."""
    chosen = "SELECT \"key\", id, revision, source, place, gone_at IS NOT NULL FROM raw_items WHERE state = 'current' AND project_id ="
    if connection.dialect.name == "postgresql":
        found = connection.exec_driver_sql(f'{chosen} %s AND "key" = ANY(%s)', (project_id, list(keys)))
    else:
        found = connection.exec_driver_sql(f'{chosen} ? AND "key" IN (SELECT value FROM json_each(?))', (project_id, encode(keys)))
    return [Current(*row) for row in found]


def among(connection: Connection, column: sa.ColumnElement[Any], values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that `column` is one of `values`, which go along as one parameter however many they are."""
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.bindparam(None, list(values), type_=ARRAY(column.type)))
    return column.in_(sa.select(sa.literal_column("value")).select_from(sa.func.json_each(encode(list(values)))))


def lock_project(connection: Connection, project_id: int) -> None:
    """Keep other transactions that take this lock waiting until this one ends; SQLite has one writer anyway."""
    lock_row(connection, tables.projects, project_id)


def quarantine(connection: Connection, project_id: int, stage: str, broken: Iterable[SetAsideEntry]) -> None:
    """Set rows aside with their reasons; one that is there already stays as it is."""
    columns = ("project_id", "stage", "source", "place", "key", "reason", "sample", "created_at")
    now = time.time()
    # No database takes a NUL, or half a surrogate pair, in a text.
    rows = [(project_id, stage, *(_clean(value) for value in entry), now) for entry in broken]
    if rows:
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        marks = ", ".join([mark] * len(columns))
        connection.exec_driver_sql(f"INSERT INTO quarantine ({_listed(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING", rows)


def _clean(value: str | None) -> str | None:
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if value else value
