"""An audit begins blind, ends with a decision, counts once, and shows nothing that tells a planted error from a label."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright import review
from labelwright.analytics import keep, kept_at
from labelwright.analytics.counts import count_waiting
from labelwright.api.tasks import Audited, BlindAnswer, Submission, TaskView, Withheld
from labelwright.errors import Conflict, InvalidInput
from labelwright.pipeline import events
from labelwright.pipeline.run import advance, catch_up
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice
from labelwright.store import log, tables
from labelwright.store.audit import audit
from labelwright.store.codec import decode
from labelwright.store.labels import final_labels
from tests.rows import add_known, add_users, count

PIPELINE = """\
name: tickets
sources: [{uri: tickets.jsonl, id: id}]
schema:
  data: {body: text}
  questions: {intent: {kind: choice, of: body, options: [refund, bug, other]}}
  guidelines: guidelines.md
tasks: {overlap: 1, gold: 0%, lease: 1m}
review: {sample: 100%, always: [], planted: 3}
"""

BUG, OTHER = {"intent": Choice("bug")}, {"intent": Choice("other")}


@pytest.fixture
def labeled(write_project: Callable[..., Path]) -> Iterator[tuple[OpenProject, int, int]]:
    """Twelve texts that Ann called bugs, all drawn; Ann, and Rita, who audits."""
    workspace = Workspace.open(write_project(PIPELINE))
    opened = workspace.projects["tickets"]
    advance(opened)
    ann, rita = add_users(opened.project, "ann"), add_users(opened.project, "rita", role="reviewer")
    answer_all(opened, ann[0])
    catch_up(opened)
    yield opened, ann[0], rita[0]
    workspace.close()


def answer_all(opened: OpenProject, user: int) -> None:
    database = opened.project.database
    while found := database.write(lambda connection: events.next_tasks(connection, opened, user)):
        given = Submission(values=BUG, seconds_active=3.0)
        number = found[0].id
        take = partial(events.submit, opened=opened, user_id=user, task_id=number, submission=given, key=str(number), next=False)
        database.write(partial(take, inspected=events.inspect(opened, number, BUG, seconds_active=3.0)))


def take(opened: OpenProject, user: int, how_many: int = 1) -> list[TaskView]:
    return opened.project.database.write(lambda connection: events.next_tasks(connection, opened, user, count=how_many, purpose="review"))


def blind(opened: OpenProject, user: int, task: int, values: Any, *, key: str = "") -> Audited:
    answer = BlindAnswer(values=values, seconds_active=2.0)
    return opened.project.database.write(
        lambda connection: events.answer_blind(connection, opened, user, task, answer, key=key or f"blind {task}")
    )


def judge(opened: OpenProject, user: int, task: int, verdict: Verdict) -> None:
    inspected = events.inspect(opened, task, verdict.values) if verdict.values else None
    opened.project.database.write(
        lambda connection: events.give_review(connection, opened, user, task, verdict, inspected, key=f"{verdict.verdict} {task}")
    )


def proven(opened: OpenProject) -> Any:
    with opened.project.database.read() as connection:
        return audit(connection, opened.project.id, opened.project.schema)["intent"]


def gold_of_three(opened: OpenProject) -> list[int]:
    """Make the first three items gold, which says that their answers are wrong, and return their numbers."""
    with opened.project.database.read() as connection:
        items = list(connection.scalars(sa.select(tables.items.c.id).order_by(tables.items.c.id).limit(3)))
    for item in items:
        add_known(opened.project, item, OTHER)
    return items


def planted_first(opened: OpenProject) -> set[int]:
    """Put what is planted before all other audits, and return the numbers of its tasks."""
    planted = sa.and_(tables.tasks.c.purpose == "audit", tables.tasks.c.annotation_id.is_not(None))

    def work(connection: sa.Connection) -> set[int]:
        connection.execute(sa.update(tables.tasks).where(planted).values(rank=0))
        return set(connection.scalars(sa.select(tables.tasks.c.id).where(planted)))

    return opened.project.database.write(work)


def test_an_audit_shows_nothing_before_the_blind_answer(labeled: tuple[OpenProject, int, int]) -> None:
    """The label, others' answers, suggestions and comments come after the auditor's own answer, and only where it differs."""
    opened, ann, rita = labeled
    assert take(opened, ann) == []
    task, other = take(opened, rita, 2)
    assert (task.purpose, task.review, task.audit, task.suggestions, task.comments) == ("audit", None, None, [], [])
    done = blind(opened, rita, task.id, BUG)
    assert (done.done, done.task) == (True, None)
    assert proven(opened).audited == 1
    differs = blind(opened, rita, other.id, {"intent": "other"})
    assert not differs.done
    assert differs.task is not None
    assert differs.task.audit is not None
    assert (differs.task.audit.label, differs.task.audit.own) == (BUG, OTHER)
    assert proven(opened).audited == 1
    judge(opened, rita, other.id, Verdict(verdict="fix", values=OTHER, seen=differs.task.audit.seen))
    proof = proven(opened)
    assert (proof.audited, proof.errors) == (2, 1)
    with opened.project.database.read() as connection:
        (label,) = final_labels(connection, opened.project.id, opened.project.schema, item_ids=[other.item.id])
    assert (label.answer, label.origin) == (Choice("other"), "review")


def test_an_auditor_may_find_that_the_label_is_right(labeled: tuple[OpenProject, int, int]) -> None:
    """Whoever answered something else and then accepts the label has found no error; the blind answer stays kept."""
    opened, _, rita = labeled
    (task,) = take(opened, rita)
    shown = blind(opened, rita, task.id, OTHER).task
    assert shown is not None
    assert shown.audit is not None
    judge(opened, rita, task.id, Verdict(verdict="accept", seen=shown.audit.seen))
    proof = proven(opened)
    assert (proof.audited, proof.errors) == (1, 0)
    assert count(opened.project, tables.blind_answers) == 1


def test_the_blind_answer_comes_first_and_once(labeled: tuple[OpenProject, int, int]) -> None:
    """A verdict before it is refused, and so is another blind answer after the label was shown; the same one again changes nothing."""
    opened, _, rita = labeled
    (task,) = take(opened, rita)
    with pytest.raises(Conflict, match="answered blind before"):
        judge(opened, rita, task.id, Verdict(verdict="accept", seen="x"))
    with pytest.raises(InvalidInput):
        blind(opened, rita, task.id, {"intent": "nonsense"})
    shown = blind(opened, rita, task.id, OTHER).task
    assert blind(opened, rita, task.id, OTHER, key="again").task == shown
    with pytest.raises(Conflict, match="seen the label since"):
        blind(opened, rita, task.id, BUG, key="another")
    assert shown is not None
    assert shown.audit is not None
    with pytest.raises(InvalidInput, match="about the label"):
        judge(opened, rita, task.id, Verdict(verdict="reject", reason="no", seen=shown.audit.seen))


def test_planted_errors_are_found_or_missed_and_change_no_label(labeled: tuple[OpenProject, int, int]) -> None:
    """Wrong answers to gold items are audited like labels: what auditors make of them is counted, and neither label nor answer moves."""
    opened, _, rita = labeled
    gold_of_three(opened)
    assert review.plant(opened.project, opened.pipeline.review) == 3
    assert review.plant(opened.project, opened.pipeline.review) == 0
    before = count(opened.project, tables.reviews)
    wanted = planted_first(opened)
    tasks = [one for one in take(opened, rita, 20) if one.id in wanted]
    assert len(tasks) == 3
    first, second, third = tasks
    assert blind(opened, rita, first.id, BUG).done  # missed
    shown = blind(opened, rita, second.id, OTHER).task
    assert shown is not None
    assert shown.audit is not None
    assert shown.audit.label == BUG
    judge(opened, rita, second.id, Verdict(verdict="fix", values=OTHER, seen=shown.audit.seen))  # found blind
    shown = blind(opened, rita, third.id, {"intent": "refund"}).task
    assert shown is not None
    assert shown.audit is not None
    judge(opened, rita, third.id, Verdict(verdict="accept", seen=shown.audit.seen))  # seen, and let pass
    with opened.project.database.read() as connection:
        found = [decode(body) for body in connection.scalars(sa.select(tables.planted_audits.c.found))]
    assert [one["intent"] for one in found] == ["missed", "blind", "missed"]
    assert count(opened.project, tables.reviews) == before
    assert count(opened.project, tables.annotations, tables.annotations.c.state != "submitted") == 0
    proof = proven(opened)
    assert (proof.planted, proof.found, proof.audited) == (3, 1, 0)


def test_an_auditor_gets_no_planted_error_that_they_could_know(labeled: tuple[OpenProject, int, int]) -> None:
    """Who has answered or reviewed an item gets no planted audit of it, while others do."""
    opened, ann, rita = labeled
    (cora,) = add_users(opened.project, "cora", role="reviewer")
    (task,) = take(opened, rita)
    shown = blind(opened, rita, task.id, OTHER).task
    assert shown is not None
    assert shown.audit is not None
    judge(opened, rita, task.id, Verdict(verdict="fix", values=OTHER, seen=shown.audit.seen))
    assert review.plant(opened.project, opened.pipeline.review) == 1
    for user, wanted in ((ann, 0), (rita, 0), (cora, 1)):
        assert sum(one.item.id == task.item.id for one in take(opened, user, 20)) == wanted


def test_an_auditor_never_has_a_planted_error_beside_the_label(labeled: tuple[OpenProject, int, int]) -> None:
    """Of one item a person holds one audit at a time; who judged what was planted audits the label afterwards, and never before."""
    opened, _, rita = labeled
    items = gold_of_three(opened)
    assert review.plant(opened.project, opened.pipeline.review) == 3
    wanted = planted_first(opened)
    held = take(opened, rita, 20)
    assert sorted(one.item.id for one in held) == sorted({one.item.id for one in held})
    assert {one.id for one in held if one.item.id in items} == wanted
    for task in held:
        assert blind(opened, rita, task.id, BUG).done
    labels = take(opened, rita, 20)
    assert sorted(one.item.id for one in labels) == items, "the labels' audits come at once"
    for task in labels:
        assert blind(opened, rita, task.id, BUG).done
    assert take(opened, rita, 20) == []
    assert (proven(opened).audited, proven(opened).planted, proven(opened).pending) == (12, 3, 0)


def test_changed_guidelines_ask_for_the_audits_anew(labeled: tuple[OpenProject, int, int], write_project: Callable[..., Path]) -> None:
    """After a clause has changed, the next run asks for the audit of what was judged by it again, of the same auditor as well."""
    opened, _, rita = labeled
    tasks = take(opened, rita, 20)
    for task in tasks:
        assert blind(opened, rita, task.id, BUG).done
    catch_up(opened)
    assert take(opened, rita) == []
    folder = opened.project.folder
    (folder / "guidelines.md").write_text("# Guidelines\nA crash is a bug.\n", "utf-8")
    again = Workspace.open(folder)
    try:
        fresh = again.projects["tickets"]
        assert (proven(fresh).audited, proven(fresh).outdated) == (0, 12)
        catch_up(fresh)
        (task, *rest) = take(fresh, rita, 20)
        assert len(rest) == 11
        assert blind(fresh, rita, task.id, OTHER).task is not None
        assert blind(fresh, rita, rest[0].id, BUG).done
        assert proven(fresh).audited == 1
    finally:
        again.close()


def test_a_label_is_judged_as_it_was_drawn(labeled: tuple[OpenProject, int, int]) -> None:
    """An author who corrects an answer that an auditor has seen repairs the label, and the error stays in the count."""
    opened, ann, rita = labeled
    (task,) = take(opened, rita)
    assert not blind(opened, rita, task.id, OTHER).done
    opened.project.database.write(lambda connection: events.release(connection, opened, rita, task.id))
    mine = sa.select(tables.annotations.c.task_id, tables.annotations.c.id).where(tables.annotations.c.item_id == task.item.id)
    with opened.project.database.read() as connection:
        own, first = connection.execute(mine).one()
    inspected = events.inspect(opened, own, OTHER, seconds_active=3.0)
    again = Submission(values=OTHER, seconds_active=3.0, replaces=first)
    opened.project.database.write(lambda connection: events.submit(connection, opened, ann, own, again, inspected, key="again", next=False))
    catch_up(opened)
    (cora,) = add_users(opened.project, "cora", role="reviewer")
    (given,) = [one for one in take(opened, cora, 20) if one.item.id == task.item.id]
    shown = blind(opened, cora, given.id, OTHER).task
    assert shown is not None
    assert shown.audit is not None
    assert shown.audit.label == BUG
    judge(opened, cora, given.id, Verdict(verdict="fix", values=OTHER, seen=shown.audit.seen))
    assert (proven(opened).audited, proven(opened).errors) == (1, 1)


def test_an_audit_of_a_gold_item_is_about_what_people_answered(labeled: tuple[OpenProject, int, int]) -> None:
    """The answers that gold corrects count as wrong, and no verdict puts them in the place of gold."""
    opened, _, rita = labeled
    (task,) = take(opened, rita)
    add_known(opened.project, task.item.id, OTHER)
    shown = blind(opened, rita, task.id, OTHER).task
    assert shown is not None
    assert shown.audit is not None
    assert shown.audit.label == BUG
    judge(opened, rita, task.id, Verdict(verdict="fix", values=OTHER, seen=shown.audit.seen))
    assert (proven(opened).audited, proven(opened).errors) == (1, 1)
    with opened.project.database.read() as connection:
        (label,) = final_labels(connection, opened.project.id, opened.project.schema, item_ids=[task.item.id])
    assert label.answer == Choice("other")


def test_planted_errors_that_are_given_back_count_as_overlooked(labeled: tuple[OpenProject, int, int]) -> None:
    """Whoever passes on what is hard to judge does not make auditors look better than they are."""
    opened, _, rita = labeled
    gold_of_three(opened)
    review.plant(opened.project, opened.pipeline.review)
    assert proven(opened).planted == 0
    wanted = planted_first(opened)
    first, second, third = (one.id for one in take(opened, rita, 20) if one.id in wanted)
    shown = blind(opened, rita, first, OTHER).task
    assert shown is not None
    assert shown.audit is not None
    judge(opened, rita, first, Verdict(verdict="fix", values=OTHER, seen=shown.audit.seen))
    opened.project.database.write(lambda connection: events.skip(connection, opened, rita, second))
    opened.project.database.write(lambda connection: events.release(connection, opened, rita, third))
    assert (proven(opened).planted, proven(opened).found) == (3, 1)


def test_the_one_look_includes_the_planted_errors(write_project: Callable[..., Path]) -> None:
    """Auditors who are measured further after the one look make it a second one: the bound for all looks takes its place."""
    text = PIPELINE.replace("planted: 3", "planted: 3, looks: 1")
    rows = "".join(f'{{"id": {number}, "body": "text {number}"}}\n' for number in range(33))
    folder = write_project(text)
    (folder / "tickets.jsonl").write_text(rows, "utf-8")
    workspace = Workspace.open(folder)
    try:
        opened = workspace.projects["tickets"]
        advance(opened)
        (ann,), (rita,) = add_users(opened.project, "ann"), add_users(opened.project, "rita", role="reviewer")
        answer_all(opened, ann)
        gold_of_three(opened)
        catch_up(opened)
        wanted = planted_first(opened)
        # Three people work. What is planted comes first, and one of it is kept.
        auditors = [rita, *add_users(opened.project, "cora", "dora", role="reviewer")]
        kept = take(opened, auditors[0])[0].id
        assert kept in wanted
        for user in auditors[1:]:
            while found := take(opened, user):
                assert blind(opened, user, found[0].id, BUG).done
        catch_up(opened)
        assert "its one look is taken by the next" in proven(opened).statement
        opened.project.database.write(lambda connection: events.release(connection, opened, rita, kept))
        catch_up(opened)
        assert (proven(opened).looks, proven(opened).planted, proven(opened).found) == ("one", 3, 0)
        assert take(opened, rita) == []
        opened.project.database.write(
            lambda connection: connection.execute(sa.update(tables.planted_audits).values(found='{"intent": "blind"}'))
        )
        assert proven(opened).looks == "any"
    finally:
        workspace.close()


def test_an_audit_counts_under_the_criteria_that_stood_when_it_was_handed_out(
    labeled: tuple[OpenProject, int, int], write_project: Callable[..., Path]
) -> None:
    """Whoever had the item before the guidelines changed, and answers afterwards, has judged by the old ones."""
    opened, _, rita = labeled
    task, other = take(opened, rita, 2)
    opened.project.database.write(lambda connection: events.release(connection, opened, rita, other.id))
    folder = opened.project.folder
    (folder / "guidelines.md").write_text("# Guidelines\nA crash is a bug.\n", "utf-8")
    again = Workspace.open(folder)
    try:
        fresh = again.projects["tickets"]
        assert blind(fresh, rita, task.id, BUG).done
        assert (proven(fresh).audited, proven(fresh).outdated) == (0, 1)
        (later,) = take(fresh, rita)
        assert blind(fresh, rita, later.id, BUG).done
        assert (proven(fresh).audited, proven(fresh).outdated) == (1, 1)
    finally:
        again.close()


def test_what_is_added_after_a_rejection_is_not_proved(write_project: Callable[..., Path]) -> None:
    """An answer that came with the correction of a rejected one is a label of the population, and the audit says nothing about it."""
    text = PIPELINE.replace("other]}}", "other]}, mood: {kind: choice, of: body, options: [calm, angry], required: false}}")
    workspace = Workspace.open(write_project(text.replace("sample: 100%, always: []", "sample: 0%, always: [{new_annotator: 1000}]")))
    try:
        opened = workspace.projects["tickets"]
        advance(opened)
        (ann,), (rita,) = add_users(opened.project, "ann"), add_users(opened.project, "rita", role="reviewer")
        answer_all(opened, ann)
        catch_up(opened)
        (task,) = take(opened, rita)
        assert task.review is not None
        judge(opened, rita, task.id, Verdict(verdict="reject", reason="Look again.", seen=task.review.seen))
        (redo,) = opened.project.database.write(lambda connection: events.next_tasks(connection, opened, ann))
        both = {**BUG, "mood": Choice("calm")}
        inspected = events.inspect(opened, redo.id, both, seconds_active=3.0)
        again = Submission(values=both, seconds_active=3.0)
        opened.project.database.write(
            lambda connection: events.submit(connection, opened, ann, redo.id, again, inspected, key="again", next=False)
        )
        catch_up(opened)
        with opened.project.database.read() as connection:
            mood = audit(connection, opened.project.id, opened.project.schema)["mood"]
        assert (mood.population, mood.unproved, mood.bound) == (1, 1, 1.0)
    finally:
        workspace.close()


def test_figures_are_due_after_a_planted_audit(labeled: tuple[OpenProject, int, int]) -> None:
    """What auditors make of a planted error stands in the log, by which the worker knows that kept figures are older; no item is named."""
    opened, _, rita = labeled
    catch_up(opened)
    with opened.project.database.read() as connection:
        item = connection.scalar(sa.select(sa.func.min(tables.items.c.id)))
    add_known(opened.project, item, OTHER)
    assert review.plant(opened.project, opened.pipeline.review) == 1
    (planted,) = planted_first(opened)
    keep(opened.project, [])
    assert planted in [task.id for task in take(opened, rita, 20)]
    assert blind(opened, rita, planted, BUG).done
    with opened.project.database.read() as connection:
        kept, newest = kept_at(connection, opened.project.id), log.newest(connection, opened.project.id)
        (event,) = log.follow(connection, opened.project.id, kept.position if kept else log.Position(0, 0), 10)
    assert event.position == newest
    assert (event.kind, event.item_id, event.subject_id) == ("planted_audit_given", None, planted)


def test_a_change_declared_editorial_closes_the_audits_it_had_opened(labeled: tuple[OpenProject, int, int]) -> None:
    """They leave the queue with the declaration; one in hand may be finished or goes when it is given back; the certificate says so."""
    opened, _, rita = labeled
    folder = opened.project.folder
    (folder / "guidelines.md").write_text("# General\nRead it all.\n", "utf-8")
    workspace = Workspace.open(folder)
    try:
        opened = workspace.projects["tickets"]
        advance(opened)
        while found := take(opened, rita):
            blind(opened, rita, found[0].id, BUG)
        (folder / "guidelines.md").write_text("# General\nRead all of it.\n", "utf-8")
        workspace.reload("tickets")
        opened = workspace.projects["tickets"]
        advance(opened)
        assert (waiting(opened), proven(opened).outdated) == (12, 12)
        (held,) = take(opened, rita)
        database = opened.project.database
        assert database.write(lambda connection: events.declare_editorial(connection, opened)) == ["General"]
        assert (waiting(opened), proven(opened).pending, proven(opened).audited) == (1, 0, 12)
        assert f"The change of 'General' in version {versions(opened)} of the pipeline was declared editorial" in proven(opened).statement
        database.write(lambda connection: events.release(connection, opened, rita, held.id))
        assert (waiting(opened), take(opened, rita)) == (0, [])
        advance(opened)
        assert waiting(opened) == 0
    finally:
        workspace.close()


def test_a_change_that_is_taken_back_closes_the_audits_it_had_opened(labeled: tuple[OpenProject, int, int]) -> None:
    """Criteria that read again as they did make the audits count again, and the next run asks for them no more."""
    opened, _, rita = labeled
    folder = opened.project.folder
    workspace = Workspace.open(folder)
    try:
        for text, asked in (("One.", 12), ("Two.", 12), ("One.", 0)):
            (folder / "guidelines.md").write_text(f"# General\n{text}\n", "utf-8")
            workspace.reload("tickets")
            opened = workspace.projects["tickets"]
            advance(opened)
            assert waiting(opened) == asked
            while text == "One." and (found := take(opened, rita)):
                blind(opened, rita, found[0].id, BUG)
    finally:
        workspace.close()


def test_what_was_reviewed_before_it_was_drawn_is_asked_blind_of_somebody_else(labeled: tuple[OpenProject, int, int]) -> None:
    """Reviewers who saw the label get no audit of it; it waits, is named in the certificate, and counts once another has answered."""
    opened, _, rita = labeled
    (otto,) = add_users(opened.project, "otto", role="reviewer")
    database, folder = opened.project.database, opened.project.folder
    # As if the share had been 0%: nothing is drawn yet, and a rule asks for three reviews.
    database.write(lambda connection: connection.execute(sa.delete(tables.tasks).where(tables.tasks.c.purpose == "audit")))
    database.write(lambda connection: connection.execute(sa.delete(tables.review_picks)))
    with database.read() as connection:
        first = list(connection.scalars(sa.select(tables.items.c.id).order_by(tables.items.c.id).limit(3)))
    for item in first:
        database.write(partial(events.request_review, opened=opened, user_id=rita, item_id=item))
    for task in take(opened, rita, 3):
        assert task.review is not None
        judge(opened, rita, task.id, Verdict(verdict="accept", seen=task.review.seen))
    (folder / "labelwright.yaml").write_text((folder / "labelwright.yaml").read_text("utf-8").replace("planted: 3", "planted: 0"), "utf-8")
    workspace = Workspace.open(folder)
    try:
        opened = workspace.projects["tickets"]
        advance(opened)
        while found := take(opened, rita):
            assert found[0].item.id not in first
            blind(opened, rita, found[0].id, BUG)
        assert (proven(opened).audited, proven(opened).shown, waiting(opened)) == (9, 3, 3)
        for task in take(opened, otto, 3):
            blind(opened, otto, task.id, BUG)
        assert (proven(opened).audited, proven(opened).shown, waiting(opened)) == (12, 0, 0)
    finally:
        workspace.close()


def test_it_is_counted_why_open_audits_are_not_for_a_person(labeled: tuple[OpenProject, int, int]) -> None:
    """Own answers and skipped items are told apart; what was skipped comes back to the same person after a while."""
    opened, ann, rita = labeled
    database = opened.project.database
    (task,) = take(opened, rita)
    database.write(lambda connection: events.skip(connection, opened, rita, task.id))
    for held in take(opened, rita, 20):
        if held.item.id != task.item.id:
            blind(opened, rita, held.id, BUG)
    assert take(opened, rita) == []
    with database.read() as connection:
        assert opened.queue.withheld(connection, ann) == Withheld(own=1)
        assert opened.queue.withheld(connection, rita) == Withheld(skipped=1)
    database.write(lambda connection: connection.execute(sa.update(tables.skips).values(created_at=0.0)))
    opened.queue.search_anew(rita, "review")
    assert [one.item.id for one in take(opened, rita)] == [task.item.id]


def waiting(opened: OpenProject) -> int:
    """How many audits and reviews wait by the count that status, card and overview show."""
    with opened.project.database.read() as connection:
        return count_waiting(connection, opened.project.id)


def versions(opened: OpenProject) -> int:
    return count(opened.project, tables.pipeline_versions)
