"""The files that a table beside them names: from the table's folder on, by the end of their path, or without their ending."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from labelwright.sources.linked import spellings

__all__ = ["NamedFiles"]


class NamedFiles:
    """Finds the file that a cell names, where that is clear: one, and no other, may be meant.

    >>> found = NamedFiles([Path("d/images/1.jpg"), Path("d/images/2.jpg")])
    >>> found.find("1.jpg", [Path("d")]), found.find("2", [Path("d")]), found.find("3.jpg", [Path("d")])
    (PosixPath('d/images/1.jpg'), PosixPath('d/images/2.jpg'), None)
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = set(files)
        self._ends: dict[str, list[Path]] = {}
        for file in self._files:
            for last in {file.name, file.stem}:
                self._ends.setdefault(last, []).append(file)

    def find(self, name: str, folders: Iterable[Path]) -> Path | None:
        """Return the file that a cell of a table names; its name may start from any of the folders, the likeliest first."""
        names = spellings(name)
        exact = (folder / spelling for spelling in names for folder in folders)
        return next((path for path in exact if path in self._files), None) or next(filter(None, map(self._by_end, names)), None)

    def _by_end(self, name: str) -> Path | None:
        parts = PurePosixPath(name).parts
        found = self._ends.get(parts[-1], ()) if parts else ()
        fitting = [file for file in found if file.parts[-len(parts) : -1] == parts[:-1]]
        return fitting[0] if len(fitting) == 1 else None
