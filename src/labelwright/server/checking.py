"""Runs the checks of answers in threads of their own, so that they hold up neither the store nor the other requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakValueDictionary

from labelwright.pipeline.events import Inspected, OutdatedInspection

__all__ = ["Checking"]

THREADS = 4
"""So many answers are checked at once; those of one person one after another."""

ATTEMPTS = 3
"""How often an answer is checked anew because its item changed meanwhile."""

T = TypeVar("T")


class Checking:
    """The checks of one server."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="labelwright-check")
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def taken(self, user_id: int, inspecting: Callable[[], Inspected], taking: Callable[[Inspected], Awaitable[T]]) -> T:
        """Inspect somebody's answer and return what `taking` makes of it; begin anew where the item changed between the two.

        Raises:
            OutdatedInspection: it changed each time.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return await taking(await self._inspected(user_id, inspecting))
            except OutdatedInspection:
                continue
        return await taking(await self._inspected(user_id, inspecting))

    async def _inspected(self, user_id: int, inspecting: Callable[[], Inspected]) -> Inspected:
        # Whoever sends many answers whose checks take long waits for themselves, and the other threads stay free.
        turn = self._turns.setdefault(user_id, asyncio.Lock())
        async with turn:
            return await asyncio.get_running_loop().run_in_executor(self._threads, inspecting)
