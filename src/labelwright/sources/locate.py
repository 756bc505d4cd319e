"""From a source's uri to its files, one by one and in a fixed order, none of them outside of where the source may look."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.schema.modalities import MODALITIES, Stored
from labelwright.sources import readers
from labelwright.sources.source import Source

__all__ = ["File", "Place", "locate", "path_named", "place_of", "reader_of"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PATTERN = re.compile(r"[*?\[]")
_UNFIT = re.compile("[\x00-\x1f\x7f]")
_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")

MOST_TOLD = 20
"""So many files of one ending that no reader knows are named one by one; the rest is counted."""

_NOT_DATA = frozenset({".py", ".pyc", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".lock", ".log", ".db", ".sh", ".bak", ".tmp", ".partial"})
"""Endings of what stands beside data: the pipeline's own files, its store, code, settings, logs."""

_NOTES = frozenset({"readme", "license", "licence", "copying", "notice", "changelog", "citation", "contributing", "thumbs", "desktop"})
"""Names, up to the first dot, of what stands beside data."""


class File(NamedTuple):
    """A file of a source: its path, what places call it, its key, its reader, or the reason why it is not read."""

    path: Path
    name: str
    key: str
    reader: str
    problem: str | None = None

    @property
    def told(self) -> str:
        """What an item says about where it came from, in exports too: never where on this machine its source lies."""
        return self.key if Path(self.name).is_absolute() else self.name


class Place(NamedTuple):
    """Where a source's files lie: below `root`, which keys start from; `limit` is the folder that no link may lead out of."""

    root: Path
    pattern: str | None
    limit: Path
    folder: Path

    def allows(self, path: Path) -> bool:
        """Tell whether `path`, with all links followed, lies inside the limit."""
        try:
            return path.resolve().is_relative_to(self.limit)
        except (OSError, RuntimeError):  # links that lead in a circle
            return False

    def name_of(self, path: Path) -> str:
        """Return what places call `path`: relative to the pipeline's folder where it lies in there."""
        return _text(str(path.relative_to(self.folder) if path.is_relative_to(self.folder) else path))


