"""One file a modality: what a file of it is, whether it is whole, and how people and models get to see it.

Every modality has `SUFFIXES`, the endings of its files, `MEDIA_TYPES`, the types under which its bytes may be served, `probe`, which
reads the header only, and `verify`, which reads everything. Both take the bytes and a `where` for messages, and raise `InvalidFile` for
what is broken and `TooLarge` for what exceeds a limit, nothing else.
"""

from __future__ import annotations

from pathlib import PurePath

from labelwright import plugins

__all__ = ["modality_of"]


def modality_of(name: str) -> str | None:
    """Return the modality that a file name's ending stands for, or None.

    >>> modality_of("scans/0001.JPG"), modality_of("notes.doc")
    ('image', None)
    """
    suffix = PurePath(name).suffix.lower()
    return next((modality for modality in plugins.names("media") if suffix in plugins.load("media", modality).SUFFIXES), None)
