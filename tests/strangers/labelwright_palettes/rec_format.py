"""Records as GNU recutils reads them: one an item, with its labels and files; for the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from labelwright_palettes import rec_reader

from labelwright.errors import InvalidInput
from labelwright.formats import base
from labelwright.formats._columns import columns_of, plain_media, plain_text
from labelwright.formats.base import Broken, Labeled, Media, MediaFolder, Target
from labelwright.schema import Schema

READS = True
WRITES = True
SUFFIX = ".rec"
FILE = "labels.rec"


def refuses(schema: Schema) -> str | None:
    """Return why records cannot hold the labels: a column's name is no name of theirs. Their values are JSON, and so may be anything."""
    columns = columns_of(schema)
    wrong = [name for name in (*columns.fields.values(), *columns.questions.values()) if not re.fullmatch(r"[A-Za-z][\w.]*", name)]
    return f"A record cannot have a column named '{wrong[0]}'." if wrong else None


def write(dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None) -> None:
    """Write one record an item; whatever is no name stands there as JSON, which has no line ends."""
    file, folder = base.labels_file(target, FILE)
    columns, stored, media = columns_of(schema), schema.stored(), MediaFolder(folder, blobs)
    with base.opened(file) as out:
        for labeled in dataset:
            cells = {"key": labeled.key, "split": labeled.split, "annotator": labeled.annotator, "meta": labeled.meta or None}
            cells |= {"provenance": labeled.provenance or None}
            for field, column in columns.fields.items():
                cells[column] = plain_media(labeled, field, media) if field in stored else plain_text(labeled, field)
            cells |= {columns.questions[name]: answer.plain() for name, answer in labeled.values.items()}
            lines = [f"{name}: {msgspec.json.encode(value).decode()}" for name, value in cells.items() if value is not None]
            out.write(("\n".join(lines) + "\n\n").encode())


def read(path: Path, schema: Schema, *, key: str | None = None) -> Iterator[Labeled | Broken]:
    """Yield each record as an item."""
    columns = columns_of(schema)
    for file in base.files_of(path, FILE, "*.rec"):
        for row in rec_reader.read(file, name=file.name):
            if isinstance(row, Broken):
                yield row
                continue
            place = f"{file.name} line {row.number}"
            try:
                cells = {name: msgspec.json.decode(value) for name, value in row.data.items()}
                fields = {
                    name: schema.modality(name).from_plain(cells[column]) for name, column in columns.fields.items() if column in cells
                }
                plain = {name: cells[column] for name, column in columns.questions.items() if column in cells}
                yield Labeled(
                    key=cells.get(key or "key"),
                    data={name: field for name, field in fields.items() if field is not None},
                    values=base.answers(schema, plain),
                    meta=cells.get("meta") or {},
                    split=cells.get("split"),
                    annotator=cells.get("annotator"),
                    provenance=msgspec.convert(cells.get("provenance") or {}, dict[str, base.Provenance]),
                    place=place,
                )
            except (InvalidInput, msgspec.MsgspecError, RecursionError) as error:
                yield Broken(place, str(error), base.show(str(row.data)))