def _text(name: str) -> str:
    r"""Return a file's name as text: bytes that are not UTF-8 are written as `\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def path_named(folder: Path, name: str) -> Path:
    """Return the path of the file that places call `name`, with the bytes that its name really has."""
    path = folder / name
    if os.path.lexists(path) or "\\x" not in name:
        return path
    return folder / os.fsdecode(_ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), name.encode()))


def place_of(folder: Path, source: Source) -> Place:
    """Find out where a source's files lie.

    Raises:
        InvalidPipeline: the uri leads over the network, or out of the pipeline file's folder.
        InvalidInput: there is nothing there.
    """
    where = f"sources ({source.uri})"
    folder = Path(os.path.abspath(folder))
    uri = source.uri.removeprefix("file://")
    if _SCHEME.match(uri):
        raise InvalidPipeline(
            "Sources are files and folders; nothing is fetched over the network.", where=where, hint="Copy it here first."
        )
    if not uri or "\0" in uri:
        raise InvalidPipeline("The source has no uri.", where=where, hint="Name a file, a folder or a pattern such as scans/*.png.")
    if ".." in Path(uri).parts:
        raise InvalidPipeline("A source cannot lead upwards with '..'.", where=where, hint="Write the absolute path.")
    path = folder / uri  # an absolute uri stands for itself
    absolute = Path(uri).is_absolute()
    if path.is_dir():
        return Place(path, None, (path if absolute else folder).resolve(), folder)
    if os.path.lexists(path):
        return Place(path.parent, path.name, (path.parent if absolute else folder).resolve(), folder)
    if _PATTERN.search(uri):
        parts = path.parts
        fixed = next(index for index, part in enumerate(parts) if _PATTERN.search(part))
        root = Path(*parts[:fixed])
        if root.is_dir():
            return Place(root, str(Path(*parts[fixed:])), (root if absolute else folder).resolve(), folder)
    raise InvalidInput("There is no such file or folder.", where=where, hint=f"Relative paths start at {folder}.")


def locate(folder: Path, source: Source, modalities: set[str]) -> Iterator[File]:
    """Yield a source's files in a fixed order.

    Of a folder, those files count whose ending stands for the source's format or, without one, for a table or a modality among
    `modalities`; hidden files never do. One whose ending no reader knows has a `problem`, unless it is of the kinds that stand beside data:
    notes, code, settings, and labels beside pictures or recordings. Of many such files, one stands for those not named. Every file that a
    pattern matches counts.

    Raises:
        InvalidPipeline, InvalidInput: as `place_of` says; also where nothing can be read, unless the source is watched.
    """
    place = place_of(folder, source)
    if not place.allows(place.root):
        raise InvalidInput("The folder is a link that leads out of where this source may look.", where=f"sources ({source.uri})")
    found = False
    unknown: Counter[str] = Counter()
    # A file that is named, and a pattern with an ending, say what is wanted.
    says_what = place.pattern is not None and not place.pattern.endswith("*")
    for path in _paths(place):
        reader = source.format or reader_of(path.name)
        if reader is None and not says_what:
            if _beside_data(path, modalities):
                continue
            unknown[path.suffix.lower()] += 1
            if unknown[path.suffix.lower()] <= MOST_TOLD:
                yield _file(place, path, None, source)
            continue
        if place.pattern is None and not _wanted(path.name, source.format, reader, modalities):
            continue
        found = True
        yield _file(place, path, reader, source)
    for suffix, count in unknown.items():
        if count > MOST_TOLD:
            path = place.root / f"*{_text(suffix)}"
            yield File(path, place.name_of(path), f"*{_text(suffix)}", "", f"{count - MOST_TOLD:,} more files: {_no_reader(suffix)}")
    if not found and source.watch is None:
        where, hint = f"sources ({source.uri})", "Name the format, or check the path."
        raise InvalidInput("No file there can be collected.", where=where, hint=_no_reader(*unknown) if unknown else hint)


def _beside_data(path: Path, modalities: set[str]) -> bool:
    """Tell whether a file that no reader knows is of a kind that stands beside data, so that nobody misses it."""
    suffix = path.suffix.lower()
    labels = suffix in (".json", ".xml") and not _in_columns(modalities)
    return labels or not suffix or suffix.startswith(".db-") or suffix in _NOT_DATA or path.name.partition(".")[0].lower() in _NOTES


def _no_reader(*suffixes: str) -> str:
    known = ", ".join(sorted(_readers()))
    return f"No reader is known for {', '.join(map(_text, suffixes))}. Known are: {known}."


def _paths(place: Place) -> Iterator[Path]:
    if place.pattern is None:
        for folder, folders, files in os.walk(place.root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith("."):
                    yield Path(folder, name)
    elif (place.root / place.pattern).exists() or not _PATTERN.search(place.pattern):
        yield place.root / place.pattern
    else:
        for path in sorted(place.root.glob(place.pattern)):
            hidden = any(part.startswith(".") for part in path.relative_to(place.root).parts)
            if not hidden and not path.is_dir():
                yield path


def _wanted(name: str, format: str | None, reader: str | None, modalities: set[str]) -> bool:
    if format is not None:
        return Path(name).suffix.lower() in readers.load(format).SUFFIXES
    if reader is None:
        return False
    modality = readers.load(reader).MODALITY
    # A table beside pictures or recordings holds labels or notes more often than items: name it to collect from it.
    return modality in modalities if modality else _in_columns(modalities)


def _in_columns(modalities: set[str]) -> bool:
    """Tell whether one of them stands in the columns of tables, where others are named by them."""
    return any(not issubclass(MODALITIES[modality], Stored) for modality in modalities)


def _file(place: Place, path: Path, reader: str | None, source: Source) -> File:
    name = place.name_of(path)
    key = _text(path.relative_to(place.root).as_posix())
    problem = None
    if _UNFIT.search(name):
        problem = "The file's name has control characters. Rename it."
    elif not place.allows(path):
        problem = "The file is a link that leads out of where this source may look."
    elif not path.is_file():
        problem = "There is no file behind the link." if path.is_symlink() else "This is no regular file."
    elif reader is None:
        problem = _no_reader(path.suffix or "a file without an ending")
    return File(path, name, source.prefix + key, reader or "", problem)


def reader_of(name: str) -> str | None:
    """Return the reader that a file name's ending stands for."""
    suffix = Path(name).suffix.lower()
    return _readers().get(suffix)


def _readers() -> dict[str, str]:
    if not _known:
        for reader in readers.names():
            _known.update(dict.fromkeys(readers.load(reader).SUFFIXES, reader))
    return _known


_known: dict[str, str] = {}
