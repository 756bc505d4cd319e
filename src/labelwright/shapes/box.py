"""Boxes: upright rectangles, given by their top left corner, width and height, in any unit of length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from labelwright.errors import InvalidInput
from labelwright.shapes.base import Geometry, RowShape, checked_rows, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BOX", "BoxShape"]


class BoxShape:
    """A rectangle `x`, `y`, `width`, `height`.

    >>> BOX.overlap((0, 0, 2, 2), (1, 0, 2, 2))
    0.3333333333333333
    """

    name: ClassVar[str] = "box"
    values: ClassVar[Mapping[str, Callable[[Geometry], float]]] = {
        "x": lambda mark: mark[0],
        "y": lambda mark: mark[1],
        "width": lambda mark: mark[2],
        "height": lambda mark: mark[3],
        "area": lambda mark: mark[2] * mark[3],
    }

    def checked(self, marks: Any) -> NDArray[Any]:
        array = checked_rows(marks, 4, "box: x, y, width, height")
        if (array[:, 2:] < 0).any():
            raise InvalidInput("A box has a negative width or height.")
        return array

    def overlap(self, first: Geometry, second: Geometry) -> float:
        width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
        height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
        common = max(0.0, width) * max(0.0, height)
        union = first[2] * first[3] + second[2] * second[3] - common
        return common / union if union > 0 else float(first == second)

    def overlaps(self, first: Any, second: Any) -> NDArray[Any]:
        import numpy as np

        a, b = self.checked(first)[:, None], self.checked(second)[None]
        width = np.minimum(a[..., 0] + a[..., 2], b[..., 0] + b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
        height = np.minimum(a[..., 1] + a[..., 3], b[..., 1] + b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        return ratio(shared, a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - shared, (a == b).all(axis=-1))

    def merged(self, marks: NDArray[Any], weights: NDArray[Any], *, whole: bool) -> Geometry:
        """Return the box between the weighted means of the corners."""
        import numpy as np

        corners = np.column_stack([marks[:, :2], marks[:, :2] + marks[:, 2:]])
        left, top, right, bottom = (float(value) for value in np.average(corners, axis=0, weights=weights))
        return left, top, right - left, bottom - top

    def sides(self, mark: Geometry | NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        return np.array([mark[2], mark[3], mark[2], mark[3]]).clip(1e-6)

    def within(self, mark: Geometry | NDArray[Any], limits: Geometry) -> Geometry:
        x, y, width, height = map(float, mark)
        left, top = max(x, 0.0), max(y, 0.0)
        return left, top, min(x + width, limits[0]) - left, min(y + height, limits[1]) - top

    def order(self, mark: Geometry, confidence: float, iou: float) -> tuple[float, ...]:
        """The most confident first, and then from the top and the left."""
        x, y, width, height = mark
        return -confidence, -iou, y, x, height, width

    def bounds(self, mark: Geometry) -> Geometry:
        return mark

    def rounded(self, mark: Geometry) -> Geometry:
        return tuple(round(side, 2) for side in mark)


BOX: RowShape = BoxShape()
