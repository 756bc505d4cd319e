"""Runs the pipeline: every automated step that can go forward, as often as anybody likes.

Each step is idempotent and works in small transactions, so that a run that was killed anywhere is finished by running again. `advance`
is the whole story from the sources on; `catch_up` is what follows people's answers, and is what the worker beside the server does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright import analytics, assist, checks, datasets, prepare, quality, review, sources, tasks
from labelwright.api.datasets import Version
from labelwright.api.figures import Outcome
from labelwright.api.items import CollectReport
from labelwright.errors import Conflict
from labelwright.pipeline.declare import located
from labelwright.pipeline.files import existing
from labelwright.pipeline.status import SetAside, failing_labelers, read_set_aside
from labelwright.pipeline.turn import turn
from labelwright.pipeline.workspace import OpenProject
from labelwright.schema import content_hash
from labelwright.store import kept, log, tables
from labelwright.store.audit import take_look
from labelwright.store.codec import decode, encode
from labelwright.store.criteria import meanings
from labelwright.store.items import count_gone
from labelwright.store.log import Position
from labelwright.store.statistics import renew

__all__ = ["CaughtUp", "Frozen", "RunReport", "advance", "catch_up", "catch_up_alone", "freeze"]

Progress = Callable[[int, int | None, str], None]

PAGE = 10_000
"""Events read at a time."""

ALL_REVIEWS = "all reviews"
"""The name under which it is kept that all items were looked at for reviews."""

PATIENCE = 60.0
"""So many seconds a command waits for the turn: the worker of a server gives it back after each round."""

_SILENT = ("audit_looked_at", "comment_added", "comment_resolved", "pipeline_declared", "version_frozen")
"""Events that are no reason for a review; what a declaration changes, the policy and the criteria, is looked at itself."""


class CaughtUp(Struct, frozen=True):
    """What followed from the answers: suggestions written, tasks and reviews opened."""

    suggested: int
    tasks_opened: int
    reviews_opened: int


class RunReport(Struct, frozen=True):
    """What a run did, step by step, and whether the requirements hold now.

    `gone` counts the items that are no longer in their source, and kept; `items` those that there are to label; `set_aside` tells why
    rows lie in quarantine, most frequent first; `outdated` counts the answers that do not fit the questions any longer;
    `failing` names the labelers that fail at every item.
    """

    project: str
    collected: CollectReport
    prepared: prepare.PrepareReport
    imported: list[datasets.ImportReport]
    caught_up: CaughtUp
    requirements: list[Outcome]
    gone: int
    items: int
    set_aside: list[SetAside]
    outdated: list[tasks.Outdated]
    failing: list[str]

    @property
    def nothing(self) -> bool:
        """Tell whether rows came and none of them could become an item, in this run or, where items are there already, in the reading."""
        unread = self.collected.quarantined > 0 and not self.collected.collected
        return unread or (not self.items and bool(self.set_aside))


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def advance(opened: OpenProject, *, progress: Progress = _silent) -> RunReport:
    """Do every automated step that can go forward, from the sources to the requirements.

    Raises:
        InvalidPipeline: a file that the pipeline names is missing, or a place to export to is none.
    """
    project, pipeline = opened.project, opened.pipeline
    with located(project.folder):
        datasets.places(project, pipeline.dataset)
        collected = sources.collect(project, pipeline.all_sources, progress=progress)
        prepared = prepare.prepare(project, pipeline.steps, progress=progress)
        imported = _import_known(opened, progress)
    # First, for what is found may be a reason for a review.
    checks.inspect_all(project, opened.rules, progress=progress)
    caught_up = catch_up(opened, progress=progress, everything=True)
    renew(project.database)
    progress(0, None, "counting")
    requirements = analytics.keep(project, pipeline.requirements, anew=True)
    with project.database.read() as connection:
        gone = count_gone(connection, project.id)
        active = sa.select(sa.func.count()).where(tables.items.c.project_id == project.id, tables.items.c.state == "active")
        items = connection.scalar(active) or 0
        set_aside = read_set_aside(connection, project.id)
        failing = failing_labelers(connection, project.id)
    outdated = tasks.read_outdated(project)
    return RunReport(project.name, collected, prepared, imported, caught_up, requirements, gone, items, set_aside, outdated, failing)


def catch_up(opened: OpenProject, *, progress: Progress = _silent, everything: bool = False, anew: bool = False) -> CaughtUp:
    """Do what follows from the answers that came since the last time: consensus and quality, more tasks, reviews, suggestions.

    With `everything`, all items are looked at again and not only those that something happened to, unless that was done already and
    nothing that it rested on has changed. With `anew`, quality counts every answer, and not only once a twentieth is new.
    """
    project, pipeline = opened.project, opened.pipeline
    with project.database.read() as connection:
        # Answers that come while the consensus is refreshed are in none yet: what follows from them waits for the next time.
        reached = log.newest(connection, project.id)
        machines = assist.counted(connection, project.id, opened.roles)
    quality.refresh(project, pipeline.quality, machines=machines, full=everything, anew=anew, progress=progress)
    tasks_opened = tasks.open_tasks(project, pipeline.tasks, anew=everything, progress=progress)
    reviews_opened = _pick_reviews(opened, everything, reached)
    reviews_opened += review.plant(project, pipeline.review)
    if pipeline.review.looks:
        project.database.write(lambda connection: take_look(connection, project.id, project.schema))
    with located(project.folder):
        suggested = assist.suggest(project, pipeline.assist.labelers, progress=progress)
    return CaughtUp(suggested.written, tasks_opened, reviews_opened)


def catch_up_alone(opened: OpenProject, *, progress: Progress = _silent, anew: bool = False) -> bool:
    """Catch up unless another process is at it, as a run or the worker of a server is, and tell whether it was done here.

    With `anew`, every answer is counted, and whoever is at work is waited for, up to `PATIENCE` seconds.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(turn(opened.project.database, wait_seconds=PATIENCE if anew else 0.0))
        except Conflict:
            return False
        catch_up(opened, progress=progress, anew=anew)
    return True


