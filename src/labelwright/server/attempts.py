"""Slows the guessing of passwords down, and keeps nobody out of their own account by the guesses of others.

Wrong passwords are counted in three ways. For an account from one address: after a few, each further one has to wait twice as long as the
one before. For an address, whatever the accounts: the same, after more, for many people may share it. For an account, from all addresses
where nobody ever signed in to it: the same, after more still, so that guessing from a thousand addresses is no quicker. The last two do
not count where the person has signed in from that address before.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from labelwright.errors import TooManyAttempts

__all__ = ["FREE", "Attempts"]

FREE = {"pair": 5, "address": 30, "account": 60}
"""So many wrong passwords cost no wait."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 900.0
"""Seconds."""

FORGOTTEN_AFTER = 3600.0
"""Seconds after which a wrong password counts no more, if none came since."""

MOST_KEPT = 20_000
"""Counters in memory; beyond, the one that was not touched for the longest is dropped."""


class _Count(NamedTuple):
    kind: str
    wrong: int
    at: float

    @property
    def wait_until(self) -> float:
        beyond = self.wrong - FREE[self.kind]
        return self.at + min(FIRST_WAIT * 2.0 ** min(beyond, 60), LONGEST_WAIT) if beyond >= 0 else self.at


class Attempts:
    """The counters of one process. A try counts when it begins, so that many at once are no way around; one that was right is taken back.

    >>> attempts = Attempts()
    >>> for _ in range(FREE["pair"]):
    ...     attempts.begin("ann", "10.0.0.1", known=True)
    >>> attempts.begin("ann", "10.0.0.2", known=True)
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing; `clock` counts seconds."""
        self._clock = clock
        self._counts: OrderedDict[tuple[str, ...], _Count] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """The number of counters that are kept."""
        return len(self._counts)

    def begin(self, account: str | None, address: str, *, known: bool) -> None:
        """Count a try. Without an account it is a link, which counts for the address alone.

        Args:
            account: the name that is tried.
            address: where the try comes from.
            known: whether somebody signed in to the account from there before.

        Raises:
            TooManyAttempts: it comes too early after those before; `retry_after` has the seconds.
        """
        keys, now = _keys(account, address, known), self._clock()
        with self._lock:
            counts = [self._count(key, now) for key in keys]
            wait = max(count.wait_until for count in counts) - now
            if wait > 0:
                seconds = math.ceil(wait)
                raise TooManyAttempts("There were too many wrong passwords.", hint=_how_long(seconds), retry_after=seconds)
            for key, count in zip(keys, counts, strict=True):
                self._counts[key] = _Count(key[0], count.wrong + 1, now)
                self._counts.move_to_end(key)
            while len(self._counts) > MOST_KEPT:
                self._counts.popitem(last=False)

    def succeeded(self, account: str | None, address: str, *, known: bool) -> None:
        """Take back a try that was right, and forget the wrong ones for the account from this address; arguments as for `begin`."""
        with self._lock:
            for key in _keys(account, address, known):
                count = self._counts.get(key)
                if count is None or key[0] == "pair" or count.wrong <= 1:
                    self._counts.pop(key, None)
                else:
                    # The waits that others' wrong ones ask for stay.
                    self._counts[key] = count._replace(wrong=count.wrong - 1)

    def _count(self, key: tuple[str, ...], now: float) -> _Count:
        count = self._counts.get(key)
        return count if count is not None and now - count.at < FORGOTTEN_AFTER else _Count(key[0], 0, now)


def _keys(account: str | None, address: str, known: bool) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = [] if account is None else [("pair", account, address)]
    if not known:
        keys += [("address", address)] if account is None else [("address", address), ("account", account)]
    return keys


def _how_long(seconds: int) -> str:
    how_long = f"{seconds} seconds" if seconds > 1 else "a second"
    return f"Wait {how_long}, or sign in with a link: an owner makes one."
