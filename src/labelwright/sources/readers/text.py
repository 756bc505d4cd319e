"""Text files: each file is one item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.formats._tables import BrokenRow, Row
from labelwright.media import text
from labelwright.sources.readers._file import read_file

__all__ = ["MODALITY", "SUFFIXES", "read"]

SUFFIXES = text.SUFFIXES
MODALITY = "text"


def read(path: Path, *, name: str, field: str = "text", delimiter: str | None = None) -> Iterator[Row | BrokenRow]:
    """Yield the file as one row, its text under `field`."""
    return read_file(path, name, field, text.read)
