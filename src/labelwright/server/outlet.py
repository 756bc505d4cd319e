"""A file that a thread writes and a response reads while it grows: what is streamed is held in memory a few chunks at a time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

__all__ = ["Outlet"]

CHUNK = 1 << 18
MOST_CHUNKS = 4
"""So many chunks wait for the reader, at most; the writer waits beyond."""

_writers = ThreadPoolExecutor(8, thread_name_prefix="labelwright-outlet")
"""Of their own, since readers who are slow may keep them for long."""


class Outlet(io.RawIOBase):
    """Filled by a thread, read by `take` until it gives nothing, and left by `leave` where nobody reads on."""

    def __init__(self) -> None:
        """Begin, within a running event loop, which is the reader's."""
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue(MOST_CHUNKS)
        self._part = bytearray()
        self._at = 0
        self._left = False

    def filled_by(self, write: Callable[[IO[bytes]], None]) -> asyncio.Future[None]:
        """Let `write` write in a thread; the future tells how it ended, and the reader learns of the end, however it comes."""
        return self._loop.run_in_executor(_writers, self._fill, write)

    async def take(self) -> bytes:
        """Return the next chunk, waiting for it; nothing at the end."""
        return await self._chunks.get()

    def leave(self) -> None:
        """Read no further: the writer stops at its next chunk."""
        self._left = True
        while not self._chunks.empty():
            self._chunks.get_nowait()

    def writable(self) -> bool:
        """It is written only."""
        return True

    def tell(self) -> int:
        """Return how much was written; formats with a table of contents ask."""
        return self._at

    def write(self, data: Any) -> int:
        """Take bytes, and send them on a chunk at a time."""
        if self._left:
            raise BrokenPipeError
        size = memoryview(data).nbytes
        self._part += data
        self._at += size
        while len(self._part) >= CHUNK:
            self._send(bytes(self._part[:CHUNK]))
            del self._part[:CHUNK]
        return size

    def _fill(self, write: Callable[[IO[bytes]], None]) -> None:
        try:
            write(self)  # type: ignore[arg-type]  # it is a binary file in all that is used of one
            if self._part:
                self._send(bytes(self._part))
        except BrokenPipeError:
            if not self._left:
                raise
        finally:
            self._send(b"")

    def _send(self, chunk: bytes) -> None:
        if self._left:
            return None
        sent = asyncio.run_coroutine_threadsafe(self._chunks.put(chunk), self._loop)
        while True:
            try:
                return sent.result(timeout=1.0)
            except TimeoutError:
                # Nobody may be left to read: the server that was asked has stopped meanwhile.
                if self._left or not self._loop.is_running():
                    self._left = True
                    return None
