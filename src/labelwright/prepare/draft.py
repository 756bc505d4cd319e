"""An item in the making: the row's columns, which the steps turn into what people see."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from labelwright.media.text import NormalText
from labelwright.schema import Schema
from labelwright.store.blobs import Blobs

__all__ = ["Context", "ItemDraft"]


class ItemDraft(Struct, frozen=True):
    """One item in the making.

    `columns` are the row's: text as strings, media as `{"blob": digest, "name": …}` until their step has made a `Field` of them.
    `number` counts the pieces of a row from 1, `offset` is where a piece begins in the raw text, and `positions` tells how a normalized
    text lies in the raw one.
    """

    key: str
    columns: dict[str, Any]
    number: int | None = None
    offset: int | None = None
    positions: dict[str, NormalText] = {}


class Context(Struct, frozen=True):
    """What a step may use besides the row: the schema and the media."""

    schema: Schema
    blobs: Blobs
    fields: dict[str, list[str]] = {}

    def fields_of(self, modality: str, field: str | None) -> list[str]:
        """Return the fields of a modality that a step is about: the one named, or all."""
        if modality not in self.fields:
            self.fields[modality] = [name for name, kind in self.schema.data.items() if kind == modality]
        return self.fields[modality] if field is None else [name for name in self.fields[modality] if name == field]
