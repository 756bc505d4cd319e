"""CSV, also with semicolons, tabs or bars: a header, then one row a record; all columns are text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.formats._tables import TableRow, rows
from labelwright.formats.base import Broken

__all__ = ["MODALITY", "SUFFIXES", "read"]

SUFFIXES = frozenset({".csv", ".tsv"})
MODALITY = None


def read(path: Path, *, name: str, field: str = "", delimiter: str | None = None) -> Iterator[TableRow | Broken]:
    """Yield every record behind the header as a row."""
    return rows(path, "csv", name=name, delimiter=delimiter)
