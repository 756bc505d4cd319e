"""The page's side of what other packages add: their JavaScript modules, read once from where they are installed.

A kind or a modality of another package has its page module beside its own file, with the same name and the ending `.js`. Nothing else of
a package is served: no folder, no name that a request brings. The address holds the digest of the bytes, and the bytes come from this
server, so that the page's policy stays as strict as it is.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from labelwright import plugins

__all__ = ["GROUPS", "Extension", "extensions", "told"]

GROUPS = ("kinds", "modalities")
"""What has a side on the page."""


class Extension(NamedTuple):
    """One module for the page, and what it belongs to."""

    group: str
    name: str
    body: bytes

    @property
    def file(self) -> str:
        """What it is called on the page."""
        return f"{self.group}-{self.name}.js"

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def address(self) -> str:
        """Where the page finds it, relative to itself."""
        return f"extensions/{self.digest}/{self.file}"


def extensions() -> list[Extension]:
    """Return the modules of all installed packages, in a fixed order."""
    found = ((group, name, plugins.page_module(group, name)) for group in GROUPS for name in plugins.names(group))
    return [Extension(group, name, path.read_bytes()) for group, name, path in found if path is not None]


def told(found: list[Extension]) -> str:
    """Return what the page reads about them, as JSON."""
    return msgspec.json.encode([{"group": one.group, "name": one.name, "address": one.address} for one in found]).decode()
