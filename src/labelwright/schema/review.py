"""A reviewer's verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from labelwright.schema.kinds import AnswerUnion

__all__ = ["Verdict"]


class Verdict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reviewer decided about an item.

    `accept` makes the annotation named (or, with none named, the consensus) the item's label. `fix` brings corrected `values`, tagged
    with their kind or in the plain form that exports carry; both versions are kept. `reject` sends the annotation named back to its
    author's queue, with a `reason`. `seen` is what came as `seen` with the review task and stands for the answers and the consensus that
    the reviewer was shown: where others stand by now, the verdict is refused, for it is about something else. Whoever accepts has to
    give it.
    """

    verdict: Literal["accept", "fix", "reject"]
    annotation_id: int | None = None
    seen: str | None = None
    values: Mapping[str, AnswerUnion | str | float | list[Any]] | None = None
    reason: str | None = None
    seconds_active: float = 0.0
