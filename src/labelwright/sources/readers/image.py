"""Pictures: each file is one item; the header is checked here, the whole picture when it is prepared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.formats._tables import BrokenRow, Row
from labelwright.media import image
from labelwright.sources.readers._file import read_file

__all__ = ["MODALITY", "SUFFIXES", "read"]

SUFFIXES = image.SUFFIXES
MODALITY = "image"


def read(path: Path, *, name: str, field: str = "image", delimiter: str | None = None) -> Iterator[Row | BrokenRow]:
    """Yield the file as one row, its bytes under `field`."""
    return read_file(path, name, field, image.probe)
