"""What a rule is handed, a case, and what it hands back, what it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from msgspec import Struct

from labelwright.schema import Answer, Item, Schema, Severity
from labelwright.schema.kinds import Problem

__all__ = ["Case", "Found", "NotMade", "Options", "Run", "checked"]

MOST_CHARACTERS = 1000
"""Characters of a message that are told on."""


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


def checked(found: Found) -> Found:
    """Return a finding in plain values that can be stored and sent.

    Raises:
        TypeError: it says something that a finding does not say.
    """
    if not isinstance(found, Found):
        raise TypeError(f"a rule says what it found, and not {type(found).__name__}")
    if found.severity not in (None, *get_args(Severity)):
        raise TypeError(f"a finding is an error or a warning, and not {found.severity!r}")
    if not isinstance(found.question, str | None):
        raise TypeError(f"a finding names its question, and not {found.question!r}")
    if found.unit is not None and (not isinstance(found.unit, int) or not 0 <= found.unit < 2**31):
        raise TypeError(f"a finding counts the unit that it is about from 0, and does not say {found.unit!r}")
    # Half a character, a surrogate without its other half, can be written nowhere, and a null character not everywhere.
    message = str(found.message)[:MOST_CHARACTERS].encode(errors="replace").decode().replace("\0", "\ufffd")
    kind = NotMade if isinstance(found, NotMade) else Found
    return kind(message, found.question and str(found.question), found.unit and int(found.unit), found.severity)


Run = Callable[[Case], Iterable[Found]]
"""A compiled rule: it looks at a case and says what it finds."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every rule lets the pipeline file set. Without a severity, the rule's own holds."""

    severity: Severity | None = None

    @property
    def files(self) -> Sequence[str]:
        """The files of the project's folder that the rule reads: where one has changed, it may find something else."""
        return ()
