"""From a finished draft to an item as it is stored: its fields, its other columns, and the revision of what it shows."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from labelwright.errors import InvalidInput, nearest
from labelwright.prepare.draft import Draft
from labelwright.schema import Audio, Image, Schema, Text

__all__ = ["Made", "make"]

_encode = msgspec.json.Encoder(order="sorted").encode


class Made(NamedTuple):
    """An item that can be stored; `data` and `meta` are JSON text."""

    key: str
    revision: str
    data: str
    meta: str
    offset: int | None


def make(draft: Draft, schema: Schema) -> Made:
    """Put an item's fields together.

    The revision is the hash of what people see and label: neither thumbnails and outlines nor other columns count, so that labels stay
    when those change.

    Raises:
        InvalidInput: a field of the schema has no column, or a column not of its modality.
    """
    columns = draft.columns
    fields: dict[str, Text | Image | Audio] = {}
    shown: dict[str, Any] = {}
    for name, modality in schema.data.items():
        value = columns.get(name)
        if modality == "text" and isinstance(value, str):
            if not value or value.isspace():
                raise InvalidInput(f"The text in '{name}' is empty.")
            fields[name], shown[name] = Text(value), value
        elif modality == "image" and isinstance(value, Image):
            fields[name], shown[name] = value, [value.blob, value.width, value.height]
        elif modality == "audio" and isinstance(value, Audio):
            fields[name], shown[name] = value, [value.blob, value.duration, value.rate]
        elif name not in columns:
            raise InvalidInput(f"There is no column '{name}'.", hint=nearest(name, columns))
        else:
            raise InvalidInput(f"The column '{name}' holds no {modality}.")
    # A piece says where in which text it begins, so that whoever gets its labels can carry them back.
    lineage = {"parent": draft.key, "offset": draft.offset} if draft.number is not None else {}
    meta = lineage | {name: value for name, value in columns.items() if name not in fields}
    key = f"{draft.key}#{draft.number}" if draft.number is not None else draft.key
    revision = sha256(_encode(shown)).hexdigest()
    return Made(key, revision, _encode(fields).decode(), _encode(meta).decode(), draft.offset)
