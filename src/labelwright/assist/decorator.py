"""`@labeling_function` marks a function of one's own as a labeler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from labelwright.errors import InvalidInput

__all__ = ["LabelingMark", "labeling_function", "mark_of"]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE = "__labelwright_labeling_function__"


@dataclass(frozen=True)
class LabelingMark:
    """What the decorator was told."""

    question: str | None


@overload
def labeling_function(function: F, /) -> F: ...
@overload
def labeling_function(*, question: str | None = None) -> Callable[[F], F]: ...
def labeling_function(function: F | None = None, /, *, question: str | None = None) -> F | Callable[[F], F]:
    """Make a labeler of a function that takes an item and returns an answer, or None to abstain.

    An answer is a label, or a list of spans, boxes or segments in plain form, as exports carry them; with a score from 0 to 1 it is a
    pair `(answer, score)`. A function with a second parameter is also handed the project's blobs, whose `get` gives the bytes of a
    picture or recording.

    Args:
        function: the function, where the decorator stands without parentheses.
        question: the question that it answers; not needed where the project asks only one.

    >>> @labeling_function(question="intent")
    ... def mentions_refund(item):
    ...     return "refund" if "money back" in item.data["body"].text.lower() else None
    """

    def mark(marked: F) -> F:
        if not callable(marked):
            raise InvalidInput(
                "@labeling_function stands before a function.", hint="Its option needs its name: @labeling_function(question='intent')."
            )
        setattr(marked, _ATTRIBUTE, LabelingMark(question))
        return marked

    return mark if function is None else mark(function)


def mark_of(value: Any) -> LabelingMark | None:
    """Return what `@labeling_function` was told about a function, or None where it is no labeler."""
    found = getattr(value, _ATTRIBUTE, None)
    return found if isinstance(found, LabelingMark) else None
