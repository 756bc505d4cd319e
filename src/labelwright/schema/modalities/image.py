"""Pictures: looked at in the page, marked in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from labelwright.schema.modalities.base import StarterQuestion, Stored


class Image(Stored, frozen=True, tag="image"):
    """A picture, upright. `blob` names its bytes by content hash; coordinates are pixels from the top left corner."""

    width: int
    height: int
    media_type: str = "image/jpeg"
    thumbnail: str | None = None

    derived: ClassVar[tuple[str, ...]] = ("thumbnail",)
    endings: ClassVar[Mapping[str, str]] = {
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/webp": ".webp",
        "image/gif": ".gif",
        "image/bmp": ".bmp",
        "image/tiff": ".tif",
    }
    keys: ClassVar[Mapping[str, str]] = {
        "n": "draw a box",
        "w": "show the whole picture",
        "+": "zoom in",
        "=": "zoom in",
        "-": "zoom out",
    }
    says: ClassVar[tuple[str, ...]] = ("width", "height")
    starter: ClassVar[StarterQuestion] = StarterQuestion("objects", "boxes", ("object",))
    tag: ClassVar[str | None] = "Image"

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height


FIELD = Image
