"""What is labeled: the prepared item that people and machines see."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from labelwright.schema.modalities import Field, FieldUnion

__all__ = ["Item", "content_hash", "media_of", "revision_of"]


class Item(Struct, frozen=True):
    """A prepared piece that is asked about.

    `data` holds the fields that the schema names, `meta` the remaining columns. A piece split from a longer text has `offset`, the
    position of its first code point in the raw text, so that spans can be carried back.
    """

    id: int
    key: str
    revision: str
    data: dict[str, FieldUnion]
    meta: dict[str, Any] = {}
    raw_id: int | None = None
    offset: int | None = None


def media_of(data: Mapping[str, Field]) -> set[str]:
    """Return the digests of all blobs that an item's fields name.

    >>> from labelwright.schema import Image, Text
    >>> sorted(media_of({"photo": Image("abc", 20, 10, thumbnail="def"), "body": Text("seen")}))
    ['abc', 'def']
    """
    return {digest for field in data.values() for digest in field.blobs()}


def revision_of(data: Mapping[str, Field]) -> str:
    """Return the hash of what people see and label in an item's fields; what was derived for the page does not count."""
    return content_hash({name: field.shown() for name, field in data.items()})


def content_hash(value: Any) -> str:
    """Return the SHA-256, in hexadecimal, of bytes as they are, or of any other value in its canonical JSON form.

    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    """
    body = value if isinstance(value, bytes) else msgspec.json.encode(value, order="sorted")
    return hashlib.sha256(body).hexdigest()
