"""What people do happens once and whole, whatever the network does."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from labelwright import quality, review
from labelwright.api.tasks import BlindAnswer, Reviewed, Submission, Submitted, TaskView
from labelwright.errors import AnsweredBefore, Blocked, Conflict, InvalidInput, KeyReused, LeaseLost, NeedsConfirmation, NotFound
from labelwright.pipeline import events
from labelwright.pipeline.events import OutdatedInspection
from labelwright.pipeline.run import advance, catch_up
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import tables
from tests.pipeline.conftest import PIPELINE
from tests.rows import add_users, count
from tests.sent import statements

VALUES: dict[str, Any] = {"intent": Choice("bug"), "entities": Spans(())}


@pytest.fixture
def tickets(workspace: Workspace) -> OpenProject:
    """The small project after its first run."""
    opened = workspace.projects["tickets"]
    advance(opened)
    return opened


@pytest.fixture
def reviewed(write_project: Callable[..., Path]) -> Iterator[OpenProject]:
    """The small project, of which every item is reviewed and none is drawn for the audit."""
    pipeline = PIPELINE.replace("sample: 50%, always: [low_agreement]", "sample: 0%, always: [{new_annotator: 1000}]")
    workspace = Workspace.open(write_project(pipeline))
    opened = workspace.projects["tickets"]
    advance(opened)
    yield opened
    workspace.close()


def take(opened: OpenProject, user: int, purpose: str = "label", how_many: int = 1) -> list[TaskView]:
    return opened.project.database.write(lambda connection: events.next_tasks(connection, opened, user, count=how_many, purpose=purpose))


def submit(opened: OpenProject, user: int, task: int, values: Any = None, *, key: str, next: bool = True, **more: Any) -> Submitted:
    submission = Submission(values=VALUES if values is None else values, **{"seconds_active": 3.0, **more})
    inspected = events.inspect(opened, task, submission.values, seconds_active=submission.seconds_active)
    return opened.project.database.write(
        lambda connection: events.submit(connection, opened, user, task, submission, inspected, key=key, next=next)
    )


def give_review(opened: OpenProject, user: int, task: int, verdict: Verdict, *, key: str) -> Reviewed:
    inspected = events.inspect(opened, task, verdict.values) if verdict.values else None
    return opened.project.database.write(lambda connection: events.give_review(connection, opened, user, task, verdict, inspected, key=key))


def test_a_submission_closes_its_task_and_brings_the_next(tickets: OpenProject) -> None:
    """The answer is kept with its author, time and pipeline version, and the next task is another item."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    done = submit(tickets, ann, task.id, key="k1")
    assert done.next is not None
    assert done.next.item.id != task.item.id
    with tickets.project.database.read() as connection:
        row = connection.execute(sa.select(tables.annotations)).one()
    assert (row.user_id, row.item_id, row.seconds_active, row.state) == (ann, task.item.id, 3.0, "submitted")
    assert row.pipeline_version == tickets.project.pipeline_version


def test_the_same_submission_twice_is_one_annotation(tickets: OpenProject) -> None:
    """A repeated key changes nothing and returns the same annotation and the same next task; another body under it is refused."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    first = submit(tickets, ann, task.id, key="k1")
    again = submit(tickets, ann, task.id, key="k1")
    assert again.annotation_id == first.annotation_id
    assert first.next is not None
    assert again.next is not None
    assert again.next.id == first.next.id
    with pytest.raises(KeyReused):
        submit(tickets, ann, task.id, {**VALUES, "intent": Choice("other")}, key="k1")
    assert count(tickets.project, tables.annotations) == 1


def test_going_back_replaces_the_own_answer(tickets: OpenProject) -> None:
    """Until it is reviewed an answer may be corrected: the newer one stands, the older is kept. One that names none is refused."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    first = submit(tickets, ann, task.id, key="k1").annotation_id
    with pytest.raises(AnsweredBefore, match=f"`replaces`: {first}"):
        submit(tickets, ann, task.id, {**VALUES, "intent": Choice("bug")}, key="another tab")
    submit(tickets, ann, task.id, {**VALUES, "intent": Choice("other")}, key="k2", replaces=first)
    with tickets.project.database.read() as connection:
        states = list(connection.scalars(sa.select(tables.annotations.c.state).order_by(tables.annotations.c.id)))
    assert states == ["replaced", "submitted"]
    view = tickets.project.database.write(lambda connection: events.task_view(connection, tickets, ann, task.id))
    assert view.values == {**VALUES, "intent": Choice("other")}


