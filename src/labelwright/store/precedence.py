"""Lets people write before background work, where one file takes one writer at a time and several processes write to it.

SQLite hands its lock to whoever happens to ask first. A run that writes batch after batch asks again at once, and a person's write in the
server could wait for many batches. So who writes for people holds a lock beside the database while it waits and writes, and background
work begins no write as long as somebody holds it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

__all__ = ["Precedence", "open_lock", "try_lock", "unlock"]

PATIENCE_SECONDS = 2.0
"""Background work gives way for so long before each write, so that people who never rest do not stop it altogether."""

LOOK_SECONDS = 0.002
"""How often it looks whether its turn has come."""


class Precedence:
    """The lock `path`, by which people's writes go first. Each database of a process has one of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold background work back within the block."""
        handle = self._handle()
        held = try_lock(handle)
        deadline = time.monotonic() + PATIENCE_SECONDS
        # Background work holds it for a moment only, to look; another server's people may hold it longer, and need not be waited for.
        while not held and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS / 10)
            held = try_lock(handle)
        try:
            yield
        finally:
            if held:
                unlock(handle)

    @contextmanager
    def given(self) -> Iterator[None]:
        """Begin the block when no person waits or writes."""
        handle = self._handle()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if try_lock(handle):
                unlock(handle)
                break
            time.sleep(LOOK_SECONDS)
        yield

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _handle(self) -> int:
        if self._file is None:
            self._file = open_lock(self._path)
        return self._file.fileno()


def open_lock(path: Path) -> IO[bytes]:
    """Open the file of a lock, which like the store beside it belongs to its owner alone.

    Raises:
        OSError: it cannot be written.
    """
    return open(path, "ab", opener=partial(os.open, mode=0o600))


def try_lock(handle: int) -> bool:
    """Lock an open file for this process alone, and tell whether nobody had."""
    try:
        import fcntl
    except ImportError:
        # Windows has no flock; a locked first byte does the same.
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # exists on Windows only
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def unlock(handle: int) -> None:
    """Give a lock back; it also ends with the file, or with the process."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # exists on Windows only
        return
    fcntl.flock(handle, fcntl.LOCK_UN)
