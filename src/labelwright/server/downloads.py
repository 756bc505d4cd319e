"""Downloads: each is written by a process of its own and passed on while it grows, so that none stands in front of people's requests.

What is passed on is held in memory a chunk at a time. A process that nobody reads from any more is ended.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable

import msgspec

from labelwright import errors
from labelwright.errors import Busy, LabelwrightError
from labelwright.server._download import DATA, HEAD, REFUSED, Order, Refusal

__all__ = ["Download", "Downloads"]

MOST_RUNNING = 2
"""So many are written at once."""

MOST_WAITING = 4
"""Further ones wait until one of those is done; whoever asks beyond is sent away for a while."""

RETRY_SECONDS = 30

PATIENCE_SECONDS = 60.0
"""A reader who takes nothing for so long is taken for gone."""

LEAVING_SECONDS = 10.0
"""So long may a process take to end by itself."""


class Downloads:
    """The downloads of one server."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MOST_RUNNING)
        self._asked = 0

    async def begin(self, order: Order) -> Download:
        """Begin to write when it is its turn.

        Raises:
            Busy: so much is written, and waits to be written, that this does not begin.
        """
        if self._asked >= MOST_RUNNING + MOST_WAITING:
            raise Busy(
                "Too many downloads are made at this moment.", hint=f"Try again in {RETRY_SECONDS} seconds.", retry_after=RETRY_SECONDS
            )
        self._asked += 1
        try:
            await self._turns.acquire()
        except BaseException:
            self._asked -= 1
            raise
        try:
            return await Download.start(order, self._end)
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        self._asked -= 1
        self._turns.release()


class Download:
    """One that is being written: read by `take` until it gives nothing, and left by `leave` in any case."""

    def __init__(self, process: Process, ended: Callable[[], None]) -> None:
        self._process = process
        self._ended: Callable[[], None] | None = ended
        self._late = False
        self._patience: asyncio.TimerHandle | None = None
        self._wait_for_reader()

    @classmethod
    async def start(cls, order: Order, ended: Callable[[], None]) -> Download:
        """Start its process; `ended` is called when it is over."""
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "labelwright.server._download", stdin=PIPE, stdout=PIPE)
        assert process.stdin
        process.stdin.write(pickle.dumps(order))
        process.stdin.close()
        return cls(process, ended)

    async def take(self) -> bytes:
        """Return the next chunk, waiting for it; nothing at the end.

        Raises:
            LabelwrightError: it cannot be written, or no further.
            BrokenPipeError: the reader comes too late, and the rest is gone.
        """
        self._rest()
        if self._late:
            raise BrokenPipeError
        assert self._process.stdout
        try:
            kind, length = HEAD.unpack(await self._process.stdout.readexactly(HEAD.size))
            body = await self._process.stdout.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise LabelwrightError("The download broke off on our side.", hint="The server's log says why. Try it again.") from error
        if kind == REFUSED:
            told = msgspec.json.decode(body, type=Refusal)
            raise getattr(errors, told.name)(told.message, where=told.where, hint=told.hint)
        self._wait_for_reader()
        return body if kind == DATA else b""

    def leave(self) -> None:
        """Read no further: the process ends. Doing it twice changes nothing."""
        self._rest()
        if self._ended is None:
            return
        if self._process.returncode is None:
            # It takes along what it has written aside.
            self._process.terminate()
            asyncio.get_running_loop().call_later(LEAVING_SECONDS, _kill, self._process)
        self._ended()
        self._ended = None

    def _wait_for_reader(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._give_up)

    def _rest(self) -> None:
        if self._patience:
            self._patience.cancel()

    def _give_up(self) -> None:
        # A reader who comes back after too long must not take a part for the whole.
        self._late = True
        self.leave()


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
