"""Jobs: longer work that somebody asked for on the page, done by the worker beside the server."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.jobs import Job, Progress
from labelwright.store import tables
from labelwright.store.bulk import lock_project
from labelwright.store.codec import decode, encode

__all__ = ["enqueue", "fail", "finish", "list_jobs", "note_background", "report", "start_next"]

MOST_LISTED = 50

MOST_ATTEMPTS = 3
"""A job that ended its worker so often is given up, for others wait behind it."""

_jobs = tables.jobs


def enqueue(connection: Connection, project_id: int, kind: str, arguments: dict[str, Any]) -> int:
    """Ask for a job and return its number; while one of the same kind waits or runs, that one is meant."""
    lock_project(connection, project_id)
    waiting = sa.select(_jobs.c.id).where(_jobs.c.project_id == project_id, _jobs.c.kind == kind, _jobs.c.state.in_(("open", "running")))
    known = connection.scalar(waiting.limit(1))
    if known is not None:
        return int(known)
    now = time.time()
    row = connection.execute(
        sa.insert(_jobs).values(project_id=project_id, kind=kind, state="open", arguments=encode(arguments), created_at=now, updated_at=now)
    )
    return int(row.inserted_primary_key[0])  # type: ignore[index]  # an INSERT of one row always has a key


def list_jobs(connection: Connection, project_id: int) -> list[Job]:
    """Return the newest jobs of a project, the newest first; what fails in the background comes before all, however old its note is."""
    troubled = sa.case((sa.and_(_jobs.c.kind == "background", _jobs.c.state == "failed"), 0), else_=1)
    query = sa.select(_jobs).where(_jobs.c.project_id == project_id).order_by(troubled, _jobs.c.id.desc()).limit(MOST_LISTED)
    return [
        Job(row.id, row.kind, row.state, decode(row.progress, Progress), row.error, row.created_at, row.updated_at)
        for row in connection.execute(query)
    ]


def start_next(connection: Connection, project_id: int) -> tuple[int, str, dict[str, Any]] | None:
    """Take the oldest open job and return its number, kind and arguments.

    A job that is still `running` here was left behind by a worker that died: whoever asks holds the turn, so it is taken up again.
    """
    query = sa.select(_jobs.c.id, _jobs.c.kind, _jobs.c.arguments, _jobs.c.attempts).where(
        _jobs.c.project_id == project_id, _jobs.c.state.in_(("open", "running"))
    )
    for row in connection.execute(query.order_by(_jobs.c.id)).all():
        if row.attempts >= MOST_ATTEMPTS:
            fail(connection, row.id, f"The worker ended {row.attempts} times while it was at this. The server's log may say why.")
            continue
        taken = sa.update(_jobs).where(_jobs.c.id == row.id)
        connection.execute(taken.values(state="running", attempts=row.attempts + 1, updated_at=time.time()))
        return row.id, row.kind, decode(row.arguments)
    return None


def report(connection: Connection, job_id: int, progress: Progress) -> None:
    """Note how far a job is."""
    connection.execute(sa.update(_jobs).where(_jobs.c.id == job_id).values(progress=encode(progress), updated_at=time.time()))


def finish(connection: Connection, job_id: int, outcome: str = "") -> None:
    """Note that a job is done, and in a few words what came of it, which stands as `what` in its progress from now on."""
    values = {"state": "done", "error": None, "progress": encode(Progress(what=outcome)), "updated_at": time.time()}
    connection.execute(sa.update(_jobs).where(_jobs.c.id == job_id).values(values))


def fail(connection: Connection, job_id: int, error: str) -> None:
    """Note why a job failed."""
    connection.execute(sa.update(_jobs).where(_jobs.c.id == job_id).values(state="failed", error=error[:2000], updated_at=time.time()))


def note_background(connection: Connection, project_id: int, error: str | None) -> None:
    """Note why what follows people's answers fails, so that it is seen where the work is watched; None: it works (again)."""
    mine = sa.select(_jobs.c.id, _jobs.c.error).where(_jobs.c.project_id == project_id, _jobs.c.kind == "background")
    known = connection.execute(mine.where(_jobs.c.state == "failed").order_by(_jobs.c.id.desc()).limit(1)).one_or_none()
    if error is None:
        if known is not None:
            finish(connection, known.id)
    elif known is None:
        now = time.time()
        row = {"project_id": project_id, "kind": "background", "state": "failed", "arguments": "{}", "created_at": now, "updated_at": now}
        connection.execute(sa.insert(_jobs).values(**row, error=error[:2000]))
    else:
        fail(connection, known.id, error)
