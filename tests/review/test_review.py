"""What people review, and what their verdicts do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import review, tasks
from labelwright.errors import Conflict, InvalidInput, InvalidPipeline, NotFound
from labelwright.review import ReviewPolicy
from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import log, people, tables
from labelwright.store.codec import decode, encode
from labelwright.store.labels import final_labels
from labelwright.store.project import Project
from labelwright.tasks import Queue, TaskPolicy
from tests.rows import add_known, add_texts, add_users, count
from tests.store.test_listing import statements

MakeProject = Callable[..., Project]


def answer(project: Project, item: int, user: int, label: str) -> int:
    def work(connection: Connection) -> int:
        row = connection.execute(
            sa.insert(tables.annotations).values(
                project_id=project.id,
                item_id=item,
                user_id=user,
                pipeline_version=project.pipeline_version,
                values=encode({"intent": Choice(label)}),
                created_at=time.time(),
            )
        )
        return int(row.inserted_primary_key[0])

    return project.database.write(work)


def agree(
    project: Project, item: int, label: str | Spans, *, question: str = "intent", agreement: float | None = 1.0, confidence: float = 0.9
) -> None:
    project.database.write(
        lambda connection: connection.execute(
            sa.insert(tables.consensus).values(
                item_id=item,
                question=question,
                project_id=project.id,
                answer=encode(Choice(label) if isinstance(label, str) else label),
                confidence=confidence,
                agreement=agreement,
                answers=2,
                method="majority",
                updated_at=0,
            )
        )
    )


def picks(project: Project) -> dict[int, tuple[int, list[str]]]:
    with project.database.read() as connection:
        rows = connection.execute(sa.select(tables.review_picks.c.item_id, tables.review_picks.c.random, tables.review_picks.c.reasons))
        return {row[0]: (row[1], decode(row[2])) for row in rows}


def seen(project: Project, item: int) -> str:
    with project.database.read() as connection:
        return review.shown(connection, item)


def give(project: Project, item: int, reviewer: int, verdict: Verdict, *, fixed: int | None = None) -> int:
    def work(connection: Connection) -> int:
        about = review.reviewed_annotation(connection, item, verdict)
        return review.record(
            connection,
            project,
            item_id=item,
            task_id=connection.scalar(sa.select(tables.tasks.c.id).where(tables.tasks.c.item_id == item).limit(1)),
            reviewer_id=reviewer,
            verdict=verdict,
            annotation=about,
            fixed_annotation_id=fixed,
        )

    return project.database.write(work)


@pytest.fixture
def answered(make_project: MakeProject) -> tuple[Project, list[int], list[int]]:
    """A project of 400 items with two answers each and a consensus, and its two annotators."""
    project = make_project()
    people = add_users(project, "ann", "ben")
    items = add_texts(project, [f"text {number}" for number in range(400)])

    def work(connection: Connection) -> None:
        for item in items:
            for person in people:
                connection.execute(
                    sa.insert(tables.annotations).values(
                        project_id=project.id,
                        item_id=item,
                        user_id=person,
                        pipeline_version=project.pipeline_version,
                        values=encode({"intent": Choice("bug")}),
                        created_at=time.time(),
                    )
                )
            connection.execute(
                sa.insert(tables.consensus).values(
                    item_id=item,
                    question="intent",
                    project_id=project.id,
                    answer=encode(Choice("bug")),
                    confidence=0.9,
                    agreement=1.0,
                    answers=2,
                    method="majority",
                    updated_at=0,
                )
            )

    project.database.write(work)
    return project, items, people


def test_the_sample_is_about_its_share_and_the_same_for_whoever_asks(answered: tuple[Project, list[int], list[int]]) -> None:
    """A sample of 10% picks about 10% of 400 items, and picking again opens no further review."""
    project, items, _ = answered
    policy = ReviewPolicy(sample="10%", always=())
    opened = review.pick(project, policy, items)
    assert 20 <= opened <= 65
    assert review.pick(project, policy, items) == 0
    assert {random for random, _ in picks(project).values()} == {1}
    larger = review.pick(project, ReviewPolicy(sample="30%", always=()), items)
    assert len(picks(project)) == opened + larger


def test_what_was_judged_of_a_page_is_read_once(answered: tuple[Project, list[int], list[int]]) -> None:
    """Closing audits that are not needed and opening those that are go by one reading of the reviews, however many are open."""
    project, items, _ = answered
    policy = ReviewPolicy(sample="100%", always=())
    with statements(project.database) as first:
        review.pick(project, policy, items)
    with statements(project.database) as again:
        review.pick(project, policy, items)
    read = [sum("max(pipeline_versions.id)" in statement for statement, _ in noted) for noted in (first, again)]
    assert read == [1, 1]


def test_any_part_of_the_sample_that_is_done_first_is_a_random_part(answered: tuple[Project, list[int], list[int]]) -> None:
    """Reviews of the sample are handed out in an order that has nothing to do with the order of the items."""
    project, items, _ = answered
    review.pick(project, ReviewPolicy(sample="50%", always=()), items)
    (reviewer,) = add_users(project, "rita", role="reviewer")
    queue = Queue(project.id, TaskPolicy())
    got = project.database.write(lambda connection: queue.lease(connection, reviewer, count=20, purpose="review"))
    order = [task.item_id for task in got]
    assert len(order) == 20
    assert order != sorted(order)


def test_an_item_that_waits_for_answers_is_not_picked(make_project: MakeProject) -> None:
    """Nothing is reviewed before all its answers are in."""
    project = make_project()
    items = add_texts(project, ["a", "b"])
    tasks.open_tasks(project, TaskPolicy())
    agree(project, items[0], "bug")
    assert review.pick(project, ReviewPolicy(sample="100%"), items) == 0


def test_an_item_answered_since_its_consensus_was_made_is_not_drawn_yet(answered: tuple[Project, list[int], list[int]]) -> None:
    """What stands for it was made without its newest answer: it is drawn the next time, and the others at once."""
    project, items, people = answered
    with project.database.read() as connection:
        reached = log.newest(connection, project.id)
    project.database.write(
        lambda connection: log.append(connection, project.id, "annotation_submitted", user_id=people[0], item_id=items[7])
    )
    policy = ReviewPolicy(sample="100%", always=())
    assert review.pick(project, policy, items, reached=reached) == 399
    assert items[7] not in picks(project)
    with project.database.read() as connection:
        undrawn = sa.select(tables.items.c.id).where(tables.items.c.drawn_at.is_(None))
        assert list(connection.scalars(undrawn)) == [items[7]]
        reached = log.newest(connection, project.id)
    assert review.pick(project, policy, items, reached=reached) == 1


def test_the_rules_pick_what_they_name(make_project: MakeProject) -> None:
    """Low agreement, findings, a conflict with a reference, suspected errors and first answers each pick their item, with the reason."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    items = add_texts(project, ["agreement", "finding", "conflict", "error", "new", "fine"])
    for item in items:
        agree(project, item, "bug", agreement=0.3 if item == items[0] else 1.0)
        answer(project, item, ben if item == items[4] else ann, "bug")
    add_known(project, items[2], {"intent": Choice("refund")}, use="reference")
    add_known(project, items[5], {"intent": Choice("bug")}, use="reference")

    def work(connection: Connection) -> None:
        connection.execute(
            sa.insert(tables.findings).values(
                project_id=project.id, item_id=items[1], rule="too_fast", severity="warning", message="m", stage="submit", created_at=0
            )
        )
        connection.execute(
            sa.insert(tables.label_errors).values(
                item_id=items[3], question="intent", project_id=project.id, score=0.1, given="{}", proposed="{}", updated_at=0
            )
        )

    project.database.write(work)
    policy = ReviewPolicy(sample="0%", always=("low_agreement", "failed_check", "conflict", "label_error", {"new_annotator": 1}))
    policy.check()
    review.pick(project, policy, items)
    assert {item: reasons for item, (_, reasons) in picks(project).items()} == {
        items[0]: ["low_agreement", "new_annotator"],
        items[1]: ["failed_check"],
        items[2]: ["conflict"],
        items[3]: ["label_error"],
        items[4]: ["new_annotator"],
    }


