"""The functions of the language. What is missing goes in as None and comes out as None, or as 0 or false where that is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["ARITY", "NAMES", "NEED_VALUE", "OVER_PLACES", "PLAIN", "CannotTell", "pattern"]


class CannotTell(Exception):
    """An expression met values that do not go together."""


def _count(flags: Iterable[Any]) -> int:
    return sum(1 for flag in flags if flag)


def _least(found: Iterable[Any]) -> Any:
    return min((one for one in found if one is not None), default=None)


def _most(found: Iterable[Any]) -> Any:
    return max((one for one in found if one is not None), default=None)


def _sum(found: Iterable[Any]) -> Any:
    return sum(one for one in found if one is not None)


OVER_PLACES: dict[str, Callable[[Iterable[Any]], Any]] = {
    "any": any,
    "all": all,
    "count": _count,
    "sum": _sum,
    "min": _least,
    "max": _most,
}
"""Functions that look at each place of a list."""

NEED_VALUE = frozenset({"all", "sum", "min", "max"})
"""Those that say nothing without a condition or a value."""


def _length(value: Any) -> int:
    return 0 if value is None else len(value)


def _words(text: Any) -> int:
    return len(_text(text).split()) if text is not None else 0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> float | int | None:
    if value is None or isinstance(value, int | float):
        return value
    try:
        return float(_text(value))
    except ValueError:
        return None


def _absolute(value: Any) -> Any:
    return None if value is None else abs(value)


def _rounded(value: Any) -> Any:
    return None if value is None else round(value)


def _of_text(function: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(_text(value))


PLAIN: dict[str, Callable[..., Any]] = {
    "len": _length,
    "words": _words,
    "lower": _of_text(str.lower),
    "upper": _of_text(str.upper),
    "strip": _of_text(str.strip),
    "starts_with": lambda text, beginning: text is not None and _text(text).startswith(_text(beginning)),
    "ends_with": lambda text, end: text is not None and _text(text).endswith(_text(end)),
    "number": _number,
    "abs": _absolute,
    "round": _rounded,
    "labels": lambda places: tuple(place.unit.label for place in places),
}
"""Functions of values; `labels` lists the labels of an answer."""

ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(OVER_PLACES, (1, 2)),
    **dict.fromkeys(PLAIN, (1, 1)),
    "starts_with": (2, 2),
    "ends_with": (2, 2),
    "matches": (2, 2),
}
"""The fewest and the most arguments of each function."""

NAMES = frozenset(ARITY)


def pattern(text: str) -> Callable[[Any], bool]:
    """Return what tells whether a regular expression is found in a text.

    Raises:
        ValueError: the text is no regular expression.
    """
    try:
        compiled = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return lambda value: value is not None and compiled.search(_text(value)) is not None
