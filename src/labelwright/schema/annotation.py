"""What somebody answered about an item, what a machine suggested, and what a check found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from labelwright.schema.kinds import AnswerUnion

__all__ = ["Annotation", "Finding", "Severity", "ShownSuggestion", "Suggestion"]

Severity = Literal["error", "warning"]
"""An error blocks the submission; a warning asks whether to submit all the same."""


class Annotation(Struct, frozen=True, kw_only=True):
    """One person's answers to all questions about one item.

    `state` is `submitted`, `accepted`, `fixed` (a reviewer's corrected version replaced it), `rejected` (it went back to its author) or
    `replaced` (its author answered again). `origin` is `person`, `review` (a reviewer's fix) or `import`.
    """

    id: int
    item_id: int
    annotator: str
    values: dict[str, AnswerUnion]
    state: Literal["submitted", "accepted", "fixed", "rejected", "replaced"] = "submitted"
    origin: Literal["person", "review", "import"] = "person"
    seconds_active: float = 0.0
    created_at: float = 0.0
    replaces: int | None = None
    pipeline_version: int | None = None
    assisted: bool = False


class Suggestion(Struct, frozen=True, kw_only=True):
    """What a labeler proposes for one question about one item; `score` is its own confidence, 0 to 1."""

    item_id: int
    question: str
    labeler: str
    version: str
    answer: AnswerUnion
    score: float | None = None


class ShownSuggestion(Struct, frozen=True, kw_only=True):
    """A suggestion that its author had in view when an annotation was given; `taken` tells whether the answer is the suggested one."""

    question: str
    labeler: str
    version: str
    score: float | None
    taken: bool


class Finding(Struct, frozen=True, kw_only=True):
    """What an automated check found. `unit` counts the span, box or segment it is about, from 0."""

    rule: str
    severity: Severity
    message: str
    question: str | None = None
    unit: int | None = None
