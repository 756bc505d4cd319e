"""Groups of plugins in which every modality has one of its own, made of its file here: readers of sources and preparation steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labelwright import plugins
from labelwright.schema.modalities import MODALITIES

__all__ = ["GroupWithModalities"]


class GroupWithModalities:
    """A group of plugins, and what `make` makes of each modality, which is called like it."""

    def __init__(self, group: str, make: Callable[[str], Any]) -> None:
        self._group, self._make = group, make
        self._made: dict[str, Any] = {}

    def names(self) -> list[str]:
        """Return the names of all of them, sorted."""
        return sorted({*plugins.names(self._group), *MODALITIES})

    def load(self, name: str) -> Any:
        """Return the one called `name`: its module, or what stands for it where it is that of a modality.

        Raises:
            InvalidInput: none has that name.
        """
        if name not in MODALITIES:
            return plugins.load(self._group, name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]
