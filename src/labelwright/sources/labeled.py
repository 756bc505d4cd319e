"""The labels that raw data brings along: in a column, in the names of folders, in a table beside the files.

They come out as rows that `labelwright import` reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from labelwright.errors import InvalidInput
from labelwright.formats._class_folders import class_of_folder
from labelwright.formats._tables import TableRow
from labelwright.formats.parquet import class_names
from labelwright.schema.modalities import MODALITIES, Stored
from labelwright.sources import readers
from labelwright.sources.batches import TableFile
from labelwright.sources.guess import Guess, label_text
from labelwright.sources.linked import spellings
from labelwright.sources.locate import locate, place_of, reader_of
from labelwright.sources.named_files import NamedFiles
from labelwright.sources.rows import RowLayout, finisher

__all__ = ["SeveralLabels", "labels_there"]


class SeveralLabels(Struct):
    """How many files have several labels in tables beside them, which a choice cannot hold; and the first one, with its labels."""

    count: int = 0
    first: str = ""
    labels: tuple[str, ...] = ()


def labels_there(found: Guess, folder: Path, question: str, several: SeveralLabels) -> Iterator[dict[str, str]]:
    """Yield the key of each labeled item, its label under the question's name, and who gave it, where the data says so.

    Keys are those that collecting will give; what it will set aside is left out, and what has several labels counted in `several`.
    """
    modalities = set(map(str, found.data.values()))
    if found.in_tables:
        yield from _of_tables_beside(found, folder, question, several)
        return
    column = next(iter(found.labels), None)
    if column is None:
        return
    for file in locate(folder, found.source, modalities):
        if file.problem:
            continue
        if found.in_folders:
            if label := class_of_folder(file.key):
                yield {"key": file.key, question: label}
        elif readers.load(file.reader).MODALITY is None:
            source = found.source
            table = TableFile(
                str(file.path),
                file.name,
                file.reader,
                source.id,
                source.columns,
                "",
                source.delimiter,
                source.header or file.reader != "csv",
            )
            names = class_names(file.path).get(column, []) if file.reader == "parquet" else []
            finish = finisher(_shape(found, folder, file.path.parent))
            for row in readers.load(file.reader).read(file.path, name=file.name, **table.options):
                if not isinstance(row, TableRow) or (label := label_text(row.data.get(column), names)) is None:
                    continue
                who = row.data.get(found.annotator) if found.annotator else None
                try:
                    key = finish(dict(row.data), "").key
                except InvalidInput:
                    continue
                yield {"key": key, question: label, **({} if who in (None, "") else {"annotator": str(who)})}


def _of_tables_beside(found: Guess, folder: Path, question: str, several: SeveralLabels) -> Iterator[dict[str, str]]:
    keys = {file.path: file.key for file in locate(folder, found.source, set(map(str, found.data.values()))) if not file.problem}
    root, files = place_of(folder, found.source).root, NamedFiles(keys)
    for told in found.in_tables:
        for row in readers.load(reader_of(told.table.name) or "").read(told.table, name=told.table.name):
            labels = told.labels_of(row.data) if isinstance(row, TableRow) else []
            if not isinstance(row, TableRow) or not labels:
                continue
            file = files.find(str(row.data.get(told.file) or ""), (told.table.parent, root))
            if file is None:
                continue
            key = keys[file]
            if len(labels) == 1:
                yield {"key": key, question: labels[0]}
                continue
            several.count += 1
            if several.count == 1:
                several.first, several.labels = key, tuple(labels)


def _shape(found: Guess, folder: Path, beside: Path) -> RowLayout:
    """How rows become keys: as in collecting, without a store for the bytes."""
    media = {field: str(modality) for field, modality in found.data.items() if issubclass(MODALITIES[modality], Stored)}
    place = place_of(folder, found.source)

    def linked(value: str, modality: str) -> str:
        paths = (base / name for name in spellings(value) for base in (beside, place.folder) if "\0" not in name)
        path = next((path for path in paths if path.is_file()), beside / value)
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except (OSError, ValueError) as error:
            raise InvalidInput(f"The file '{value[:200]}' cannot be read.") from error

    def keep(body: bytes, modality: str, name: Any) -> str:
        return hashlib.sha256(body).hexdigest()

    return RowLayout(found.source.id, found.source.columns, found.source.prefix, media, keep, linked)
