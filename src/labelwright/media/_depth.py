"""Pixels of more than eight bits: what a screen shows of them.

Whole numbers of 32 bits and floats are stretched between their lowest and their highest value. What has no value (NaN, infinity, the value
that a map's header names for no data) is black and counts for neither. Pictures of 16 bits whose values need 14 at most come from cameras
and scanners of 10, 12 or 14 bits: as they stand, they would be nearly black, so they are stretched too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from labelwright.errors import InvalidFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["brightened", "in_usual_order", "is_deep", "is_deep_grey", "stretched"]

DIM = 1 << 14
"""Pixels of 16 bits that all lie below are taken for those of fewer bits."""

STRIP = 4_000_000
"""So many pixels are turned into numbers at a time."""

_PHOTOMETRIC, _NO_DATA, _WHITE_IS_ZERO = 262, 42113, 0


def is_deep_grey(image: Image.Image) -> bool:
    """Tell whether a picture has one layer of more than eight bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def is_deep(image: Image.Image) -> bool:
    """Tell whether the file has more than eight bits a pixel and layer; of colors Pillow reads the upper eight only.

    It is asked before the picture is loaded, for then its tiles are gone.
    """
    return is_deep_grey(image) or any(";16" in _raw_mode(tile) for tile in getattr(image, "tile", ()))


def brightened(image: Image.Image, again: Image.Image) -> Image.Image | None:
    """Return a loaded picture of 16 bits with the brightness it was taken with; None where it is as it should be, or is always stretched.

    Args:
        image: the picture.
        again: the same, not loaded yet.
    """
    if image.mode in ("I", "F"):
        return None
    if is_deep_grey(image):
        inverted = _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO
        return stretched(image) if inverted or max(int(strip.max()) for _, strip in _strips(image)) < DIM else None
    colors = image.getbands()[:4] if image.mode == "CMYK" else image.getbands()[:3]
    highest = max(int(image.getchannel(band).getextrema()[1]) for band in colors)  # type: ignore[arg-type]  # of one band
    if highest >= DIM >> 8 or image.mode == "CMYK":
        return None
    return _colors(image, again)


def in_usual_order(image: Image.Image) -> Image.Image:
    """Return a picture of 16 bits with the order of bytes that Pillow's other functions know."""
    import numpy as np
    from PIL import Image

    return image if image.mode == "I;16" else Image.fromarray(np.asarray(image).astype("<u2"))


def stretched(image: Image.Image) -> Image.Image:
    """Return a picture of one deep layer as one of eight bits, from its lowest value, black, to its highest.

    Raises:
        InvalidFile: no pixel has a value.
    """
    import numpy as np
    from PIL import Image

    missing = _missing(image)
    low, high = np.inf, -np.inf
    for _, strip in _strips(image):
        values = strip[_known(strip, missing)]
        if len(values):
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:
        raise InvalidFile("No pixel of the picture has a value.")
    inverted = _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO
    out = Image.new("L", image.size)
    for top, strip in _strips(image):
        known = _known(strip, missing)
        grey = (np.where(known, strip, low).astype(np.float64) - low) * (255 / ((high - low) or 1.0))
        grey = np.where(known, 255 - grey if inverted else grey, 0)
        out.paste(Image.fromarray(np.rint(grey).astype(np.uint8)), (0, top))
    out.info = {name: value for name, value in image.info.items() if name == "icc_profile"}
    return out


def _colors(image: Image.Image, again: Any) -> Image.Image:
    """Stretch a picture of three or four deep layers; all colors by the same factor, so that their shades stay."""
    import numpy as np
    from PIL import Image

    low: Image.Image | None = None
    # Read as if its bytes stood the other way round, Pillow takes the lower byte of each value.
    swapped = [tile._replace(args=_swapped(tile.args)) for tile in again.tile]
    with contextlib.suppress(ValueError, OSError):
        again.tile = swapped
        again.load()
        low = again if again.mode == image.mode else None
    upper = np.asarray(image)
    whole = upper.astype(np.uint16) << 8
    if low is not None:
        whole |= np.asarray(low)
    highest = max(1, int(whole[..., :3].max()))
    shown = np.empty_like(upper)
    for start in range(0, len(whole), max(1, STRIP // image.width)):
        rows = slice(start, start + max(1, STRIP // image.width))
        shown[rows] = np.rint(whole[rows] * (255 / highest)).clip(0, 255).astype(np.uint8)
    if upper.shape[-1] == 4:
        shown[..., 3] = upper[..., 3]  # how opaque it is has nothing to do with the camera
    out = Image.fromarray(shown)
    out.info = {name: value for name, value in image.info.items() if name == "icc_profile"}
    return out


def _raw_mode(tile: Any) -> str:
    args = tile.args
    return str(args[0] if isinstance(args, tuple) and args else args)


def _swapped(args: Any) -> Any:
    raw = args[0] if isinstance(args, tuple) else args
    other = raw[:-1] + ("L" if raw.endswith("B") else "B")
    return (other, *args[1:]) if isinstance(args, tuple) else other


def _strips(image: Image.Image) -> Iterator[tuple[int, NDArray[Any]]]:
    import numpy as np

    height = max(1, STRIP // image.width)
    for top in range(0, image.height, height):
        yield top, np.asarray(image.crop((0, top, image.width, min(image.height, top + height))))


def _known(values: NDArray[Any], missing: float | None) -> NDArray[np.bool_]:
    """Tell which pixels have a value; the largest floats stand for none, by old custom."""
    import numpy as np

    known: NDArray[np.bool_] = np.isfinite(values)
    if values.dtype.kind == "f":
        known &= np.abs(values) < 3.4e38
    return known if missing is None else known & (values != missing)


def _missing(image: Image.Image) -> float | None:
    """Return the value that stands for no data, as GDAL writes it down."""
    given = str(_tag(image, _NO_DATA) or "").strip("\0 ")
    try:
        value = float(given)
    except ValueError:
        return None
    return value if image.mode == "F" or (value.is_integer() and -(2**31) <= value < 2**31) else None


def _tag(image: Image.Image, number: int) -> Any:
    tags = getattr(image, "tag_v2", None)
    return tags.get(number) if tags is not None else None
