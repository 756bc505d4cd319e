"""Pictures: JPEG, PNG, WebP, GIF, BMP and TIFF, read by Pillow and by no other of its decoders; upright, within limits, with a thumbnail.

An animated or paged file counts by its first frame, small copies aside. What is deeper than a screen shows is stretched (see `_depth`);
colors keep their profile, or become sRGB where they are of another space. A small file can unpack into gigabytes, so a picture's size is
judged by its header before it is decoded, and all threads together decode no more pixels at once than one of the largest has: such a one
goes alone.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from labelwright.errors import InvalidFile, InvalidInput, LabelwrightError, TooLarge
from labelwright.media import _depth, base
from labelwright.media._pool import Budget
from labelwright.schema.modalities.image import Image as Picture

if TYPE_CHECKING:
    import random

    from PIL import Image

__all__ = [
    "BUDGET",
    "FORMATS",
    "MAX_PIXELS",
    "SUFFIXES",
    "ImageProbe",
    "NormalImage",
    "Options",
    "flat",
    "left_out",
    "normalize",
    "prepare",
    "probe",
    "sample",
    "verify",
]

T = TypeVar("T")

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp", "TIFF": "image/tiff"}
"""The formats that are read, by Pillow's name, and their media types."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})

_SHOWN = frozenset(FORMATS.values()) - {"image/tiff"}
"""The media types that every browser shows: a TIFF file becomes PNG."""

MAX_PIXELS = 100_000_000
"""A picture with more pixels is refused, unless the pipeline says otherwise; what the machine takes is `settings().max_pixels`."""

BUDGET = Budget(MAX_PIXELS)
"""So many pixels are decoded at once."""

STRIP = 4_000_000
"""A picture is reduced in strips of about so many pixels, for Pillow makes a copy of what has transparency."""

_ORIENTATION = 0x0112

_SUBFILE, _SMALL_COPY, _MASK = 254, 1, 4
"""The tag of a TIFF file's page that says what it is, and two of its bits."""

BEGIN = 4096
"""So many bytes of a file tell whether it may hold several pictures."""

_TIFF = frozenset((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))
"""How a TIFF file begins."""

MAX_PAGES = 1000
"""So many pages of a TIFF file are counted."""

MAX_COPIES = 20
"""The first whole page of a TIFF file is looked for among so many."""

_TURNS = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90"}
"""What makes a picture of each orientation upright."""

_SPACES = {"RGB": b"RGB ", "RGBA": b"RGB ", "P": b"RGB ", "L": b"GRAY", "LA": b"GRAY", "1": b"GRAY", "CMYK": b"CMYK", "LAB": b"Lab "}
"""The color space, as an ICC profile names it in its head, that the pixels of each mode have."""


