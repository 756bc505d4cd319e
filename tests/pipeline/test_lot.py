"""Suggestions are hidden by lot for each item and person, and what happened is kept with the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.api.items import AnnotationRow
from labelwright.api.tasks import Submission, TaskView
from labelwright.assist import counted
from labelwright.pipeline import events
from labelwright.pipeline.lot import in_view
from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Answer
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.items import read_item
from labelwright.tasks.queue import Leased
from tests.pipeline.conftest import PIPELINE
from tests.rows import add_known, add_users

VALUES: dict[str, Any] = {"intent": Choice("bug"), "entities": Spans(())}
ITEMS = 60


@pytest.fixture
def open_project(write_project: Callable[..., Path]) -> Iterator[Callable[[str], OpenProject]]:
    """Open a project of 60 texts, half of its suggestions hidden or as the rest of the `tasks` block says."""
    opened: list[Workspace] = []

    def make(tasks: str = ", unassisted: 50%", overlap: str = "2") -> OpenProject:
        pipeline = PIPELINE.replace("gold: 0%, lease: 1m", f"gold: 0%, lease: 1m{tasks}").replace("overlap: 2", f"overlap: {overlap}")
        workspace = Workspace.open(write_project(pipeline, [f"Message {number}" for number in range(ITEMS)]))
        opened.append(workspace)
        advance(workspace.projects["tickets"])
        return replace(workspace.projects["tickets"], seed="the same secret in every run of the test")

    yield make
    for workspace in opened:
        workspace.close()


def suggest(
    opened: OpenProject, item_id: int, answers: Mapping[str, tuple[Answer, float]], *, at: float = 0.0, labeler: str = "words"
) -> None:
    """Suggest an answer with a score for questions of one item."""

    def work(connection: sa.Connection) -> None:
        for question, (answer, score) in answers.items():
            row = {"project_id": opened.project.id, "item_id": item_id, "question": question, "labeler": labeler, "version": "7"}
            connection.execute(sa.insert(tables.suggestions).values(**row, answer=encode(answer), score=score, created_at=at))

    opened.project.database.write(work)


def items_of(opened: OpenProject) -> list[int]:
    with opened.project.database.read() as connection:
        return list(connection.scalars(sa.select(tables.items.c.id).order_by(tables.items.c.id)))


def take(opened: OpenProject, user: int) -> TaskView | None:
    found = opened.project.database.write(lambda connection: events.next_tasks(connection, opened, user))
    return found[0] if found else None


def submit(opened: OpenProject, user: int, task: TaskView, values: Mapping[str, Any] = VALUES, *, key: str = "") -> AnnotationRow:
    """Answer a task and return what is kept of the answer."""
    submission = Submission(values=dict(values), seconds_active=3.0, confirmed=True)
    inspected = events.inspect(opened, task.id, values, seconds_active=3.0)
    number = opened.project.database.write(
        lambda connection: events.submit(connection, opened, user, task.id, submission, inspected, key=key or f"k{task.id}", next=False)
    ).annotation_id
    with opened.project.database.read() as connection:
        found = read_item(connection, opened.project.id, opened.project.schema, task.item.id).annotations
    return next(one for one in found if one.id == number)


def test_what_is_kept_is_what_was_seen(open_project: Callable[..., OpenProject]) -> None:
    """About half of the answers to items with a suggestion are in each arm, as was shown; an item without one is in neither."""
    opened = open_project()
    (ann,) = add_users(opened.project, "ann")
    for item in items_of(opened)[: ITEMS // 2]:
        suggest(opened, item, {"intent": (Choice("bug"), 0.9)})
    arms: dict[bool, list[str | None]] = {True: [], False: []}
    with_suggestion = set(items_of(opened)[: ITEMS // 2])
    while task := take(opened, ann):
        kept = submit(opened, ann, task)
        suggested = task.item.id in with_suggestion
        arms[suggested].append(kept.arm)
        assert kept.arm == ("shown" if task.suggestions else "hidden" if suggested else "none")
        assert kept.assisted == bool(task.suggestions)
        assert len(kept.suggested) == int(suggested)
    assert set(arms[False]) == {"none"}
    assert 5 <= arms[True].count("shown") <= 25
    with opened.project.database.read() as connection:
        chances = sa.select(tables.annotations.c.arm, tables.annotations.c.hide_chance).distinct()
        assert {tuple(row) for row in connection.execute(chances)} == {("shown", 0.5), ("hidden", 0.5), ("none", None)}


def test_the_lot_differs_by_person_and_stays(open_project: Callable[..., OpenProject]) -> None:
    """Two people have different arms at about half of the items, and whoever looks twice sees the same; nothing tells the secret."""
    opened = open_project()
    ann, bob = add_users(opened.project, "ann", "bob")
    for item in items_of(opened):
        suggest(opened, item, {"intent": (Choice("bug"), 0.9)})
    seen: dict[int, dict[int, bool]] = {ann: {}, bob: {}}
    for user in (ann, bob):
        while task := take(opened, user):
            again = take(opened, user)
            assert again is not None
            assert again.suggestions == task.suggestions
            seen[user][task.item.id] = bool(task.suggestions)
            submit(opened, user, task, key=f"{user} {task.id}")
    differing = sum(seen[ann][item] != seen[bob][item] for item in seen[ann])
    assert 12 <= differing <= 48
    assert opened.seed
    assert opened.seed not in repr(opened)


def test_a_hidden_suggestion_is_kept_and_compared(open_project: Callable[..., OpenProject]) -> None:
    """Where all are hidden, the answer keeps which suggestions stood and whether it is the same; the best of each question counts."""
    opened = open_project(", unassisted: 100%")
    (ann,) = add_users(opened.project, "ann")
    task = take(opened, ann)
    assert task is not None
    suggest(opened, task.item.id, {"intent": (Choice("bug"), 0.9), "entities": (Spans((Span(0, 3, "PRODUCT"),)), 0.8)})
    suggest(opened, task.item.id, {"intent": (Choice("other"), 0.3)}, labeler="unsure")
    kept = submit(opened, ann, task)
    assert (kept.arm, kept.assisted) == ("hidden", False)
    stood = {one.question: (one.labeler, one.version, one.score, one.taken) for one in kept.suggested}
    assert stood == {"intent": ("words", "7", 0.9, True), "entities": ("words", "7", 0.8, False)}


def test_gold_items_take_part_in_the_lot(open_project: Callable[..., OpenProject]) -> None:
    """Of gold items the suggestions are shown and hidden as of all others."""
    opened = open_project()
    (ann,) = add_users(opened.project, "ann")
    for item in items_of(opened):
        suggest(opened, item, {"intent": (Choice("bug"), 0.9)})
    for item in items_of(opened)[:40]:
        add_known(opened.project, item, {"intent": Choice("bug")})
    gold: dict[int, TaskView] = {}

    def give(connection: sa.Connection, item: int) -> int:
        values = {"project_id": opened.project.id, "item_id": item, "purpose": "gold", "state": "leased", "lane": 1, "rank": item}
        made = connection.execute(sa.insert(tables.tasks).values(**values, user_id=ann, lease="x", lease_ends=1e12, leased_at=time.time()))
        return int(made.inserted_primary_key[0])  # type: ignore[index]

    arms = []
    for item in items_of(opened)[:40]:
        number = opened.project.database.write(lambda connection, item=item: give(connection, item))
        task = take(opened, ann)
        assert task is not None
        assert (task.id, task.purpose) == (number, "label")
        gold[item] = task
        arms.append(submit(opened, ann, task).arm)
    assert set(arms) == {"shown", "hidden"}


def test_a_suggestion_that_came_meanwhile_is_in_no_arm(open_project: Callable[..., OpenProject]) -> None:
    """What was suggested while the person had the item may have been seen or not: the answer is in no arm, and no chance is kept."""
    opened = open_project(", unassisted: 0%")
    (ann,) = add_users(opened.project, "ann")
    task = take(opened, ann)
    assert task is not None
    suggest(opened, task.item.id, {"intent": (Choice("bug"), 0.9)}, at=time.time() + 1)
    kept = submit(opened, ann, task)
    assert (kept.arm, kept.assisted, len(kept.suggested)) == ("unclear", True, 1)
    with opened.project.database.read() as connection:
        assert connection.scalar(sa.select(tables.annotations.c.hide_chance)) is None


def test_a_tenth_is_hidden_unless_the_file_says_otherwise(open_project: Callable[..., OpenProject]) -> None:
    """Without `unassisted` in the file one answer in ten is given without suggestions; with 0% none is, and no lot is drawn."""
    opened = open_project("")
    assert opened.pipeline.assist.unassisted_share == 0.1
    opened = open_project(", unassisted: 0%")
    (ann,) = add_users(opened.project, "ann")
    for item in items_of(opened):
        suggest(opened, item, {"intent": (Choice("bug"), 0.9)})
    while task := take(opened, ann):
        assert task.suggestions
        assert submit(opened, ann, task).arm == "shown"
    with opened.project.database.read() as connection:
        assert set(connection.scalars(sa.select(tables.annotations.c.hide_chance))) == {None}


@pytest.mark.parametrize(
    ("spelling", "shown"),
    [
        ("assist: {labelers: [{functions: {file: rules.py, role: annotate}}], unassisted: 0%}", False),
        ("assist: {labelers: [{functions: {file: rules.py, role: annotate, shown: true}}], unassisted: 0%}", True),
        ("assist: {labelers: [{functions: rules.py}], unassisted: 0%}\nquality: {machines: [rules.sort]}", True),
    ],
)
def test_a_labeler_that_annotates_counts_unseen(write_project: Callable[..., Path], spelling: str, shown: bool) -> None:
    """People who answer do not see what it says, unless it is declared to be shown, as by the old spelling; reviewers see it."""
    rules = "from labelwright import labeling_function\n@labeling_function(question='intent')\ndef sort(item): return 'bug'\n"
    folder = write_project(PIPELINE.replace("overlap: 2", "overlap: 1") + spelling + "\n", ["late", "later"])
    (folder / "rules.py").write_text(rules)
    workspace = Workspace.open(folder)
    try:
        opened = workspace.projects["tickets"]
        advance(opened)
        (ann,) = add_users(opened.project, "ann")
        task = take(opened, ann)
        assert task is not None
        assert [one.labeler for one in task.suggestions] == (["rules.sort"] if shown else [])
        kept = submit(opened, ann, task)
        assert (kept.arm, kept.assisted) == (("shown", True) if shown else ("none", False))
        with opened.project.database.read() as connection:
            assert counted(connection, opened.project.id, opened.roles) == ("rules.sort",)
            seen = in_view(connection, opened, Leased(task.id, task.item.id, "review", "", None, 1), task.item.key, ann)
        assert [one.labeler for one in seen] == ["rules.sort"]
    finally:
        workspace.close()


def test_a_role_changes_what_counts_at_once(write_project: Callable[..., Path]) -> None:
    """When the file gives a labeler another role, the next run counts what it says by it: more sure where it agrees unseen."""
    rules = "from labelwright import labeling_function\n@labeling_function(question='intent')\ndef sort(item): return 'bug'\n"
    sure: list[float] = []
    for options in ("rules.py", "{file: rules.py, role: annotate}", "{file: rules.py, role: suggest}"):
        spelling = f"assist: {{labelers: [{{functions: {options}}}], unassisted: 100%}}\n"
        folder = write_project(PIPELINE.replace("overlap: 2", "overlap: 1") + spelling, ["late", "later"])
        (folder / "rules.py").write_text(rules)
        workspace = Workspace.open(folder)
        try:
            opened = workspace.projects["tickets"]
            advance(opened)
            if not sure:
                (ann,) = add_users(opened.project, "ann")
                task = take(opened, ann)
                assert task is not None
                submit(opened, ann, task)
                advance(opened)
            with opened.project.database.read() as connection:
                asked = sa.select(tables.consensus.c.confidence).where(tables.consensus.c.question == "intent")
                sure.append(connection.scalar(asked) or 0.0)
        finally:
            workspace.close()
    assert sure[0] == sure[2] < sure[1]


def test_who_is_asked_because_of_doubt_sees_no_suggestion(open_project: Callable[..., OpenProject]) -> None:
    """With suggestions always shown, the second person about an item, asked beyond the start of the overlap, sees none."""
    opened = open_project(", unassisted: 0%", overlap="{start: 1, grow_to: 2, until: 90%}")
    project = opened.project
    (item, *others) = items_of(opened)
    ann, bob = add_users(project, "ann", "bob")
    project.database.write(lambda connection: connection.execute(sa.delete(tables.tasks).where(tables.tasks.c.item_id.in_(others))))
    suggest(opened, item, {"intent": (Choice("bug"), 0.9)})
    task = take(opened, ann)
    assert task is not None
    assert [one.question for one in task.suggestions] == ["intent"]
    first = submit(opened, ann, task)
    assert first.assisted
    advance(opened)
    task = take(opened, bob)
    assert task is not None
    assert (task.item.id, task.suggestions) == (item, [])
    second = submit(opened, bob, task)
    assert (second.assisted, second.arm) == (False, "hidden")
    assert [one.taken for one in second.suggested] == [True]
