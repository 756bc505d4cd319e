"""What every shape offers, and what two or more of them share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from labelwright.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Geometry", "RowShape", "Shape", "checked_rows", "ratio"]

Geometry = tuple[float, ...]
"""Where a mark lies, as its shape counts: start and end, or x, y, width and height."""


class Shape(Protocol):
    """One shape: what kinds of marks, checks and formats ask of it."""

    name: ClassVar[str]
    """As people say it."""

    values: ClassVar[Mapping[str, Callable[[Geometry], float]]]
    """What a check can say of one mark, by name."""

    @abstractmethod
    def overlap(self, first: Geometry, second: Geometry) -> float:
        """Return the intersection over union of two marks, 0 to 1; of two without extent 1 where they are equal, and else 0."""

    def overlaps(self, first: Any, second: Any) -> NDArray[Any]:
        """Return the intersection over union of each of n marks with each of m others, as an array (n, m).

        Raises:
            InvalidInput: a mark is wrong.
        """
        import numpy as np

        found: NDArray[Any] = np.array([[self.overlap(one, other) for other in second] for one in first], dtype=np.float64)
        return found.reshape(len(first), len(second))

    @abstractmethod
    def bounds(self, mark: Geometry) -> Geometry:
        """Return what a mark lies in and is cut out by, to be looked at: start and end, or the x, y, width and height of a rectangle."""

    @abstractmethod
    def rounded(self, mark: Geometry) -> Geometry:
        """Return a mark without digits that nobody can mean."""


class RowShape(Shape, Protocol):
    """A shape whose marks have so many numbers each, so that many are an array with a row each: the statistics match and fuse them.

    NumPy is only needed where there are arrays.
    """

    def checked(self, marks: Any) -> NDArray[Any]:
        """Return marks as an array of floats with a row each.

        Raises:
            InvalidInput: a mark has another number of values, or they cannot be.
        """
        ...

    def merged(self, marks: NDArray[Any], weights: NDArray[Any], *, whole: bool) -> Geometry:
        """Return where the marks of one thing lie together, by the weight of each; in whole numbers where all were in these."""
        ...

    def sides(self, mark: Geometry | NDArray[Any]) -> NDArray[Any]:
        """Return, for each number of a mark, how long it is in that direction, and never 0: a shift of the number is measured by it."""
        ...

    def within(self, mark: Geometry | NDArray[Any], limits: Geometry) -> Geometry:
        """Return what of a mark lies in an item of this length, or of this width and height."""
        ...

    def order(self, mark: Geometry, confidence: float, iou: float) -> tuple[float, ...]:
        """Return what fused marks are sorted by."""
        ...


def checked_rows(values: Any, width: int, what: str) -> NDArray[Any]:
    """Return rows of so many finite numbers as an array; `what` names a row and its numbers.

    Raises:
        InvalidInput: a row has another form.
    """
    import numpy as np

    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"Each {what} has to be {width} numbers.") from error
    if array.size == 0:
        return np.empty((0, width))
    if array.ndim != 2 or array.shape[1] != width or not np.isfinite(array).all():
        raise InvalidInput(f"Each {what} has to be {width} finite numbers.")
    return array


def ratio(shared: Any, union: Any, equal: Any) -> NDArray[Any]:
    """Return shared over union; where there is no union, 1 where the two are `equal` and 0 where not."""
    import numpy as np

    empty = union <= 0
    found: NDArray[Any] = np.where(empty, equal.astype(np.float64), shared / np.where(empty, 1.0, union))
    return found
