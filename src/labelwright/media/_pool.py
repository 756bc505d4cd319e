"""Work in threads, its outcomes in order, a few tasks ahead and no more: memory does not grow with the number of tasks."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["THREADS", "in_order"]

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
