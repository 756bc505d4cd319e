"""Which keys this run has met already, on disk, so that a file of any size is read in constant memory."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

__all__ = ["Seen"]


class Seen:
    """A set of keys in a temporary file that goes away with it; each key is kept as 64 bits of its hash."""

    def __init__(self) -> None:
        # An empty name is SQLite's spelling of a temporary file.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("CREATE TABLE seen (hash INTEGER PRIMARY KEY)")
        self._any = False

    def add(self, keys: Iterable[str]) -> None:
        """Remember `keys`."""
        rows = [(_hash(key),) for key in keys]
        if rows:
            self._any = True
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?)", rows)
            self._database.execute("COMMIT")

    def __contains__(self, key: str) -> bool:
        return self._any and self._database.execute("SELECT 1 FROM seen WHERE hash = ?", (_hash(key),)).fetchone() is not None

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM seen").fetchone()[0])

    def close(self) -> None:
        """Remove the file."""
        self._database.close()


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
