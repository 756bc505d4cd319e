"""Tasks: take, keep, answer, pass on, review."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from msgspec import Struct
from msgspec.structs import replace

from labelwright.api.done import Done
from labelwright.api.tasks import (
    Audited,
    BlindAnswer,
    Comment,
    DraftSaved,
    LeasedTasks,
    LeaseKept,
    MyAnnotation,
    NextTask,
    Reviewed,
    Submission,
    Submitted,
    TaskView,
    Withheld,
)
from labelwright.errors import InvalidInput
from labelwright.pipeline import events
from labelwright.pipeline.views import count_answered, my_annotations
from labelwright.pipeline.workspace import OpenProject
from labelwright.schema import Verdict
from labelwright.server.even import at_even_times
from labelwright.server.given import Access
from labelwright.store.comments import read_comments
from labelwright.store.database import Connection

__all__ = ["HANDLERS"]

KeyHeader = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]


class Take(Struct, frozen=True, forbid_unknown_fields=True):
    """How many tasks, whether to label or to review, and whether to count what the person has done: that takes longer the more it is."""

    count: int = 1
    purpose: str = "label"
    done: bool = False


class Beat(Struct, frozen=True, forbid_unknown_fields=True):
    """The lease to be kept alive."""

    lease: str


class DraftBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Unfinished work: `sequence` counts the saves, `body` is the page's own."""

    lease: str
    sequence: int
    body: Any


class SkipBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the task is passed on."""

    reason: str = ""


class CommentBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A comment on an item, or on one annotation, question, or part of the answer, by its id."""

    text: str
    annotation_id: int | None = None
    question: str | None = None
    part: str | None = None


def _key(header: str | None) -> str:
    if not header or len(header) > 200:
        raise InvalidInput("A submission carries an idempotency key.", where="Idempotency-Key", hint="Make up a random one for each.")
    return header


def _purpose(purpose: str) -> str:
    return "review" if purpose == "review" else "annotate"


def _handed_out(access: Access, opened: OpenProject, task: TaskView | None) -> TaskView | None:
    return task and access.hand_out(task, opened)


def _is_blind(access: Access, opened: OpenProject) -> bool:
    return opened.pipeline.tasks.blind and access.role_in(opened) == "annotator"


@post("/api/projects/{project:str}/tasks/next", opt={"permission": "annotate"}, status_code=200)
async def next_tasks(project: FromPath[str], data: JSONBody[Take], access: Access) -> LeasedTasks:
    """Lease tasks; those that are held already come first, so that a reload goes on where it was."""
    opened = access.project(project, _purpose(data.purpose))
    async with at_even_times():
        found = await access.database.write_soon(
            lambda connection: events.next_tasks(connection, opened, access.user_id, count=data.count, purpose=data.purpose)
        )
    done: int | None = None
    if data.done:
        done = await access.database.read_soon(lambda connection: count_answered(connection, opened.project.id, access.user_id))
    withheld: Withheld | None = None
    if data.purpose == "review" and not found:
        withheld = await access.database.read_soon(lambda connection: opened.queue.withheld(connection, access.user_id))
    return LeasedTasks([access.hand_out(task, opened) for task in found], done, withheld)


@get("/api/tasks/{task_id:int}", opt={"permission": "annotate"})
async def one_task(task_id: FromPath[int], access: Access) -> TaskView:
    """Return one's own task: one that is held, or one that was answered, with the answer."""
    inside, opened = await access.by_task(task_id, "annotate")
    found = await access.database.read_soon(lambda connection: events.task_view(connection, opened, access.user_id, inside))
    if found.purpose in ("review", "audit"):
        # It was theirs when they were a reviewer; what it shows is for those who are one now.
        access.require(opened, "review")
    return access.hand_out(found, opened)


@post("/api/tasks/{task_id:int}/heartbeat", opt={"permission": "annotate"}, status_code=200)
async def heartbeat(task_id: FromPath[int], data: JSONBody[Beat], access: Access) -> LeaseKept:
    """Keep a lease alive."""
    inside, opened = await access.by_task(task_id, "annotate")
    lasting = await access.database.write_soon(lambda connection: events.heartbeat(connection, opened, access.user_id, inside, data.lease))
    return LeaseKept(lasting)


@put("/api/tasks/{task_id:int}/draft", opt={"permission": "annotate"})
async def save_draft(task_id: FromPath[int], data: JSONBody[DraftBody], access: Access) -> DraftSaved:
    """Save unfinished work; an older save never overwrites a newer one."""
    inside, opened = await access.by_task(task_id, "annotate")
    sequence = await access.database.write_soon(
        lambda connection: events.save_draft(
            connection, opened, access.user_id, inside, lease=data.lease, sequence=data.sequence, body=data.body
        )
    )
    return DraftSaved(sequence)


@post("/api/tasks/{task_id:int}/submit", opt={"permission": "annotate"}, status_code=200)
async def submit(
    task_id: FromPath[int],
    data: JSONBody[Submission],
    access: Access,
    idempotency_key: KeyHeader = None,
) -> Submitted:
    """Submit an answer; the next task comes along."""
    key = _key(idempotency_key)
    inside, opened = await access.by_task(task_id, "annotate")
    user_id, database = access.user_id, access.database
    async with at_even_times():
        done = await access.control.checking.taken(
            user_id,
            lambda: events.inspect(opened, inside, data.values, seconds_active=data.seconds_active),
            lambda inspected: database.write_soon(
                lambda connection: events.submit(connection, opened, user_id, inside, data, inspected, key=key)
            ),
        )
    return replace(done, next=_handed_out(access, opened, done.next))


