"""JSONL: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.formats._tables import TableRow, rows
from labelwright.formats.base import Broken

__all__ = ["MODALITY", "SUFFIXES", "read"]

SUFFIXES = frozenset({".jsonl", ".ndjson"})
MODALITY = None


def read(path: Path, *, name: str, field: str = "", delimiter: str | None = None) -> Iterator[TableRow | Broken]:
    """Yield every line as a row."""
    return rows(path, "jsonl", name=name)