def test_an_error_blocks_and_a_warning_asks(tickets: OpenProject) -> None:
    """Nothing is kept of a blocked answer; a warning lets it through once confirmed, and is kept with it."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    outside = {**VALUES, "entities": Spans((Span(0, 9999, "PRODUCT"),))}
    with pytest.raises(Blocked) as blocked:
        submit(tickets, ann, task.id, outside, key="k1")
    assert blocked.value.findings[0].rule == "out_of_bounds"
    with pytest.raises(Blocked):
        submit(tickets, ann, task.id, {"entities": Spans(())}, key="k1")
    refund = {**VALUES, "intent": Choice("refund")}
    with pytest.raises(NeedsConfirmation) as asked:
        submit(tickets, ann, task.id, refund, key="k1")
    assert [finding.severity for finding in asked.value.findings] == ["warning"]
    assert count(tickets.project, tables.annotations) == 0
    done = submit(tickets, ann, task.id, refund, key="k1", confirmed=True)
    assert done.findings
    assert count(tickets.project, tables.findings, tables.findings.c.stage == "submit") == 1


def test_answers_to_unknown_questions_and_of_other_kinds_are_refused(tickets: OpenProject) -> None:
    """A wrong question or kind is a clear error that names it."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    for values in ({"intnt": Choice("bug")}, {"intent": Spans(())}):
        with pytest.raises(InvalidInput):
            submit(tickets, ann, task.id, values, key="k1")


def test_a_task_of_somebody_else_cannot_be_answered(tickets: OpenProject) -> None:
    """Whoever does not hold a task gets a lost lease, and an unknown task is not found."""
    ann, ben = add_users(tickets.project, "ann", "ben")
    (task,) = take(tickets, ann)
    with pytest.raises(LeaseLost):
        submit(tickets, ben, task.id, key="k1")
    with pytest.raises(NotFound):
        submit(tickets, ben, 10**9, key="k1")


def test_a_late_answer_counts_while_nobody_else_took_the_task(tickets: OpenProject) -> None:
    """After its lease ended an answer is still taken by its token; once somebody else holds the task it is refused, and the draft stays."""
    from labelwright import tasks

    ann, ben = add_users(tickets.project, "ann", "ben")
    first, second = take(tickets, ann, how_many=2)
    database = tickets.project.database
    database.write(lambda connection: events.save_draft(connection, tickets, ann, second.id, lease=second.lease, sequence=1, body={"a": 1}))
    database.write(lambda connection: tasks.advance_clock(connection, 100))
    assert database.write(tasks.sweep) == 2
    submit(tickets, ann, first.id, key="k1", lease=first.lease, next=False)
    (taken,) = take(tickets, ben)
    assert taken.id == second.id
    with pytest.raises(LeaseLost):
        submit(tickets, ann, second.id, key="k2", lease=second.lease)
    assert count(tickets.project, tables.drafts, tables.drafts.c.user_id == ann) == 1


def test_the_lease_of_somebody_else_answers_nothing(tickets: OpenProject) -> None:
    """After a lease ended, its token in another person's hands neither submits nor saves; in its holder's hands it still does."""
    from labelwright import tasks

    ann, ben = add_users(tickets.project, "ann", "ben")
    (task,) = take(tickets, ann)
    database = tickets.project.database
    database.write(lambda connection: tasks.advance_clock(connection, 100))
    database.write(tasks.sweep)
    with pytest.raises(LeaseLost):
        submit(tickets, ben, task.id, key="k1", lease=task.lease)
    with pytest.raises(LeaseLost):
        database.write(lambda connection: events.save_draft(connection, tickets, ben, task.id, lease=task.lease, sequence=1, body={}))
    submit(tickets, ann, task.id, key="k1", lease=task.lease)
    assert count(tickets.project, tables.annotations, tables.annotations.c.user_id == ann) == 1


