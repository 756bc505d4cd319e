"""The queue hands out each slot once, to the right person, in the right order."""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright import tasks
from labelwright.errors import InvalidPipeline, LeaseLost
from labelwright.schema.kinds.choice import Choice
from labelwright.server.worker import MOST_TICK_SECONDS
from labelwright.store import tables
from labelwright.store.bulk import BATCH
from labelwright.store.project import Project
from labelwright.tasks import Leased, Overlap, Queue, TaskPolicy
from labelwright.tasks.leases import GRACE_SECONDS
from tests.rows import add_known, add_texts, add_users, count
from tests.sent import statements

MakeProject = Callable[..., Project]


def lease(project: Project, queue: Queue, user: int, *, how_many: int = 1, purpose: str = "label", resume: bool = True) -> list[Leased]:
    return project.database.write(lambda connection: queue.lease(connection, user, count=how_many, purpose=purpose, resume=resume))


def done(project: Project, task: Leased) -> None:
    project.database.write(
        lambda connection: connection.execute(sa.update(tables.tasks).where(tables.tasks.c.id == task.id).values(state="done"))
    )


def test_no_item_is_handed_to_more_people_than_its_overlap(make_project: MakeProject) -> None:
    """32 people who ask at once get each item exactly as often as its overlap says, and nobody gets one twice."""
    project = make_project()
    people = add_users(project, *(f"person {number}" for number in range(32)))
    add_texts(project, [f"text {number}" for number in range(60)])
    policy = TaskPolicy(overlap=3, gold="0%")
    tasks.open_tasks(project, policy)
    queue = Queue(project.id, policy)

    def work(person: int) -> list[tuple[int, int]]:
        got = []
        while found := lease(project, queue, person):
            got.append((person, found[0].item_id))
            done(project, found[0])
        return got

    with ThreadPoolExecutor(32) as pool:
        handed = [pair for pairs in pool.map(work, people) for pair in pairs]
    assert len(handed) == len(set(handed)) == 180
    assert set(collections.Counter(item for _, item in handed).values()) == {3}


def test_two_tabs_of_one_person_never_hold_one_item_twice(make_project: MakeProject) -> None:
    """A person who asks from eight places at once holds as many different items as tasks."""
    project = make_project()
    (person,) = add_users(project, "ann")
    add_texts(project, [f"text {number}" for number in range(10)])
    policy = TaskPolicy(overlap=5, gold="0%")
    tasks.open_tasks(project, policy)
    queue = Queue(project.id, policy)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: lease(project, queue, person, resume=False), range(16)))
    items = [task.item_id for found in got for task in found]
    assert len(items) == 10
    assert len(set(items)) == 10


def test_a_lowered_overlap_leaves_nothing_that_nobody_is_handed(make_project: MakeProject) -> None:
    """What is open beyond the new overlap is cancelled, and a larger overlap later opens it again."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    add_texts(project, ["a", "b"])
    tasks.open_tasks(project, TaskPolicy(overlap=3))
    lower = TaskPolicy(overlap=1, gold="0%")
    assert tasks.open_tasks(project, lower) == 0
    assert count(project, tables.tasks, tables.tasks.c.state == "open") == 2
    queue = Queue(project.id, lower)
    for task in lease(project, queue, ann, how_many=5):
        done(project, task)
    assert count(project, tables.tasks, tables.tasks.c.state == "open") == 0
    assert tasks.open_tasks(project, TaskPolicy(overlap=2)) == 2


def test_every_item_gets_a_first_answer_before_any_gets_a_second(make_project: MakeProject) -> None:
    """Lanes go in order: the second answers come when all first ones are taken."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    items = add_texts(project, ["a", "b", "c"])
    policy = TaskPolicy(overlap=2, gold="0%")
    assert tasks.open_tasks(project, policy) == 6
    queue = Queue(project.id, policy)
    first = [task.item_id for task in lease(project, queue, ann, how_many=2)]
    second = [task.item_id for task in lease(project, queue, ben, how_many=3)]
    assert first == items[:2]
    assert second == [items[2], items[0], items[1]]


