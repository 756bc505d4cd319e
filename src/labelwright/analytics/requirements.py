"""Whether the labels are good enough for the model that is to learn from them."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Outcome"]


class Outcome(Struct, frozen=True, kw_only=True):
    """One requirement, tried. `holds` is None where there is not enough evidence yet.

    `value` is what was measured and `bound` what is compared: the confidence bound on the value where the requirement asks for one, and
    the value itself otherwise. `reason` says in a sentence how it came out.
    """

    requirement: str
    holds: bool | None
    value: float | None = None
    bound: float | None = None
    reason: str = ""
