"""Files that are one item each: the header is checked here, all of it when the item is prepared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright import plugins
from labelwright.errors import LabelwrightError
from labelwright.formats._tables import TableRow
from labelwright.formats.base import Broken
from labelwright.schema.modalities import MODALITIES, Stored

__all__ = ["MAX_FILE", "WholeFiles"]

MAX_FILE = 2**30
"""A media file of more bytes is refused."""


class WholeFiles:
    """What a reader's module has, made of a modality's file in `media`."""

    def __init__(self, modality: str) -> None:
        self.MODALITY = modality
        self.module = plugins.load("media", modality)
        self.SUFFIXES: frozenset[str] = self.module.SUFFIXES
        self.stored = issubclass(MODALITIES[modality], Stored)

    def read(self, path: Path, *, name: str, field: str, delimiter: str | None = None) -> Iterator[TableRow | Broken]:
        """Yield the file as one row; under `field` stand its bytes, or what is read of them where those are not stored."""
        try:
            size = path.stat().st_size
            if size == 0:
                yield Broken(name, "The file is empty.")
            elif size > MAX_FILE:
                yield Broken(name, f"The file has {size:,} bytes, more than {MAX_FILE:,}.")
            else:
                body = path.read_bytes()
                if self.stored:
                    self.module.probe(body)
                yield TableRow(0, {field: body if self.stored else self.module.read(body)})
        except OSError as error:
            yield Broken(name, f"The file cannot be read: {error.strerror or error}.")
        except LabelwrightError as error:
            yield Broken(name, str(error))
