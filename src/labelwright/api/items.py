"""Items: the list, everything that is known of one, and what a program sends in."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from labelwright.api.projects import Event
from labelwright.api.tasks import Comment
from labelwright.schema import AnswerUnion, Arm, FieldUnion, Finding, Label, StandingSuggestion, Suggestion

__all__ = [
    "AnnotationRow",
    "CollectReport",
    "ItemDetail",
    "ItemPage",
    "ItemQuery",
    "ItemRow",
    "Lineage",
    "NewSuggestion",
    "RejectedSuggestion",
    "ReviewOpened",
    "ReviewRow",
    "SuggestionReport",
]


class AnnotationRow(Struct, frozen=True, kw_only=True):
    """One answer about the item, whatever became of it.

    `suggested` are the suggestions that stood, `assisted` tells whether they were in view, and `arm` how that came about; it is None for
    answers from before that was kept, and for those of reviewers and of files.
    """

    id: int
    annotator: str
    values: dict[str, AnswerUnion]
    state: str
    origin: str
    purpose: str
    assisted: bool
    arm: Arm | None
    suggested: list[StandingSuggestion]
    seconds_active: float
    guidelines: int
    created_at: float


class ReviewRow(Struct, frozen=True, kw_only=True):
    """One review of the item."""

    id: int
    reviewer: str
    verdict: str
    annotation_id: int | None
    reason: str
    random: bool
    created_at: float


class Lineage(Struct, frozen=True, kw_only=True):
    """Where the item comes from: source, place, raw key, and the item that it duplicates."""

    source: str
    place: str
    raw_key: str
    revision: str
    offset: int | None
    duplicate_of: str | None
    pieces: int


class ItemDetail(Struct, frozen=True, kw_only=True):
    """Everything that is known of one item.

    It is `withheld` where an audit waits that whoever asks may give: answers, labels and all that tells of them are left out then, for the
    audit begins blind.
    """

    id: int
    key: str
    state: str
    data: dict[str, FieldUnion]
    meta: dict[str, Any]
    lineage: Lineage
    suggestions: list[Suggestion]
    annotations: list[AnnotationRow]
    consensus: dict[str, Label]
    labels: dict[str, Label]
    reviews: list[ReviewRow]
    findings: list[Finding]
    comments: list[Comment]
    events: list[Event]
    withheld: bool = False


class ItemRow(Struct, frozen=True):
    """One line of the list. `reviewed` tells that the newest review accepted or fixed the item; `withheld` is as of an `ItemDetail`."""

    id: int
    key: str
    state: str
    preview: FieldUnion
    labels: dict[str, Label]
    answers: int
    reviewed: bool
    findings: int
    withheld: bool = False


class ItemQuery(Struct, frozen=True, kw_only=True):
    """Which items are listed, and in which order.

    `state` is `labeled`, `unlabeled`, `reviewed`, `findings`, `duplicate`, or None for all active items. `question` is the one that `label`
    and the sorts by confidence and agreement are about; the first one unless given. `label`: only items whose label is this (for choices)
    or marks this somewhere (for the others). `search`: only items whose key or text has this in it. `sort` is `id`, `key`, `newest`,
    `confidence` or `agreement`, the doubtful first.

    Items whose label is withheld from whoever asks are in no list that tells of it: by label, by findings or reviews, or in the order of
    confidence or agreement.
    """

    state: str | None = None
    question: str | None = None
    label: str | None = None
    search: str | None = None
    sort: str = "id"


class ItemPage(Struct, frozen=True):
    """A page of the list, which may be short, or empty, though more follows; `next` asks for what is behind it.

    `total` tells how many items there are in all, where that is known without counting: of a list that fits on one page, and of one
    without filters, as it was counted last.
    """

    items: list[ItemRow]
    next: str | None
    total: int | None = None


class CollectReport(Struct, frozen=True, kw_only=True):
    """What became of every row: `new`, `changed`, `unchanged` or `quarantined`.

    `files` counts the files found; `skipped` those among them that were not read, for nothing about them has changed.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    files: int = 0
    skipped: int = 0

    @property
    def collected(self) -> int:
        """How many rows are in the store now."""
        return self.new + self.changed + self.unchanged

    @property
    def rows(self) -> int:
        """How many rows there are in all, those in quarantine among them."""
        return self.collected + self.quarantined

    def __add__(self, other: CollectReport) -> CollectReport:
        return CollectReport(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


class ReviewOpened(Struct, frozen=True):
    """Whether a review was opened for an item; it was not where one is open already."""

    opened: bool


class NewSuggestion(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A suggestion of one's own machine for the item of that `key` or `item_id`; the answer is a value of its kind, or in plain form."""

    question: str
    answer: Any
    labeler: str
    version: str = "1"
    key: str | None = None
    item_id: int | None = None
    score: float | None = None


class RejectedSuggestion(Struct, frozen=True):
    """A suggestion that was not taken: its place in the list that was sent, and why."""

    index: int
    message: str


class SuggestionReport(Struct, frozen=True):
    """How many suggestions were stored, and which were not."""

    stored: int
    rejected: list[RejectedSuggestion]
