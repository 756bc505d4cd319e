"""The modalities, one file each; this module gathers them into the union that is read from the store and from requests."""

from __future__ import annotations

from typing import Any, Literal, Union

from labelwright import plugins
from labelwright.schema.modalities.audio import Audio
from labelwright.schema.modalities.base import Field, StarterQuestion, Stored
from labelwright.schema.modalities.image import Image
from labelwright.schema.modalities.text import Text

__all__ = ["MODALITIES", "Audio", "Field", "FieldUnion", "Image", "Modality", "StarterQuestion", "Stored", "Text"]

MODALITIES: dict[str, type[Field]] = {name: plugins.load_class("modalities", name, "FIELD", Field) for name in plugins.names("modalities")}
"""The value of each modality, by what `schema.data` calls it."""

Modality: Any = Literal[tuple(MODALITIES)]
"""The name of a modality."""

FieldUnion: Any = Union[tuple(MODALITIES.values())]  # noqa: UP007 - made at run time from the files found
"""Any field, told apart by its `modality`."""
