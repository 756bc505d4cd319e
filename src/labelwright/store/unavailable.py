"""What a database's error means for the one who runs Labelwright: no database, damaged, read-only, full, or out of reach.

Only what the store itself suffers is told here. An error of a statement, such as a row that exists already, stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from labelwright.errors import StoreUnavailable

__all__ = ["explain", "explained"]

_SQLITE = {
    5: ("Another process holds the database for longer than a minute.", "Wait for it to end, or stop it, and try again."),
    8: ("The database is read-only.", "Give this user the right to write the file and its folder."),
    10: ("The database's file cannot be read or written.", "Look at the disk, then run it again: what was acknowledged is kept."),
    11: ("The database is damaged.", "Restore the newest backup into a new folder: labelwright restore DIR --from FILE"),
    13: ("The disk is full.", "Make room and run it again: what was acknowledged is kept."),
    14: ("The database cannot be opened.", "It has to be a file that this user may write, in a folder that this user may write."),
    26: (
        "This file is no database.",
        "Name another file in run.store, or move this one away.",
    ),
}
"""By SQLite's primary result code: what it says, and what to do."""

_SQLITE[3] = _SQLITE[23] = _SQLITE[8]
_SQLITE[6] = _SQLITE[5]

_POSTGRESQL = {
    "28": ("PostgreSQL refuses this user or password.", "Look at run.store in the pipeline file, or at LABELWRIGHT_STORE."),
    "3D": ("PostgreSQL has no such database.", "Make it with createdb, or name another in run.store or LABELWRIGHT_STORE."),
    "25006": ("PostgreSQL is read-only here.", "Name the server that takes writes."),
    "42501": ("This user may not do this in PostgreSQL.", "Grant the user the right to make and change tables in its schema."),
    "53100": ("The disk of PostgreSQL is full.", "Make room and run it again: what was acknowledged is kept."),
    "XX001": ("A page of PostgreSQL's is damaged.", "Look at its log and its disk; restore the newest backup into a new database."),
    "XX002": ("An index of PostgreSQL's is damaged.", "Build it anew with REINDEX, and look at its log and its disk."),
    "53300": ("PostgreSQL takes no more connections.", "Raise max_connections, or run fewer processes."),
}
"""By the beginning of PostgreSQL's SQLSTATE."""


@contextmanager
def explained(store: str) -> Iterator[None]:
    """Raise what the store suffers within the block as `StoreUnavailable`; `store` is its address without a password."""
    import sqlite3

    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        found = explain(error, store)
        if found is None:
            raise
        raise found from error


def explain(error: BaseException, store: str) -> StoreUnavailable | None:
    """Return what an error says about the store, or None where it is about a statement."""
    # Bulk inserts use the driver itself, whose errors come as they are.
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        told = _SQLITE.get(code & 0xFF)
        return StoreUnavailable(told[0], where=store, hint=told[1]) if told else None
    if not type(cause).__module__.startswith("psycopg"):
        return None
    state = getattr(cause, "sqlstate", None) or ""
    said = str(cause).strip()
    if "password" in said and not state:
        state = "28"
    for beginning, (message, hint) in _POSTGRESQL.items():
        if state.startswith(beginning):
            return StoreUnavailable(message, where=store, hint=hint)
    if type(cause).__name__ in ("OperationalError", "ConnectionTimeout") and (not state or state[:2] in ("08", "57", "58")):
        message = f"PostgreSQL does not answer: {said.splitlines()[0].rstrip('.') if said else 'the connection broke'}."
        return StoreUnavailable(message, where=store, hint="Look whether it runs, and at run.store or LABELWRIGHT_STORE.")
    return None