def test_opening_tasks_again_opens_nothing(make_project: MakeProject) -> None:
    """Open tasks are counted per item: a second run adds none, a larger overlap adds the difference."""
    project = make_project()
    add_texts(project, ["a", "b"])
    assert tasks.open_tasks(project, TaskPolicy(overlap=1)) == 2
    assert tasks.open_tasks(project, TaskPolicy(overlap=1)) == 0
    assert tasks.open_tasks(project, TaskPolicy(overlap=3)) == 4
    assert count(project, tables.tasks) == 6


def test_a_reload_goes_on_with_the_same_tasks(make_project: MakeProject) -> None:
    """Whoever asks again gets what was leased already, under the same lease."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    add_texts(project, ["a", "b", "c"])
    tasks.open_tasks(project, TaskPolicy(gold="0%"))
    queue = Queue(project.id, TaskPolicy(gold="0%"))
    first = lease(project, queue, ann, how_many=2)
    assert lease(project, queue, ann, how_many=2) == first
    assert lease(project, queue, ann, how_many=3)[:2] == first


def test_a_lease_that_runs_out_returns_and_comes_first(make_project: MakeProject) -> None:
    """When the store's clock passes the end of a lease and the grace after it, the task is open again and goes before all others."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    add_texts(project, ["a", "b", "c"])
    policy = TaskPolicy(lease="30s", gold="0%")
    tasks.open_tasks(project, policy)
    queue = Queue(project.id, policy)
    (lost,) = lease(project, queue, ann)
    project.database.write(lambda connection: tasks.advance_clock(connection, 29))
    assert project.database.write(tasks.sweep) == 0
    project.database.write(lambda connection: tasks.extend(connection, lost.id, ann, lost.lease, 30))
    project.database.write(lambda connection: tasks.advance_clock(connection, 29))
    assert project.database.write(tasks.sweep) == 0
    project.database.write(lambda connection: tasks.advance_clock(connection, 2 + GRACE_SECONDS))
    assert project.database.write(tasks.sweep) == 1
    (again,) = lease(project, queue, ben)
    assert again.id == lost.id
    with pytest.raises(LeaseLost):
        project.database.write(lambda connection: tasks.extend(connection, lost.id, ann, lost.lease, 30))


def test_a_lease_lasts_as_long_as_its_holder_counts(make_project: MakeProject) -> None:
    """The clock moves by a step that began before the hand-out, and the answer takes its way: the task stays where it is all the same."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    add_texts(project, ["a"])
    policy = TaskPolicy(lease="30s", gold="0%")
    tasks.open_tasks(project, policy)
    lease(project, Queue(project.id, policy), ann)
    # A whole step at once, then all the time that was promised, and twenty seconds until the holder has heard of it.
    for seconds in (MOST_TICK_SECONDS, 30.0, 20.0 - MOST_TICK_SECONDS):
        project.database.write(lambda connection, seconds=seconds: tasks.advance_clock(connection, seconds))
        assert project.database.write(tasks.sweep) == 0


def test_one_process_keeps_the_clock(make_project: MakeProject) -> None:
    """A worker that was replaced, and has not noticed, moves the clock no more: it would run at twice its speed."""
    database = make_project().database

    def advance(keeper: str) -> bool:
        return database.write(lambda connection: tasks.advance_clock(connection, 1.0, keeper=keeper))

    database.write(lambda connection: tasks.keep_clock(connection, "first"))
    assert advance("first")
    database.write(lambda connection: tasks.keep_clock(connection, "second"))
    assert not advance("first")
    assert advance("second")
    with database.read() as connection:
        assert connection.scalar(sa.select(tables.clock.c.seconds)) == 2.0


def test_what_one_person_skipped_goes_to_another(make_project: MakeProject) -> None:
    """A skipped item does not come back to who skipped it, and comes first to the next person."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    items = add_texts(project, ["a", "b"])
    tasks.open_tasks(project, TaskPolicy(gold="0%"))
    queue = Queue(project.id, TaskPolicy(gold="0%"))
    (task,) = lease(project, queue, ann)
    project.database.write(lambda connection: tasks.release(connection, task.id, ann))
    project.database.write(lambda connection: tasks.remember_skip(connection, task.item_id, ann, "blurred"))
    assert [found.item_id for found in lease(project, queue, ann, how_many=5)] == [items[1]]
    assert [found.item_id for found in lease(project, queue, ben, how_many=5)] == [items[0]]


