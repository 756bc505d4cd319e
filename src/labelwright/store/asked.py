"""Tells which questions are asked about items of the store: the items are read only where a condition looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from labelwright.schema import Answer, Item, Schema
from labelwright.store import tables
from labelwright.store.codec import decode, decode_fields
from labelwright.store.database import Connection

__all__ = ["asked_of"]

READ = 50
"""Items read at a time, for they may be large."""

_items = tables.items


def asked_of(connection: Connection, schema: Schema, answers: Mapping[int, Mapping[str, Answer]]) -> Iterator[tuple[int, list[str]]]:
    """Yield each item's number with the names of the questions that are asked about it, where these are its answers."""
    if not schema.conditions_of_item:
        nothing = Item(0, "", "", {})
        first = schema.asked({}, nothing)
        for item_id, values in answers.items():
            yield item_id, schema.asked(values, nothing) if values else first
        return
    numbers = sorted(answers)
    for start in range(0, len(numbers), READ):
        query = sa.select(_items.c.id, _items.c.key, _items.c.revision, _items.c.data, _items.c.meta)
        for number, key, revision, data, meta in connection.execute(query.where(_items.c.id.in_(numbers[start : start + READ]))):
            yield number, schema.asked(answers[number], Item(number, key, revision, decode_fields(data), decode(meta)))