def test_what_counts_as_the_same_is_no_conflict(make_project: MakeProject) -> None:
    """A label that is the reference's by the question's own tolerance is not sent to a reviewer; one beyond it is."""
    question = {"kind": "spans", "of": "body", "options": ["DATE"], "same": 0.5}
    project = make_project({"data": {"body": "text"}, "questions": {"dates": question}})
    items = add_texts(project, ["on Monday night", "on Tuesday night"])
    for item, end in zip(items, (8, 4), strict=True):
        agree(project, item, Spans((Span(3, end, "DATE"),)), question="dates")
        add_known(project, item, {"dates": Spans((Span(3, 9, "DATE"),))}, use="reference")
    review.pick(project, ReviewPolicy(sample="0%", always=("conflict",)), items)
    assert {item: reasons for item, (_, reasons) in picks(project).items()} == {items[1]: ["conflict"]}


def test_nobody_reviews_an_own_answer(make_project: MakeProject) -> None:
    """A review that a rule asks for goes to somebody who did not label the item, unless the policy lets people review their own."""
    project = make_project()
    ann, rita = add_users(project, "ann", "rita", role="reviewer")
    (item,) = add_texts(project, ["a"])
    tasks.open_tasks(project, TaskPolicy(gold="0%"))
    queue, own = Queue(project.id, TaskPolicy(gold="0%")), Queue(project.id, TaskPolicy(), review_own=True)
    (task,) = project.database.write(lambda connection: queue.lease(connection, ann))
    project.database.write(
        lambda connection: connection.execute(sa.update(tables.tasks).where(tables.tasks.c.id == task.id).values(state="done"))
    )
    agree(project, item, "bug", agreement=0.1)
    review.pick(project, ReviewPolicy(sample="0%"), [item])
    assert project.database.write(lambda connection: queue.lease(connection, ann, purpose="review")) == []
    assert len(project.database.write(lambda connection: own.lease(connection, ann, purpose="review"))) == 1
    assert project.database.write(lambda connection: queue.lease(connection, rita, purpose="review")) == []