def test_gold_items_come_in_between_once_a_person(make_project: MakeProject) -> None:
    """Gold items are handed out beside the queue, to everybody, never twice to one person, and never as tasks of their own."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    items = add_texts(project, ["a", "b", "c", "d"])
    for item in items[:2]:
        add_known(project, item, {"intent": Choice("bug")})
    policy = TaskPolicy(gold="100%", overlap=2)
    assert tasks.open_tasks(project, policy) == 4
    queue = Queue(project.id, policy)
    for person in (ann, ben):
        got = lease(project, queue, person, how_many=10)
        assert sorted(task.item_id for task in got if task.purpose == "gold") == items[:2]
        assert sorted(task.item_id for task in got if task.purpose == "label") == items[2:]


def test_work_that_came_back_is_for_its_author_alone(make_project: MakeProject) -> None:
    """A task to do again goes to the person it is meant for, before all else."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    items = add_texts(project, ["a", "b"])
    tasks.open_tasks(project, TaskPolicy(gold="0%"))
    project.database.write(
        lambda connection: connection.execute(
            sa.insert(tables.tasks).values(
                project_id=project.id, item_id=items[1], purpose="redo", state="open", lane=0, rank=1, for_user_id=ben, annotation_id=7
            )
        )
    )
    queue = Queue(project.id, TaskPolicy(gold="0%"))
    assert [task.purpose for task in lease(project, queue, ann)] == ["label"]
    (redo,) = lease(project, queue, ben)
    assert (redo.purpose, redo.item_id, redo.annotation_id) == ("redo", items[1], 7)


def test_an_overlap_grows_where_the_consensus_is_in_doubt(make_project: MakeProject) -> None:
    """An item whose answers are in and whose consensus is unsure gets one more task, up to the limit; a sure one gets none."""
    project = make_project()
    items = add_texts(project, ["a", "b"])
    policy = TaskPolicy(overlap=Overlap(start=1, grow_to=2, until="90%"))
    tasks.open_tasks(project, policy)

    def answered(connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.tasks).values(state="done"))
        for item, confidence in zip(items, (0.6, 0.95), strict=True):
            connection.execute(
                sa.insert(tables.consensus).values(
                    item_id=item,
                    question="intent",
                    project_id=project.id,
                    answer='{"kind":"choice","label":"bug"}',
                    confidence=confidence,
                    answers=1,
                    method="majority",
                    updated_at=0,
                )
            )

    project.database.write(answered)
    assert tasks.open_tasks(project, policy) == 1
    assert count(project, tables.tasks, tables.tasks.c.state == "open", tables.tasks.c.item_id == items[0]) == 1
    assert tasks.open_tasks(project, policy) == 0


