"""Media files that a table names: looked for inside the source's folder, read once, and then only when they change."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import sqlalchemy as sa

from labelwright import plugins
from labelwright.errors import InvalidInput, LabelwrightError
from labelwright.sources.locate import Place
from labelwright.sources.readers._whole import MAX_FILE
from labelwright.store.project import Project
from labelwright.store.tables import source_files

__all__ = ["Linked", "fingerprint", "keep", "spellings"]


def fingerprint(path: Path, digest: str) -> str:
    """Return a text that changes when the file does, or `digest`, which stands for how it is read; empty where there is no file."""
    try:
        state = path.stat()
    except OSError:
        return ""
    return f"{state.st_size}-{state.st_mtime_ns}-{state.st_ctime_ns}-{digest}"


def keep(body: bytes, modality: str, name: str, project: Project) -> str:
    """Put media by, and return the blob's digest.

    Raises:
        InvalidInput: the bytes are not of that modality.
    """
    try:
        plugins.load("media", modality).probe(body)
    except LabelwrightError as error:
        raise InvalidInput(f"{name}: {error}") from error
    return project.blobs.put(body)


_ADDRESS = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+://")


def spellings(value: str) -> list[str]:
    """Return the names that a cell may stand for, the likeliest first.

    >>> spellings("images\\\\my%20pic.png ")
    ['images\\\\my%20pic.png ', 'images/my%20pic.png', 'images/my pic.png']
    """
    plain = value.strip().removeprefix("file://").replace("\\", "/")
    decoded = unquote(plain)
    forms = [unicodedata.normalize(form, name) for name in (plain, decoded) for form in ("NFC", "NFD")]
    return list(dict.fromkeys([value, plain, decoded, *forms]))


class Linked:
    """Turns the paths in a table's media columns into blobs. Called by several threads at once."""

    def __init__(self, project: Project, place: Place, beside: Path) -> None:
        self.project = project
        self.place = place
        self.beside = beside
        self.read: list[tuple[str, str]] = []
        """Name and fingerprint of each file read now, to be remembered; the fingerprint ends with the blob's digest."""

    def __call__(self, value: str, modality: str) -> str:
        """Return the digest of the blob that holds the file's bytes.

        Raises:
            InvalidInput: the path leads out, or the file cannot be read as that modality.
        """
        path = self._path(value)
        name = self.place.name_of(path)
        known = self._remembered(name)
        before, _, blob = known.rpartition("-")
        if known and f"{before}-" == fingerprint(path, "") and len(blob) == 64 and blob in self.project.blobs:
            return blob
        now = fingerprint(path, "")
        try:
            if path.stat().st_size > MAX_FILE:
                raise InvalidInput(f"The file '{value}' is larger than {MAX_FILE:,} bytes.")
            body = path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"The file '{value[:200]}' cannot be read: {error.strerror or error}.") from error
        blob = keep(body, modality, value[:200], self.project)
        if fingerprint(path, "") == now:
            self.read.append((name, now + blob))
        return blob

    def _path(self, value: str) -> Path:
        """Return the file that a cell names: as it stands or, where there is none, as other systems and the web write names.

        Raises:
            InvalidInput: the path leads out of where the source may look, or is an address of the network.
        """
        if _ADDRESS.match(value):
            raise InvalidInput(f"'{value[:200]}' is an address, and nothing is fetched over the network. Name a file beside the table.")
        first = None
        for name in spellings(value):
            if "\0" in name or ".." in Path(name).parts:
                raise InvalidInput(f"The path '{value[:200]}' leads upwards, out of where this source may look.")
            for path in (self.beside / name, self.place.folder / name):
                first = first or path
                if path.is_file() and self.place.allows(path):
                    return path
        if first is None or not self.place.allows(first):
            raise InvalidInput(f"The path '{value[:200]}' leads out of where this source may look.")
        return first

    def _remembered(self, name: str) -> str:
        query = sa.select(source_files.c.fingerprint).where(source_files.c.project_id == self.project.id, source_files.c.uri == name)
        with self.project.database.read() as connection:
            return connection.scalar(query) or ""
