"""Pictures: JPEG, PNG, WebP, GIF, BMP and TIFF, read by Pillow and by no other of its decoders; upright, within limits, with a thumbnail.

An animated or paged file counts by its first frame.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from labelwright.errors import InvalidFile, LabelwrightError, TooLarge

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["FORMATS", "MAX_PIXELS", "MEDIA_TYPES", "SUFFIXES", "NormalImage", "Probe", "normalise", "probe", "verify"]

T = TypeVar("T")

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp", "TIFF": "image/tiff"}
"""The formats that are read, by Pillow's name, and their media types."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
MEDIA_TYPES = frozenset(FORMATS.values()) - {"image/tiff"}  # no browser shows TIFF: it becomes PNG

MAX_PIXELS = 100_000_000
"""A picture with more pixels is refused before it is decoded: a small file can unpack into gigabytes."""

_ORIENTATION = 0x0112


class Probe(Struct, frozen=True):
    """What a picture is; width and height are those of the upright picture."""

    width: int
    height: int
    media_type: str
    orientation: int = 1


class NormalImage(Struct, frozen=True):
    """An upright picture for the browser. `body` is None where the original bytes serve as they are."""

    body: bytes | None
    width: int
    height: int
    media_type: str
    thumbnail: bytes | None


def probe(body: bytes, *, where: str = "", max_pixels: int = MAX_PIXELS) -> Probe:
    """Read a picture's header.

    Raises:
        InvalidFile: it is no picture of a format known here.
        TooLarge: it has more than `max_pixels`.
    """
    return _guarded(lambda: _describe(_open(body, max_pixels)), where)


def verify(body: bytes, *, where: str = "", max_pixels: int = MAX_PIXELS) -> None:
    """Decode a picture wholly, and refuse it where anything is missing or broken.

    Raises:
        InvalidFile: it is no picture, or a broken one.
        TooLarge: it has more than `max_pixels`.
    """

    def work() -> None:
        _open(body, max_pixels).verify()
        _open(body, max_pixels).load()

    _guarded(work, where)


def normalise(
    body: bytes, *, where: str = "", max_side: int | None = None, thumbnail: int | None = 256, max_pixels: int = MAX_PIXELS
) -> NormalImage:
    """Decode a picture wholly and make it upright, within limits, and fit for a browser.

    Args:
        body: the file's bytes.
        where: what messages call it.
        max_side: a longer side is reduced to so many pixels; coordinates of labels are those of the reduced picture.
        thumbnail: the longer side of the thumbnail, or None for no thumbnail.
        max_pixels: more pixels are refused.

    Raises:
        InvalidFile: it is no picture, or a broken one.
        TooLarge: it has more than `max_pixels`.
    """

    def work() -> NormalImage:
        from PIL import ImageOps

        _open(body, max_pixels).verify()
        image: Image.Image = _open(body, max_pixels)
        found = _describe(image)
        image.load()
        turned = found.orientation != 1
        if turned:
            image = ImageOps.exif_transpose(image)
        reduced = max_side is not None and max(image.size) > max_side
        if max_side is not None and reduced:
            image = _shrink(image, max_side)
        new: bytes | None = None
        media_type = found.media_type
        if turned or reduced or media_type not in MEDIA_TYPES:
            new, media_type = _encode(image, media_type)
        small = _jpeg(_flat(_shrink(image, thumbnail)), quality=80) if thumbnail else None
        return NormalImage(new, image.width, image.height, media_type, small)

    return _guarded(work, where)


def _open(body: bytes, max_pixels: int) -> Image.Image:
    from PIL import Image

    # Pillow's warnings (a large picture, odd metadata) are either errors here or of no concern. Adding a filter is safe among threads,
    # which catching warnings is not.
    warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
    image = Image.open(io.BytesIO(body), formats=tuple(FORMATS))
    if image.width * image.height > max_pixels:
        raise TooLarge(
            f"The picture has {image.width:,} x {image.height:,} pixels, more than {max_pixels:,}.", hint="Reduce it, or cut it into tiles."
        )
    return image


def _describe(image: Image.Image) -> Probe:
    orientation = _orientation(image)
    width, height = image.size if orientation < 5 else image.size[::-1]
    name = "JPEG" if image.format == "MPO" else image.format or ""  # a JPEG with further pictures behind the first
    return Probe(width, height, FORMATS[name], orientation)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # broken metadata in a picture that is otherwise whole
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _shrink(image: Image.Image, side: int) -> Image.Image:
    from PIL import Image

    if max(image.size) <= side:
        return image
    factor = side / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB") if image.mode in ("P", "1", "PA") else image
    resample = Image.Resampling.NEAREST if plain.mode.startswith("I;16") else Image.Resampling.LANCZOS
    return plain.resize(size, resample, reducing_gap=2.0 if resample else None)


def _flat(image: Image.Image) -> Image.Image:
    """Return the picture as RGB on white."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256, "L").convert("RGB")
    if image.mode in ("I", "F"):
        low, high = image.getextrema()
        span = float(high) - float(low) or 1.0  # type: ignore[arg-type]
        return image.convert("F").point(lambda value: (value - low) * (255 / span)).convert("L").convert("RGB")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return image.convert("RGB")


def _encode(image: Image.Image, media_type: str) -> tuple[bytes, str]:
    if media_type == "image/jpeg":
        return _jpeg(image if image.mode in ("L", "RGB", "CMYK") else _flat(image), quality=95), media_type
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = _flat(image)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue(), "image/png"


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _guarded(work: Callable[[], T], where: str) -> T:
    from PIL import Image, UnidentifiedImageError

    try:
        return work()
    except LabelwrightError as error:
        raise type(error)(error.message, where=where or None, hint=error.hint) from error
    except Image.DecompressionBombError as error:
        raise TooLarge("The picture has too many pixels.", where=where or None, hint="Reduce it, or cut it into tiles.") from error
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise InvalidFile("The file is no picture that can be read.", where=where or None, hint=f"Pictures are {known}.") from error
    except Exception as error:  # a decoder meets broken bytes with whatever exception comes up
        reason = str(error).rstrip(".") or type(error).__name__
        raise InvalidFile(f"The picture is broken: {reason}.", where=where or None) from error