def test_no_item_is_settled_by_answers_with_a_suggestion_in_view_alone(make_project: MakeProject) -> None:
    """Two items of which the consensus is sure: one more person is asked about the one whose only answer had a suggestion in view."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    items = add_texts(project, ["a", "b"])
    policy = TaskPolicy(overlap=Overlap(start=1, grow_to=3, until="90%"))
    tasks.open_tasks(project, policy)

    def answered(connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.tasks).values(state="done"))
        answer = '{"kind":"choice","label":"bug"}'
        for item, assisted in zip(items, (1, 0), strict=True):
            row = {"item_id": item, "project_id": project.id}
            given = {"user_id": ann, "pipeline_version": project.pipeline_version, "values": "{}", "created_at": 0.0}
            connection.execute(sa.insert(tables.annotations).values(**row, **given, assisted=assisted))
            sure = {"question": "intent", "answer": answer, "confidence": 0.99, "answers": 1, "method": "assisted", "updated_at": 0}
            connection.execute(sa.insert(tables.consensus).values(**row, **sure))

    project.database.write(answered)
    assert tasks.open_tasks(project, policy) == 1
    assert count(project, tables.tasks, tables.tasks.c.state == "open", tables.tasks.c.item_id == items[0]) == 1


def test_tasks_about_replaced_items_are_put_away(make_project: MakeProject) -> None:
    """An item that a newer revision replaced is handed out no more."""
    project = make_project()
    items = add_texts(project, ["a", "b"])
    tasks.open_tasks(project, TaskPolicy())
    project.database.write(
        lambda connection: connection.execute(sa.update(tables.items).where(tables.items.c.id == items[0]).values(state="replaced"))
    )
    tasks.open_tasks(project, TaskPolicy())
    assert count(project, tables.tasks, tables.tasks.c.state == "away") == 1


@pytest.mark.parametrize("policy", [TaskPolicy(overlap=0), TaskPolicy(overlap=Overlap(start=3, grow_to=2)), TaskPolicy(lease="1s")])
def test_a_policy_that_cannot_work_is_refused(policy: TaskPolicy) -> None:
    """Overlaps below one or shrinking, and leases that end while people read, are errors of the pipeline file."""
    with pytest.raises(InvalidPipeline):
        policy.check()


def test_a_task_that_is_opened_before_the_cursor_is_found_at_once(make_project: MakeProject) -> None:
    """Whoever has emptied the queue gets a task that is opened later, though its rank is lower than what the person has passed."""
    project = make_project()
    (person,) = add_users(project, "ann")
    first, second = add_texts(project, ["one", "two"])
    queue = Queue(project.id, TaskPolicy(gold="0%"))

    def open_review(item: int, rank: int) -> None:
        row = {"project_id": project.id, "item_id": item, "purpose": "review", "state": "open", "lane": 1, "rank": rank}
        project.database.write(lambda connection: connection.execute(sa.insert(tables.tasks).values(row)))

    open_review(first, 70)
    (found,) = lease(project, queue, person, purpose="review")
    done(project, found)
    assert not lease(project, queue, person, purpose="review")
    assert not lease(project, queue, person, purpose="review")
    open_review(second, 50)
    (found,) = lease(project, queue, person, purpose="review")
    assert found.item_id == second


def test_handing_out_gold_sends_as_many_statements_as_handing_out_anything_else(make_project: MakeProject, tmp_path: Path) -> None:
    """What takes more statements takes longer, and gold would be known by the time before it came. It still comes in place of first
    answers alone: not before what came back, and not where nothing is open."""
    project = make_project()
    (person,) = add_users(project, "ann")
    items = add_texts(project, [str(number) for number in range(60)])
    for item in items[:20]:
        add_known(project, item, {"intent": Choice("bug")})
    tasks.open_tasks(project, TaskPolicy(gold="50%"))
    queue = Queue(project.id, TaskPolicy(gold="50%"))
    random.seed(3)  # what the queue draws by
    sent: dict[str, set[int]] = collections.defaultdict(set)
    lease(project, queue, person)  # makes the queue read which gold there is
    for _ in range(18):
        with statements(project.database, tmp_path / "trace") as counted:
            (task,) = lease(project, queue, person, resume=False)
        sent[task.purpose].add(len(counted))
    assert sent.keys() == {"gold", "label"}
    assert sent["gold"] == sent["label"]
    assert len(sent["gold"]) == 1

    certain = Queue(project.id, TaskPolicy(gold="100%"))
    assert [one.purpose for one in lease(project, certain, person, resume=False)] == ["gold"]
    kept = next(one for one in lease(project, certain, person, how_many=20) if one.purpose == "label")
    project.database.write(lambda connection: tasks.release(connection, kept.id, person))
    (again,) = lease(project, certain, person, resume=False)
    assert (again.id, again.purpose) == (kept.id, "label")
    closed = sa.update(tables.tasks).where(tables.tasks.c.state == "open").values(state="cancelled")
    project.database.write(lambda connection: connection.execute(closed))
    (other,) = add_users(project, "ben")
    assert lease(project, certain, other) == []


def test_items_come_in_random_order_where_there_may_be_gold(make_project: MakeProject) -> None:
    """Gold comes at random and would be known by being out of turn: with it all items do, also those that waited before."""
    project = make_project()
    items = add_texts(project, [str(number) for number in range(200)])

    def order() -> list[int]:
        with project.database.read() as connection:
            return list(connection.scalars(sa.select(tables.tasks.c.item_id).order_by(tables.tasks.c.rank)))

    tasks.open_tasks(project, TaskPolicy(gold="0%"))
    assert order() == items
    tasks.open_tasks(project, TaskPolicy(gold="5%"))
    mixed = order()
    assert sorted(mixed) == items
    assert mixed != items
    tasks.open_tasks(project, TaskPolicy(gold="5%"))
    assert order() == mixed
    add_texts(project, [str(number) for number in range(200, 400)], key="more")
    tasks.open_tasks(project, TaskPolicy(gold="5%"))
    assert order()[:200] != mixed


def rows_read(project: Project, queue: Queue, user: int) -> int:
    """How much of the store one hand-out reads: rows on PostgreSQL, steps of the virtual machine on SQLite."""

    def work(connection: sa.Connection) -> int:
        raw: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            seen = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int FROM pg_stat_xact_user_tables"
            before = connection.exec_driver_sql(seen).scalar_one()
            assert queue.lease(connection, user, resume=False)
            return int(connection.exec_driver_sql(seen).scalar_one() - before)
        steps: list[None] = []
        raw.set_progress_handler(lambda: steps.append(None), 1)
        assert queue.lease(connection, user, resume=False)
        raw.set_progress_handler(None, 1)
        return len(steps)

    return project.database.write(work)


def test_a_hand_out_reads_no_more_where_more_tasks_are_open(make_project: MakeProject) -> None:
    """With twenty times the tasks, and the statistics that opening them leaves, a hand-out reads as few rows."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    policy = TaskPolicy(overlap=2, gold="0%")
    queue = Queue(project.id, policy)
    add_texts(project, [f"text {number}" for number in range(100)], key="first")
    tasks.open_tasks(project, policy)
    few = rows_read(project, queue, ann)
    add_texts(project, [f"text {number}" for number in range(1900)])
    tasks.open_tasks(project, policy)
    many = rows_read(project, queue, ann)
    assert many <= 2 * few + 20


