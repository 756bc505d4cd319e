"""From a row as a reader gives it to a row as it is stored: its key, its media put by, its columns as JSON, its revision."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from labelwright import plugins
from labelwright.errors import LabelwrightError, nearest
from labelwright.sources.merge import Ready
from labelwright.store.blobs import Blobs

__all__ = ["Shape", "Unfit", "finish"]

MAX_KEY = 500

_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_encode = msgspec.json.Encoder(order="sorted").encode


class Unfit(Exception):
    """A row that cannot be stored; the message is the reason."""


class Shape(NamedTuple):
    """What finishing a row has to know.

    `load` gives the bytes behind a path in a media column; `file_key` is the key of a row that is a whole file.
    """

    id: str | None
    columns: dict[str, str]
    prefix: str
    media: dict[str, str]  # fields of the schema that are pictures or recordings, and which
    blobs: Blobs
    load: Callable[[str], bytes] | None
    file_key: str | None = None


def finish(data: dict[str, Any], place: str, shape: Shape) -> Ready:
    """Return the row as it is stored. Equal rows give equal results.

    Raises:
        Unfit: the row has no key, or its media cannot be read.
    """
    for field, column in shape.columns.items():
        if column not in data:
            raise Unfit(_missing(column, data))
        if field != column:
            data[field] = data.pop(column)
    key = shape.file_key
    if key is None and shape.id is not None:
        key = shape.prefix + _key(data, shape.id, shape.columns)
    blob = _keep_media(data, shape) if shape.media else None
    try:
        body = _encode(data)
        text = body.decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Unfit(f"The row cannot be kept as JSON: {error}.") from error
    revision = sha256(body).hexdigest()
    return Ready(key if key is not None else shape.prefix + revision[:24], revision, place, text, blob)


def _key(data: dict[str, Any], column: str, columns: dict[str, str]) -> str:
    renamed = next((field for field, name in columns.items() if name == column), column) if columns else column
    value = data.get(renamed)
    if type(value) is str:
        key = value
    elif type(value) is int:
        key = str(value)
    elif renamed not in data:
        raise Unfit(_missing(column, data))
    elif value is None:
        key = ""
    else:
        raise Unfit(f"The value of '{column}' is no key: neither a text nor a whole number.")
    if not key.strip():
        raise Unfit(f"The column '{column}' is empty, and names the row.")
    if len(key) > MAX_KEY:
        raise Unfit(f"The value of '{column}' is longer than {MAX_KEY} characters.")
    if not key.isprintable() and _CONTROL.search(key):
        raise Unfit(f"The value of '{column}' has control characters.")
    return key


def _missing(column: str, data: dict[str, Any]) -> str:
    return f"There is no column '{column}'. {nearest(column, data) or ''}".strip()


def _keep_media(data: dict[str, Any], shape: Shape) -> str | None:
    """Put the media of a row by, and leave `{"blob", "name"}` in its column."""
    first = None
    for field, modality in shape.media.items():
        if field not in data:
            continue  # preparation says so, with the schema at hand
        body, name = _media_bytes(data[field], field, shape)
        try:
            plugins.load("media", modality).probe(body)
        except LabelwrightError as error:
            raise Unfit(f"{name or field}: {error}") from error
        digest = shape.blobs.put(body)
        data[field] = {"blob": digest, "name": name} if name else {"blob": digest}
        first = first or digest
    return first


def _media_bytes(value: Any, field: str, shape: Shape) -> tuple[bytes, str]:
    if isinstance(value, bytes):
        return value, ""
    if isinstance(value, dict):
        inner, name = value.get("bytes"), value.get("path")
        if isinstance(inner, bytes):
            return inner, name if isinstance(name, str) else ""
        if isinstance(value.get("base64"), str):
            try:
                return base64.b64decode(value["base64"], validate=True), str(value.get("name", ""))
            except binascii.Error as error:
                raise Unfit(f"The column '{field}' is no Base64: {error}.") from error
    if isinstance(value, str) and value:
        if shape.load is None:
            raise Unfit(f"The column '{field}' names a file, and rows that are sent carry their media themselves: {{\"base64\": …}}.")
        return shape.load(value), value
    raise Unfit(f"The column '{field}' holds no media: a path, bytes, or {{\"base64\": …}}.")
