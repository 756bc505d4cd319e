"""A file that a thread writes and a response reads while it grows: what is streamed is held in memory a few chunks at a time."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from labelwright.errors import Busy

__all__ = ["Outlet"]

CHUNK = 1 << 18
MOST_CHUNKS = 4
"""So many chunks wait for the reader, at most; the writer waits beyond."""

MOST_WRITERS = 2
"""So many are filled at once, each by a thread of its own: what is written for downloads leaves the processor to people's requests."""

MOST_WAITING = 4
"""Further ones wait until one of those is done; whoever asks beyond is sent away for a while."""

RETRY_SECONDS = 30

PATIENCE_SECONDS = 60.0
"""A reader who takes nothing for so long is taken for gone."""

_writers = ThreadPoolExecutor(MOST_WRITERS, thread_name_prefix="labelwright-outlet")
_room = threading.BoundedSemaphore(MOST_WRITERS + MOST_WAITING)


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
        self._late = False

    def filled_by(self, write: Callable[[IO[bytes]], None]) -> asyncio.Future[None]:
        """Let `write` write in a thread; the future tells how it ended, and the reader learns of the end, however it comes.

        Raises:
            Busy: so much is written, and waits to be written, that this does not begin.
        """
        if not _room.acquire(blocking=False):
            raise Busy(
                "Too many downloads are made at this moment.", hint=f"Try again in {RETRY_SECONDS} seconds.", retry_after=RETRY_SECONDS
            )
        written = self._loop.run_in_executor(_writers, self._fill, write)
        # How it ended is looked at here too, for nobody may be left who asks.
        written.add_done_callback(lambda done: done.cancelled() or done.exception())
        return written

    async def take(self) -> bytes:
        """Return the next chunk, waiting for it; nothing at the end."""
        return b"" if self._late and self._chunks.empty() else await self._chunks.get()

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
            if self._left:
                return
            write(self)  # type: ignore[arg-type]  # it is a binary file in all that is used of one
            if self._part:
                self._send(bytes(self._part))
        except BrokenPipeError:
            # A reader who comes back after too long must not take a part for the whole.
            if self._late or not self._left:
                raise
        finally:
            self._send(b"")
            _room.release()

    def _send(self, chunk: bytes) -> None:
        if self._left:
            return None
        sent = asyncio.run_coroutine_threadsafe(self._chunks.put(chunk), self._loop)
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return sent.result(timeout=1.0)
            except TimeoutError:
                # Nobody may be left to read: the server that was asked has stopped meanwhile.
                self._late = time.monotonic() > ends
                if self._left or self._late or not self._loop.is_running():
                    self._left = True
                    sent.cancel()
                    return None
