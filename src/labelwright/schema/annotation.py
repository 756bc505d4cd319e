"""What a machine suggested about an item, what help its author had, what a check found, and the label that came of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from labelwright.schema.kinds import AnswerUnion

__all__ = ["Arm", "Finding", "Help", "Label", "Severity", "StandingSuggestion", "Suggestion"]

Severity = Literal["error", "warning"]
"""An error blocks the submission; a warning asks whether to submit all the same."""

Arm = Literal["shown", "hidden", "none", "unclear"]
"""What became of the suggestions for an item before the eyes of a person: they were shown, hidden, or there were `none`; it is `unclear`
where they came or changed while the person had the item."""


class Suggestion(Struct, frozen=True):
    """What a labeler proposes for one question about an item; `score` is its own confidence, 0 to 1."""

    question: str
    labeler: str
    version: str
    answer: AnswerUnion
    score: float | None


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
    """What an automated check found. `part` is the id of the part of the answer that it is about."""

    rule: str
    severity: Severity
    message: str
    question: str | None = None
    part: str | None = None


class Label(Struct, frozen=True):
    """A label as it is now, where it comes from, and how sure it is, 0 to 1."""

    answer: AnswerUnion
    origin: str
    confidence: float