def test_an_older_draft_never_overwrites_a_newer_one(tickets: OpenProject) -> None:
    """Saves that arrive out of order leave the newest, and the draft comes back with the task and goes with the answer."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    database = tickets.project.database
    for sequence in (1, 3, 2):
        database.write(
            lambda connection, sequence=sequence: events.save_draft(
                connection, tickets, ann, task.id, lease=task.lease, sequence=sequence, body={"n": sequence}
            )
        )
    (again,) = take(tickets, ann)
    assert again.id == task.id
    assert again.draft is not None
    assert (again.draft.sequence, again.draft.body) == (3, {"n": 3})
    submit(tickets, ann, task.id, key="k1")
    assert count(tickets.project, tables.drafts) == 0


def test_a_skipped_item_is_passed_on(tickets: OpenProject) -> None:
    """A skip brings another item, and the skipped one goes to somebody else."""
    ann, ben = add_users(tickets.project, "ann", "ben")
    (task,) = take(tickets, ann)
    following = tickets.project.database.write(lambda connection: events.skip(connection, tickets, ann, task.id, "unclear"))
    assert following is not None
    assert following.item.id != task.item.id
    assert take(tickets, ben)[0].item.id == task.item.id


def test_what_everybody_passes_on_goes_to_a_reviewer(tickets: OpenProject) -> None:
    """An item that two people passed on is asked of nobody else; a reviewer answers it, and that is its label."""
    from labelwright.store.labels import final_labels

    ann, ben, cyd, rita = add_users(tickets.project, "ann", "ben", "cyd", "rita")
    database = tickets.project.database
    for person in (ann, ben):
        (task,) = take(tickets, person)
        assert task.item.key == "t0"
        database.write(lambda connection, task=task, person=person: events.skip(connection, tickets, person, task.id, "unclear"))
    assert take(tickets, cyd)[0].item.key != "t0"
    (asked,) = take(tickets, rita, "review")
    assert asked.review is not None
    assert (asked.item.key, asked.review.reasons, asked.review.annotations) == ("t0", ["skipped"], [])

    def judge(verdict: Verdict) -> None:
        give_review(tickets, rita, asked.id, verdict, key=verdict.verdict)

    with pytest.raises(InvalidInput):
        judge(Verdict(verdict="accept", seen=asked.review.seen))
    judge(Verdict(verdict="fix", values={**VALUES, "intent": Choice("other")}))
    with database.read() as connection:
        labels = list(final_labels(connection, tickets.project.id, tickets.project.schema, item_ids=[asked.item.id]))
    assert {label.question: label.origin for label in labels} == {"intent": "review", "entities": "review"}


def skip(opened: OpenProject, user: int, task: int) -> TaskView | None:
    return opened.project.database.write(lambda connection: events.skip(connection, opened, user, task, "unclear"))


def test_a_review_that_was_passed_on_goes_to_others_and_comes_back_later(tickets: OpenProject) -> None:
    """Skipping walks through all reviews and ends; another reviewer gets them at once, and the same one when ten minutes have passed."""
    ann, ben, rita, sam = add_users(tickets.project, "ann", "ben", "rita", "sam")
    answer_all(tickets, ann)
    answer_all(tickets, ben, lambda task: "other")
    catch_up(tickets)
    (task,) = take(tickets, rita, "review")
    walked = []
    following: TaskView | None = task
    while following is not None:
        walked.append(following.item.key)
        following = skip(tickets, rita, following.id)
    assert sorted(walked) == sorted({f"t{number}" for number in range(12)})
    assert take(tickets, rita, "review") == []
    (other,) = take(tickets, sam, "review")
    skip(tickets, sam, other.id)
    tickets.project.database.write(
        lambda connection: connection.execute(sa.update(tables.skips).values(created_at=tables.skips.c.created_at - 601))
    )
    tickets.queue._rescanned.clear()
    assert len(take(tickets, rita, "review")) == 1


def test_an_author_who_passes_on_a_rejected_answer_leaves_it_to_a_reviewer(reviewed: OpenProject) -> None:
    """The item does not come back to the author, and a reviewer can answer it."""
    ann, ben, rita = add_users(reviewed.project, "ann", "ben", "rita")
    answer_all(reviewed, ann)
    answer_all(reviewed, ben)
    catch_up(reviewed)
    (task,) = take(reviewed, rita, "review")
    assert task.review is not None
    verdict = Verdict(verdict="reject", annotation_id=task.review.annotations[0].id, reason="Look again.")
    give_review(reviewed, rita, task.id, verdict, key="r1")
    (redo,) = take(reviewed, ann)
    assert redo.purpose == "redo"
    assert skip(reviewed, ann, redo.id) is None
    assert take(reviewed, ann) == []
    reviews = {view.item.id: view for view in take(reviewed, rita, "review", how_many=20)}
    again = reviews[task.item.id].review
    assert again is not None
    assert "skipped" in again.reasons


def answer_all(opened: OpenProject, user: int, label: Callable[[TaskView], str] = lambda task: "bug") -> int:
    answered = 0
    while found := take(opened, user):
        for task in found:
            submit(opened, user, task.id, {**VALUES, "intent": Choice(label(task))}, key=f"{user}-{task.id}", confirmed=True)
            answered += 1
    return answered


def test_the_whole_story_from_raw_rows_to_a_frozen_version(tickets: OpenProject) -> None:
    """Twelve messages, two people each, reviews of disagreements and a sample, and a version with every label's origin."""
    import json

    from labelwright.pipeline.run import freeze

    ann, ben, rita = add_users(tickets.project, "ann", "ben", "rita")
    assert answer_all(tickets, ann) == 12
    assert answer_all(tickets, ben, lambda task: "other" if task.item.key == "t0" else "bug") == 12
    catch_up(tickets)
    reviewed = {}
    while found := take(tickets, rita, "review"):
        (task,) = found
        right = {**VALUES, "intent": Choice("refund" if task.item.key == "t0" else "bug")}
        if task.purpose == "audit":
            blind = BlindAnswer(values=right)
            answer = partial(events.answer_blind, opened=tickets, user_id=rita, task_id=task.id, answer=blind, key=f"b{task.id}")
            audited = tickets.project.database.write(answer)
            reviewed[task.item.key] = "accept" if audited.done else "fix"
            if audited.done:
                continue
            assert audited.task is not None
            assert audited.task.audit is not None
            verdict = Verdict(verdict="fix", values=right, seen=audited.task.audit.seen)
        else:
            assert task.review is not None
            assert all(annotation.annotator is None for annotation in task.review.annotations)
            assert (task.item.key, task.review.reasons) == ("t0", ["low_agreement"])
            verdict = Verdict(verdict="fix", values=right, annotation_id=task.review.annotations[0].id)
            reviewed[task.item.key] = "fix"
        give_review(tickets, rita, task.id, verdict, key=f"r{task.id}")
    assert reviewed["t0"] == "fix"
    frozen = freeze(tickets)
    assert frozen.version.number == 1
    assert frozen.version.items == 12
    rows = [json.loads(line) for line in Path(frozen.exported[0]).read_text("utf-8").splitlines()]
    labels = {row["key"]: row for row in rows}
    assert len(labels) == 12
    assert "refund" in json.dumps(labels["t0"])
    assert freeze(tickets).version.number == 1
    assert count(tickets.project, tables.events, tables.events.c.kind == "version_frozen") == 1
    report = advance(tickets)
    assert (report.collected.new, report.prepared.prepared, report.caught_up.tasks_opened) == (0, 0, 0)
    assert {outcome.requirement: outcome.holds for outcome in report.requirements}["labeled() >= 90%"] is True


