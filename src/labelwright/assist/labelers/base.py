"""What every labeler offers: its name, its version, and what it proposes for some items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from labelwright.assist.proposal import Proposal
from labelwright.schema import Item

__all__ = ["UNTOUCHED", "Declined", "Failed", "Labeler", "Progress", "Untouched"]

Progress = Callable[[int, int | None, str], None]


class Failed(NamedTuple):
    """Stands for: the labeler failed at this item, for this reason. It abstains, and the failure is set aside for all to see."""

    reason: str


class Untouched(Enum):
    """Stands for: what was suggested for this item before, if anything, stays."""

    UNTOUCHED = "untouched"


UNTOUCHED = Untouched.UNTOUCHED


class Labeler(Protocol):
    """One labeler for one question. The same version proposes the same for the same item."""

    @property
    def name(self) -> str:
        """What it is called beside its suggestions."""

    @property
    def question(self) -> str:
        """The question that it answers."""

    @property
    def version(self) -> str:
        """Changes with everything that its proposals depend on besides the item."""

    def propose(self, items: Sequence[Item]) -> Sequence[Proposal | Untouched | Failed | None]:
        """Return what it proposes for each item; None abstains."""

    def close(self) -> None:
        """Write down what is to be known about this version, after it has proposed."""


class Declined(NamedTuple):
    """A labeler that has nothing to propose with, and why: too few labels to learn from, or, with `failed`, an error as it was made."""

    name: str
    question: str
    reason: str
    failed: bool = False
