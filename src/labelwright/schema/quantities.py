"""Durations and shares as people write them: `15m`, `5%`."""

from __future__ import annotations

import re
from functools import cache

from labelwright.errors import InvalidInput, InvalidPipeline

__all__ = ["seconds", "share"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@cache
def seconds(text: str, where: str | None = None) -> float:
    """Return the seconds in a duration such as `30s`, `15m`, `1h30m` or `2d`; `where` is its place in the pipeline file.

    >>> seconds("1h30m")
    5400.0

    Raises:
        InvalidInput: the text is no duration; InvalidPipeline with a `where`.
    """
    if not re.fullmatch(r"(?:\d+(?:\.\d+)?[smhd])+", text):
        raise _error(where)(f"'{text}' is no duration.", where=where, hint="Write for example 30s, 15m, 1h30m or 2d.")
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)([smhd])", text))


@cache
def share(text: str, where: str | None = None) -> float:
    """Return a share such as `5%` or `0.05` as a number from 0 to 1; `where` is its place in the pipeline file.

    >>> share("5%")
    0.05

    Raises:
        InvalidInput: the text is no share, or lies outside 0% to 100%; InvalidPipeline with a `where`.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", text.strip())
    value = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= value <= 1:
        raise _error(where)(f"'{text}' is no share.", where=where, hint="Write for example 5% or 0.05.")
    return value


def _error(where: str | None) -> type[InvalidInput]:
    return InvalidPipeline if where else InvalidInput
