"""Takes turns at the background work, so that `labelwright run` and a server beside it never do the same work twice.

On SQLite the turn is a lock on a file beside the database, on PostgreSQL an advisory lock; both end with the process that holds them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from labelwright.errors import Conflict, StoreUnavailable
from labelwright.store.database import Database
from labelwright.store.precedence import open_lock, try_lock

__all__ = ["turn"]


@contextmanager
def turn(database: Database, name: str = "work", *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the turn called `name` within the block.

    Raises:
        Conflict: another process holds it, and did not give it back within `wait_seconds`.
    """
    taking = _file_lock if database.dialect == "sqlite" else _advisory_lock
    deadline = time.monotonic() + wait_seconds
    while True:
        with taking(database, name) as taken:
            if taken:
                yield
                return
        if time.monotonic() >= deadline:
            raise Conflict(
                "Another process is at this work.",
                where=f"{database.label} ({name})",
                hint="Wait for it to end, or stop it, and run again.",
            )
        time.sleep(0.1)


@contextmanager
def _file_lock(database: Database, name: str) -> Iterator[bool]:
    path = Path(str(make_url(database.url).database) + f".{name}.lock")
    try:
        file = open_lock(path)
    except OSError as error:
        raise StoreUnavailable(f"The file of the turn cannot be written: {error.strerror}.", where=str(path)) from error
    with file:
        yield try_lock(file.fileno())


@contextmanager
def _advisory_lock(database: Database, name: str) -> Iterator[bool]:
    import hashlib

    number = int.from_bytes(hashlib.blake2b(f"labelwright {name}".encode(), digest_size=7).digest(), "big")
    with database.session() as connection:
        taken = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
        try:
            yield taken
        finally:
            if taken:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))
