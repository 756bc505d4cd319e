"""One file a kind of table, and one reader a modality.

A reader has `SUFFIXES`, the endings of its files; `MODALITY`, what a whole file shows, or None where a file is a table of rows; and
`read(path, *, name, field, delimiter)`, which yields `TableRow`s and `Broken`s of `formats._tables`. A reader of whole files yields one
row numbered 0 whose column `field` holds the text or the bytes. A file that cannot be read is a `Broken`, never an exception.

The reader of a modality's files is made of its file in `media`, and is called like it.
"""

from __future__ import annotations

from labelwright.media._group import GroupWithModalities
from labelwright.sources.readers._whole import WholeFiles

__all__ = ["load", "names"]

_readers = GroupWithModalities("readers", WholeFiles)
names, load = _readers.names, _readers.load
