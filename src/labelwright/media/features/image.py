"""A picture as a row of numbers: where its edges run, how bright and colorful its parts are, and which colors it has.

Edges are counted by direction in 8 x 8 cells, each neighborhood of cells brought to the same strength (HOG, Dalal and Triggs 2005), so
that lighting matters little; 12 x 12 grey values keep the layout, and a histogram of 4 x 4 x 4 colors what is spread all over.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SIZE", "VERSION", "WHAT", "open_rgb", "opened", "part", "vector", "vector_of"]

VERSION = "hog-2"

WHAT = "edges, brightness and colors of the picture"

SIZE = 8 * 8 * 8 + 12 * 12 + 64 + 2
"""The length of a row."""

_SIDE = 64
_DIRECTIONS = 8


def vector(body: bytes) -> NDArray[np.float32]:
    """Return the numbers of a picture given by its bytes.

    Raises:
        InvalidFile: it cannot be decoded.
    """
    from labelwright.media.image import BUDGET, probe

    header = probe(body)
    with BUDGET.of(header.width * header.height):
        return vector_of(open_rgb(body))


def open_rgb(body: bytes) -> Any:
    """Decode a picture into Pillow's RGB.

    Raises:
        InvalidFile: it cannot be decoded.
        TooLarge: it has too many pixels.
    """
    from PIL import Image

    from labelwright.errors import InvalidFile
    from labelwright.media.image import FORMATS, flat, probe

    probe(body)
    try:
        image = Image.open(io.BytesIO(body), formats=tuple(FORMATS))
        image.load()
        return flat(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise InvalidFile(f"The picture cannot be read: {error}.") from error


opened = open_rgb


def part(image: Any, geometry: Sequence[float]) -> Any:
    """Return what lies in a rectangle, given as x, y, width and height in pixels: one pixel at least."""
    x, y, width, height = geometry
    left, top = min(max(int(x), 0), image.width - 1), min(max(int(y), 0), image.height - 1)
    right, bottom = min(int(x + width) + 1, image.width), min(int(y + height) + 1, image.height)
    return image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def vector_of(image: Any) -> NDArray[np.float32]:
    """Return the numbers of a picture, or of a part cut out of one, in Pillow's RGB."""
    import numpy as np
    from PIL import Image

    small = image.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    pixels = np.asarray(small, dtype=np.float32) / 255.0
    grey = pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    layout = np.asarray(small.convert("L").resize((12, 12), Image.Resampling.BOX), dtype=np.float32) / 255.0
    codes = np.minimum((pixels * 4).astype(np.int64), 3) @ np.array([16, 4, 1])
    colors = np.bincount(codes.ravel(), minlength=64) / codes.size
    # The form of the original: what is tall must not look like what is wide.
    shape = np.log([image.width / max(image.height, 1), max(image.width * image.height, 1)])
    parts = [_edges(grey), layout.ravel(), np.sqrt(colors), shape * [1.0, 0.1]]
    return np.concatenate(parts).astype(np.float32)


def _edges(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    down, right = np.gradient(grey)
    strength = np.hypot(down, right)
    turn = np.mod(np.arctan2(down, right), np.pi) / np.pi * _DIRECTIONS
    low = np.floor(turn).astype(np.int64) % _DIRECTIONS
    share = turn - np.floor(turn)
    cell = np.arange(_SIDE) // (_SIDE // 8)
    place = (cell[:, None] * 8 + cell[None, :]) * _DIRECTIONS
    counts = np.bincount((place + low).ravel(), (strength * (1 - share)).ravel(), minlength=512)
    counts += np.bincount((place + (low + 1) % _DIRECTIONS).ravel(), (strength * share).ravel(), minlength=512)
    cells = counts.reshape(8, 8, _DIRECTIONS)
    # Each cell against the energy of its 3 x 3 neighborhood.
    energy = np.pad((cells**2).sum(axis=2), 1, mode="edge")
    around = sum(energy[i : i + 8, j : j + 8] for i in range(3) for j in range(3))
    normal: NDArray[np.float32] = np.minimum(cells / np.sqrt(around + 1e-3)[:, :, None], 0.5).astype(np.float32).ravel()
    return normal
