"""From a row as a reader gives it to a row as it is stored: its key, its media put by, its columns as JSON, its revision."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from labelwright.errors import InvalidInput, nearest
from labelwright.formats._media_cells import media_cell
from labelwright.sources.merge import Ready

__all__ = ["RowLayout", "finisher", "sample_of"]

MAX_KEY = 500

_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_encode = msgspec.json.Encoder(order="sorted").encode


class RowLayout(Struct, frozen=True):
    """What making a row ready has to know.

    `keep` puts media bytes by and gives their digest; `linked` does so with the file behind a path. `file_key` is the key of a row that
    is a whole file.
    """

    id: str | None = None
    columns: dict[str, str] = {}
    prefix: str = ""
    media: dict[str, str] = {}  # fields of the schema that are pictures or recordings, and which
    keep: Callable[[bytes, str, str], str] | None = None
    linked: Callable[[str, str], str] | None = None
    file_key: str | None = None


def finisher(shape: RowLayout) -> Callable[[dict[str, Any], str], Ready]:
    """Return the function that turns a row (its columns and its place) into what is stored; equal rows give equal results.

    It raises `InvalidInput` where the row has no key or its media cannot be read. Every row of every table goes through it, so what
    does not change from row to row is worked out once, here.
    """
    prefix, media, file_key = shape.prefix, shape.media, shape.file_key
    ready = tuple.__new__  # half the cost of calling Ready
    renamed = list(shape.columns.items())
    key_of = None
    if shape.id is not None and file_key is None:
        named = next((field for field, column in renamed if column == shape.id), shape.id)
        key_of = _key_reader(named, shape.id)

    def finish(data: dict[str, Any], place: str) -> Ready:
        for field, column in renamed:
            if column not in data:
                raise InvalidInput(_missing(column, data))
            if field != column:
                data[field] = data.pop(column)
        key = key_of(data) if key_of is not None else file_key
        blob = _keep_media(data, shape) if media else None
        try:
            body = _encode(data)
            text = body.decode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInput(f"The row cannot be kept as JSON: {error}.") from error
        revision = sha256(body).hexdigest()
        if key is None:
            key = revision[:24]
        return ready(Ready, (prefix + key if file_key is None else key, revision, place, text, blob))

    return finish


def _key_reader(named: str, column: str) -> Callable[[dict[str, Any]], str]:
    def key_of(data: dict[str, Any]) -> str:
        value = data.get(named)
        key = value if type(value) is str else str(value) if type(value) is int else None
        if key is None:
            if named not in data:
                raise InvalidInput(_missing(column, data))
            if value is not None:
                raise InvalidInput(f"The value of '{column}' is no key: neither a text nor a whole number.")
        if not key or key.isspace():
            raise InvalidInput(f"The column '{column}' is empty, and names the row.")
        if len(key) > MAX_KEY:
            raise InvalidInput(f"The value of '{column}' is longer than {MAX_KEY} characters.")
        if not key.isprintable() and _CONTROL.search(key):
            raise InvalidInput(f"The value of '{column}' has control characters.")
        return key

    return key_of


def _missing(column: str, data: dict[str, Any]) -> str:
    return f"There is no column '{column}'. {nearest(column, data) or ''}".strip()


def _keep_media(data: dict[str, Any], shape: RowLayout) -> str | None:
    """Put the media of a row by, and leave `{"blob", "name"}` in its column."""
    first = None
    for field, modality in shape.media.items():
        if field not in data:
            continue  # preparation says so, with the schema at hand
        digest, name = _keep_one(data[field], field, modality, shape)
        data[field] = {"blob": digest, "name": name} if name else {"blob": digest}
        first = first or digest
    return first


def _keep_one(value: Any, field: str, modality: str, shape: RowLayout) -> tuple[str, str]:
    """Return the digest and the name of what a media column holds."""
    if value is None or value == "":
        raise InvalidInput(f"The column '{field}' is empty, and holds the {modality}.")
    try:
        cell = media_cell(value)
    except InvalidInput as error:
        raise InvalidInput(f"The column '{field}': {error.message}") from error
    if cell is None:
        raise InvalidInput(f"The column '{field}' holds no media: a path, bytes, or {{\"base64\": …}}.")
    if cell.body is None:
        if shape.linked is None:
            raise InvalidInput(f"The column '{field}' names a file, and rows that are sent carry their media: {{\"base64\": …}}.")
        return shape.linked(cell.name, modality), cell.name
    assert shape.keep is not None, "whoever names media fields says how media are kept"
    return shape.keep(cell.body, modality, cell.name or field), cell.name


def sample_of(data: dict[str, Any]) -> str:
    """Return the beginning of a row, for people who look for it."""
    shown = {name: value if isinstance(value, (int, float, bool)) else str(value)[:60] for name, value in list(data.items())[:8]}
    return str(shown)[:200]
