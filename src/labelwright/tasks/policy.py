"""How tasks are handed out: the `tasks` block of the pipeline file."""

from __future__ import annotations

from msgspec import Struct

from labelwright.errors import InvalidPipeline
from labelwright.schema.quantities import seconds, share

__all__ = ["Overlap", "TaskPolicy"]


class Overlap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many people answer about one item: `start` at first, one more while the consensus is less sure than `until`, up to `grow_to`.

    One more is asked, too, where all answers were given with a suggestion in view; whoever is asked beyond `start` sees none.
    """

    start: int = 1
    grow_to: int = 1
    until: str = "95%"


class TaskPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked what, and for how long.

    `overlap` is a number of people an item, or an `Overlap` that grows where people disagree. `lease` is how long a task stays with who
    took it without a sign of life. With `blind`, nobody sees another's answer before giving an own one. `gold` is the share of hand-outs
    that are gold items, whose answer is known.
    """

    overlap: int | Overlap = 1
    lease: str = "15m"
    blind: bool = True
    gold: str = "5%"

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            InvalidPipeline: an overlap below 1 or above 100, or one that grows to less than its start.
            InvalidInput: a duration or share that is none.
        """
        if not 1 <= self.start <= self.most <= 100:
            raise InvalidPipeline(
                "An item is answered by at least 1 and at most 100 people, and an overlap grows to no less than its start.",
                where="tasks.overlap",
            )
        if seconds(self.lease, "tasks.lease") < 5:
            raise InvalidPipeline("A lease shorter than 5 seconds ends while people read.", where="tasks.lease")
        share(self.gold, "tasks.gold")
        if isinstance(self.overlap, Overlap):
            share(self.overlap.until, "tasks.overlap.until")

    @property
    def start(self) -> int:
        """The number of people asked about each item at first."""
        return self.overlap if isinstance(self.overlap, int) else self.overlap.start

    @property
    def most(self) -> int:
        """The largest number of people asked about one item."""
        return self.overlap if isinstance(self.overlap, int) else self.overlap.grow_to

    @property
    def until(self) -> float | None:
        """The confidence of the consensus at which no more people are asked; None where the overlap does not grow."""
        return share(self.overlap.until) if isinstance(self.overlap, Overlap) else None

    @property
    def lease_seconds(self) -> float:
        return seconds(self.lease)

    @property
    def gold_share(self) -> float:
        return share(self.gold)
