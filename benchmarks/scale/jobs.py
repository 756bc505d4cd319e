"""The jobs in the order in which a project meets them: each is one function of the project's folder, and is run in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.scale.project import ANSWERS
from benchmarks.tickets import NAME
from labelwright import analytics, assist, checks, datasets, prepare, quality, sources, tasks
from labelwright.pipeline.run import advance, catch_up, freeze
from labelwright.pipeline.workspace import OpenProject, Workspace, open_store
from labelwright.store.backup import backup, restore
from labelwright.store.database import Database

__all__ = ["JOBS", "WATCHED"]

Work = Callable[[Path], None]

JOBS: dict[str, Work] = {}
"""What is measured, by name."""

WATCHED: list[Callable[[Database], None]] = []
"""Told of each store that a job opens."""


def _job(work: Callable[[OpenProject], object]) -> Callable[[OpenProject], object]:
    """List a job under its name; an underscore stands for a blank."""

    def run(folder: Path) -> None:
        with _opened(folder) as opened:
            work(opened)

    JOBS[work.__name__.strip("_").replace("_", " ")] = run
    return work


@contextmanager
def _opened(folder: Path) -> Iterator[OpenProject]:
    workspace = Workspace.open(folder)
    try:
        for watch in WATCHED:
            watch(workspace.database)
        yield workspace.project(NAME)
    finally:
        workspace.close()


@_job
def collect(opened: OpenProject) -> object:
    return sources.collect(opened.project, opened.pipeline.all_sources)


@_job
def _prepare(opened: OpenProject) -> object:
    return prepare.prepare(opened.project, opened.pipeline.steps)


@_job
def suggest(opened: OpenProject) -> object:
    return assist.suggest(opened.project, opened.pipeline.assist.labelers)


@_job
def open_tasks(opened: OpenProject) -> object:
    return tasks.open_tasks(opened.project, opened.pipeline.tasks)


@_job
def import_answers(opened: OpenProject) -> object:
    return datasets.import_labels(opened.project, opened.project.folder / ANSWERS, None, "annotations")


@_job
def refresh(opened: OpenProject) -> object:
    return quality.refresh(opened.project, opened.pipeline.quality)


@_job
def run(opened: OpenProject) -> object:
    return advance(opened)


@_job
def run_unchanged(opened: OpenProject) -> object:
    return advance(opened)


@_job
def catch_up_unchanged(opened: OpenProject) -> object:
    return catch_up(opened)


@_job
def inspect(opened: OpenProject) -> object:
    return checks.inspect_all(opened.project, opened.rules)


@_job
def check(opened: OpenProject) -> object:
    with opened.project.database.read() as connection:
        analytics.check_requirements(connection, opened.project, opened.pipeline.requirements)
        review = opened.pipeline.review
        return analytics.advise(connection, opened.project, opened.pipeline.requirements, sample=review.sample_share, own=review.own)


@_job
def report(opened: OpenProject) -> object:
    return analytics.write_report(opened.project, opened.project.folder / "report.html", requirements=opened.pipeline.requirements)


@_job
def version(opened: OpenProject) -> object:
    return freeze(opened)


@_job
def export(opened: OpenProject) -> object:
    return datasets.export(opened.project, "jsonl", opened.project.folder / "labels.jsonl")


def _backup(folder: Path) -> None:
    with _opened(folder) as opened:
        backup(opened.project.database, opened.project.blobs, folder / "backup.tar")


def _restore(folder: Path) -> None:
    """Fill the empty store of the folder beside it, which `run_at` has made."""
    database, blobs = open_store(folder / "restored")
    try:
        for watch in WATCHED:
            watch(database)
        restore(database, blobs, folder / "backup.tar")
    finally:
        database.close()


JOBS |= {"backup": _backup, "restore": _restore}
