"""A question may become one of another kind: what was answered, drawn and audited before is no error of the program's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from labelwright.analytics import keep
from labelwright.api.tasks import Submission
from labelwright.pipeline import events
from labelwright.pipeline.run import advance, catch_up
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Verdict
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import tables
from labelwright.store.labels import final_labels
from tests.pipeline.test_audits import BUG, PIPELINE, blind, judge, labeled, proven, take

__all__ = ["labeled"]


def test_a_question_of_another_kind_is_asked_anew(labeled: tuple[OpenProject, int, int], write_project: Callable[..., Path]) -> None:
    """Answers of the old kind fit no more: the run goes on and asks again, and the certificate speaks of no label that it has not seen."""
    opened, ann, rita = labeled
    for task in take(opened, rita, 8):
        assert blind(opened, rita, task.id, BUG).done
    catch_up(opened)
    again = Workspace.open(write_project(PIPELINE.replace("kind: choice", "kind: spans")))
    try:
        fresh = again.projects["tickets"]
        advance(fresh)
        catch_up(fresh)
        keep(fresh.project, ["label_error(intent) <= 90% at 95%", "alpha(intent) >= 0.1"])
        assert not proven(fresh).enough
        asked = sa.select(sa.func.count()).select_from(tables.tasks).where(tables.tasks.c.state == "open")
        with fresh.project.database.read() as connection:
            assert connection.scalar(asked.where(tables.tasks.c.purpose.in_(("redo", "review")))) == 12
        with fresh.project.database.read() as connection:
            assert list(final_labels(connection, fresh.project.id, fresh.project.schema)) == []
        marked = Spans((Span(0, 4, "bug"),))
        while redo := fresh.project.database.write(lambda connection: events.next_tasks(connection, fresh, ann)):
            given = Submission(values={"intent": marked}, seconds_active=3.0)
            number = redo[0].id
            send = partial(events.submit, opened=fresh, user_id=ann, task_id=number, submission=given, key=f"again {number}", next=False)
            fresh.project.database.write(partial(send, inspected=events.inspect(fresh, number, given.values, seconds_active=3.0)))
        for task in take(fresh, rita, 20):
            if task.purpose == "audit":
                blind(fresh, rita, task.id, {"intent": marked})
            elif task.review is not None:
                judge(fresh, rita, task.id, Verdict(verdict="fix", values={"intent": marked}, seen=task.review.seen))
        catch_up(fresh)
        keep(fresh.project, ["label_error(intent) <= 90% at 95%"])
        assert not proven(fresh).enough
    finally:
        again.close()