def test_nobody_audits_an_own_answer_but_may_repeat_it_days_later(make_project: MakeProject) -> None:
    """An audit goes to people without an answer of their own to the item. With `own`, its author gets it once, three days later, and it
    stays open for others afterwards."""
    project = make_project()
    ann, rita = add_users(project, "ann", "rita", role="reviewer")
    (item,) = add_texts(project, ["a"])
    queue, own = Queue(project.id, TaskPolicy(gold="0%")), Queue(project.id, TaskPolicy(gold="0%"), review_own=True)
    number = answer(project, item, ann, "bug")
    agree(project, item, "bug")
    policy = ReviewPolicy(sample="100%", own=True)
    assert review.pick(project, policy, [item]) == 1
    for one in (queue, own):
        assert project.database.write(lambda connection, one=one: one.lease(connection, ann, purpose="review")) == []
    earlier = sa.update(tables.annotations).where(tables.annotations.c.id == number).values(created_at=time.time() - 4 * 24 * 3600)
    project.database.write(lambda connection: connection.execute(earlier))
    assert project.database.write(lambda connection: queue.lease(connection, ann, purpose="review")) == []
    (repeat,) = project.database.write(lambda connection: own.lease(connection, ann, purpose="review"))
    assert repeat.purpose == "audit"
    give(project, item, ann, Verdict(verdict="accept", seen=seen(project, item)))
    done = sa.update(tables.tasks).where(tables.tasks.c.id == repeat.id).values(state="done")
    project.database.write(lambda connection: connection.execute(done))
    assert review.pick(project, policy, [item]) == 1
    assert project.database.write(lambda connection: own.lease(connection, ann, purpose="review")) == []
    assert len(project.database.write(lambda connection: queue.lease(connection, rita, purpose="review"))) == 1


