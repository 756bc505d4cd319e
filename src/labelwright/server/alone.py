"""Sees to it that a store on SQLite has one server, and tells whoever starts a second where the first one is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labelwright.errors import Conflict
from labelwright.pipeline.turn import turn
from labelwright.pipeline.workspace import store_of
from labelwright.store.database import Database

__all__ = ["address_of", "alone", "ensure_not_served"]


@contextmanager
def alone(folder: Path, address: str) -> Iterator[bool]:
    """Be the server of a folder's store within the block, at `address`; nothing is changed where there is one already.

    Gives whether this is the first server: of a PostgreSQL there may be several, and only the first prints a sign-in link.

    Raises:
        Conflict: a store on SQLite is served already; the message has the address.
    """
    database = store_of(folder)
    held = False
    try:
        with turn(database, "serve"):
            held = True
            note = _note(database)
            if note:
                note.write_text(f"{address}\n{os.getpid()}\n", "utf-8")
            try:
                yield True
            finally:
                if note:
                    note.unlink(missing_ok=True)
    except Conflict:
        if held:
            raise
        if database.file:
            raise _served(database, folder) from None
        yield False
    finally:
        database.close()


def ensure_not_served(folder: Path) -> None:
    """Refuse to go on where a server is at work, before anything is made for one that could not start.

    Raises:
        Conflict: a store on SQLite is served already; the message has the address.
    """
    database = store_of(folder)
    try:
        if database.file:
            with turn(database, "serve"):
                pass
    except Conflict:
        raise _served(database, folder) from None
    finally:
        database.close()


def address_of(database: Database) -> str | None:
    """Return where the store's page is served at this moment, as far as its server has noted it."""
    note = _note(database)
    if note is None or not note.is_file():
        return None
    try:
        with turn(database, "serve"):
            # Nobody serves it: the note is of a server that was killed.
            return None
    except Conflict:
        with suppress(OSError, ValueError):
            return note.read_text("utf-8").split()[0]
    return None


def _note(database: Database) -> Path | None:
    """The file beside the database in which a server writes where it is; it counts as long as that server holds its turn."""
    return database.file and database.file.with_name(f"{database.file.name}.serve.address")


def _served(database: Database, folder: Path) -> Conflict:
    address, process = "", ""
    note = _note(database)
    if note:
        with suppress(OSError, ValueError):
            address, process = note.read_text("utf-8").split()
    return Conflict(
        f"This folder is served already{f', at {address}' if address else ''}.",
        where=str(folder),
        hint=f"Use that page, or stop that server first{f' (process {process})' if process else ''}.",
    )
