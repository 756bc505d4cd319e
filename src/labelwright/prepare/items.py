"""From a finished draft to an item as it is stored: its fields, its other columns, and the revision of what it shows."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from labelwright.errors import InvalidInput, nearest
from labelwright.prepare.draft import ItemDraft
from labelwright.schema import Field, Schema
from labelwright.schema.item import revision_of

__all__ = ["MadeItem", "make"]

_encode = msgspec.json.Encoder(order="sorted").encode


class MadeItem(NamedTuple):
    """An item that can be stored; `data` and `meta` are JSON text."""

    key: str
    revision: str
    data: str
    meta: str
    offset: int | None


def make(draft: ItemDraft, schema: Schema) -> MadeItem:
    """Put an item's fields together.

    Other columns do not count for the revision, so that labels stay when those change.

    Raises:
        InvalidInput: a field of the schema has no column, or a column not of its modality.
    """
    columns = draft.columns
    fields: dict[str, Field] = {}
    for name in schema.data:
        if name not in columns:
            raise InvalidInput(f"There is no column '{name}'.", hint=nearest(name, columns))
        fields[name] = schema.modality(name).prepared(columns[name], name)
    # A piece says where in which text it begins, so that whoever gets its labels can carry them back.
    lineage = {"parent": draft.key, "offset": draft.offset} if draft.number is not None else {}
    meta = lineage | {name: value for name, value in columns.items() if name not in fields}
    key = f"{draft.key}#{draft.number}" if draft.number is not None else draft.key
    return MadeItem(key, revision_of(fields), _encode(fields).decode(), _encode(meta).decode(), draft.offset)
