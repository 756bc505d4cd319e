"""Jobs: longer work that somebody asked for, and how far it is."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Job", "Progress"]


class Progress(Struct, frozen=True):
    """How far a job is; `total` is unknown for some. Once it is done, `what` says what came of it."""

    done: int = 0
    total: int | None = None
    what: str = ""


class Job(Struct, frozen=True):
    """A piece of background work: `kind` is run, simulate, freeze or background; `state` open, running, done or failed."""

    id: int
    kind: str
    state: str
    progress: Progress
    error: str | None
    created_at: float
    updated_at: float
