"""Records as GNU recutils writes them: a line `name: value` a column, and an empty line between two records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.formats._tables import TableRow
from labelwright.formats.base import Broken

SUFFIXES = frozenset({".rec"})
MODALITY = None


def read(path: Path, *, name: str, field: str = "", delimiter: str | None = None) -> Iterator[TableRow | Broken]:
    """Yield every record as a row, numbered by the line on which it begins."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")  # and at no other of Unicode's line ends, which may stand in a value
    except (OSError, UnicodeDecodeError) as error:
        yield Broken(name, f"The file cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.")
        return
    data: dict[str, str] = {}
    broken, begin, found = "", 0, False
    for number, line in enumerate([*lines, ""], 1):
        if line.startswith(("#", "%")):
            continue
        if line.strip():
            begin = begin or number
            column, colon, value = line.partition(":")
            broken = broken or ("" if colon and column.strip() else f"Line {number} is no column: a name, a colon and a value.")
            data[column.strip()] = value.strip()
        elif begin:
            yield Broken(f"{name} line {begin}", broken, str(data)[:200]) if broken else TableRow(begin, data)
            data, broken, begin, found = {}, "", 0, True
    if not found:
        yield Broken(name, "The file has no records.")
