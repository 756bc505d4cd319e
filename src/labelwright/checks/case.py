"""What a rule is handed, a case, and what it hands back, what it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from labelwright.schema import Answer, Item, Schema, Severity
from labelwright.schema.kinds import Problem

__all__ = ["Case", "Found", "NotMade", "Options", "Run"]


class Case(NamedTuple):
    """One item with somebody's answers to the questions about it.

    `values` holds the answers that are asked for and of the kind their question asks for, `problems` what is said against each answer.
    `seconds_active` is how long somebody looked, or None where nobody measured it. `ends` is the reading of the monotonic clock at which
    the rule stops looking at it.
    """

    schema: Schema
    values: Mapping[str, Answer]
    item: Item
    problems: Mapping[str, list[Problem]]
    seconds_active: float | None = None
    ends: float = math.inf

    @property
    def asked(self) -> list[str]:
        """The names of the questions that are asked, in order."""
        return self.schema.asked(self.values, self.item)


class Found(NamedTuple):
    """What a rule found. `unit` counts the span, box or segment that it is about; `severity` overrides that of the rule."""

    message: str
    question: str | None = None
    unit: int | None = None
    severity: Severity | None = None


class NotMade(Found):
    """Says that a check could not be made, for a reason that may be gone another time, and so is worth another try."""


Run = Callable[[Case], Iterable[Found]]
"""A compiled rule: it looks at a case and says what it finds."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every rule lets the pipeline file set. Without a severity, the rule's own holds."""

    severity: Severity | None = None

    @property
    def files(self) -> Sequence[str]:
        """The files of the project's folder that the rule reads: where one has changed, it may find something else."""
        return ()
