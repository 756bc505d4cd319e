"""What somebody answered about an item, what a machine suggested, and what a check found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from labelwright.schema.kinds import AnswerUnion

__all__ = ["Annotation", "Arm", "Finding", "Help", "Severity", "StandingSuggestion", "Suggestion"]

Severity = Literal["error", "warning"]
"""An error blocks the submission; a warning asks whether to submit all the same."""

Arm = Literal["shown", "hidden", "none", "unclear"]
"""What became of the suggestions for an item before the eyes of a person: they were shown, hidden, or there were `none`; it is `unclear`
where they came or changed while the person had the item."""


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


class StandingSuggestion(Struct, frozen=True, kw_only=True):
    """The suggestion that stood for a question when an annotation was given, in view or hidden by lot.

    `taken` tells whether the answer is the suggested one: equal to it, or as near as the audit takes two labels for the same.
    """

    question: str
    labeler: str
    version: str
    score: float | None
    taken: bool


class Help(Struct, frozen=True, kw_only=True):
    """What help an author had when an annotation was given.

    `chance` is the one with which the suggestions were to be hidden; None where no lot was drawn. `in_view` tells whether the author could
    see them, or some of them. `suggestions` stood for the questions, in view or not.
    """

    arm: Arm
    chance: float | None = None
    in_view: bool = False
    suggestions: list[StandingSuggestion] = []


class Finding(Struct, frozen=True, kw_only=True):
    """What an automated check found. `unit` counts the span, box or segment it is about, from 0."""

    rule: str
    severity: Severity
    message: str
    question: str | None = None
    unit: int | None = None
