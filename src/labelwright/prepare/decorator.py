"""`@step` marks a function of one's own as a step of the preparation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from labelwright.errors import InvalidInput

__all__ = ["is_step", "step"]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE = "__labelwright_step__"


def step(function: F) -> F:
    """Make a step of a function that takes a row, a dict of its columns, and returns the row; None drops it, a list makes pieces.

    >>> @step
    ... def shout(row):
    ...     return {**row, "body": row["body"].upper()}
    >>> shout({"body": "hello"})
    {'body': 'HELLO'}
    """
    if not callable(function):
        raise InvalidInput("@step stands before a function and takes no options.", hint="Write @step without parentheses.")
    setattr(function, _ATTRIBUTE, True)
    return function


def is_step(value: Any) -> bool:
    """Tell whether a value is a function marked `@step`."""
    return getattr(value, _ATTRIBUTE, None) is True
