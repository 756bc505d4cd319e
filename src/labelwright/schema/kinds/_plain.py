"""Reads the plain JSON form of an answer with clear errors."""

from __future__ import annotations

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
