"""Parquet: typed columns, read a few hundred rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.formats._tables import TableRow, rows
from labelwright.formats.base import Broken

__all__ = ["MODALITY", "SUFFIXES", "read"]

SUFFIXES = frozenset({".parquet", ".pq"})
MODALITY = None


def read(path: Path, *, name: str, field: str = "", delimiter: str | None = None) -> Iterator[TableRow | Broken]:
    """Yield every row."""
    return rows(path, "parquet", name=name)