def test_a_high_overlap_asks_the_database_no_more_often(make_project: MakeProject, tmp_path: Path) -> None:
    """One statement searches all lanes: who has seen all items but one is served by as many at an overlap of 100 as at one of 2."""
    project = make_project()
    people = add_users(project, *(f"person {number}" for number in range(3)))
    asked = {}
    for overlap in (2, 100):
        add_texts(project, [f"text {overlap}"], key=f"of {overlap} ")
        policy = TaskPolicy(overlap=overlap, gold="0%")
        tasks.open_tasks(project, policy)
        queue = Queue(project.id, policy)
        with statements(project.database, tmp_path / f"{overlap}") as sent:
            lease(project, queue, people[0], resume=False)
        asked[overlap] = len(sent)
    assert asked[100] == asked[2] <= 5


def test_opening_tasks_writes_at_most_a_batch_at_once(make_project: MakeProject) -> None:
    """However many items there are and people are asked, no transaction that others wait for writes more than one batch of rows."""
    project = make_project()
    add_texts(project, [f"text {number}" for number in range(700)])
    written: list[int] = []
    write = project.database.write

    def counted(work: Any) -> Any:
        def counting(connection: sa.Connection) -> Any:
            raw: Any = connection.connection.driver_connection
            if connection.dialect.name == "postgresql":
                seen = "SELECT coalesce(sum(n_tup_ins), 0)::int FROM pg_stat_xact_user_tables WHERE relname = 'tasks'"
                before = connection.exec_driver_sql(seen).scalar_one()
                result = work(connection)
                written.append(connection.exec_driver_sql(seen).scalar_one() - before)
                return result
            before = raw.total_changes
            result = work(connection)
            written.append(raw.total_changes - before)
            return result

        return write(counting)

    project.database.write = counted  # type: ignore[method-assign]  # of this one store, to count what is written to it
    assert tasks.open_tasks(project, TaskPolicy(overlap=5)) == 3500
    assert sum(written) >= 3500
    # Beside the tasks, each item is marked.
    assert max(written) <= BATCH + BATCH // 5
