"""What one cell of a table holds of a picture or a recording, as sources collect it and labels are matched by it."""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple

from labelwright.errors import InvalidInput

__all__ = ["MediaCell", "media_cell"]


class MediaCell(NamedTuple):
    """The bytes, or None where the cell only names a file; and that name, which is empty where there is none."""

    body: bytes | None
    name: str


def media_cell(value: Any) -> MediaCell | None:
    """Read bytes, a path, or an object with `bytes` or `base64` and `path` or `name`, as Hugging Face writes it; None where it is no such.

    Raises:
        InvalidInput: the Base64 is broken.

    >>> media_cell({"bytes": b"x", "path": None}), media_cell({"bytes": None, "path": "a.png"}), media_cell({"width": 3})
    (MediaCell(body=b'x', name=''), MediaCell(body=None, name='a.png'), None)
    """
    if isinstance(value, bytes):
        return MediaCell(value, "")
    if isinstance(value, str):
        return MediaCell(None, value)
    if not isinstance(value, dict):
        return None
    name = value.get("path") or value.get("name")
    name = name if isinstance(name, str) else ""
    body, encoded = value.get("bytes"), value.get("base64")
    if isinstance(encoded, str):
        try:
            body = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise InvalidInput(f"This is no Base64: {error}.") from error
    if body is None and name:
        return MediaCell(None, name)
    return MediaCell(body, name) if isinstance(body, bytes) else None
