"""JSON in and out of text columns, by msgspec."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from labelwright.schema import AnswerUnion, Field, FieldUnion

__all__ = ["decode", "decode_answer", "decode_fields", "decode_values", "encode"]

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_values = msgspec.json.Decoder(dict[str, AnswerUnion])
_answer: Any = msgspec.json.Decoder(AnswerUnion)
_fields: Any = msgspec.json.Decoder(dict[str, FieldUnion])


def encode(value: Any) -> str:
    """Return `value` as compact JSON text.

    >>> encode({"a": [1, 2.5]})
    '{"a":[1,2.5]}'
    """
    return _encoder.encode(value).decode()


def decode(body: str, form: type[T] | Any = Any) -> Any:
    """Read JSON text into `form`."""
    return msgspec.json.decode(body, type=form)


def decode_values(body: str) -> dict[str, Any]:
    """Read the answers of an annotation, one a question."""
    return _values.decode(body)


def decode_answer(body: str) -> Any:
    """Read one answer."""
    return _answer.decode(body)


def decode_fields(body: str) -> dict[str, Field]:
    """Read the fields of an item."""
    fields: dict[str, Field] = _fields.decode(body)
    return fields
