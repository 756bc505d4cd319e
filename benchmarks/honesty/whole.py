"""Whole projects without HTTP: a folder, a store, the pipeline's own steps, and people who lease, answer and review."""

from __future__ import annotations

import itertools
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.people import Role
from labelwright.api.tasks import BlindAnswer, Submission, TaskView
from labelwright.pipeline import events
from labelwright.pipeline.run import advance, catch_up
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Verdict
from labelwright.store import people, tables
from labelwright.store.labels import final_labels

__all__ = ["Whole", "open_whole", "rows"]

Answer = Callable[[int, TaskView], tuple[Mapping[str, Any], float] | None]
"""What a person answers about a task, and the active seconds it took; None passes the task on."""

Blind = Callable[[int, TaskView], Mapping[str, Any]]
"""What an auditor answers before the label is shown."""

Judge = Callable[[int, TaskView], Verdict]
"""What a reviewer says about a review task, or an auditor who sees the label. `seen` is filled in."""


def rows(records: Sequence[Mapping[str, Any]]) -> str:
    """Return records as the text of a JSONL file."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@dataclass
class Whole:
    """One project, whole: `folder` holds its files, `opened` is what events are handed."""

    folder: Path
    workspace: Workspace
    name: str
    _keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def opened(self) -> OpenProject:
        return self.workspace.project(self.name)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files of the project anew, such as changed rows or guidelines; `run` or `reopen` finds them."""
        for name, text in files.items():
            (self.folder / name).write_text(text, "utf-8")

    def declare(self, declaration: Mapping[str, Any]) -> None:
        """Change the pipeline file and open the project under it."""
        self.write({"labelwright.yaml": json.dumps({**declaration, "name": self.name})})
        self.workspace.reload(self.name)

    def run(self) -> None:
        """Do what `labelwright run` does."""
        advance(self.opened)

    def settle(self) -> None:
        """Do what the worker beside the server does."""
        catch_up(self.opened)

    def add_people(self, count: int, role: Role = "annotator", prefix: str = "") -> list[int]:
        """Add so many people with a role and return their numbers."""

        def work(connection: Connection) -> list[int]:
            found = [people.create_user(connection, f"{prefix or role} {next(self._keys)}") for _ in range(count)]
            for user in found:
                people.set_role(connection, self.opened.project.id, user, role)
            return found

        return self.workspace.database.write(work)

    def label(self, users: Sequence[int], answer: Answer, *, most: int | None = None) -> int:
        """Let people answer in turn until no queue has anything for them, or `most` answers were given; return how many were."""

        def work(user: int, task: TaskView) -> int:
            said = answer(user, task)
            if said is None:
                self.workspace.database.write(partial(events.skip, opened=self.opened, user_id=user, task_id=task.id))
                return 0
            self.submit(user, task, *said)
            return 1

        return self._in_turn(users, "label", work, most)

    def submit(self, user: int, task: TaskView, values: Mapping[str, Any], seconds: float) -> int:
        """Hand in an answer and return the number of the annotation."""
        submission = Submission(values=dict(values), seconds_active=seconds, lease=task.lease, confirmed=True)
        inspected = events.inspect(self.opened, task.id, values, seconds_active=seconds)
        key = f"k{next(self._keys)}"
        return self.workspace.database.write(
            lambda connection: events.submit(connection, self.opened, user, task.id, submission, inspected, key=key, next=False)
        ).annotation_id

    def review(self, users: Sequence[int], judge: Judge, *, most: int | None = None) -> int:
        """Let reviewers judge in turn until nothing waits for them, or `most` verdicts were given; return how many were."""

        def work(user: int, task: TaskView) -> int | None:
            if task.review is None:
                return None
            self._give(user, task, _seen(judge(user, task), task.review.seen))
            return 1

        return self._in_turn(users, "review", work, most)

    def audit(self, users: Sequence[int], blind: Blind, judge: Judge, *, most: int | None = None) -> int:
        """Let auditors work in turn until nothing waits for them, or `most` audits were given; return how many were.

        Each answers `blind` first, and decides by `judge` where the label says something else.
        """

        def work(user: int, task: TaskView) -> int | None:
            if task.purpose != "audit":
                return None
            if task.audit is None:
                answer = BlindAnswer(values=dict(blind(user, task)), seconds_active=5.0)
                send = partial(events.answer_blind, opened=self.opened, user_id=user, task_id=task.id, answer=answer)
                done = self.workspace.database.write(partial(send, key=f"k{next(self._keys)}"))
                task = done.task or task
            if task.audit is not None:
                self._give(user, task, _seen(judge(user, task), task.audit.seen))
            return 1

        return self._in_turn(users, "review", work, most)

    def _in_turn(self, users: Sequence[int], purpose: str, work: Callable[[int, TaskView], int | None], most: int | None) -> int:
        """Hand out task after task and add up what `work` returns: how much was given, or None where a person has to stop."""
        given = 0
        waiting = list(users)
        while waiting and (most is None or given < most):
            for user in list(waiting):
                task = self.next(user, purpose)
                done = None if task is None else work(user, task)
                if done is None:
                    waiting.remove(user)
                    continue
                given += done
                if given == most:
                    break
        return given

    def _give(self, user: int, task: TaskView, verdict: Verdict) -> None:
        inspected = events.inspect(self.opened, task.id, verdict.values) if verdict.values else None
        give = partial(events.give_review, opened=self.opened, user_id=user, task_id=task.id, verdict=verdict, inspected=inspected)
        self.workspace.database.write(partial(give, key=f"k{next(self._keys)}"))

    def next(self, user: int, purpose: str) -> TaskView | None:
        found = self.workspace.database.write(lambda connection: events.next_tasks(connection, self.opened, user, purpose=purpose))
        return found[0] if found else None

    def labels(self, question: str) -> dict[str, Any]:
        """Return the final label of each active item by its key."""
        project = self.opened.project
        with self.workspace.database.read() as connection:
            names = dict(
                connection.execute(sa.select(tables.items.c.id, tables.items.c.key).where(tables.items.c.project_id == project.id)).all()
            )
            found = final_labels(connection, project.id, project.schema)
            return {names[one.item_id]: one.answer for one in found if one.question == question}


def _seen(verdict: Verdict, seen: str) -> Verdict:
    return msgspec.structs.replace(verdict, seen=verdict.seen or seen)


@contextmanager
def open_whole(declaration: Mapping[str, Any], files: Mapping[str, str], *, seed: int = 0) -> Iterator[Whole]:
    """Write a project's folder, open it and run the pipeline once; it is gone at the end of the block.

    `declaration` is the pipeline file without its name; `files` are the texts beside it by their names. What the product leaves to chance,
    lots, draws and gold, follows from `seed`.
    """
    with tempfile.TemporaryDirectory(prefix="labelwright-honesty-") as place:
        folder = Path(place) / "world"
        folder.mkdir()
        for name, text in {**files, "labelwright.yaml": json.dumps({"name": "world", **declaration})}.items():
            (folder / name).write_text(text, "utf-8")
        random.seed(seed)
        workspace = Workspace.open(folder)
        workspace.database.write(lambda connection: connection.execute(sa.update(tables.projects).values(seed=f"honesty {seed}")))
        workspace.close()
        workspace = Workspace.open(folder)
        try:
            whole = Whole(folder, workspace, next(iter(workspace.projects)))
            whole.run()
            yield whole
        finally:
            workspace.close()
