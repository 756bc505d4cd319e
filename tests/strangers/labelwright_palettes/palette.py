"""Palettes: a few colors that go together, looked at side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from labelwright.schema.modalities import StarterQuestion, Stored


class Palette(Stored, frozen=True, tag="palette"):
    """The colors of a palette, as `#rrggbb`. `blob` names the bytes of its file."""

    colors: tuple[str, ...]
    count: int
    media_type: str = "text/x-gimp-palette"

    endings: ClassVar[Mapping[str, str]] = {"text/x-gimp-palette": ".gpl"}
    says: ClassVar[tuple[str, ...]] = ("count",)
    starter: ClassVar[StarterQuestion] = StarterQuestion("liking", "stars", ())


FIELD = Palette
