"""What of a store can still be read: every row of its tables, one by one where a page of SQLite is damaged, and every blob.

A damaged page hides the rows on it and no others. The indices of a table name the rows that it should have, so that the readable ones
behind a damaged page are reached by their numbers, and the lost ones are counted.
"""

from __future__ import annotations

import re
import sqlite3
import types
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from labelwright.errors import LabelwrightError
from labelwright.store import tables
from labelwright.store.blobs import Blobs

__all__ = [
    "BrokenBlob",
    "Reading",
    "Survey",
    "durability",
    "named_blobs",
    "shape",
    "sqlite_version",
    "structure_problems",
    "survey",
    "with_users",
]

STREAMED = 50
"""So many rows of a table are read at once, for rows may be large."""

MOST_USERS = 5
"""So many items are named of those that use a blob."""

MOST_PROBLEMS = 20
"""So many problems are named of those that a database finds in itself."""

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class Reading:
    """The rows of one table in the order of their primary key, or of what is left of it; afterwards `lost` counts the others.

    A row counts as lost where its page cannot be read, its text is not UTF-8, or a value is not of its column's type.
    """

    def __init__(self, connection: Connection, table: sa.Table) -> None:
        self.table = table
        self.lost = 0
        self._connection = connection
        self._shape = shape(table.columns)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        rows = self._sqlite() if self._connection.dialect.name == "sqlite" else self._streamed()
        for row in rows:
            try:
                yield msgspec.convert(row, self._shape)
            except msgspec.ValidationError:
                self.lost += 1

    def _streamed(self) -> Iterator[tuple[Any, ...]]:
        streamed = self._connection.execution_options(stream_results=True, max_row_buffer=STREAMED)
        for row in streamed.execute(sa.select(self.table).order_by(*self.table.primary_key.columns)):
            yield tuple(row)

    def _sqlite(self) -> Iterator[tuple[Any, ...]]:
        """Read in the order of row numbers, so that a reading that broke goes on behind the row where it did."""
        driver: Any = self._connection.connection.driver_connection
        columns = ", ".join(f'"{column.name}"' for column in self.table.columns)
        query = f'SELECT rowid, {columns} FROM "{self.table.name}" NOT INDEXED WHERE rowid'
        reached = 0
        try:
            for row in driver.execute(f"{query} > 0 ORDER BY rowid"):
                reached = row[0]
                yield row[1:]
            return
        except sqlite3.DatabaseError as error:
            _only_damage(error)
        named = self._numbers(driver, reached)
        # A row that no index names may be readable all the same. Only named ones are known to be lost.
        for number in range(reached + 1, max(named) + 1):
            try:
                found = driver.execute(f"{query} = ?", (number,)).fetchone()
            except sqlite3.DatabaseError as error:
                _only_damage(error)
                found = None
            if found is not None:
                yield found[1:]
            elif number in named:
                self.lost += 1

    def _numbers(self, driver: Any, reached: int) -> set[int]:
        """Return the numbers behind `reached` of the rows that the table should have, as its indices name them."""
        found: set[int] = set()
        for index, condition in self._indices(driver):
            query = f'SELECT rowid FROM "{self.table.name}" INDEXED BY "{index}" WHERE ({condition}) AND rowid > ?'
            try:
                found.update(number for (number,) in driver.execute(query, (reached,)))
            except sqlite3.DatabaseError as error:
                _only_damage(error)
        # Where no index tells, it is at least the row at which reading broke.
        return found or {reached + 1}

    def _indices(self, driver: Any) -> list[tuple[str, str]]:
        """The indices of the table, each with the condition for a row to be in it."""
        partial = {index.name: index.dialect_options["sqlite"]["where"] for index in self.table.indexes}
        names = driver.execute("SELECT name FROM pragma_index_list(?)", (self.table.name,)).fetchall()
        return [(name, "1" if partial.get(name) is None else str(partial[name])) for (name,) in names]


def sqlite_version() -> tuple[bool, str]:
    """Tell whether Python's SQLite is new enough for a store, and its version."""
    # RETURNING came with 3.35.
    return sqlite3.sqlite_version_info >= (3, 35), sqlite3.sqlite_version


def _only_damage(error: sqlite3.DatabaseError) -> None:
    """Raise an error again that does not speak of damaged content: a full disk, a lock, no right to read."""
    code = getattr(error, "sqlite_errorcode", None)
    # Text that is not UTF-8 is an error of Python's module, without a code of SQLite's.
    if code is not None and code & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        raise error


def shape(columns: Iterable[sa.Column[Any]]) -> Any:
    """Return the type of a row with the values of these columns, as msgspec checks it."""
    return types.GenericAlias(tuple, tuple(one.type.python_type | None if one.nullable else one.type.python_type for one in columns))


