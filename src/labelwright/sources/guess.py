"""What a folder or file holds, guessed from a look at its beginning, for the starter file of `labelwright init`."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec import Struct

from labelwright.errors import InvalidInput
from labelwright.formats._tables import TableRow
from labelwright.media import modality_of
from labelwright.schema.modalities import MODALITIES, Modality, Stored
from labelwright.sources import readers
from labelwright.sources.locate import reader_of
from labelwright.sources.source import Source

__all__ = ["Guess", "guess"]

LOOK = 1000
"""So many rows, or files, are looked at."""

MAX_LABELS = 20

_ID_NAMES = ("id", "key", "uid", "uuid", "guid", "_id", "index")
_TEXT_NAMES = ("text", "body", "message", "content", "sentence", "review", "comment", "question", "prompt", "title")


class Guess(Struct, frozen=True, kw_only=True):
    """A source and the fields to label, as the pipeline file would say them.

    `labels` has each column that looks like a label already there, with its values; `rows` is how many rows or files were looked at.
    `left_aside` counts the other files of a folder, which this source does not read: by their reader, or `other`.
    """

    source: Source
    data: dict[str, Modality]
    labels: dict[str, tuple[str, ...]] = {}
    rows: int = 0
    left_aside: dict[str, int] = {}


def guess(path: str | Path, *, folder: str | Path | None = None) -> Guess:
    """Look at a file or folder and say how to collect from it.

    The uri is relative to `folder`, where the pipeline file will lie, if the data lies in there; else absolute.

    Raises:
        InvalidInput: there is nothing to read.
    """
    path = Path(path).absolute()
    uri = str(path)
    if folder is not None and path.is_relative_to(Path(folder).absolute()):
        uri = str(path.relative_to(Path(folder).absolute()))
    if path.is_file():
        return _of_file(path, uri)
    if not path.is_dir():
        raise InvalidInput("There is no such file or folder.", where=str(path))
    return _of_folder(path, uri)


def _of_file(path: Path, uri: str) -> Guess:
    reader = reader_of(path.name)
    if reader is None:
        known = sorted({suffix for name in readers.names() for suffix in readers.load(name).SUFFIXES})
        raise InvalidInput(f"No reader is known for the ending '{path.suffix}'.", where=str(path), hint=f"Known are: {', '.join(known)}.")
    module = readers.load(reader)
    if module.MODALITY is not None:
        return Guess(source=Source(uri=uri), data={module.MODALITY: module.MODALITY}, rows=1)
    looked = list(itertools.islice(module.read(path, name=path.name), LOOK))
    rows: list[dict[str, Any]] = [row.data for row in looked if isinstance(row, TableRow)]
    if not rows:
        raise InvalidInput(f"No row can be read: {looked[0].reason if looked else 'there is none.'}", where=str(path))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    values = {name: [row.get(name) for row in rows] for name in columns}
    id = _id_column(values, len(rows))
    data, renamed = _fields({name: found for name, found in values.items() if name != id})
    taken = {id, *data, *renamed.values()}
    labels = {name: found for name, column in values.items() if name not in taken and (found := _labels(column, len(rows)))}
    return Guess(source=Source(uri=uri, id=id, columns=renamed), data=data, labels=labels, rows=len(rows))


def _of_folder(path: Path, uri: str) -> Guess:
    files = (file for file in sorted(path.rglob("*")) if not any(part.startswith(".") for part in file.relative_to(path).parts))
    looked = list(itertools.islice((file for file in files if file.is_file()), 10 * LOOK))
    found = [file for file in looked if reader_of(file.name)]
    kinds = Counter(reader_of(file.name) or "other" for file in looked)

    def rest(*taken: Path) -> dict[str, int]:
        return dict(sorted(Counter(reader_of(file.name) or "other" for file in looked if file not in taken).items()))

    stored = [name for name, modality in MODALITIES.items() if issubclass(modality, Stored)]

    def whole(modality: str) -> Guess:
        media = [file for file in found if reader_of(file.name) == modality]
        return Guess(source=Source(uri=uri), data={modality: modality}, rows=len(media), left_aside=rest(*media))

    most = max(stored, key=lambda modality: (kinds[modality], modality))
    if kinds[most]:
        return whole(most)
    for kind in ("parquet", "jsonl", "csv"):
        tables = [file for file in found if reader_of(file.name) == kind]
        if tables:
            first = _of_file(tables[0], str(Path(uri) / tables[0].name))
            # Several tables are collected together where they lie side by side.
            together = str(Path(uri) / f"*{tables[0].suffix}") if len(tables) > 1 else str(Path(uri) / tables[0].relative_to(path))
            taken = [file for file in tables if file.parent == path and file.suffix == tables[0].suffix] if len(tables) > 1 else tables
            source = Source(uri=together, id=first.source.id, columns=first.source.columns)
            return Guess(source=source, data=first.data, labels=first.labels, rows=first.rows, left_aside=rest(*taken))
    for modality in sorted(set(MODALITIES) - set(stored), reverse=True):
        if kinds[modality]:
            return whole(modality)
    raise InvalidInput("Nothing in the folder can be collected.", where=str(path), hint="Tables, texts, pictures and recordings can.")


def _id_column(values: dict[str, list[Any]], count: int) -> str | None:
    def names_rows(column: list[Any]) -> bool:
        return all(type(value) in (str, int) and str(value).strip() for value in column) and len(set(map(str, column))) == count

    fitting = [name for name, column in values.items() if names_rows(column)]
    for name in fitting:
        if name.lower() in _ID_NAMES:
            return name
    likely = [name for name in fitting if name.lower().replace("-", "_").endswith(("_id", "_key", "id"))]
    return likely[0] if likely else None


def _fields(values: dict[str, list[Any]]) -> tuple[dict[str, Modality], dict[str, str]]:
    media: dict[str, Modality] = {}
    for name, column in values.items():
        kinds = {_modality(value) for value in column[:50]}
        if len(kinds) == 1 and (kind := kinds.pop()) is not None:
            media[name] = kind
    if media:
        return _named(dict(list(media.items())[:1]))
    texts = {name: column for name, column in values.items() if any(isinstance(value, str) and value for value in column)}
    if not texts:
        raise InvalidInput("No column holds text, pictures or recordings.", hint=f"The columns are: {', '.join(values)}.")

    def length(name: str) -> float:
        column = texts[name]
        known = 2.0 if name.lower() in _TEXT_NAMES else 1.0
        varied = len(set(map(str, column))) / len(column)
        return known * varied * sum(len(value) for value in column if isinstance(value, str)) / len(column)

    return _named({max(texts, key=length): "text"})


def _named(fields: dict[str, Modality]) -> tuple[dict[str, Modality], dict[str, str]]:
    """Give a field whose column is no identifier a name that is one."""
    data: dict[str, Modality] = {}
    renamed: dict[str, str] = {}
    for column, modality in fields.items():
        name = column if column.isidentifier() else modality
        data[name] = modality
        if name != column:
            renamed[name] = column
    return data, renamed


def _modality(value: Any) -> Modality | None:
    if isinstance(value, dict) and isinstance(value.get("bytes"), bytes):
        value = value.get("path") or ""
    kind = modality_of(value) if isinstance(value, str) and len(value) < 500 else None
    return kind if kind is not None and issubclass(MODALITIES[kind], Stored) else None


def _labels(column: list[Any], count: int) -> tuple[str, ...] | None:
    found = {value for value in column if isinstance(value, str) and value}
    few = 2 <= len(found) <= min(MAX_LABELS, max(2, count // 3))
    return tuple(sorted(found)) if few and all(len(value) <= 60 for value in found) else None
