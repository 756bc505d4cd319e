"""What is labeled: a raw item as it was collected, and the prepared item that people and machines see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

__all__ = ["FIELD_TERMS", "Audio", "Field", "Image", "Item", "RawItem", "Text", "content_hash", "media_of"]


class Text(Struct, frozen=True, tag="text", tag_field="modality", forbid_unknown_fields=True):
    """A text; offsets into it count Unicode code points."""

    text: str


class Image(Struct, frozen=True, tag="image", tag_field="modality", forbid_unknown_fields=True):
    """A picture, upright. `blob` names its bytes by content hash; coordinates are pixels from the top left corner."""

    blob: str
    width: int
    height: int
    media_type: str = "image/jpeg"
    thumbnail: str | None = None


class Audio(Struct, frozen=True, tag="audio", tag_field="modality", forbid_unknown_fields=True):
    """A sound clip. `duration` is in seconds, `rate` in samples per second; `peaks` names a blob with the waveform's outline."""

    blob: str
    duration: float
    rate: int
    media_type: str = "audio/wav"
    peaks: str | None = None


Field = Text | Image | Audio
"""One thing that an item shows: a text, a picture or a sound clip."""


FIELD_TERMS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "text": {"text": attrgetter("text")},
    "image": {"width": attrgetter("width"), "height": attrgetter("height")},
    "audio": {"duration": attrgetter("duration"), "rate": attrgetter("rate")},
}
"""What an expression can say of a field, by its modality."""


class RawItem(Struct, frozen=True):
    """A row or file as its source gave it, before preparation.

    `key` is the user's own identifier, unique within the project. `data` holds the row's columns; a file's own bytes are named by
    `blob`. `place` says where it came from (file and line), for messages. `revision` is the hash of the content: the same key with
    another revision is a changed row.
    """

    key: str
    data: dict[str, Any]
    place: str
    revision: str
    blob: str | None = None


class Item(Struct, frozen=True):
    """A prepared piece that is asked about.

    `data` holds the fields that the schema names, `meta` the remaining columns. A piece split from a longer text has `offset`, the
    position of its first code point in the raw text, so that spans can be carried back.
    """

    id: int
    key: str
    revision: str
    data: dict[str, Field]
    meta: dict[str, Any] = {}
    raw_id: int | None = None
    offset: int | None = None


def media_of(data: Mapping[str, Field]) -> set[str]:
    """Return the digests of all blobs that an item's fields name.

    >>> sorted(media_of({"photo": Image("abc", 20, 10, thumbnail="def"), "body": Text("seen")}))
    ['abc', 'def']
    """
    found: set[str | None] = set()
    for field in data.values():
        if isinstance(field, Image):
            found |= {field.blob, field.thumbnail}
        elif isinstance(field, Audio):
            found |= {field.blob, field.peaks}
    return {digest for digest in found if digest is not None}


def content_hash(value: Any) -> str:
    """Return the SHA-256, in hexadecimal, of bytes as they are, or of any other value in its canonical JSON form.

    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    """
    body = value if isinstance(value, bytes) else msgspec.json.encode(value, order="sorted")
    return hashlib.sha256(body).hexdigest()
