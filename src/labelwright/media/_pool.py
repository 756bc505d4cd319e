"""Work in threads, its outcomes in order, a few tasks ahead and no more, and within a budget: memory grows neither with the number of tasks
nor with how many large ones come at once.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["THREADS", "Budget", "in_order"]

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(8, (os.cpu_count() or 2) + 2)
"""So many media files are handled at once: decoders run outside of Python's lock, and disks make wait."""


def in_order(pool: ThreadPoolExecutor, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Yield every task with what `work` makes of it, in the tasks' order."""
    ahead: deque[tuple[T, Future[R]]] = deque()
    for task in tasks:
        ahead.append((task, pool.submit(work, task)))
        if len(ahead) >= 2 * THREADS:
            first, future = ahead.popleft()
            yield first, future.result()
    for first, future in ahead:
        yield first, future.result()


class Budget:
    """So much may be in memory at once, over all threads; who needs more than there is goes in alone.

    >>> budget = Budget(100)
    >>> with budget.of(30), budget.of(70):
    ...     budget.free
    0
    """

    def __init__(self, size: int) -> None:
        self.size = self.free = size
        self._left = threading.Condition()

    @contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Wait until so much is free, and hold it within the block."""
        taken = min(size, self.size)
        with self._left:
            self._left.wait_for(lambda: self.free >= taken)
            self.free -= taken
        try:
            yield
        finally:
            with self._left:
                self.free += taken
                self._left.notify_all()
