"""The functions of the language. What is missing goes in as None and comes out as None, or as 0 or false where that is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["ARITY", "NAMES", "NEED_VALUE", "OVER_PARTS", "PLAIN", "CannotTell", "OutOfTime", "text_of"]


class CannotTell(Exception):
    """An expression met values that do not go together, or would take longer than it may."""


class OutOfTime(CannotTell):
    """The time was over: on a machine that is less busy the expression may come to an end."""


def _count(flags: Iterable[Any]) -> int:
    return sum(1 for flag in flags if flag)


def _least(found: Iterable[Any]) -> Any:
    return min((one for one in found if one is not None), default=None)


def _most(found: Iterable[Any]) -> Any:
    return max((one for one in found if one is not None), default=None)


def _sum(found: Iterable[Any]) -> Any:
    return sum(one for one in found if one is not None)


OVER_PARTS: dict[str, Callable[[Iterable[Any]], Any]] = {
    "any": any,
    "all": all,
    "count": _count,
    "sum": _sum,
    "min": _least,
    "max": _most,
}
"""Functions that look at each part of a list."""

NEED_VALUE = frozenset({"all", "sum", "min", "max"})
"""Those that say nothing without a condition or a value."""


def _length(value: Any) -> int:
    return 0 if value is None else len(value)


def _words(text: Any) -> int:
    return len(text_of(text).split()) if text is not None else 0


def text_of(value: Any) -> str:
    """Return a value that is a text, and raise TypeError where it is none."""
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> float | int | None:
    if value is None or isinstance(value, int | float):
        return value
    try:
        return float(text_of(value))
    except ValueError:
        return None


def _absolute(value: Any) -> Any:
    return None if value is None else abs(value)


def _rounded(value: Any) -> Any:
    return None if value is None else round(value)


def _of_text(function: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(text_of(value))


PLAIN: dict[str, Callable[..., Any]] = {
    "len": _length,
    "words": _words,
    "lower": _of_text(str.lower),
    "upper": _of_text(str.upper),
    "strip": _of_text(str.strip),
    "starts_with": lambda text, beginning: text is not None and text_of(text).startswith(text_of(beginning)),
    "ends_with": lambda text, end: text is not None and text_of(text).endswith(text_of(end)),
    "number": _number,
    "abs": _absolute,
    "round": _rounded,
}
"""Functions of values."""

ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(OVER_PARTS, (1, 2)),
    **dict.fromkeys(PLAIN, (1, 1)),
    "starts_with": (2, 2),
    "ends_with": (2, 2),
    "matches": (2, 2),
    "labels": (1, 1),
}
"""The fewest and the most arguments of each function."""

NAMES = frozenset(ARITY)
