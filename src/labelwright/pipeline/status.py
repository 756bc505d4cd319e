"""Where a project stands: how much went through each of the seven steps, what waits, and what lies in quarantine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy import Connection

from labelwright.analytics import kept_counts, read_counts
from labelwright.api.figures import Counts
from labelwright.api.people import Role
from labelwright.api.projects import ProjectCard, Quarantined
from labelwright.errors import BeingComputed
from labelwright.pipeline.workspace import OpenProject
from labelwright.store import tables
from labelwright.store.project import Project

__all__ = ["SetAside", "Status", "failing_labelers", "read_card", "read_quarantine", "read_set_aside", "read_status"]

MOST_SHOWN = 20

MOST_KINDS = 3
"""So many kinds of reasons of each stage are shown."""

MOST_REASONS = 10_000
"""At most so many different reasons are looked at to tell the most frequent kinds."""

_OWN = re.compile(r"'[^']*'|\d+")
"""What is particular to a row in a reason: names, keys and numbers."""


class SetAside(Struct, frozen=True):
    """How many rows lie in quarantine for one kind of reason: `reason` and `place` are those of the first of them."""

    stage: str
    reason: str
    place: str
    count: int


class Status(Struct, frozen=True, kw_only=True):
    """The counts of one project, as they were at `at`. `prepared` items are `gold` or `asked` about, and `labeled` counts these.

    `quarantined` counts the rows that could not be read and `failed_suggestions` what labelers failed at; `quarantine` shows the newest
    of both. `trouble` says why what follows people's answers fails.
    """

    project: str
    at: float
    collected: int
    quarantined: int
    failed_suggestions: int
    prepared: int
    duplicates: int
    gone: int
    gold: int
    asked: int
    suggested: int
    tasks: dict[str, int]
    remaining: int
    annotations: int
    labeled: int
    reviews_waiting: int
    reviews_given: int
    versions: int
    pipeline_version: int
    quarantine: list[Quarantined]
    trouble: str | None


def read_status(connection: Connection, project: Project, counts: Counts | None = None) -> Status:
    """Tell where a project stands, by `counts` that are kept or else as it is counted at this moment."""
    counts = counts or read_counts(connection, project)
    jobs, versions = tables.jobs, tables.dataset_versions
    trouble = sa.select(jobs.c.error).where(jobs.c.project_id == project.id, jobs.c.kind == "background", jobs.c.state == "failed")
    number = connection.scalar(
        sa.select(tables.pipeline_versions.c.number).where(tables.pipeline_versions.c.id == project.pipeline_version)
    )
    funnel = counts.funnel
    return Status(
        project=project.name,
        at=counts.at,
        collected=funnel.raw,
        quarantined=funnel.quarantined,
        failed_suggestions=counts.failed_suggestions,
        prepared=funnel.prepared,
        duplicates=funnel.duplicates,
        gone=counts.gone,
        gold=funnel.gold,
        asked=funnel.asked,
        suggested=funnel.suggested,
        tasks=counts.tasks,
        remaining=counts.remaining,
        annotations=counts.answers,
        labeled=funnel.labeled,
        reviews_waiting=counts.reviews_waiting,
        reviews_given=counts.reviews_given,
        versions=connection.scalar(sa.select(sa.func.count()).where(versions.c.project_id == project.id)) or 0,
        pipeline_version=number or 0,
        quarantine=read_quarantine(connection, project.id, MOST_SHOWN),
        trouble=connection.scalar(trouble.order_by(jobs.c.id.desc()).limit(1)),
    )


def read_card(connection: Connection, opened: OpenProject, role: Role) -> ProjectCard:
    """Return what the list of projects says of one to a person with this role, by the counts that are kept."""
    about = ProjectCard(name=opened.name, role=role, modality=next(iter(opened.project.schema.data.values())))
    if role == "annotator":
        # The counts move with every answer but one about a gold item, and so would name the gold items one by one.
        return about
    try:
        counts = kept_counts(connection, opened.project)
    except BeingComputed:
        return about
    return structs.replace(
        about,
        at=counts.at,
        items=counts.funnel.asked,
        gold=counts.funnel.gold,
        labeled=counts.funnel.labeled,
        open_tasks=counts.remaining,
        waiting_reviews=counts.reviews_waiting,
    )


def read_quarantine(connection: Connection, project_id: int, most: int) -> list[Quarantined]:
    """Return up to so many rows that could not be read, or that labelers failed at, the newest first."""
    table = tables.quarantine
    columns = (table.c.stage, table.c.source, table.c.place, table.c.key, table.c.reason, table.c.sample, table.c.created_at)
    query = sa.select(*columns).where(table.c.project_id == project_id).order_by(table.c.id.desc()).limit(most)
    return [Quarantined(*row) for row in connection.execute(query)]


def read_set_aside(connection: Connection, project_id: int, *, stages: Collection[str] = (), source: str | None = None) -> list[SetAside]:
    """Return the most frequent kinds of reasons of each stage why rows lie in quarantine, each with its count and its first place.

    Reasons that differ in names and numbers alone are of one kind; `stages` and `source` narrow down where the rows come from.
    """
    table = tables.quarantine
    where = [table.c.project_id == project_id]
    where += [table.c.stage.in_(stages)] if stages else []
    where += [table.c.source == source] if source is not None else []
    count, first = sa.func.count().label("count"), sa.func.min(table.c.id).label("first")
    grouped = sa.select(table.c.stage, table.c.reason, count, first).where(*where).group_by(table.c.stage, table.c.reason)
    kinds: dict[tuple[str, str], tuple[int, int]] = {}
    for stage, reason, rows, number in connection.execute(grouped.order_by(count.desc()).limit(MOST_REASONS)):
        kind = (stage, _OWN.sub("…", reason))
        known, earliest = kinds.get(kind, (0, number))
        kinds[kind] = (known + rows, min(earliest, number))
    ranked = sorted(kinds.items(), key=lambda one: (-one[1][0], one[1][1]))
    seen: Counter[str] = Counter()
    frequent = []
    for (stage, _), found in ranked:
        seen[stage] += 1
        if seen[stage] <= MOST_KINDS:
            frequent.append(found)
    shown = sa.select(table.c.id, table.c.stage, table.c.reason, table.c.place).where(table.c.id.in_([number for _, number in frequent]))
    rows_by_number = {row.id: row for row in connection.execute(shown)}
    return [
        SetAside(rows_by_number[number].stage, rows_by_number[number].reason, rows_by_number[number].place, rows)
        for rows, number in frequent
    ]


def failing_labelers(connection: Connection, project_id: int) -> list[str]:
    """Return the names of the labelers that fail at every item there is."""
    quarantine, items = tables.quarantine, tables.items
    active = sa.and_(items.c.project_id == project_id, items.c.state == "active")
    total = connection.scalar(sa.select(sa.func.count()).select_from(items).where(active)) or 0
    failed = (
        sa.select(quarantine.c.source, sa.func.count(items.c.id.distinct()).label("failed"))
        .join(items, sa.and_(active, items.c.key == quarantine.c.key))
        .where(quarantine.c.project_id == project_id, quarantine.c.stage == "suggest")
        .group_by(quarantine.c.source)
    )
    return sorted(row.source for row in connection.execute(failed) if row.failed == total)
