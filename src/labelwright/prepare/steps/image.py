"""Makes pictures upright, keeps them within limits, and makes thumbnails.

Every picture is decoded wholly, so a truncated one goes to the quarantine and not to people. A picture that is upright, within limits and
of a format that browsers show keeps its bytes; others are encoded anew. Coordinates of labels are pixels of the prepared picture.

Example: `{image: {max_side: 4096, thumbnail: 256}}`. Runs by itself, first, for every image field of the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from labelwright.media import image
from labelwright.prepare.draft import Context, Draft
from labelwright.prepare.steps._media import path_of
from labelwright.schema import Image

__all__ = ["REMEMBERS", "Options", "apply", "sees"]

REMEMBERS = True


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field`: one field instead of all. `max_side`: the longest side in pixels. `thumbnail`: that of the thumbnail, or null for none."""

    field: str | None = None
    max_side: int | None = None
    thumbnail: int | None = 256
    max_pixels: int = image.MAX_PIXELS


def sees(draft: Draft, options: Options, context: Context) -> Any:
    """Return the columns that it turns into others, and the key, which messages may name."""
    return [draft.key, {field: draft.columns.get(field) for field in context.fields_of("image", options.field)}]


def apply(draft: Draft, options: Options, context: Context) -> Iterator[Draft]:
    """Turn each picture named by its blob into an `Image`."""
    made = {}
    for field in context.fields_of("image", options.field):
        path, digest, name = path_of(draft, field, context)
        body = path.read_bytes()
        found = image.normalise(body, where=name, max_side=options.max_side, thumbnail=options.thumbnail, max_pixels=options.max_pixels)
        made[field] = Image(
            blob=digest if found.body is None else context.blobs.put(found.body),
            width=found.width,
            height=found.height,
            media_type=found.media_type,
            thumbnail=context.blobs.put(found.thumbnail) if found.thumbnail else None,
        )
    yield draft.with_columns(**made)
