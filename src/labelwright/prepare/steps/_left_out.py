"""What of a file an item does not show, as the further pages of a TIFF file: told among the item's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from labelwright import plugins
from labelwright.errors import LabelwrightError
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.prepare.steps._modality import file_of

__all__ = ["LeftOutStep"]


class LeftOutStep:
    """Runs in front of the step of a modality whose file has `left_out`. It is a step of its own, for a look at a file's beginning is
    cheap: what it comes to say of pictures that are prepared already makes nobody decode them again.
    """

    class Options(Struct, frozen=True):
        """There are none."""

    def __init__(self, modality: str) -> None:
        self.modality = modality
        self.left_out = plugins.load("media", modality).left_out

    def apply(self, draft: ItemDraft, options: Any, context: Context) -> Iterator[ItemDraft]:
        """Add the column `<field>_shows` for each field whose file holds more than is shown."""
        columns = dict(draft.columns)
        for field in context.fields_of(self.modality, None):
            try:
                more = self.left_out(file_of(draft, field, context)[0])
            except LabelwrightError:
                continue  # the modality's step says why the file is none
            if more is not None:
                columns.setdefault(f"{field}_shows", more)
        yield structs.replace(draft, columns=columns) if len(columns) > len(draft.columns) else draft
