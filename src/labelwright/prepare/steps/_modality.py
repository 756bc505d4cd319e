"""The step of a modality: makes fields of the columns that hold it, as its file in `media` says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import structs

from labelwright import plugins
from labelwright.errors import InvalidInput, NotFound, nearest
from labelwright.media.text import NormalText
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.schema.modalities import MODALITIES, Stored

__all__ = ["ModalityStep", "file_of"]


class ModalityStep:
    """What a step's module has, made of a modality's file."""

    def __init__(self, modality: str) -> None:
        self.modality = modality
        self.module = plugins.load("media", modality)
        self.stored = issubclass(MODALITIES[modality], Stored)
        self.Options = self.module.Options
        self.REMEMBERS = self.stored  # files are expensive, what stands in a column is not
        self.VERSION = getattr(self.module, "VERSION", 1)

    def sees(self, draft: ItemDraft, options: Any, context: Context) -> Any:
        """Return the columns that it turns into fields, and the key, which messages may name."""
        return [draft.key, {field: draft.columns.get(field) for field in context.fields_of(self.modality, options.field)}]

    def apply(self, draft: ItemDraft, options: Any, context: Context) -> Iterator[ItemDraft]:
        """Prepare each field of the modality."""
        columns, positions = dict(draft.columns), draft.positions
        for field in context.fields_of(self.modality, options.field):
            if self.stored:
                path, digest, name = file_of(draft, field, context)
                columns[field] = self.module.prepare(path, options, context.blobs, digest=digest, where=name)
            elif field in columns:  # another step may still make it; what is missing then is said when the fields are put together
                made = self.module.prepare(columns[field], options, column=field)
                if isinstance(made, NormalText):
                    if made.starts:
                        positions = {**positions, field: made}
                    made = made.text
                columns[field] = made
        yield structs.replace(draft, columns=columns, positions=positions)


def file_of(draft: ItemDraft, field: str, context: Context) -> tuple[Path, str, str]:
    """Return where the bytes that a column stands for lie, their digest, and what messages call them.

    Raises:
        InvalidInput: the column is missing, holds no file, or one whose bytes are lost.
    """
    value = draft.columns.get(field)
    if not isinstance(value, dict) or not isinstance(value.get("blob"), str):
        if field in draft.columns:
            raise InvalidInput(f"The column '{field}' holds no {context.schema.data[field]}.")
        raise InvalidInput(f"There is no column '{field}'.", hint=nearest(field, draft.columns))
    try:
        return context.blobs.path(value["blob"]), value["blob"], str(value.get("name") or draft.key)
    except NotFound as error:
        raise InvalidInput(f"The bytes of '{field}' are missing from the store.", hint="Restore the folder of blobs.") from error
