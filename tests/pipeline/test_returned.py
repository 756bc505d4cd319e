"""What leaves and comes back is what it was: a step that is taken back, or a change that is undone, costs nobody an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.pipeline.run import RunReport, advance
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Verdict
from labelwright.store import tables
from labelwright.store.labels import final_labels
from tests.pipeline.test_audits import BUG, OTHER, PIPELINE, blind, judge, labeled, proven, take
from tests.rows import add_users, count

__all__ = ["labeled"]

DROP = "from labelwright.prepare import step\n\n@step\ndef nothing(row):\n    return None\n"


def run(folder: Path) -> RunReport:
    """Run the pipeline as a process of its own would."""
    workspace = Workspace.open(folder)
    try:
        return advance(workspace.projects["tickets"])
    finally:
        workspace.close()


def standing(opened: OpenProject) -> tuple[Any, ...]:
    """Everything that must be the same again: items, answers, labels, tasks by purpose and state, and the certificate."""
    items, tasks, annotations, reviews = tables.items, tables.tasks, tables.annotations, tables.reviews
    with opened.project.database.read() as connection:

        def rows(query: sa.Select[Any]) -> list[Any]:
            return sorted(tuple(row) for row in connection.execute(query))

        return (
            rows(sa.select(items.c.id, items.c.key, items.c.state, items.c.drawn_label)),
            rows(sa.select(annotations.c.id, annotations.c.state)),
            rows(sa.select(reviews.c.id, reviews.c.verdict)),
            rows(sa.select(tasks.c.id, tasks.c.purpose, tasks.c.state)),
            sorted(
                (one.item_id, repr(one.answer), one.origin) for one in final_labels(connection, opened.project.id, opened.project.schema)
            ),
            proven(opened),
        )


def audited(labeled: tuple[OpenProject, int, int]) -> OpenProject:
    """Nine of twelve labels audited, one of them wrong; one audit is held, two wait, and an answer went back to its author."""
    opened, ann, rita = labeled
    wrong, held, *right = take(opened, rita, 10)
    for task in right:
        assert blind(opened, rita, task.id, BUG).done
    shown = blind(opened, rita, wrong.id, OTHER).task
    assert shown is not None
    assert shown.audit is not None
    judge(opened, rita, wrong.id, Verdict(verdict="fix", values=OTHER, seen=shown.audit.seen))
    answers = sa.select(tables.annotations.c.id).where(tables.annotations.c.item_id == held.item.id)
    redo = sa.insert(tables.tasks).from_select(
        ["project_id", "item_id", "purpose", "state", "lane", "rank", "for_user_id", "annotation_id"],
        sa.select(
            *(sa.literal(value) for value in (opened.project.id, held.item.id, "redo", "open", 0, 1, ann)), answers.scalar_subquery()
        ),
    )
    opened.project.database.write(lambda connection: connection.execute(redo))
    return opened


def test_a_step_that_drops_every_row_and_is_taken_back_costs_nothing(
    labeled: tuple[OpenProject, int, int], write_project: Callable[..., Path]
) -> None:
    """Answers, reviews, labels, tasks that waited, the one that goes back to its author too, and the certificate are what they were."""
    opened = audited(labeled)
    folder = opened.project.folder
    run(folder)
    before = standing(opened)
    (folder / "steps.py").write_text(DROP)
    write_project(PIPELINE + "prepare: [{python: steps.py}]\n")
    gone = run(folder)
    assert (gone.items, gone.prepared.left, gone.prepared.replaced, gone.prepared.answers_left) == (0, 12, 0, 12)
    assert count(opened.project, tables.tasks, tables.tasks.c.state == "open") == 0
    # The error that was found, and the three that an auditor was shown and never judged.
    assert (before[-1].errors, before[-1].left, proven(opened).errors, proven(opened).left) == (1, 0, 0, 4)
    write_project(PIPELINE)
    back = run(folder)
    assert (back.items, back.prepared.returned, back.prepared.answers_returned) == (12, 12, 12)
    assert standing(opened) == before


@pytest.mark.parametrize("times", [1, 2])
def test_a_row_that_is_changed_and_changed_back_finds_its_labels(labeled: tuple[OpenProject, int, int], times: int) -> None:
    """However often it is changed, the content that returns is the item it was; errors are counted once."""
    opened = audited(labeled)
    folder = opened.project.folder
    file = folder / "tickets.jsonl"
    whole = file.read_text("utf-8")
    run(folder)
    before = standing(opened)
    changed = "".join(f"{json.dumps({**json.loads(line), 'body': 'changed'})}\n" for line in whole.splitlines())
    for turn in range(times):
        file.write_text(changed, "utf-8")
        replaced = run(folder).prepared
        assert (replaced.left, replaced.replaced, replaced.returned) == (0, 12, 12 if turn else 0)
        file.write_text(whole, "utf-8")
        again = run(folder).prepared
        assert (again.replaced, again.returned, again.answers_returned) == (12, 12, 12)
    after = standing(opened)
    mine = {row[0] for row in before[0]}
    assert [row for row in after[0] if row[0] in mine] == before[0]
    assert {row[2] for row in after[0] if row[0] not in mine} == {"replaced"}
    assert after[1:3] == before[1:3]
    assert {row for row in after[3] if row in before[3]} == set(before[3])
    assert {row[2] for row in after[3] if row not in before[3]} == {"away"}
    assert after[4:] == before[4:]


def test_what_an_older_version_cancelled_is_asked_again_when_its_items_return(write_project: Callable[..., Path]) -> None:
    """Labels that were still to be given and an answer that went back to its author; not what people had passed on to a reviewer."""
    folder = write_project(PIPELINE.replace("overlap: 1", "overlap: 2"))
    run(folder)
    workspace = Workspace.open(folder)
    opened = workspace.projects["tickets"]
    tasks, project = tables.tasks, opened.project.id
    (ann,) = add_users(opened.project, "ann")

    def work(connection: sa.Connection) -> None:
        first, second, third = connection.scalars(sa.select(tables.items.c.id).order_by(tables.items.c.id).limit(3))
        # Of the first one answer is given and went back, the second was passed on, and a reviewer was asked.
        one = sa.select(sa.func.min(tasks.c.id)).where(tasks.c.item_id == first).scalar_subquery()
        connection.execute(sa.update(tasks).where(tasks.c.id == one).values(state="done", user_id=ann))
        back = {"project_id": project, "item_id": first, "purpose": "redo", "state": "open", "lane": 0, "rank": 1, "for_user_id": ann}
        connection.execute(sa.insert(tasks).values(back))
        connection.execute(sa.update(tasks).where(tasks.c.item_id == second).values(state="cancelled"))
        pick = {"item_id": second, "project_id": project, "random": 0, "reasons": '["skipped"]', "created_at": 0.0}
        connection.execute(sa.insert(tables.review_picks).values(pick))
        connection.execute(sa.insert(tables.skips).values(item_id=third, user_id=ann, reason="", created_at=0.0))

    opened.project.database.write(work)

    def waiting() -> Any:
        with opened.project.database.read() as connection:
            query = sa.select(tasks.c.item_id, tasks.c.purpose, sa.func.count()).where(tasks.c.state == "open")
            return sorted(map(tuple, connection.execute(query.group_by(tasks.c.item_id, tasks.c.purpose))))

    before = waiting()
    (folder / "steps.py").write_text(DROP)
    write_project(PIPELINE.replace("overlap: 1", "overlap: 2") + "prepare: [{python: steps.py}]\n")
    run(folder)
    assert waiting() == []
    away = sa.update(tasks).where(tasks.c.state == "away").values(state="cancelled")
    opened.project.database.write(lambda connection: connection.execute(away))
    write_project(PIPELINE.replace("overlap: 1", "overlap: 2"))
    run(folder)
    assert waiting() == before
    workspace.close()
