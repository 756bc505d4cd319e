"""The worker: a process beside the server that advances the clock, follows the log and does the jobs.

It runs apart from the server, so that training a model never holds up anybody's next task. Whatever it writes is derived and can be
rebuilt; when it dies, the server starts another, which goes on where the log says.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from labelwright import analytics, tasks
from labelwright.api.jobs import Progress
from labelwright.errors import Conflict, LabelwrightError
from labelwright.pipeline import jobs
from labelwright.pipeline.run import advance, catch_up
from labelwright.pipeline.turn import turn
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.server.jobs import Handler, handlers
from labelwright.store import log
from labelwright.store.log import Position

__all__ = ["Worker", "main"]

TICK_SECONDS = 1.0
"""How often the clock of the leases moves."""

MOST_TICK_SECONDS = 3.0
"""By how much the clock moves at once, at most."""

REST_SECONDS = 2.0
"""How long a project rests at least between two rounds of background work; also half of the time that the last round took."""

FIGURES_REST = 5.0
"""How long figures rest after they were made, in times of what that took: making them takes a sixth of one processor at most."""

FIGURES_AGE_SECONDS = 600.0
"""Figures are made anew after so long, though nothing happened: times and paces are told from now."""

logger = logging.getLogger("labelwright.worker")


class Worker:
    """Does the background work of a workspace.

    `handlers` has a function for each kind of job beyond those that the pipeline knows.
    """

    def __init__(self, workspace: Workspace, handlers: dict[str, Handler] | None = None) -> None:
        self.workspace = workspace
        self.handlers: dict[str, Handler] = {"run": _run, "freeze": _freeze, **(handlers or {})}
        self._name = secrets.token_hex(8)
        self._ticked = time.monotonic()
        self._reached: dict[int, Position] = {}
        self._rests_until: dict[int, float] = {}
        self._figures_rest_until: dict[int, float] = {}
        self._figures_due: set[int] = set()
        self._looks_at: dict[int, float] = {}
        self._troubles: dict[int, str | None] = {}

    def work_forever(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Work until `alive` says no. Only one worker of a store works; others stand by until it is gone."""
        while alive():
            try:
                with turn(self.workspace.database, "clock", wait_seconds=1.0), self._ticking():
                    while alive():
                        self.round()
                        time.sleep(TICK_SECONDS)
            except Conflict:
                continue

    def tick(self) -> None:
        """Advance the clock of the leases by the time that passed, and return the tasks whose lease has ended."""
        now = time.monotonic()
        # After a stop of the whole machine, or a long wait for the database, nobody loses a lease that could not be prolonged meanwhile.
        passed, self._ticked = min(now - self._ticked, MOST_TICK_SECONDS), now

        def work(connection: Any) -> None:
            if tasks.advance_clock(connection, passed, keeper=self._name):
                tasks.sweep(connection)

        self.workspace.database.write(work)

    def round(self) -> None:
        """Catch up with each project where something happened, and do one waiting job of each."""
        self._reload()
        for opened in self.workspace.projects.values():
            try:
                with turn(self.workspace.database):
                    self._catch_up(opened)
                self._keep_figures(opened)
                self._look_for_news(opened)
                self._one_job(opened)
            except Conflict:
                continue
            except Exception as error:
                # One project's broken rule or file must not stop the others; it is tried again when something happens.
                logger.exception("background work of %s failed", opened.name)
                self._note(opened, str(error) if isinstance(error, LabelwrightError) else f"{type(error).__name__}: {error}")

    def _reload(self) -> None:
        """Go by what pipeline files say now, once a run has noted it."""
        try:
            self.workspace.reload()
        except Exception as error:
            # As in the server: whatever is wrong with the file, the projects stay as they were.
            logger.warning("a pipeline file has changed and cannot be read: %s", error)

    def _catch_up(self, opened: OpenProject) -> None:
        project = opened.project
        if time.monotonic() < self._rests_until.get(project.id, 0.0):
            return
        with project.database.read() as connection:
            newest = log.newest(connection, project.id)
        if newest == self._reached.get(project.id):
            return
        # Taken before the work: should it fail, it is tried again with the next event and not in a circle.
        self._reached[project.id] = newest
        started = time.monotonic()
        catch_up(opened)
        self._figures_due.add(project.id)
        self._note(opened, None)
        now = time.monotonic()
        self._rests_until[project.id] = now + max(REST_SECONDS, (now - started) / 2)

    def _keep_figures(self, opened: OpenProject) -> None:
        """Make the kept figures anew where something happened since, or something followed from it."""
        project = opened.project
        if time.monotonic() < self._figures_rest_until.get(project.id, 0.0):
            return
        with project.database.read() as connection:
            kept = analytics.kept_at(connection, project.id)
            newest = log.newest(connection, project.id)
        fresh = kept is not None and kept.position == newest and 0 <= time.time() - kept.at < FIGURES_AGE_SECONDS
        if fresh and project.id not in self._figures_due:
            return
        self._figures_due.discard(project.id)
        started = time.monotonic()
        # Should it fail, it is not tried again at once.
        self._figures_rest_until[project.id] = started + FIGURES_REST * REST_SECONDS
        analytics.keep(project, opened.pipeline.requirements)
        now = time.monotonic()
        self._figures_rest_until[project.id] = now + max(REST_SECONDS, FIGURES_REST * (now - started))

    def _note(self, opened: OpenProject, error: str | None) -> None:
        """Let those who watch the project know that its background work fails, or works again."""
        if self._troubles.get(opened.project.id, "") != error:
            self.workspace.database.write(partial(jobs.note_background, project_id=opened.project.id, error=error))
            self._troubles[opened.project.id] = error

    def _look_for_news(self, opened: OpenProject) -> None:
        """Ask for a run where a source is watched and it is time to look at it again."""
        every, now = opened.pipeline.watch_seconds, time.monotonic()
        if every is None or now < self._looks_at.setdefault(opened.project.id, now + every):
            return
        self._looks_at[opened.project.id] = now + every
        opened.project.database.write(partial(jobs.enqueue, project_id=opened.project.id, kind="run", arguments={}))

    @contextmanager
    def _ticking(self) -> Iterator[None]:
        """Keep the clock of the leases going, whatever else takes long, for a lease must not end by a jump of its clock."""
        ended = threading.Event()
        self.workspace.database.write(partial(tasks.keep_clock, keeper=self._name))
        self._ticked = time.monotonic()

        def tick() -> None:
            while not ended.wait(TICK_SECONDS):
                try:
                    self.tick()
                except Exception:
                    logger.exception("the clock of the leases could not be moved")

        clock = threading.Thread(target=tick, name="clock", daemon=True)
        clock.start()
        try:
            yield
        finally:
            ended.set()
            clock.join()

    def _one_job(self, opened: OpenProject) -> None:
        database = self.workspace.database
        with database.read() as connection:
            waiting = any(job.state in ("open", "running") for job in jobs.list_jobs(connection, opened.project.id))
        if not waiting:
            return
        started = database.write(partial(jobs.start_next, project_id=opened.project.id))
        if started is None:
            return
        number, kind, arguments = started
        reported = [0.0]

        def progress(done: int, total: int | None, what: str) -> None:
            if time.monotonic() - reported[0] >= 0.5:
                reported[0] = time.monotonic()
                database.write(partial(jobs.report, job_id=number, progress=Progress(done, total, what)))
                self._catch_up_during(opened)

        try:
            outcome = self.handlers[kind](self.workspace, opened, arguments, progress)
        except LabelwrightError as error:
            database.write(partial(jobs.fail, job_id=number, error=str(error)))
        except Exception as error:
            logger.exception("job %s of %s failed", kind, opened.name)
            database.write(partial(jobs.fail, job_id=number, error=f"{type(error).__name__}: {error}"))
        else:
            database.write(partial(jobs.finish, job_id=number, outcome=outcome or ""))
        self._figures_due.add(opened.project.id)

    def _catch_up_during(self, opened: OpenProject) -> None:
        """Go on with consensus and reviews while a job makes answers, as the simulation does."""
        try:
            with turn(self.workspace.database):
                self._catch_up(opened)
        except Conflict:
            pass
        self._keep_figures(opened)