@post("/api/tasks/{task_id:int}/skip", opt={"permission": "annotate"}, status_code=200)
async def skip(task_id: FromPath[int], data: JSONBody[SkipBody], access: Access) -> NextTask:
    """Pass a task on to somebody else."""
    inside, opened = await access.by_task(task_id, "annotate")
    # Who holds a review from when they were a reviewer may pass it on, and gets no further one.
    reviews = access.role_in(opened) != "annotator"
    async with at_even_times():
        found = await access.database.write_soon(
            lambda connection: events.skip(connection, opened, access.user_id, inside, data.reason, reviews=reviews)
        )
    return NextTask(_handed_out(access, opened, found))


@post("/api/tasks/{task_id:int}/release", opt={"permission": "annotate"}, status_code=200)
async def release(task_id: FromPath[int], access: Access) -> Done:
    """Give a task back; it may come again."""
    inside, opened = await access.by_task(task_id, "annotate")
    await access.database.write_soon(lambda connection: events.release(connection, opened, access.user_id, inside))
    return Done()


@post("/api/tasks/{task_id:int}/review", opt={"permission": "review"}, status_code=200)
async def review(
    task_id: FromPath[int],
    data: JSONBody[Verdict],
    access: Access,
    idempotency_key: KeyHeader = None,
) -> Reviewed:
    """Give a verdict on a review, or on an audit that was answered blind; the next one comes along."""
    key = _key(idempotency_key)
    inside, opened = await access.by_task(task_id, "review")
    user_id, database = access.user_id, access.database

    async def give(inspected: events.Inspected | None) -> Reviewed:
        return await database.write_soon(
            lambda connection: events.give_review(connection, opened, user_id, inside, data, inspected, key=key)
        )

    if data.verdict == "fix":
        done = await access.control.checking.taken(user_id, lambda: events.inspect(opened, inside, data.values or {}), give)
    else:
        done = await give(None)
    return replace(done, next=_handed_out(access, opened, done.next))


@post("/api/tasks/{task_id:int}/audit", opt={"permission": "review"}, status_code=200)
async def audit(
    task_id: FromPath[int],
    data: JSONBody[BlindAnswer],
    access: Access,
    idempotency_key: KeyHeader = None,
) -> Audited:
    """Give an auditor's blind answer: it ends the audit, or shows the label beside it, to be decided by a verdict."""
    key = _key(idempotency_key)
    inside, opened = await access.by_task(task_id, "review")
    done = await access.database.write_soon(
        lambda connection: events.answer_blind(connection, opened, access.user_id, inside, data, key=key)
    )
    return replace(done, task=_handed_out(access, opened, done.task), next=_handed_out(access, opened, done.next))


@get("/api/projects/{project:str}/annotations/mine", opt={"permission": "annotate"})
async def mine(project: FromPath[str], access: Access, limit: FromQuery[int] = 10) -> list[MyAnnotation]:
    """Return one's own newest answers, to go back to."""
    opened = access.project(project, "annotate")
    found = await access.database.read_soon(
        lambda connection: my_annotations(connection, opened.project.id, access.user_id, min(max(limit, 1), 100))
    )
    outside = access.control.task_numbers.outside
    return [replace(one, task_id=outside(one.task_id) if one.task_id is not None else None) for one in found]


@post("/api/items/{item_id:int}/comments", opt={"permission": "annotate"}, status_code=200)
async def add_comment(item_id: FromPath[int], data: JSONBody[CommentBody], access: Access) -> Comment:
    """Comment on an item that one may see: annotators those that they were handed."""
    inside, opened = await access.by_item(item_id)
    blind = _is_blind(access, opened)
    return await access.database.write_soon(
        lambda connection: events.add_comment(
            connection,
            opened,
            access.user_id,
            inside,
            text=data.text,
            annotation_id=data.annotation_id,
            question=data.question,
            part=data.part,
            own_only=blind,
        )
    )


@get("/api/items/{item_id:int}/comments", opt={"permission": "annotate"})
async def comments(item_id: FromPath[int], access: Access) -> list[Comment]:
    """Return the comments on an item: all for reviewers, one's own where a project is blind, or an audit that one may give waits."""
    inside, opened = await access.by_item(item_id)

    def read(connection: Connection) -> list[Comment]:
        own_only = _is_blind(access, opened) or bool(access.kept_labels(connection, opened)([inside]))
        return [comment for comment in read_comments(connection, inside) if not own_only or comment.user_id == access.user_id]

    return await access.database.read_soon(read)


@post("/api/comments/{comment_id:int}/resolve", opt={"permission": "annotate"}, status_code=200)
async def resolve(comment_id: FromPath[int], access: Access) -> Done:
    """Mark a comment as settled: one's own, or as a reviewer any."""
    opened = await access.by_comment(comment_id, "annotate")
    own_only = access.role_in(opened) == "annotator"
    await access.database.write_soon(
        lambda connection: events.resolve_comment(connection, opened, access.user_id, comment_id, own_only=own_only)
    )
    return Done()


HANDLERS = [
    next_tasks,
    one_task,
    heartbeat,
    save_draft,
    submit,
    skip,
    release,
    review,
    audit,
    mine,
    add_comment,
    comments,
    resolve,
]
