"""What a machine proposes for one item: an answer, and how sure it is."""

from __future__ import annotations

from typing import NamedTuple

from labelwright.schema import Answer

__all__ = ["Proposal"]


class Proposal(NamedTuple):
    """An answer and how sure the labeler is of it, 0 to 1, or None where it cannot say."""

    answer: Answer
    score: float | None = None
