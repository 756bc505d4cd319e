"""A measured number with its interval, or the reason why there is none."""

from __future__ import annotations

import math

from msgspec import Struct

__all__ = ["Figure"]


class Figure(Struct, frozen=True, kw_only=True):
    """One number that was measured on `count` things, and where its true value lies at the stated `confidence`.

    Where nothing can be said, `value` is None and `reason` tells why; where only the interval is missing, `low` and `high` are None and
    `reason` tells why. There is never a NaN, so that every figure can be written as JSON.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: int = 0
    confidence: float = 0.95
    reason: str = ""

    @classmethod
    def of(
        cls,
        value: float | None,
        low: float | None = None,
        high: float | None = None,
        *,
        count: int = 0,
        confidence: float = 0.95,
        reason: str = "",
    ) -> Figure:
        """Return a figure in which every number that is not finite has become None.

        >>> Figure.of(float("nan"), count=1, reason="No task has two answers.").value is None
        True
        """
        known, below, above = (None if number is None or not math.isfinite(number) else float(number) for number in (value, low, high))
        if known is None:
            below = above = None
        return cls(value=known, low=below, high=above, count=count, confidence=confidence, reason=reason)

    @classmethod
    def missing(cls, reason: str, *, count: int = 0) -> Figure:
        """Return the figure of a question that has no answer, with the reason."""
        return cls(count=count, reason=reason)
