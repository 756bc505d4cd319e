"""Boxes in pictures: regions that differ from the background, and what they look like.

Regions are what lies on one side of a threshold (Otsu 1979) in brightness and in colorfulness; what touches is taken apart at the points
that lie deepest inside, where boxes of the sizes that people drew are tried. A classifier of their edges and colors learns which of them
people box, and as what. Objects that do not stand out are not found: the report says how many are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright.assist.arrays import Arrays
from labelwright.assist.learners import _regions
from labelwright.assist.learners.base import LabeledItem, Learned, LearningResult, TooLittle
from labelwright.assist.media import ItemMedia
from labelwright.assist.proposal import Proposal
from labelwright.errors import LabelwrightError
from labelwright.media.features import image as features
from labelwright.schema import Item
from labelwright.schema.kinds import Question
from labelwright.shapes import BOX

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "region_logistic"
VERSION = f"1 {features.VERSION}"
ANSWERS = frozenset({(BOX, "image")})
MOST = 150
AT_LEAST = 0.3

SIDE = 256
"""Pictures are looked at with this longer side."""

MOST_CANDIDATES = 200
MOST_PEAKS = 30


def learn(question: Question, examples: Sequence[LabeledItem], media: ItemMedia, fewest: int) -> LearningResult:
    """Learn from pictures with their boxes."""
    import numpy as np

    needed = max(fewest, 2 * _regions.FOLDS)
    if sum(bool(example.answer.parts()) for example in examples) < needed:
        raise TooLittle(f"{needed} pictures with boxes are needed; there are {len(examples)} labeled ones.")
    sizes = _usual_sizes(question, examples)
    candidates = [_candidates(example.item, question, media, sizes) for example in examples]
    result = _regions.learn_regions(question, examples, candidates, BOX)
    return result._replace(arrays={**result.arrays, "sizes": np.array(sizes)})


def load(question: Question, arrays: Arrays) -> Learned:
    """Make the model of its arrays again."""
    return _Model(question, arrays)


class _Model:
    def __init__(self, question: Question, arrays: Arrays) -> None:
        self._question = question
        self._sizes = [(float(width), float(height)) for width, height in arrays["sizes"]]
        self._regions = _regions.Regions(question, arrays, BOX)

    def predict(self, items: Sequence[Item], media: ItemMedia) -> list[Proposal | None]:
        return [self._regions.propose(_candidates(item, self._question, media, self._sizes)) for item in items]


def _usual_sizes(question: Question, examples: Sequence[LabeledItem]) -> list[tuple[float, float]]:
    """The median width and height of each label's boxes, as shares of the picture's longer side."""
    import numpy as np

    found = []
    for label in question.labels:
        sides = [
            (unit.geometry[2] / max(shown.size), unit.geometry[3] / max(shown.size))
            for example in examples
            if (shown := example.item.data.get(question.of)) is not None and shown.size
            for unit in example.answer.parts()
            if unit.label == label
        ]
        if sides:
            width, height = np.median(np.array(sides), axis=0)
            found.append((round(float(width), 4), round(float(height), 4)))
    return found or [(0.2, 0.2)]


def _candidates(item: Item, question: Question, media: ItemMedia, sizes: list[tuple[float, float]]) -> _regions.Candidates:
    import numpy as np

    nothing = _regions.Candidates(np.zeros((0, 4)), np.zeros((0, features.SIZE + 5), dtype=np.float32), (0.0, 0.0))
    shown = item.data.get(question.of)
    body = media.body(item, question.of)
    if body is None or shown is None or shown.size is None:
        return nothing
    try:
        picture = features.open_rgb(body)
    except LabelwrightError:
        return nothing
    factor = SIDE / max(picture.size)
    picture = picture.resize((max(8, round(picture.width * factor)), max(8, round(picture.height * factor))))
    boxes = _boxes(np.asarray(picture, dtype=np.float32) / 255.0, [(width * SIDE, height * SIDE) for width, height in sizes])
    if not boxes:
        return nothing._replace(limits=shown.size)
    rows = []
    for left, top, width, height in boxes:
        part = picture.crop((int(left), int(top), int(np.ceil(left + width)), int(np.ceil(top + height))))
        place = [left / picture.width, top / picture.height, width / SIDE, height / SIDE, np.log(width * height)]
        rows.append(np.concatenate([features.vector_of(part), place]))
    scale = np.array([shown.size[0] / picture.width, shown.size[1] / picture.height] * 2)
    return _regions.Candidates(np.array(boxes) * scale, np.array(rows, dtype=np.float32), shown.size)


def _boxes(pixels: NDArray[Any], sizes: list[tuple[float, float]]) -> list[tuple[float, float, float, float]]:
    """Return candidate boxes (x, y, width, height), the same ones once."""
    import numpy as np
    from scipy import ndimage

    tall, wide = pixels.shape[:2]
    grey = pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    dark = grey < _otsu(grey)
    colorful = pixels.max(axis=2) - pixels.min(axis=2)
    # Of dark and bright, the one that covers less is taken for the objects.
    masks = [colorful > _otsu(colorful), dark if dark.mean() < 0.5 else ~dark]
    found: dict[tuple[int, int, int, int], tuple[float, float, float, float]] = {}

    def add(left: float, top: float, width: float, height: float) -> None:
        right, bottom = min(left + width, wide), min(top + height, tall)
        left, top = max(left, 0.0), max(top, 0.0)
        if right - left >= 4 and bottom - top >= 4 and (right - left) * (bottom - top) < 0.9 * wide * tall:
            box = (left, top, right - left, bottom - top)
            # Boxes that differ by a few pixels are one candidate.
            found.setdefault((round(left / 6), round(top / 6), round((right - left) / 6), round((bottom - top) / 6)), box)

    masks = [ndimage.binary_fill_holes(ndimage.binary_opening(mask)) for mask in masks]
    for mask in masks:
        numbered, _ = ndimage.label(mask)
        for rows, columns in ndimage.find_objects(numbered):
            add(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
    for mask in masks:
        depth = ndimage.distance_transform_edt(np.pad(mask, 1, mode="edge"))[1:-1, 1:-1]
        smooth = ndimage.gaussian_filter(depth, 1.5)
        peaks = np.argwhere((smooth == ndimage.maximum_filter(smooth, size=9)) & (smooth > 3.0))
        for y, x in peaks[np.argsort(-smooth[tuple(peaks.T)], kind="stable")][:MOST_PEAKS]:
            side = 2.2 * float(depth[y, x])
            for width, height in [(side, side), *sizes]:
                add(x - width / 2, y - height / 2, width, height)
    return list(found.values())[:MOST_CANDIDATES]


def _otsu(layer: NDArray[Any]) -> float:
    """The threshold that parts the values into the two groups that differ most."""
    import numpy as np

    counts, edges = np.histogram(layer, bins=64)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    parted = (below > 0) & (above > 0)
    # A layer of one value has nothing to part: no pixel lies above its highest one.
    return float(middle[np.argmax(np.where(parted, between, -1.0))]) if parted.any() else float(layer.max())
