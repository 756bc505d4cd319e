"""Reads the plain JSON form of an answer with clear errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from labelwright.errors import InvalidInput

T = TypeVar("T")


def read(value: Any, form: type[T], *, kind: str, example: str) -> T:
    """Convert `value` into `form`, or say what a plain answer of this kind looks like.

    Raises:
        InvalidInput: the value does not have the form.
    """
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"This is no {kind} answer: {error}.", hint=f"It looks like {example}.") from error


def label(value: Any, labels: Sequence[str], *, kind: str, example: str) -> str:
    """Read one label. Tables and other programs write labels such as 0 and 1, true and false, as what they are there.

    Raises:
        InvalidInput: the value is no text, and none of the labels is written so.

    >>> label(1.0, ["0", "1"], kind="choice", example='"1"')
    '1'
    """
    if isinstance(value, bool | int | float):
        forms = [str(value), str(value).lower()] + ([str(int(value))] if not isinstance(value, float) or value.is_integer() else [])
        value = next((form for form in forms if form in labels), value)
    return read(value, str, kind=kind, example=example)
