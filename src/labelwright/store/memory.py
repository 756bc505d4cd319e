"""How this process gives memory back.

The C library takes large arrays from a heap of its own once some were freed, and a heap with anything left above a hole cannot shrink:
after a consensus of two million answers a hundred megabytes stay taken that nobody uses, below what comes next.
"""

from __future__ import annotations

import ctypes
from functools import cache

from sqlalchemy import Connection

__all__ = ["give_back_large", "give_back_pages"]

LARGE = 1 << 20
"""Bytes from which a block of memory is given back to the system as soon as it is free."""

_MMAP_THRESHOLD = -3
"""The parameter's number in `malloc.h`."""


@cache
def give_back_large() -> bool:
    """Let large blocks have memory of their own, in this process and from now on; tell whether the C library takes the wish."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE))
    except (AttributeError, OSError, TypeError):
        return False  # It is no GNU C library. Memory is then given back as its own way is.


def give_back_pages(connection: Connection) -> None:
    """Free what SQLite keeps of its file for this connection, up to 64 MB: for who has gone through whole tables, and needs memory next.

    PostgreSQL keeps nothing in this process.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA shrink_memory")
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except (AttributeError, OSError, TypeError):
            return  # As above.