class Options(base.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Makes pictures upright, keeps them within limits, and makes thumbnails.

    Every picture is decoded wholly, so a truncated one goes to the quarantine and not to people. A picture that is upright, within limits
    and of a format that browsers show keeps its bytes; others are encoded anew. Coordinates of labels are pixels of the prepared picture.
    `max_side`: the longest side in pixels. `thumbnail`: that of the thumbnail, or null for none.

    Example: `{image: {max_side: 4096, thumbnail: 256}}`.
    """

    max_side: int | None = None
    thumbnail: int | None = 256
    max_pixels: int = MAX_PIXELS


class ImageProbe(Struct, frozen=True):
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


def prepare(path: Path, options: Options, keeper: base.Keeper, *, digest: str, where: str) -> Picture:
    """Make a picture of its file.

    Raises:
        InvalidFile, TooLarge: as `normalize`.
    """
    found = normalize(path.read_bytes(), where=where, max_side=options.max_side, thumbnail=options.thumbnail, max_pixels=options.max_pixels)
    return Picture(
        blob=digest if found.body is None else keeper.put(found.body),
        width=found.width,
        height=found.height,
        media_type=found.media_type,
        thumbnail=keeper.put(found.thumbnail) if found.thumbnail else None,
    )


def left_out(path: Path) -> str | None:
    """Return what of a file is not shown: the further pages of a TIFF file, or the further frames of a moving picture; else None.

    Small copies and masks of a page are no pages. Of most files only the beginning is read.

    Raises:
        InvalidFile: it is no picture of a format known here.
    """
    with path.open("rb") as file:
        begin = file.read(BEGIN)
    moves = begin.startswith(b"GIF8") or (begin[8:12] == b"WEBP" and b"ANIM" in begin) or (begin[1:4] == b"PNG" and b"acTL" in begin)
    if not moves and begin[:4] not in _TIFF:
        return None

    def work() -> str | None:
        image = _open(path.read_bytes(), None)
        count = int(getattr(image, "n_frames", 1))
        if moves:
            return f"frame 1 of {count:,}; no other is taken" if count > 1 else None
        pages = 0
        for page in range(min(count, MAX_PAGES)) if count > 1 else ():
            image.seek(page)
            pages += not _subfile(image) & (_SMALL_COPY | _MASK)
        return f"page 1 of {pages:,}{' or more' if count > MAX_PAGES else ''}; no other is taken" if pages > 1 else None

    return _guarded(work, str(path.name))


def probe(body: bytes, *, where: str = "", max_pixels: int | None = None) -> ImageProbe:
    """Read a picture's header.

    Raises:
        InvalidFile: it is no picture of a format known here.
        TooLarge: it has more than `max_pixels`, or more than `settings().max_pixels`.
    """
    return _guarded(lambda: _describe(_open(body, max_pixels)), where)


def sample(luck: random.Random) -> bytes:
    """Return a small picture of one color, as PNG."""
    from PIL import Image

    out = io.BytesIO()
    color = (luck.randrange(256), luck.randrange(256), luck.randrange(256))
    Image.new("RGB", (luck.randrange(180, 240), 120), color).save(out, "PNG")
    return out.getvalue()


def verify(body: bytes, *, where: str = "", max_pixels: int | None = None) -> None:
    """Decode a picture wholly, and refuse it where anything is missing or broken.

    Raises:
        InvalidFile: it is no picture, or a broken one.
        TooLarge: it has more than `max_pixels`, or more than `settings().max_pixels`.
    """

    def work() -> None:
        _open(body, max_pixels).verify()
        image = _open(body, max_pixels)
        with BUDGET.of(_decode_less(image, 1)):
            image.load()

    _guarded(work, where)


def normalize(
    body: bytes, *, where: str = "", max_side: int | None = None, thumbnail: int | None = 256, max_pixels: int | None = None
) -> NormalImage:
    """Decode a picture wholly and make it upright, within limits, and fit for a browser.

    Args:
        body: the file's bytes.
        where: what messages call it.
        max_side: a longer side is reduced to so many pixels; coordinates of labels are those of the reduced picture.
        thumbnail: the longer side of the thumbnail, or None for no thumbnail.
        max_pixels: more pixels are refused, as are those above `settings().max_pixels`.

    Raises:
        InvalidFile: it is no picture, or a broken one.
        TooLarge: it has more than `max_pixels`, or more than `settings().max_pixels`.
    """

    def work() -> NormalImage:
        _open(body, max_pixels).verify()
        image = _open(body, max_pixels)
        found = _describe(image)
        reduced = max_side is not None and max(image.size) > max_side
        kept = found.orientation == 1 and not reduced and found.media_type in _SHOWN
        deep = _depth.is_deep(image)
        copies = 1 + (found.orientation != 1) + 2 * deep
        pixels = _decode_less(image, thumbnail or 1) if kept and not deep else image.width * image.height * copies
        with BUDGET.of(pixels):
            image.load()
            if image.format == "PNG":  # may tell its orientation at the end
                found = _describe(image)
            brighter = _depth.brightened(image, _open(body, max_pixels)) if deep else None
            profile = image.info.get("icc_profile")
            if kept and found.orientation == 1 and brighter is None:
                small = _thumbnail(image, thumbnail, profile)
                normal = NormalImage(None, found.width, found.height, found.media_type, small)
            else:
                normal = _anew(brighter or image, found.media_type, _orientation(image), max_side, thumbnail, profile)
            del image, brighter  # before another one comes in
            return normal

    return _guarded(work, where)


def _anew(
    image: Image.Image, media_type: str, orientation: int, max_side: int | None, thumbnail: int | None, profile: bytes | None
) -> NormalImage:
    """Turn, reduce and encode a picture whose own bytes do not serve."""
    from PIL import Image

    if image.mode in ("I", "F"):
        image = _depth.stretched(image)
    elif image.mode.startswith("I;16") and image.mode != "I;16":
        image = _depth.in_usual_order(image)
    if orientation != 1:  # a TIFF file's pixels were turned as they were read
        image = image.transpose(Image.Transpose[_TURNS[orientation]])
    if max_side is not None:
        image = _shrink(image, max_side)
    small = _thumbnail(image, thumbnail, profile)
    new, media_type = _encode(image, media_type, profile)
    return NormalImage(new, image.width, image.height, media_type, small)


def _thumbnail(image: Image.Image, side: int | None, profile: bytes | None) -> bytes | None:
    return _jpeg(_flat(_shrink(image, side), profile), quality=80) if side else None


def _decode_less(image: Image.Image, side: int) -> int:
    """Let a JPEG be decoded no larger than a picture of `side` pixels needs, and return how many pixels that takes.

    All of the file is still read, and found to be cut off where it is.
    """
    whole = image.width * image.height
    if image.format != "JPEG":
        return whole
    factor = min(1.0, 2 * side / max(image.size))
    image.draft(None, (max(1, int(image.width * factor)), max(1, int(image.height * factor))))
    # The decoder holds all of a progressive one, whatever it makes of it.
    return whole if image.info.get("progressive") else image.width * image.height


def _open(body: bytes, max_pixels: int | None) -> Image.Image:
    from PIL import Image

    from labelwright.settings import settings

    # Pillow's warnings (a large picture, odd metadata) are either errors here or of no concern. Adding a filter is safe among threads,
    # which catching warnings is not.
    warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
    image = Image.open(io.BytesIO(body), formats=tuple(FORMATS))
    _seek_whole_page(image)
    most = min(max_pixels or settings().max_pixels, settings().max_pixels)
    if image.width * image.height > most:
        raise TooLarge(
            f"The picture has {image.width:,} x {image.height:,} pixels, more than {most:,}.", hint="Reduce it, or cut it into tiles."
        )
    return image


def _seek_whole_page(image: Image.Image) -> None:
    """Pass over small copies that stand in front of the picture itself, as scanners and raw converters put them into TIFF files."""
    if image.format != "TIFF" or not _is_small_copy(image):
        return
    for page in range(1, MAX_COPIES):
        try:
            image.seek(page)
        except EOFError:
            break
        if not _is_small_copy(image):
            return
    image.seek(0)


def _is_small_copy(image: Image.Image) -> bool:
    return bool(_subfile(image) & _SMALL_COPY)


def _subfile(image: Image.Image) -> int:
    return int(getattr(image, "tag_v2", {}).get(_SUBFILE, 0))


def _describe(image: Image.Image) -> ImageProbe:
    orientation = _orientation(image)
    width, height = image.size if orientation < 5 else image.size[::-1]
    name = "JPEG" if image.format == "MPO" else image.format or ""  # a JPEG with further pictures behind the first
    return ImageProbe(width, height, FORMATS[name], orientation)


def _orientation(image: Image.Image) -> int:
    from PIL import Image

    if image.format == "PNG" and not {"exif", "Raw profile type exif"} & image.info.keys():
        return 1  # as far as has been read; `getexif` would decode the picture to look behind it
    try:
        value = Image.Image.getexif(image).get(_ORIENTATION, 1)
    except Exception:  # broken metadata in a picture that is otherwise whole
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _shrink(image: Image.Image, side: int) -> Image.Image:
    from PIL import Image

    if max(image.size) <= side:
        return image
    factor = side / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    resample = Image.Resampling.NEAREST if image.mode.startswith("I;16") else Image.Resampling.LANCZOS
    if image.mode in ("P", "1", "PA", "RGBA", "LA"):
        return _shrink_by_strips(image, size)
    return image.resize(size, resample, reducing_gap=2.0 if resample else None)


def _shrink_by_strips(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Do what `resize` does with a picture that has to be converted for it, without a converted copy of the whole."""
    from PIL import Image

    colors = "RGBA" if image.mode in ("P", "1", "PA") and image.has_transparency_data else image.mode
    colors = "RGB" if colors in ("P", "1", "PA") else colors
    weighed = {"RGBA": "RGBa", "LA": "La"}.get(colors, colors)  # what is transparent has no color to mix in
    across, down = (max(1, int(whole / part / 2)) for whole, part in zip(image.size, size, strict=True))
    small = Image.new(weighed, (-(-image.width // across), -(-image.height // down)))
    height = max(1, STRIP // image.width // down) * down
    for top in range(0, image.height, height):
        strip = image.crop((0, top, image.width, min(image.height, top + height)))
        small.paste(strip.convert(colors).convert(weighed).reduce((across, down)), (0, top // down))
    box = (0, 0, image.width / across, image.height / down)
    return small.resize(size, Image.Resampling.LANCZOS, box=box).convert(colors)


def flat(image: Image.Image) -> Image.Image:
    """Return a picture as a screen shows it: RGB, and nothing of it black for being deeper."""
    if image.mode in ("I", "F"):
        image = _depth.stretched(image)
    elif image.mode.startswith("I;16"):
        image = _depth.in_usual_order(image).point(lambda value: value / 256, "L")
    return image if image.mode == "RGB" else image.convert("RGB")


def _flat(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture as RGB on white, in the colors that a screen takes for granted."""
    from PIL import Image

    if _depth.is_deep_grey(image):
        return flat(image)
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    elif image.mode == "P":
        image = image.convert("RGB")
    return _standard_colors(image, profile)


def _standard_colors(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture of any space as sRGB; where its profile is missing, broken or another space's, as is usual for its mode."""
    from PIL import ImageCms

    source: Any = None
    if profile and _fits(profile, image.mode) and image.mode in ("RGB", "L", "CMYK", "LAB"):
        source = io.BytesIO(profile)
    elif image.mode == "LAB":
        source = ImageCms.createProfile("LAB")
    if source is not None:
        try:
            changed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            changed = None
        if changed is not None:
            return changed
    return image.convert("RGB")


def _fits(profile: bytes, mode: str) -> bool:
    return profile[16:20] == _SPACES.get(mode) and profile[36:40] == b"acsp"


def _encode(image: Image.Image, media_type: str, profile: bytes | None) -> tuple[bytes, str]:
    as_jpeg = media_type == "image/jpeg"
    if image.mode not in (("L", "RGB", "CMYK") if as_jpeg else ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")):
        image, profile = _flat(image, profile), None
    kept = profile if profile and _fits(profile, image.mode) else None
    if as_jpeg:
        return _jpeg(image, quality=95, profile=kept), media_type
    out = io.BytesIO()
    image.save(out, "PNG", icc_profile=kept)
    return out.getvalue(), "image/png"


def _jpeg(image: Image.Image, quality: int, profile: bytes | None = None) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, icc_profile=profile)
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
    except MemoryError as error:
        raise InvalidInput("There was not enough memory to decode the picture.", where=where or None) from error
    except Exception as error:  # a decoder meets broken bytes with whatever exception comes up
        reason = str(error).rstrip(".") or type(error).__name__
        raise InvalidFile(f"The picture is broken: {reason}.", where=where or None) from error