def test_a_rejected_answer_comes_back_to_its_author_and_then_to_review(reviewed: OpenProject) -> None:
    """The author gets the item with the reason and the old answer, answers again, and the review is asked for once more."""
    ann, ben, rita = add_users(reviewed.project, "ann", "ben", "rita")
    answer_all(reviewed, ann)
    answer_all(reviewed, ben)
    catch_up(reviewed)
    (task,) = take(reviewed, rita, "review")
    assert task.review is not None
    verdict = Verdict(verdict="reject", annotation_id=task.review.annotations[0].id, reason="Look again.")
    give_review(reviewed, rita, task.id, verdict, key="r1")
    (redo,) = take(reviewed, ann)
    assert redo.purpose == "redo"
    assert redo.redo is not None
    assert (redo.redo.reason, redo.redo.reviewer) == ("Look again.", "rita")
    submit(reviewed, ann, redo.id, {**VALUES, "intent": Choice("other")}, key="again", confirmed=True)
    with pytest.raises(Conflict):
        submit(reviewed, ann, task.id, key="x")
    catch_up(reviewed)
    reviews = take(reviewed, rita, "review", how_many=20)
    assert task.item.id in {view.item.id for view in reviews}


@pytest.mark.parametrize("everything", [False, True])
def test_an_answer_that_comes_while_others_are_caught_up_with_is_drawn_the_next_time(
    tickets: OpenProject, monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    """An item that is finished between the refresh of the consensus and the draw is not passed over for good."""
    people = add_users(tickets.project, "ann", "ben")
    refresh = quality.refresh

    def refresh_and_answer(*args: Any, **options: Any) -> Any:
        done = refresh(*args, **options)
        for person in people:
            answer_all(tickets, person)
        return done

    monkeypatch.setattr(quality, "refresh", refresh_and_answer)
    catch_up(tickets, everything=everything)
    monkeypatch.undo()
    catch_up(tickets)
    undrawn = count(tickets.project, tables.items, tables.items.c.state == "active", tables.items.c.drawn_at.is_(None))
    assert undrawn == 0


def test_a_review_and_a_correction_at_once_take_turns(reviewed: OpenProject) -> None:
    """An author who corrects an answer while a reviewer accepts it is told so: what was reviewed is never replaced unseen."""
    ann, ben, rita = add_users(reviewed.project, "ann", "ben", "rita")
    answer_all(reviewed, ann)
    answer_all(reviewed, ben)
    catch_up(reviewed)
    (task,) = take(reviewed, rita, "review")
    assert task.review is not None
    accepted = task.review.annotations[0].id
    database, reviewing, go_on = reviewed.project.database, threading.Event(), threading.Event()
    with database.read() as connection:
        columns = (tables.annotations.c.user_id, tables.annotations.c.task_id)
        author, answered = connection.execute(sa.select(*columns).where(tables.annotations.c.id == accepted)).one()

    def review_slowly(connection: sa.Connection) -> None:
        verdict = Verdict(verdict="accept", annotation_id=accepted, seen=task.review.seen if task.review else "")
        events.give_review(connection, reviewed, rita, task.id, verdict, key="r")
        reviewing.set()
        go_on.wait(20)

    with ThreadPoolExecutor(2) as pool:
        reviewing_done = pool.submit(database.write, review_slowly)
        assert reviewing.wait(20)
        corrected = pool.submit(submit, reviewed, author, answered, {**VALUES, "intent": Choice("other")}, key="again", next=False)
        time.sleep(0.5)
        go_on.set()
        reviewing_done.result()
        with pytest.raises(Conflict):
            corrected.result()
    assert count(reviewed.project, tables.annotations, tables.annotations.c.id == accepted, tables.annotations.c.state == "accepted") == 1


def test_answers_to_questions_that_have_changed_are_asked_anew(write_project: Callable[..., Path]) -> None:
    """When a label is renamed, authors get their answers back and settled ones go to review, once, however often the pipeline runs."""
    folder = write_project(
        PIPELINE.replace("overlap: 2", "overlap: 1").replace("sample: 50%, always: [low_agreement]", "sample: 0%, always: []")
    )
    workspace = Workspace.open(folder)
    opened = workspace.projects["tickets"]
    advance(opened)
    ann, rita = add_users(opened.project, "ann", "rita", role="reviewer")
    while found := take(opened, ann):
        submit(opened, ann, found[0].id, key=f"first {found[0].id}", next=False)
    catch_up(opened)
    with opened.project.database.read() as connection:
        (settled,) = connection.scalars(sa.select(tables.items.c.id).order_by(tables.items.c.id).limit(1))
    opened.project.database.write(lambda connection: review.request(connection, opened.project, settled, "asked"))
    (reviewing,) = take(opened, rita, "review")
    assert reviewing.review is not None
    verdict = Verdict(verdict="accept", seen=reviewing.review.seen)
    give_review(opened, rita, reviewing.id, verdict, key="accepted")
    workspace.close()
    path = folder / "labelwright.yaml"
    path.write_text(path.read_text().replace("[refund, bug, other]}", "[refund, defect, other]}"), "utf-8")
    workspace = Workspace.open(folder)
    opened = workspace.projects["tickets"]
    advance(opened)
    advance(opened)
    redo = (tables.tasks.c.purpose == "redo", tables.tasks.c.state == "open")
    assert count(opened.project, tables.tasks, *redo) == 11
    assert count(opened.project, tables.tasks, tables.tasks.c.purpose == "review", tables.tasks.c.state == "open") == 1
    (task,) = take(opened, ann)
    assert task.redo is not None
    assert "questions have changed" in task.redo.reason
    assert task.redo.values["intent"] == Choice("bug")
    submit(opened, ann, task.id, {"intent": Choice("defect"), "entities": Spans(())}, key="anew")
    advance(opened)
    assert count(opened.project, tables.tasks, tables.tasks.c.purpose == "redo", tables.tasks.c.state.in_(("open", "leased"))) == 10
    assert count(opened.project, tables.consensus, tables.consensus.c.item_id == task.item.id) == 2
    workspace.close()


def test_an_answer_to_an_item_that_changed_meanwhile_is_checked_anew(tickets: OpenProject) -> None:
    """What was found in an answer holds for the revision that it was looked for in, and for the pipeline version."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    database = tickets.project.database
    submission = Submission(values=VALUES, seconds_active=3.0)
    inspected = events.inspect(tickets, task.id, submission.values, seconds_active=3.0)

    def write(inspected: events.Inspected) -> Submitted:
        return database.write(lambda connection: events.submit(connection, tickets, ann, task.id, submission, inspected, key="k"))

    with pytest.raises(OutdatedInspection):
        write(dataclasses.replace(inspected, pipeline_version=inspected.pipeline_version + 1))
    changed = sa.update(tables.items).where(tables.items.c.id == task.item.id).values(revision="another")
    database.write(lambda connection: connection.execute(changed))
    with pytest.raises(OutdatedInspection):
        write(inspected)
    assert count(tickets.project, tables.annotations) == 0
    write(events.inspect(tickets, task.id, submission.values, seconds_active=3.0))
    assert count(tickets.project, tables.annotations) == 1


def test_an_acknowledged_answer_is_acknowledged_again_under_another_schema(tickets: OpenProject) -> None:
    """Whoever repeats an answer that was taken hears the same, though the answer would not be taken now."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    first = submit(tickets, ann, task.id, key="k")
    schema = tickets.project.schema
    smaller = msgspec.structs.replace(schema, questions={"intent": schema.questions["intent"]})
    later = dataclasses.replace(tickets, project=dataclasses.replace(tickets.project, schema=smaller))
    assert submit(later, ann, task.id, key="k").annotation_id == first.annotation_id


def test_a_lease_that_is_handed_out_again_runs_anew(tickets: OpenProject) -> None:
    """After a reload the page is told how long it holds its tasks, and holds them for so long; looking at one tells what is left."""
    from labelwright import tasks

    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    database = tickets.project.database

    def left() -> float:
        with database.read() as connection:
            return events.task_view(connection, tickets, ann, task.id).lease_seconds

    database.write(lambda connection: tasks.advance_clock(connection, 55))
    assert left() == 5.0
    (again,) = take(tickets, ann)
    assert (again.id, again.lease_seconds) == (task.id, 60.0)
    assert left() == 60.0
    database.write(lambda connection: tasks.advance_clock(connection, 59))
    assert database.write(tasks.sweep) == 0


def test_a_submission_takes_few_messages_to_the_database(tickets: OpenProject, tmp_path: Path) -> None:
    """Whoever answers and gets the next task costs 10 messages at most, where every statement is one there and back.

    One is for the checks, and one asks for the number of the transaction, by which its end is known if the connection breaks.
    """
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    database = tickets.project.database
    with statements(database, tmp_path / "sent") as sent:
        assert submit(tickets, ann, task.id, key="k").next is not None
    # SQLite, where a statement is no message, writes what belongs to an answer by five.
    assert len(sent) <= (10 if database.dialect == "postgresql" else 13)


def test_two_tabs_of_one_person_do_not_wait_for_each_other(tickets: OpenProject) -> None:
    """While one tab submits a task and is about to ask for the next, another one that lists what is held ends, and locks nobody out."""
    (ann,) = add_users(tickets.project, "ann")
    (task,) = take(tickets, ann)
    database, submitting, listed = tickets.project.database, threading.Event(), threading.Event()

    def submit_slowly(connection: sa.Connection) -> bool:
        given = Submission(values=VALUES, seconds_active=3.0)
        inspected = events.inspect(tickets, task.id, given.values, seconds_active=3.0)
        events.submit(connection, tickets, ann, task.id, given, inspected, key="k", next=False)
        submitting.set()
        # On SQLite the other tab's turn comes after this one's.
        return database.dialect == "sqlite" or listed.wait(20)

    with ThreadPoolExecutor(2) as pool:
        submitted = pool.submit(database.write, submit_slowly)
        assert submitting.wait(20)
        pool.submit(take, tickets, ann).add_done_callback(lambda _: listed.set())
        assert submitted.result()
