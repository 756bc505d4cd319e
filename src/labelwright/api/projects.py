"""Projects: what there is, what one of them asks, and what happened in it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from labelwright.api.people import Role
from labelwright.schema import Schema

__all__ = ["Event", "EventPage", "ProjectCard", "ProjectView", "Quarantined"]


class ProjectCard(Struct, frozen=True, kw_only=True):
    """A project and how far it is, as it was counted at `at`; the counts are None while they are computed for the first time.

    `items` counts those that are to be labeled, and `gold` those whose answer is known besides. To annotators the counts are always None,
    for they would tell which answers were about gold items.
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
    """What a project asks, and by which rules; `simulated` says that simulated colleagues may work in it."""

    name: str
    role: Role
    schema: Schema
    guidelines: str
    guidelines_digest: str
    pipeline_version: int
    blind: bool
    lease_seconds: float
    overlap: int
    simulated: bool = False
    requirements: list[str] = []


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
