"""The files of the modalities, one module each: what a file of it is, whether it is whole, and how people and models get to see it.

A modality's value is in the file of the same name in `schema/modalities`; `base.py` says what stands here.
"""

from __future__ import annotations

from pathlib import PurePath

from labelwright import plugins
from labelwright.errors import InvalidFile
from labelwright.schema.modalities import MODALITIES, Stored

__all__ = ["measured", "modality_of"]


def modality_of(name: str) -> str | None:
    """Return the modality that a file name's ending stands for, or None.

    >>> modality_of("scans/0001.JPG"), modality_of("notes.doc")
    ('image', None)
    """
    suffix = PurePath(name).suffix.lower()
    return next((modality for modality in plugins.names("media") if suffix in plugins.load("media", modality).SUFFIXES), None)


def measured(modality: str, body: bytes, *, where: str = "") -> Stored:
    """Return the field that a file's header tells of, without its bytes: how large a picture is, or how long a recording.

    Raises:
        InvalidFile: it is no file of that modality, or the modality keeps no files.
        TooLarge: it exceeds a limit.
    """
    kind = MODALITIES[modality]
    if not issubclass(kind, Stored):
        raise InvalidFile(f"The modality {modality} keeps no files.", where=where or None)
    found = plugins.load("media", modality).probe(body, where=where)
    return kind(**{"blob": "", **{name: getattr(found, name) for name in kind.lasting_fields() if hasattr(found, name)}})
