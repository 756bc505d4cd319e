"""`@check` marks a function of one's own as a check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from labelwright.errors import InvalidInput
from labelwright.schema import Severity

__all__ = ["CheckMark", "check", "mark_of"]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE = "__labelwright_check__"


@dataclass(frozen=True)
class CheckMark:
    """What the decorator was told."""

    severity: Severity | None
    question: str | None


@overload
def check(function: F, /) -> F: ...
@overload
def check(*, severity: Severity | None = None, question: str | None = None) -> Callable[[F], F]: ...
def check(function: F | None = None, /, *, severity: Severity | None = None, question: str | None = None) -> F | Callable[[F], F]:
    """Make a check of a function that takes the answers and the item.

    `values` are the answers in plain form, as exports carry them: a label, or a list of marks, each with its `id`; `item` is the prepared
    item. The function returns None or True when all is well. Otherwise it returns False, and what was found is its docstring; or a
    message; or a list of messages or `Found` values, which also name the question and, by its id, the `part`.

    Args:
        function: the function, where the decorator stands without parentheses.
        severity: `error` blocks, `warning` asks; without it, what the pipeline file says holds, and else `error`.
        question: the question that findings are about.

    >>> @check(severity="warning", question="intent")
    ... def short_refunds(values, item):
    ...     return "A refund in so few words?" if values["intent"] == "refund" and len(item.data["body"].text) < 10 else None
    """
    if severity not in (None, "error", "warning"):
        raise InvalidInput(f"A check is an error or a warning, and not '{severity}'.")

    def mark(marked: F) -> F:
        if not callable(marked):
            raise InvalidInput("@check stands before a function.", hint="Its options need their names: @check(severity='warning').")
        setattr(marked, _ATTRIBUTE, CheckMark(severity, question))
        return marked

    return mark if function is None else mark(function)


def mark_of(value: Any) -> CheckMark | None:
    """Return what `@check` was told about a function, or None where it is no check."""
    found = getattr(value, _ATTRIBUTE, None)
    return found if isinstance(found, CheckMark) else None