def structure_problems(connection: Connection, *, deep: bool = False) -> list[str]:
    """Return what the database says is wrong with its own structure: pages, indices, and rows that refer to rows that are not there.

    SQLite looks at every page; with `deep`, it also compares every index with its table. PostgreSQL has no such command.
    """
    if connection.dialect.name != "sqlite":
        return []
    check = "integrity_check" if deep else "quick_check"
    try:
        said = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA {check}({MOST_PROBLEMS})")]
        problems = [line for text in said for line in text.splitlines() if line != "ok" and not line.startswith("***")]
        missing: dict[tuple[str, str], int] = {}
        for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            missing[table, parent] = missing.get((table, parent), 0) + 1
    except DBAPIError as error:
        return [str(error.orig)]
    return problems + [
        f"{count:,} rows of {table} refer to rows of {parent} that are not there" for (table, parent), count in missing.items()
    ]


def durability(connection: Connection) -> list[str]:
    """Return a sentence for each setting of PostgreSQL under which acknowledged work can be lost or damage stay unseen."""
    if connection.dialect.name != "postgresql":
        return []
    weak = {
        "fsync": "fsync is off: a power loss can destroy the database. Set fsync = on.",
        "full_page_writes": "full_page_writes is off: a power loss can leave half-written pages. Set full_page_writes = on.",
        "synchronous_commit": "synchronous_commit is off: a crash can lose answers that were acknowledged. Set synchronous_commit = on.",
        "data_checksums": "data_checksums is off: damage on the disk is not noticed. Stop the server and run pg_checksums --enable.",
    }
    return [sentence for name, sentence in weak.items() if connection.exec_driver_sql(f"SHOW {name}").scalar() == "off"]


class BrokenBlob(Struct, frozen=True):
    """A blob that is `missing`, or whose bytes do not fit its name (`damaged`), and some of those that use it: items, versions, models."""

    digest: str
    what: str
    used_by: list[str] = []


class Survey(Struct, frozen=True):
    """What cannot be read: `lost` counts rows by table, `broken` has the blobs."""

    lost: dict[str, int]
    broken: list[BrokenBlob]


def survey(connection: Connection, blobs: Blobs, *, deep: bool = False) -> Survey:
    """Read every row of every table, and look for each blob that one names; with `deep`, read every blob there is."""
    lost: dict[str, int] = {}
    broken: dict[str, str] = {}
    for table in tables.metadata.sorted_tables:
        reading = Reading(connection, table)
        for row in reading:
            broken.update((digest, "missing") for digest in named_blobs(table, row, blobs) if digest not in blobs)
        if reading.lost:
            lost[table.name] = reading.lost
    if deep:
        broken.update((digest, "damaged") for digest in blobs if not blobs.holds(digest))
    return Survey(lost, with_users(connection, broken, blobs))


def named_blobs(table: sa.Table, row: tuple[Any, ...], blobs: Blobs) -> list[str]:
    """Return the blobs that a row names and the store cannot do without: raw and shown media, models, and what frozen versions hold."""
    column = _NAMING.get(table.name)
    digest = row[column] if column is not None else None
    if digest is None or not _DIGEST.fullmatch(digest):
        return []
    if table.name == "labeler_versions":
        return [digest, *_digests_in(row[_REPORT])]
    return [digest, *_parts(digest, blobs)] if table.name == "dataset_versions" else [digest]


_NAMING = {
    name: list(tables.metadata.tables[name].columns.keys()).index(column)
    for name, column in {"raw_items": "blob", "media": "digest", "labeler_versions": "model", "dataset_versions": "manifest"}.items()
}
"""In which place the rows of these tables name a blob."""

_REPORT = list(tables.labeler_versions.columns.keys()).index("report")
"""Where a model says, besides, in which blob its out-of-fold predictions lie."""


def _parts(manifest: str, blobs: Blobs) -> list[str]:
    """The blobs that hold a frozen version's items; none where the manifest itself cannot be read."""
    try:
        return [part["blob"] for part in msgspec.json.decode(blobs.get(manifest))["parts"]]
    except (LabelwrightError, msgspec.DecodeError, OSError, KeyError, TypeError):
        return []


def with_users(connection: Connection, broken: dict[str, str], blobs: Blobs) -> list[BrokenBlob]:
    """Return what is broken, in order, with its users. All items are read for it, so nothing is done where nothing is broken."""
    used: dict[str, list[str]] = {digest: [] for digest in sorted(broken)}
    for table, name in ((tables.items, "{key}"), (tables.raw_items, "{key}"), *_OTHER_USERS) if broken else ():
        keys = list(table.columns.keys())
        for row in Reading(connection, table):
            named = _digests_in(" ".join(map(str, row))) if table is tables.items else named_blobs(table, row, blobs)
            for digest in used.keys() & set(named):
                user = name.format(**dict(zip(keys, row, strict=True)))
                if user not in used[digest] and len(used[digest]) < MOST_USERS:
                    used[digest].append(user)
    return [BrokenBlob(digest, broken[digest], users) for digest, users in used.items()]


_OTHER_USERS = ((tables.labeler_versions, "model of {labeler}"), (tables.dataset_versions, "version {number}"))


def _digests_in(text: str) -> list[str]:
    return _DIGEST.findall(text)
