"""Where a project stands: how much went through each of the seven steps, what waits, and what lies in quarantine."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.analytics.labeled import count_labeled
from labelwright.store import tables
from labelwright.store.items import count_gone
from labelwright.store.project import Project

__all__ = ["Quarantined", "Status", "read_status"]

MOST_SHOWN = 20


class Quarantined(Struct, frozen=True):
    """Something that could not be read: at which stage, where it stands, and why."""

    stage: str
    source: str
    place: str
    reason: str


class Status(Struct, frozen=True, kw_only=True):
    """The counts of one project. `quarantine` shows the newest ones of all that `quarantined` counts; `trouble` says why what follows
    people's answers fails."""

    project: str
    collected: int
    quarantined: int
    prepared: int
    duplicates: int
    gone: int
    suggested: int
    tasks: dict[str, int]
    annotations: int
    labeled: int
    reviews_waiting: int
    reviews_given: int
    versions: int
    pipeline_version: int
    quarantine: list[Quarantined]
    trouble: str | None


def read_status(connection: Connection, project: Project) -> Status:
    """Count where a project stands at this moment."""

    def count(table: sa.Table, *where: sa.ColumnElement[bool], distinct: sa.Column[int] | None = None) -> int:
        counted = sa.func.count() if distinct is None else sa.func.count(distinct.distinct())
        return connection.scalar(sa.select(counted).select_from(table).where(table.c.project_id == project.id, *where)) or 0

    raw, items, tasks, quarantine = tables.raw_items, tables.items, tables.tasks, tables.quarantine
    labeling = tasks.c.purpose.in_(("label", "redo"))
    by_state = connection.execute(
        sa.select(tasks.c.state, sa.func.count()).where(tasks.c.project_id == project.id, labeling).group_by(tasks.c.state)
    )
    shown = connection.execute(
        sa.select(quarantine.c.stage, quarantine.c.source, quarantine.c.place, quarantine.c.reason)
        .where(quarantine.c.project_id == project.id)
        .order_by(quarantine.c.id.desc())
        .limit(MOST_SHOWN)
    )
    jobs = tables.jobs
    trouble = sa.select(jobs.c.error).where(jobs.c.project_id == project.id, jobs.c.kind == "background", jobs.c.state == "failed")
    number = connection.scalar(
        sa.select(tables.pipeline_versions.c.number).where(tables.pipeline_versions.c.id == project.pipeline_version)
    )
    return Status(
        project=project.name,
        collected=count(raw, raw.c.state == "current"),
        quarantined=count(quarantine),
        prepared=count(items, items.c.state == "active"),
        duplicates=count(items, items.c.state == "duplicate"),
        gone=count_gone(connection, project.id),
        suggested=count(tables.suggestions, distinct=tables.suggestions.c.item_id),
        tasks=dict(by_state.all()),
        annotations=count(tables.annotations, tables.annotations.c.state.in_(("submitted", "accepted"))),
        labeled=count_labeled(connection, project.id, project.schema)[1],
        reviews_waiting=count(tasks, tasks.c.purpose == "review", tasks.c.state.in_(("open", "leased"))),
        reviews_given=count(tables.reviews),
        versions=count(tables.dataset_versions),
        pipeline_version=number or 0,
        quarantine=[Quarantined(*row) for row in shown],
        trouble=connection.scalar(trouble.order_by(jobs.c.id.desc()).limit(1)),
    )
