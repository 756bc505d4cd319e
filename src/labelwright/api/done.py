"""What there is to say where something was done and nothing comes of it."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Done"]


class Done(Struct, frozen=True):
    """It is done."""
