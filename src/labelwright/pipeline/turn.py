"""Takes turns at the background work, so that `labelwright run` and a server beside it never do the same work twice.

A turn is a lock of the store, which ends with the process that holds it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from labelwright.errors import Conflict
from labelwright.store.database import Database

__all__ = ["turn"]


@contextmanager
def turn(database: Database, name: str = "work", *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the turn called `name` within the block.

    Raises:
        Conflict: another process holds it, and did not give it back within `wait_seconds`.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        with database.lock(name) as held:
            if held:
                yield
                return
        if time.monotonic() >= deadline:
            raise Conflict(
                "Another process is at this work.",
                where=f"{database.label} ({name})",
                hint="Wait for it to end, or stop it, and run again.",
            )
        time.sleep(0.1)
