"""What the server answers with beyond the house's own values: one class for both ends of the line."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from labelwright.pipeline.views import TaskView
from labelwright.schema import Schema
from labelwright.store.people import Role

__all__ = [
    "DraftSaved",
    "Event",
    "EventPage",
    "Invited",
    "LeaseKept",
    "LeasedTasks",
    "LinkMade",
    "Me",
    "MyProject",
    "NewSuggestion",
    "NextTask",
    "ProjectCard",
    "ProjectView",
    "Quarantined",
    "RejectedSuggestion",
    "Session",
    "SuggestionReport",
    "TokenMade",
]


class Me(Struct, frozen=True):
    """The person who is signed in."""

    id: int
    name: str
    has_password: bool


class MyProject(Struct, frozen=True):
    """A project that the person has a part in."""

    name: str
    role: Role
    modality: str


class Session(Struct, frozen=True):
    """Who is signed in, and where."""

    user: Me
    csrf: str
    projects: list[MyProject]


class ProjectCard(Struct, frozen=True, kw_only=True):
    """A project and how far it is, as it was counted at `at`; the counts are None while they are computed for the first time.

    `items` counts those that are to be labeled, and `gold` those whose answer is known besides.
    """

    name: str
    role: Role
    modality: str
    at: float | None = None
    items: int | None = None
    gold: int | None = None
    labeled: int | None = None
    open_tasks: int | None = None
    waiting_reviews: int | None = None


class ProjectView(Struct, frozen=True, kw_only=True):
    """What a project asks, and by which rules."""

    name: str
    role: Role
    schema: Schema
    guidelines: str
    guidelines_digest: str
    pipeline_version: int
    blind: bool
    lease_seconds: float
    overlap: int
    requirements: list[str] = []


class LeasedTasks(Struct, frozen=True):
    """Tasks that were leased, and how many items the person has answered so far, where that was asked for."""

    tasks: list[TaskView]
    done: int | None = None


class NextTask(Struct, frozen=True):
    """The task that comes next, if there is one."""

    next: TaskView | None


class LeaseKept(Struct, frozen=True):
    """How long a lease runs from now."""

    lease_seconds: float


class DraftSaved(Struct, frozen=True):
    """The sequence of the draft that is kept."""

    sequence: int


class NewSuggestion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A suggestion of one's own machine for the item of that `key` or `item_id`; the answer is a value of its kind, or in plain form."""

    question: str
    answer: Any
    labeler: str
    version: str
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


class Quarantined(Struct, frozen=True):
    """A row or file that could not be read, where it lies, and why."""

    stage: str
    source: str
    place: str
    key: str | None
    reason: str
    sample: str
    created_at: float


class Event(Struct, frozen=True):
    """One thing that happened in a project."""

    kind: str
    user: str | None
    item_id: int | None
    subject_id: int | None
    payload: dict[str, Any]
    created_at: float


class EventPage(Struct, frozen=True):
    """Events in their order; `next` asks for those that come later."""

    events: list[Event]
    next: str


class Invited(Struct, frozen=True):
    """A new person's number, and the secret of the one-time link to sign in with."""

    id: int
    token: str


class LinkMade(Struct, frozen=True):
    """The secret of a new one-time link, where one was asked for."""

    token: str | None


class TokenMade(Struct, frozen=True):
    """The secret of a new token, which is shown this once."""

    token: str