def _run(workspace: Workspace, opened: OpenProject, _arguments: dict[str, Any], progress: Callable[[int, int | None, str], None]) -> str:
    with turn(opened.project.database, wait_seconds=600):
        workspace.reload(opened.name)
        report = advance(workspace.project(opened.name), progress=progress)
    set_aside = report.collected.quarantined + report.prepared.quarantined
    return f"{report.collected.new:,} new, {report.collected.changed:,} changed, {set_aside:,} set aside"


def _freeze(
    _workspace: Workspace, opened: OpenProject, _arguments: dict[str, Any], progress: Callable[[int, int | None, str], None]
) -> str:
    from labelwright.pipeline.run import freeze

    with turn(opened.project.database, wait_seconds=600):
        version = freeze(opened, progress=progress).version
    if version.new:
        return f"version {version.number}, items: {version.items:,}"
    return f"nothing has changed, version {version.number} still stands"


def main(folder: Path, address: str) -> None:
    """Run a worker until the server that started it is gone; `address` is where simulated people find the page."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # Libraries speak when something is wrong; what they say besides would hide the sign-in link above it.
    logging.getLogger("labelwright").setLevel(logging.INFO)
    # The server runs several threads; the worker leaves them the processor first.
    if hasattr(os, "nice"):
        os.nice(5)
    parent = os.getppid()
    workspace = Workspace.open(folder)
    try:
        Worker(workspace, handlers(address)).work_forever(lambda: os.getppid() == parent)
    finally:
        workspace.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
