"""CSV, also with semicolons, tabs or bars: a header, then one row a record; all columns are text. See `formats._delimited`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.formats._tables import TableRow, rows
from labelwright.formats.base import Broken

__all__ = ["MODALITY", "SUFFIXES", "read"]

SUFFIXES = frozenset({".csv", ".tsv", ".tab"})
MODALITY = None


def read(path: Path, *, name: str, field: str = "", delimiter: str | None = None, header: bool = True) -> Iterator[TableRow | Broken]:
    """Yield every record behind the header, where there is one, as a row."""
    return rows(path, "csv", name=name, delimiter=delimiter, header=header)
