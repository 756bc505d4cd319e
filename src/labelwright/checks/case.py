"""What a rule is handed, a case, and what it hands back, what it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from msgspec import Struct

from labelwright.schema import Answer, Item, Schema, Severity
from labelwright.schema.kinds import Problem
from labelwright.schema.kinds.base import MOST_ID

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
    """What a rule found. `part` is the id of the part of the answer that it is about; `severity` overrides that of the rule."""

    message: str
    question: str | None = None
    part: str | None = None
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
    if not isinstance(found.part, str | None):
        raise TypeError(f"a finding names the part that it is about by its id, and not {found.part!r}")
    kind = NotMade if isinstance(found, NotMade) else Found
    part = None if found.part is None else _storable(found.part, MOST_ID)
    return kind(_storable(str(found.message), MOST_CHARACTERS), found.question and str(found.question), part, found.severity)


def _storable(text: str, most: int) -> str:
    """Return the beginning of a text without what cannot be stored everywhere: half a character, or a null character."""
    return text[:most].encode(errors="replace").decode().replace("\0", "\ufffd")


Run = Callable[[Case], Iterable[Found]]
"""A compiled rule: it looks at a case and says what it finds."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every rule lets the pipeline file set. Without a severity, the rule's own holds."""

    severity: Severity | None = None

    @property
    def files(self) -> Sequence[str]:
        """The files of the project's folder that the rule reads: where one has changed, it may find something else."""
        return ()