def test_accepting_makes_an_annotation_the_label(make_project: MakeProject) -> None:
    """An accepted annotation is the item's final label, whatever the consensus says, and what was there before is kept."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    (item,) = add_texts(project, ["a"])
    tasks.open_tasks(project, TaskPolicy())
    first = answer(project, item, ann, "bug")
    second = answer(project, item, ben, "refund")
    agree(project, item, "bug", agreement=0.0)
    give(project, item, ann, Verdict(verdict="accept", annotation_id=second, seen=seen(project, item)))
    with project.database.read() as connection:
        (label,) = final_labels(connection, project.id, project.schema)
        before = connection.scalar(sa.select(tables.reviews.c.label_before))
        states = {row.id: row.state for row in connection.execute(sa.select(tables.annotations.c.id, tables.annotations.c.state))}
    assert (label.answer, label.origin, label.confidence) == (Choice("refund"), "review", 1.0)
    assert decode(before) == {"intent": {"kind": "choice", "label": "bug"}}
    assert states == {first: "submitted", second: "accepted"}


def test_a_rejection_goes_back_to_its_author_with_the_reason(make_project: MakeProject) -> None:
    """The rejected answer counts no more, its author gets the item again, and the review comes back once it is answered."""
    project = make_project()
    ann, rita = add_users(project, "ann", "rita")
    (item,) = add_texts(project, ["a"])
    tasks.open_tasks(project, TaskPolicy())
    project.database.write(lambda connection: connection.execute(sa.update(tables.tasks).values(state="done", user_id=ann)))
    first = answer(project, item, ann, "bug")
    agree(project, item, "bug")
    policy = ReviewPolicy(sample="100%")
    assert review.pick(project, policy, [item]) == 1
    project.database.write(
        lambda connection: connection.execute(
            sa.update(tables.tasks).where(tables.tasks.c.purpose == "review").values(state="done", user_id=rita)
        )
    )
    give(project, item, rita, Verdict(verdict="reject", reason="It asks for money."))
    queue = Queue(project.id, TaskPolicy(gold="0%"))
    (redo,) = project.database.write(lambda connection: queue.lease(connection, ann))
    assert (redo.purpose, redo.annotation_id) == ("redo", first)
    assert review.pick(project, policy, [item]) == 0
    project.database.write(
        lambda connection: connection.execute(sa.update(tables.tasks).where(tables.tasks.c.id == redo.id).values(state="done"))
    )
    answer(project, item, ann, "refund")
    assert review.pick(project, policy, [item]) == 1


def test_what_an_unknown_author_gave_is_asked_of_anybody(make_project: MakeProject) -> None:
    """A rejected answer whose author was deactivated opens the item for everybody."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    (item,) = add_texts(project, ["a"])
    tasks.open_tasks(project, TaskPolicy())
    project.database.write(lambda connection: connection.execute(sa.update(tables.tasks).values(state="done", user_id=ann)))
    answer(project, item, ann, "bug")
    project.database.write(lambda connection: connection.execute(sa.update(tables.users).where(tables.users.c.id == ann).values(active=0)))
    give(project, item, ben, Verdict(verdict="reject", reason="No."))
    assert count(project, tables.tasks, tables.tasks.c.state == "open", tables.tasks.c.purpose == "label") == 1


def test_what_was_sent_back_to_somebody_who_left_is_asked_of_others(make_project: MakeProject) -> None:
    """Whether the author is shut out or loses the role after the rejection, the item waits for nobody who cannot come."""
    for leave in ("shut out", "no role"):
        project = make_project(name=leave)
        ann, ben = add_users(project, f"ann {leave}", f"ben {leave}")
        (item,) = add_texts(project, ["a"])
        tasks.open_tasks(project, TaskPolicy())
        mine = sa.update(tables.tasks).where(tables.tasks.c.item_id == item).values(state="done", user_id=ann)
        project.database.write(lambda connection, mine=mine: connection.execute(mine))
        answer(project, item, ann, "bug")
        give(project, item, ben, Verdict(verdict="reject", reason="No."))
        redo = (tables.tasks.c.item_id == item, tables.tasks.c.state == "open", tables.tasks.c.purpose == "redo")
        assert count(project, tables.tasks, *redo) == 1
        if leave == "shut out":
            project.database.write(lambda connection, ann=ann: people.set_active(connection, ann, False))
        else:
            project.database.write(lambda connection, ann=ann, number=project.id: people.set_role(connection, number, ann, None))
        queue = Queue(project.id, TaskPolicy(gold="0%"))
        (task,) = project.database.write(lambda connection, queue=queue, ben=ben: queue.lease(connection, ben))
        assert (task.item_id, task.purpose) == (item, "label")