def _import_known(opened: OpenProject, progress: Progress) -> list[datasets.ImportReport]:
    """Read the gold items and the datasets to compare with; files that were read before change nothing."""
    policy = opened.pipeline.quality
    wanted: list[tuple[str, datasets.Use, str | None, str | None]] = [(policy.gold, "gold", None, None)] if policy.gold else []
    if other := policy.cross_validate:
        wanted.append((other.against, "reference", other.format, other.key))
    reports = []
    declared = {(use, name) for name, use, _, _ in wanted}
    for known_as, gone in sorted(_declared_before(opened) - declared):
        datasets.forget_known(opened.project, (opened.project.folder / gone).resolve(), known_as)
    for name, use, format, key in wanted:
        place = "quality.gold" if use == "gold" else "quality.cross_validate.against"
        path = existing(opened.project, name, place)
        reports.append(datasets.import_labels(opened.project, path, format, use, key=key, progress=progress))
    return reports


def _declared_before(opened: OpenProject) -> set[tuple[Literal["gold", "reference"], str]]:
    """Return the files of known answers that any version of the pipeline has named."""
    versions = tables.pipeline_versions
    found: set[tuple[Literal["gold", "reference"], str]] = set()
    with opened.project.database.read() as connection:
        for declaration in connection.scalars(sa.select(versions.c.declaration).where(versions.c.project_id == opened.project.id)):
            quality = decode(declaration).get("quality") or {}
            if quality.get("gold"):
                found.add(("gold", quality["gold"]))
            if quality.get("cross_validate"):
                found.add(("reference", quality["cross_validate"]["against"]))
    return found


def _pick_reviews(opened: OpenProject, everything: bool, reached: Position) -> int:
    """Send to review what the policy picks among the items that something happened to, up to where the consensus knows of it."""
    project, policy = opened.project, opened.pipeline.review
    with project.database.read() as connection:
        criteria = meanings(connection, project.id, [project.pipeline_version])
    # Under another policy, or other criteria, every item is looked at again.
    name = f"review {content_hash(encode([policy, *criteria.values()]).encode())[:16]}"
    if everything:
        return _pick_among_all(opened, name, reached)
    opened_reviews = 0
    while True:
        with project.database.read() as connection:
            events = log.follow(connection, project.id, log.position(connection, project.id, name), PAGE)
        events = [event for event in events if event.position <= reached]
        if not events:
            return opened_reviews
        opened_reviews += review.pick(project, policy, {event.item_id for event in events if event.item_id}, reached=reached)
        project.database.write(partial(log.remember, project_id=project.id, name=name, reached=events[-1].position))


def _pick_among_all(opened: OpenProject, name: str, reached: Position) -> int:
    """Send to review what the policy picks among all items, where anything that a pick rests on has changed since that was done last."""
    project = opened.project
    with project.database.read() as connection:
        quality_rests_on = quality.rests_on(connection, project.id)
        basis = content_hash([name, kept.library(), quality_rests_on, checks.findings_mark(connection, project.id)])[:16]
        before = kept.reached(connection, project.id, ALL_REVIEWS, basis) if quality_rests_on else None
        if before is not None and not _anything(connection, project.id, before, reached):
            return 0
        agreed = sa.select(tables.consensus.c.item_id).distinct().where(tables.consensus.c.project_id == project.id)
        touched = set(connection.scalars(agreed))
    project.database.write(partial(kept.begin, project_id=project.id, work=ALL_REVIEWS))
    opened_reviews = review.pick(project, opened.pipeline.review, touched, reached=reached)

    def finish(connection: Connection) -> None:
        log.remember(connection, project.id, name, reached)
        kept.finish(connection, project.id, ALL_REVIEWS, basis, reached)

    project.database.write(finish)
    return opened_reviews


def _anything(connection: Connection, project_id: int, after: Position, upto: Position) -> bool:
    """Tell whether anything happened behind `after` up to `upto` that may be a reason for a review."""
    while after < upto and (events := log.follow(connection, project_id, after, PAGE)):
        if any(event.kind not in _SILENT for event in events if event.position <= upto):
            return True
        after = events[-1].position
    return False


class Frozen(Struct, frozen=True):
    """A frozen version, and the files and folders that were written of it."""

    version: Version
    exported: list[str]


def freeze(opened: OpenProject, *, progress: Progress = _silent) -> Frozen:
    """Freeze the labels as they are into a version, and write the exports that the pipeline file names.

    Relative targets start at the project's folder. The same labels make the same version.

    Raises:
        InvalidPipeline: a place to export to is none; nothing is frozen then.
    """
    project, pipeline = opened.project, opened.pipeline
    with located(project.folder):
        datasets.places(project, pipeline.dataset)
    catch_up(opened, progress=progress, everything=True)
    with project.database.read() as connection:
        outcomes = analytics.check_requirements(connection, project, pipeline.requirements)
    with located(project.folder):
        version = datasets.freeze(project, pipeline.dataset, requirements=outcomes, progress=progress)
        written = datasets.export_all(project, pipeline.dataset, version.number, progress=progress)
    return Frozen(version, [str(path) for path in written])
