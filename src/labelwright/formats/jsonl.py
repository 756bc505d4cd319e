"""JSON Lines: one object an item, everything exact.

Each line is a flat object with the columns of `_columns`: `{"key": "t1", "body": "…", "intent": "refund", …}`. What is unknown is left
out. Into a folder go `labels.jsonl` and the media.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from labelwright.formats import base
from labelwright.formats._columns import columns_of, plain_media, plain_text, read_rows
from labelwright.formats.base import Broken, Labeled, Media, MediaFolder, Target
from labelwright.schema import Schema

__all__ = ["READS", "SUFFIX", "WRITES", "read", "refuses", "write"]

READS = True
WRITES = True
SUFFIX = ".jsonl"
FILE = "labels.jsonl"


def refuses(schema: Schema) -> str | None:
    """Return None: JSONL holds everything."""
    return None


def write(dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None) -> None:
    """Write one line an item."""
    columns = columns_of(schema)
    stored = schema.stored()
    texts = [(field, name) for field, name in columns.fields.items() if field not in stored]
    pictures = [(field, name) for field, name in columns.fields.items() if field in stored]
    file, folder = base.labels_file(target, FILE)
    media = MediaFolder(folder, blobs)
    encode = msgspec.json.Encoder().encode
    lines: list[bytes] = []
    size = 0
    with base.opened(file) as out:
        for labeled in dataset:
            row: dict[str, Any] = {"key": labeled.key} if labeled.key is not None else {}
            for field, name in texts:
                if (text := plain_text(labeled, field)) is not None:
                    row[name] = text
            for field, name in pictures:
                if described := plain_media(labeled, field, media):
                    row[name] = described
            for question, answer in labeled.values.items():
                row[columns.questions[question]] = answer.plain()
            if labeled.split is not None:
                row["split"] = labeled.split
            if labeled.annotator is not None:
                row["annotator"] = labeled.annotator
            if labeled.meta:
                row["meta"] = labeled.meta
            if labeled.provenance:
                row["provenance"] = labeled.provenance
            lines.append(encode(row))
            size += len(lines[-1])
            if len(lines) == 256 or size > base.BUFFER:
                lines.append(b"")
                out.write(b"\n".join(lines))
                lines.clear()
                size = 0
        if lines:
            lines.append(b"")
            out.write(b"\n".join(lines))


def read(path: Path, schema: Schema, *, key: str | None = None, names: Mapping[str, str] = {}) -> Iterator[Labeled | Broken]:
    """Yield each line as an item."""
    for file in base.files_of(path, FILE, "*.jsonl"):
        yield from read_rows(file, schema, "jsonl", key=key, names=names)