def test_a_rejected_fix_goes_to_another_review_and_to_no_annotator(make_project: MakeProject) -> None:
    """A reviewer's own version has no author in the queue, so that its rejection asks nobody beyond the overlap."""
    project = make_project()
    ann, rita = add_users(project, "ann", "rita")
    (item,) = add_texts(project, ["a"])
    tasks.open_tasks(project, TaskPolicy())
    project.database.write(lambda connection: connection.execute(sa.update(tables.tasks).values(state="done", user_id=ann)))
    number = answer(project, item, rita, "bug")
    project.database.write(lambda connection: connection.execute(sa.update(tables.annotations).values(origin="review")))
    give(project, item, ann, Verdict(verdict="reject", annotation_id=number, reason="No."))
    assert count(project, tables.tasks, tables.tasks.c.state == "open", tables.tasks.c.purpose == "review") == 1
    assert count(project, tables.tasks, tables.tasks.c.state == "open", tables.tasks.c.purpose == "label") == 0


def test_a_verdict_about_answers_that_have_changed_is_refused(make_project: MakeProject) -> None:
    """Whoever was shown one answer, or one consensus, does not accept another one that came in the meantime, nor anything unseen."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    (item,) = add_texts(project, ["a"])
    tasks.open_tasks(project, TaskPolicy())
    shown = answer(project, item, ann, "refund")
    before = seen(project, item)
    project.database.write(
        lambda connection: connection.execute(
            sa.update(tables.annotations).where(tables.annotations.c.id == shown).values(state="replaced")
        )
    )
    newer = answer(project, item, ann, "bug")
    with pytest.raises(Conflict, match="changed since"):
        give(project, item, ben, Verdict(verdict="accept", seen=before))
    before = seen(project, item)
    agree(project, item, "other")
    with pytest.raises(Conflict, match="changed since"):
        give(project, item, ben, Verdict(verdict="accept", seen=before))
    with pytest.raises(InvalidInput, match="what was seen"):
        give(project, item, ben, Verdict(verdict="accept", annotation_id=newer))
    assert give(project, item, ben, Verdict(verdict="accept", seen=seen(project, item)))


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict(verdict="reject"), InvalidInput),
        (Verdict(verdict="fix"), InvalidInput),
        (Verdict(verdict="reject", reason="which?"), InvalidInput),
        (Verdict(verdict="fix", values={"intent": Choice("bug")}, annotation_id=999), NotFound),
    ],
)
def test_a_verdict_that_lacks_something_is_refused(make_project: MakeProject, verdict: Verdict, error: type[Exception]) -> None:
    """A rejection needs a reason and says which of several annotations it means; a fix needs values."""
    project = make_project()
    ann, ben = add_users(project, "ann", "ben")
    (item,) = add_texts(project, ["a"])
    answer(project, item, ann, "bug")
    answer(project, item, ben, "refund")
    with pytest.raises(error):
        give(project, item, ann, verdict)


def test_an_unknown_rule_is_an_error_of_the_pipeline_file() -> None:
    """The error names the nearest known rule."""
    with pytest.raises(InvalidPipeline, match="low_agreement"):
        ReviewPolicy(always=("low_agrement",)).check()


def test_a_review_can_be_asked_for(make_project: MakeProject) -> None:
    """A manager may send any item to review; asking twice opens one task."""
    project = make_project()
    (item,) = add_texts(project, ["a"])
    assert project.database.write(lambda connection: review.request(connection, project, item, "requested"))
    assert not project.database.write(lambda connection: review.request(connection, project, item, "requested"))
    assert picks(project) == {item: (0, ["requested"])}


def test_nobody_reviews_an_own_fix(make_project: MakeProject) -> None:
    """A review that is asked for after a reviewer's fix goes to another reviewer."""
    project = make_project()
    ann, rita, ben = add_users(project, "ann", "rita", "ben", role="reviewer")
    (item,) = add_texts(project, ["a"])
    answer(project, item, ann, "bug")
    fixed = answer(project, item, rita, "refund")
    project.database.write(
        lambda connection: connection.execute(
            sa.update(tables.annotations).where(tables.annotations.c.id == fixed).values(origin="review", state="accepted")
        )
    )
    project.database.write(lambda connection: review.request(connection, project, item, "asked"))
    queue = Queue(project.id, TaskPolicy())
    assert project.database.write(lambda connection: queue.lease(connection, rita, purpose="review")) == []
    assert len(project.database.write(lambda connection: queue.lease(connection, ben, purpose="review"))) == 1
