"""What the readers of whole files share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from labelwright.errors import LabelwrightError
from labelwright.formats._tables import BrokenRow, Row

__all__ = ["MAX_FILE", "read_file"]

MAX_FILE = 2**30
"""A media file of more bytes is refused."""


def read_file(path: Path, name: str, field: str, check: Callable[..., Any]) -> Iterator[Row | BrokenRow]:
    """Yield the file as one row: the text that `check` makes of its bytes, or else the bytes that `check` let pass."""
    try:
        size = path.stat().st_size
        if size == 0:
            yield BrokenRow(None, name, "The file is empty.")
        elif size > MAX_FILE:
            yield BrokenRow(None, name, f"The file has {size:,} bytes, more than {MAX_FILE:,}.")
        else:
            body = path.read_bytes()
            found = check(body)
            yield Row(0, {field: found if isinstance(found, str) else body})
    except OSError as error:
        yield BrokenRow(None, name, f"The file cannot be read: {error.strerror or error}.")
    except LabelwrightError as error:
        yield BrokenRow(None, name, str(error))
