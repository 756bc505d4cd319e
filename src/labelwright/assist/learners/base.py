"""What learners have in common: examples in, arrays and a report out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from labelwright.assist.arrays import Arrays
from labelwright.assist.media import ItemMedia
from labelwright.assist.proposal import Proposal
from labelwright.schema import Item

__all__ = ["LabeledItem", "Learned", "LearningResult", "TooLittle"]


class LabeledItem(NamedTuple):
    """A labeled item; examples of one `group` are never on both sides of a fold."""

    item: Item
    answer: Any
    group: str


class LearningResult(NamedTuple):
    """What was learned, as arrays; how good it is on what it had not seen; and the predictions behind that, where they are of use."""

    arrays: Arrays
    report: dict[str, Any]
    out_of_fold: Arrays | None = None


class Learned(Protocol):
    """A model that can be asked."""

    def predict(self, items: Sequence[Item], media: ItemMedia) -> list[Proposal | None]:
        """Return an answer with its calibrated score for each item, or None."""


class TooLittle(Exception):
    """The labels teach too little; the message says what is missing."""
