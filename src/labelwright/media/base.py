"""What every modality offers of its files: what they are, whether they are whole, and how people and models get to see them.

A modality's file has `SUFFIXES`, the endings of its files; `probe`, which reads the header only and, of bytes that are stored, names their
media type, one that the value has an ending for; and `verify`, which reads everything. Both take the bytes and a `where` for messages, and
raise `InvalidFile` for what is broken and `TooLarge` for what exceeds a limit, nothing else. `sample(luck)` returns the bytes of a small
file as it could be, by which the conformance suite tries the modality and the kinds that are about it.

Its `Options` are those of its step among the preparation steps, which runs by itself, first, for every field of the modality. What the
step does is `prepare`. Where the bytes are stored, `prepare(path, options, keeper, *, digest, where)` makes the field of the file at
`path`, and `digest` names what may stay as it is. Where the value stands in its column, `prepare(value, options, *, column)` returns the
value, a text, or a `text.NormalText`; and `read(body, *, where)` returns what stands in the column where a file is one item. Both raise
`InvalidInput` or `TooLarge` for what cannot become an item. Where files hold more than is shown, `left_out(path)` says what that is, or
None; the item tells it among its further columns. It runs for every picture whenever items are made, so that it reads little. `VERSION`,
which is 1 where there is none, rises when the step comes to make other results.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol

from msgspec import Struct

__all__ = ["Keeper", "Options"]


class Keeper(Protocol):
    """Where bytes are kept: `store.blobs.Blobs` is one."""

    def put(self, body: bytes) -> str:
        """Keep bytes and return their digest."""
        ...

    def put_file(self, file: IO[bytes]) -> str:
        """Keep what an open file holds and return its digest."""
        ...

    def scratch(self) -> AbstractContextManager[IO[bytes]]:
        """Return a nameless file for what is too large to hold in memory; it goes when it is closed."""
        ...

    def path(self, digest: str) -> Path:
        """Return the file that holds the bytes.

        Raises:
            NotFound: there is none.
        """
        ...


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field`: one field instead of all."""

    field: str | None = None
