"""Answers that leave at even times, so that what they hold is not told by how long it took to find."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["STEP_SECONDS", "at_even_times"]

STEP_SECONDS = 0.01
"""Well above what a hand-out takes, and below what a person notices."""


@asynccontextmanager
async def at_even_times() -> AsyncIterator[None]:
    """Let what is done inside last a multiple of `STEP_SECONDS`.

    A gold item is added to the tasks where another one is taken from them: by 0.1 ms of 5 on PostgreSQL, which many requests would tell.
    """
    clock = asyncio.get_running_loop().time
    begun = clock()
    yield
    await asyncio.sleep(STEP_SECONDS - (clock() - begun) % STEP_SECONDS)
