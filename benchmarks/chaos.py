"""Kill a real server while people work, again and again, and look whether every acknowledged answer is there once."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.load import Connection, Person, Refused
from benchmarks.service import Service, write_text_project
from labelwright.pipeline.workspace import Workspace
from labelwright.server.numbers import Numbers
from labelwright.store import tables

__all__ = ["Outcome", "kill_again_and_again"]

MOST_SECONDS = 30.0
"""So long is waited, before each kill, for as many answers as there are people."""


@dataclass
class Outcome:
    """What came of it: answers acknowledged, those of them lost, those there twice, and items that went to more people than allowed."""

    kills: int
    acknowledged: int
    lost: int
    doubled: int
    handed_too_often: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.handed_too_often)


def kill_again_and_again(
    folder: Path, *, kills: int, people: int = 8, store: str = "sqlite:///labelwright.db", workers: int = 1, seed: int = 0
) -> Outcome:
    """Let people work, kill the server at a random moment, start it again, and go on; at the end compare with what is stored.

    A person whose connection broke sends the same submission again under the same key, as the page does.
    """
    write_text_project(folder, 20_000, overlap=2, store=store)
    chance = random.Random(seed)
    service = Service(folder, workers=workers)
    service.start()
    crowd = [Person("tickets", Connection(service.port, token), _answer) for token in service.add_people(people)]
    try:
        for _ in range(kills):
            _work_until_killed(crowd, service, chance.uniform(0.1, 0.6))
            service.start()
        _finish_pending(crowd)
    finally:
        service.stop()
    return _compare(folder, crowd, kills)


def _answer(task: dict[str, object]) -> dict[str, object]:
    return {"intent": {"kind": "choice", "label": "bug"}}


def _work_until_killed(crowd: list[Person], service: Service, seconds: float) -> None:
    async def work(person: Person) -> None:
        try:
            await person.work(lambda: False)
        except OSError:
            # The server is gone; what was sent last is sent again when it is back.
            person.connection.close()
        except Refused as refused:
            # The task of a repeated submission may have gone to somebody else in the meantime.
            if refused.status != 409:
                raise
            person.pending = None

    def acknowledged() -> int:
        return sum(len(person.acknowledged) for person in crowd)

    async def kill() -> None:
        # On a busy machine nothing may have been answered yet, and there would be nothing to lose.
        wanted, deadline = acknowledged() + len(crowd), time.monotonic() + MOST_SECONDS
        while acknowledged() < wanted and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(service.kill)

    async def run() -> None:
        await asyncio.gather(kill(), *(work(person) for person in crowd))

    _run(run())
    for person in crowd:
        person.connection.close()


def _finish_pending(crowd: list[Person]) -> None:
    async def finish(person: Person) -> None:
        deadline = time.monotonic() + 5
        await person.work(lambda: person.pending is None or time.monotonic() > deadline)
        person.connection.close()

    async def run() -> None:
        await asyncio.gather(*(finish(person) for person in crowd))

    _run(run())


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a thread of its own: in a process that has a browser, the main one has a loop that never ends."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _compare(folder: Path, crowd: list[Person], kills: int) -> Outcome:
    annotations = tables.annotations
    workspace = Workspace.open(folder)
    try:
        with workspace.database.read() as connection:
            rows = list(
                connection.execute(sa.select(annotations.c.id, annotations.c.task_id, annotations.c.item_id, annotations.c.user_id))
            )
            secret = connection.scalar(sa.select(tables.secrets.c.value).where(tables.secrets.c.name == "task_numbers"))
    finally:
        workspace.close()
    inside = Numbers(secret or "", "task").inside
    stored = {row.id: row.task_id for row in rows}
    by_task = Counter(row.task_id for row in rows)
    by_item = Counter(row.item_id for row in rows)
    by_person = Counter((row.item_id, row.user_id) for row in rows)
    acknowledged = [(inside(task), annotation) for person in crowd for task, _, annotation in person.acknowledged]
    return Outcome(
        kills=kills,
        acknowledged=len(acknowledged),
        lost=sum(stored.get(annotation) != task for task, annotation in acknowledged),
        doubled=sum(amount > 1 for amount in by_task.values()) + sum(amount > 1 for amount in by_person.values()),
        handed_too_often=sum(amount > 2 for amount in by_item.values()),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--store", default="sqlite:///labelwright.db", help="for PostgreSQL: a URL of an empty database")
    parser.add_argument("--workers", type=int, default=1, help="server processes; more than one needs PostgreSQL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_again_and_again(
            Path(folder) / "project", kills=options.kills, people=options.people, store=options.store, workers=options.workers
        )
    print(outcome)
    return 0 if outcome.clean else 1


if __name__ == "__main__":
    sys.exit(main())
