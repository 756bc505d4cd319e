"""Intervals: from a start up to, not including, an end, in characters, tokens or seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from labelwright.errors import InvalidInput
from labelwright.shapes.base import Geometry, RowShape, checked_rows, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["INTERVAL", "IntervalShape", "weighted_median"]


class IntervalShape:
    """A stretch from `start` to `end`.

    >>> INTERVAL.overlap((0, 10), (5, 15))
    0.3333333333333333
    """

    name: ClassVar[str] = "interval"
    values: ClassVar[Mapping[str, Callable[[Geometry], float]]] = {
        "start": lambda mark: mark[0],
        "end": lambda mark: mark[1],
        "length": lambda mark: mark[1] - mark[0],
    }

    def checked(self, marks: Any) -> NDArray[Any]:
        array = checked_rows(marks, 2, "interval: start, end")
        if (array[:, 1] < array[:, 0]).any():
            raise InvalidInput("An interval ends before it starts.")
        return array

    def overlap(self, first: Geometry, second: Geometry) -> float:
        common = min(first[1], second[1]) - max(first[0], second[0])
        union = max(first[1], second[1]) - min(first[0], second[0])
        return max(0.0, common) / union if union > 0 else float(first == second)

    def overlaps(self, first: Any, second: Any) -> NDArray[Any]:
        import numpy as np

        a, b = self.checked(first)[:, None], self.checked(second)[None]
        shared = np.maximum(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]), 0)
        return ratio(shared, (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared, (a == b).all(axis=-1))

    def merged(self, marks: NDArray[Any], weights: NDArray[Any], *, whole: bool) -> Geometry:
        """Return the weighted median of whole ends, which is an end that somebody chose, and the weighted mean of others."""
        import numpy as np

        if whole:
            return tuple(int(weighted_median(ends, weights)) for ends in marks.T)
        return tuple(float(value) for value in np.average(marks, axis=0, weights=weights))

    def sides(self, mark: Geometry | NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        return np.full(2, max(mark[1] - mark[0], 1e-6))

    def within(self, mark: Geometry | NDArray[Any], limits: Geometry) -> Geometry:
        return tuple(min(max(float(end), 0.0), limits[0]) for end in mark)

    def order(self, mark: Geometry, confidence: float, iou: float) -> tuple[float, ...]:
        return (*mark, -confidence)

    def bounds(self, mark: Geometry) -> Geometry:
        return mark

    def rounded(self, mark: Geometry) -> Geometry:
        return tuple(end if isinstance(end, int) else round(end, 3) for end in mark)


def weighted_median(values: Any, weights: Any) -> float:
    """Return the least value at which the weight of the values so far reaches half of the whole.

    >>> import numpy as np
    >>> weighted_median([8, 9, 9], np.ones(3))
    9.0
    """
    import numpy as np

    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, reached[-1] / 2 - 1e-12))
    return float(np.asarray(values)[order][place])


INTERVAL: RowShape = IntervalShape()
