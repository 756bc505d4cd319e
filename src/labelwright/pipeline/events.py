"""What can happen in a project: one event is one function, called within one transaction.

Every function takes the connection of that transaction first, so that all it does is done, or nothing is:

    inspected = events.inspect(opened, task_id, submission.values, seconds_active=submission.seconds_active)
    database.write(lambda connection: events.submit(connection, opened, user_id, task_id, submission, inspected, key=key))

Answers are inspected before, outside of it, for checks may take their time. Whether the person may do it at all has been decided before,
by `server.access`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright import annotate, checks, review, tasks
from labelwright.api.tasks import Audited, BlindAnswer, Comment, Reviewed, Submission, Submitted, TaskView
from labelwright.errors import AnsweredBefore, Conflict, InvalidInput, LeaseLost, NotFound
from labelwright.pipeline.inspecting import Inspected, OutdatedInspection, accept, inspect
from labelwright.pipeline.lot import NO_HELP, help_given
from labelwright.pipeline.views import label_of, seen_of, show
from labelwright.pipeline.workspace import OpenProject
from labelwright.schema import Item, Values, Verdict
from labelwright.store import criteria, log, tables
from labelwright.store.bulk import lock_project
from labelwright.store.codec import decode, decode_fields, decode_values
from labelwright.store.comments import read_comments
from labelwright.store.portable import lock_row
from labelwright.store.statement import Statement
from labelwright.tasks import Leased

__all__ = [
    "Inspected",
    "OutdatedInspection",
    "add_comment",
    "answer_blind",
    "declare_editorial",
    "give_review",
    "heartbeat",
    "inspect",
    "next_tasks",
    "release",
    "request_review",
    "resolve_comment",
    "save_draft",
    "skip",
    "submit",
    "task_view",
]

MOST_SECONDS = 24 * 3600.0
"""A claim to have looked at one item for longer is cut to this."""


class _Task(Struct, frozen=True):
    id: int
    item_id: int
    purpose: str
    state: str
    user_id: int | None
    lease: str | None
    annotation_id: int | None
    leased_at: float | None
    lane: int
    suggested: bool  # some labeler has a suggestion for the item

    @property
    def leased(self) -> Leased:
        """What whoever has it in hand sees of it."""
        return Leased(self.id, self.item_id, self.purpose, self.lease or "", self.annotation_id, self.lane)

    def held_by(self, user_id: int) -> bool:
        return self.state == "leased" and self.user_id == user_id


_tasks, _annotations = tables.tasks, tables.annotations
_a_task = sa.select(
    *(_tasks.c[name] for name in _Task.__struct_fields__ if name != "suggested"),
    sa.exists(sa.select(tables.suggestions.c.id).where(tables.suggestions.c.item_id == _tasks.c.item_id)),
).where(_tasks.c.id == sa.bindparam("task"), _tasks.c.project_id == sa.bindparam("is_project"))
_look = Statement(_a_task)
_find = Statement(_a_task.with_for_update(of=_tasks))
_close = Statement(
    sa.update(_tasks)
    .where(_tasks.c.id == sa.bindparam("task"))
    .values(state="done", user_id=sa.bindparam("holder"), lease_ends=None, done_at=sa.bindparam("now"))
)
_forget_draft = Statement(
    sa.delete(tables.drafts).where(tables.drafts.c.task_id == sa.bindparam("task"), tables.drafts.c.user_id == sa.bindparam("author"))
)
_own = Statement(
    sa.select(_annotations.c.id, _annotations.c.state)
    .where(_annotations.c.task_id == sa.bindparam("task"), _annotations.c.user_id == sa.bindparam("author"))
    .order_by(_annotations.c.id.desc())
    .limit(1)
)


def next_tasks(connection: Connection, opened: OpenProject, user_id: int, *, count: int = 1, purpose: str = "label") -> list[TaskView]:
    """Lease up to `count` tasks for `label` or `review`; those that the person holds already come first.

    Raises:
        InvalidInput: the count or the purpose is none that there is.
    """
    if purpose not in ("label", "review"):
        raise InvalidInput(f"There are no tasks for '{purpose}'.", where="purpose", hint="Ask for label or review.")
    if not 1 <= count <= tasks.MOST_HELD:
        raise InvalidInput(f"One request leases 1 to {tasks.MOST_HELD} tasks.", where="count")
    leased = opened.queue.lease(connection, user_id, count=count, purpose=purpose)
    return _shown(connection, opened, user_id, leased)


def heartbeat(connection: Connection, opened: OpenProject, user_id: int, task_id: int, lease: str) -> float:
    """Keep a lease alive and return how many seconds it runs from now.

    Raises:
        LeaseLost: the lease has ended.
    """
    _task(connection, opened, task_id)
    lasting = opened.pipeline.tasks.lease_seconds
    tasks.extend(connection, task_id, user_id, lease, lasting)
    return lasting


def save_draft(connection: Connection, opened: OpenProject, user_id: int, task_id: int, *, lease: str, sequence: int, body: Any) -> int:
    """Keep the unfinished work on a task, and its lease alive; return the sequence of the draft that is kept now.

    Raises:
        LeaseLost: the task is with somebody else. The page keeps its copy.
    """
    task = _task(connection, opened, task_id)
    if task.held_by(user_id):
        tasks.extend(connection, task_id, user_id, task.lease or "", opened.pipeline.tasks.lease_seconds)
    elif not (task.state == "open" and tasks.held_last(task.lease, lease, user_id)):
        raise _lost()
    return annotate.save_draft(connection, task_id, user_id, sequence=sequence, body=body)


def submit(
    connection: Connection,
    opened: OpenProject,
    user_id: int,
    task_id: int,
    submission: Submission,
    inspected: Inspected,
    *,
    key: str,
    next: bool = True,
) -> Submitted:
    """Take an answer that `inspect` has looked at: keep it, close the task, and lease the next one.

    The same key and body a second time change nothing and return the same annotation. An own answer may be corrected, under a new key that
    names the one that it `replaces`, until it was reviewed. A lease that ran out does no harm as long as nobody else took the task.

    Raises:
        OutdatedInspection: the item or the pipeline changed after `inspect`.
        Blocked: a check found an error.
        NeedsConfirmation: checks warn, and `confirmed` is not set.
        InvalidInput: the answers do not fit the questions.
        LeaseLost: the task is with somebody else.
        AnsweredBefore: the person has answered the task, and the submission does not name that answer.
        KeyReused: the key came with another body before.
        NotFound: the project has no such task.
    """
    body = annotate.digest(task_id, submission)
    task = _task(connection, opened, task_id)
    # While a task is still this person's, no submission can have closed it: a key that is known then was used for another.
    known = None if task.held_by(user_id) else annotate.already_done(connection, user_id, key, body)
    if known is not None:
        return Submitted(known, [], _next(connection, opened, user_id, "label", resume=True) if next else None)
    if task.purpose not in ("label", "gold", "redo"):
        raise Conflict("This task asks for a review.", where="task")
    replaces = _answered_before(connection, task, user_id, submission)
    accept(connection, opened, inspected, task.item_id, confirmed=submission.confirmed)
    values, findings = inspected.values, inspected.findings
    annotation_id = annotate.answer_task(
        connection,
        key=key,
        body_digest=body,
        project_id=opened.project.id,
        item_id=task.item_id,
        task_id=task_id,
        user_id=user_id,
        pipeline_version=opened.project.pipeline_version,
        values=values,
        purpose=task.purpose,
        help=help_given(connection, opened, task.leased, inspected.item_key, user_id, values, since=task.leased_at)
        if task.suggested
        else NO_HELP,
        seconds_active=min(max(submission.seconds_active or 0.0, 0.0), MOST_SECONDS),
        replaces=replaces,
    )
    if findings:
        checks.store_findings(connection, opened.project.id, task.item_id, annotation_id, findings, stage="submit")
    # Going back to correct an answer asks for no further task.
    wanted = next and task.state != "done"
    return Submitted(annotation_id, findings, _next(connection, opened, user_id, "label") if wanted else None)


def skip(
    connection: Connection, opened: OpenProject, user_id: int, task_id: int, reason: str = "", *, reviews: bool = True
) -> TaskView | None:
    """Pass a task on to somebody else, for a reason, and return the next one; the same item does not come back to this person.

    Without `reviews`, the person may not review any more, and the next one is none of these.

    An item that as many people passed on as would have answered it, and two at least, goes to a reviewer, who can answer it, and so does
    one whose author, asked again, passes it on. A review comes back after a while, when nobody else has given it.

    Raises:
        LeaseLost: the task is not with this person.
    """
    task = _held(connection, opened, user_id, task_id)
    _release(connection, opened, task, user_id)
    people = tasks.remember_skip(connection, task.item_id, user_id, reason[:1000])
    if task.purpose == "redo":
        tasks.cancel(connection, task_id)
        review.request(connection, opened.project, task.item_id, "skipped")
    elif task.purpose == "gold":
        tasks.cancel(connection, task_id)
    elif task.purpose == "label" and people >= max(opened.pipeline.tasks.start, 2):
        tasks.cancel_open(connection, task.item_id)
        review.request(connection, opened.project, task.item_id, "skipped")
    log.append(connection, opened.project.id, "task_skipped", user_id=user_id, item_id=task.item_id, payload={"reason": reason[:1000]})
    purpose = "review" if task.purpose in ("review", "audit") else "label"
    return _next(connection, opened, user_id, purpose) if reviews or purpose == "label" else None


def release(connection: Connection, opened: OpenProject, user_id: int, task_id: int) -> None:
    """Give a task back unanswered; it may come again.

    Raises:
        LeaseLost: the task is not with this person.
    """
    _release(connection, opened, _held(connection, opened, user_id, task_id), user_id)


def answer_blind(connection: Connection, opened: OpenProject, user_id: int, task_id: int, answer: BlindAnswer, *, key: str) -> Audited:
    """Take an auditor's blind answer. Where it says what the label says, the audit is over; otherwise the label is shown beside it.

    Raises:
        InvalidInput: the answers do not fit the questions.
        Conflict: the task asks for something else, or was answered blind before, with another answer.
        LeaseLost: the audit is with somebody else.
        KeyReused: the key came with another body before.
    """
    body = annotate.digest(task_id, answer)
    task = _task(connection, opened, task_id)
    known = annotate.already_done(connection, user_id, key, body)
    if known is not None:
        return Audited(True, None, _next(connection, opened, user_id, "review", resume=True))
    if task.purpose != "audit":
        raise Conflict("This task asks for no audit.", where="task")
    if not task.held_by(user_id):
        raise _lost()
    _settle_first(connection, task.item_id)
    values = opened.project.schema.read_given(answer.values)
    _check_fit(connection, opened, task, values)
    seconds = min(max(answer.seconds_active, 0.0), MOST_SECONDS)
    review.keep_blind(connection, opened.project.id, task_id, user_id, values, seconds)
    label = label_of(connection, opened, task.item_id, task.annotation_id)
    if not review.agrees(opened.project.schema, label, values):
        return Audited(False, show(connection, opened, user_id, task.leased), None)
    verdict = Verdict(verdict="accept", seen=seen_of(connection, task.item_id, task.annotation_id), seconds_active=seconds)
    _end_audit(connection, opened, user_id, task, verdict)
    annotate.remember(connection, user_id, key, body, task_id)
    return Audited(True, None, _next(connection, opened, user_id, "review"))


def _end_audit(
    connection: Connection, opened: OpenProject, user_id: int, task: _Task, verdict: Verdict, inspected: Inspected | None = None
) -> None:
    """Write down how an audit ended, and close its task."""
    blind = review.blind_answer(connection, task.id, user_id)
    if blind is None:
        raise Conflict("An audit is answered blind before the label is shown.", where="task", hint="Send your own answer first.")
    review.check_audit(verdict, seen_of(connection, task.item_id, task.annotation_id))
    if verdict.verdict == "fix":
        accept(connection, opened, _given(inspected), task.item_id, confirmed=True)
    if task.annotation_id is not None:
        review.record_planted(
            connection,
            opened.project,
            item_id=task.item_id,
            task_id=task.id,
            annotation_id=task.annotation_id,
            auditor_id=user_id,
            blind=blind,
            verdict=verdict,
            values=_given(inspected).values if verdict.verdict == "fix" else {},
        )
        # It is about no label, so no item is named; what the certificate says of auditors follows from it.
        log.append(connection, opened.project.id, "planted_audit_given", user_id=user_id, subject_id=task.id)
        # The audit of the item's label was kept from this person meanwhile.
        opened.queue.search_anew(user_id, "review")
    else:
        label = label_of(connection, opened, task.item_id, None)
        about = review.audited_annotation(connection, opened.project.schema, task.item_id, label)
        _record(connection, opened, user_id, task, verdict, about, inspected, label=label)
    _finish(connection, task.id, user_id)


def _given(inspected: Inspected | None) -> Inspected:
    if inspected is None:
        raise ValueError("The values of a fix are inspected before.")
    return inspected


def _record(
    connection: Connection,
    opened: OpenProject,
    user_id: int,
    task: _Task,
    verdict: Verdict,
    about: sa.Row[int, int, str] | None,
    inspected: Inspected | None,
    *,
    label: Values | None = None,
) -> int:
    """Keep a fix as an annotation of the reviewer's, write the review and its event, and return the review's number."""
    fixed = None
    if verdict.verdict == "fix":
        fixed = annotate.add_annotation(
            connection,
            project_id=opened.project.id,
            item_id=task.item_id,
            task_id=task.id,
            user_id=user_id,
            pipeline_version=opened.project.pipeline_version,
            values=_given(inspected).values,
            origin="review",
            purpose="review",
            seconds_active=verdict.seconds_active,
            state="accepted",
        )
    review_id = review.record(
        connection,
        opened.project,
        item_id=task.item_id,
        task_id=task.id,
        reviewer_id=user_id,
        verdict=verdict,
        annotation=about,
        fixed_annotation_id=fixed,
        label=label,
    )
    log.append(
        connection,
        opened.project.id,
        "review_given",
        user_id=user_id,
        item_id=task.item_id,
        subject_id=review_id,
        payload={"verdict": verdict.verdict},
    )
    return review_id


def give_review(
    connection: Connection,
    opened: OpenProject,
    user_id: int,
    task_id: int,
    verdict: Verdict,
    inspected: Inspected | None = None,
    *,
    key: str,
) -> Reviewed:
    """Take a reviewer's verdict, or an auditor's second decision, and lease the next review.

    A fix is kept as an annotation of the reviewer's beside the one it corrects. `inspected` is what `inspect` says of the values of a fix.

    Raises:
        OutdatedInspection: the item or the pipeline changed after `inspect`.
        Blocked: a check found an error in the fixed values.
        InvalidInput: the verdict lacks its values, its reason or the annotation it is about.
        LeaseLost: the review is with somebody else.
        KeyReused: the key came with another body before.
    """
    body = annotate.digest(task_id, verdict)
    task = _task(connection, opened, task_id)
    known = annotate.already_done(connection, user_id, key, body)
    if known is not None:
        given = None if task.purpose == "audit" else known
        return Reviewed(given, _next(connection, opened, user_id, "review", resume=True))
    if task.purpose not in ("review", "audit"):
        raise Conflict("This task asks for labels, not for a review.", where="task")
    if not task.held_by(user_id):
        raise _lost()
    _settle_first(connection, task.item_id)
    if task.purpose == "audit":
        _end_audit(connection, opened, user_id, task, verdict, inspected)
        annotate.remember(connection, user_id, key, body, task_id)
        return Reviewed(None, _next(connection, opened, user_id, "review"))
    about = review.reviewed_annotation(connection, task.item_id, verdict)
    if verdict.verdict == "fix":
        accept(connection, opened, _given(inspected), task.item_id, confirmed=True)
    review_id = _record(connection, opened, user_id, task, verdict, about, inspected)
    _finish(connection, task_id, user_id)
    annotate.remember(connection, user_id, key, body, review_id)
    return Reviewed(review_id, _next(connection, opened, user_id, "review"))


def add_comment(
    connection: Connection,
    opened: OpenProject,
    user_id: int,
    item_id: int,
    *,
    text: str,
    annotation_id: int | None = None,
    question: str | None = None,
    part: str | None = None,
    own_only: bool = False,
) -> Comment:
    """Add a comment to an item and return it; with `own_only` it may be about no annotation but an own one.

    Raises:
        InvalidInput: there is no such question, or the text is empty or too long.
        NotFound: the item has no such annotation, or with `own_only` not of this person: that others have answered is not told either.
    """
    if own_only and annotation_id is not None:
        author = connection.scalar(sa.select(_annotations.c.user_id).where(_annotations.c.id == annotation_id))
        if author != user_id:
            raise NotFound("The item has no such annotation.", where=f"annotation {annotation_id}")
    if question is not None and question not in opened.project.schema.questions:
        raise InvalidInput(f"There is no question '{question}'.", where="question")
    number = annotate.add_comment(
        connection, opened.project.id, item_id, user_id, text, annotation_id=annotation_id, question=question, part=part
    )
    log.append(connection, opened.project.id, "comment_added", user_id=user_id, item_id=item_id, subject_id=number)
    return _comment(connection, item_id, number)


def resolve_comment(connection: Connection, opened: OpenProject, user_id: int, comment_id: int, *, own_only: bool = False) -> None:
    """Mark a comment as settled; doing it twice changes nothing.

    Raises:
        NotFound: with `own_only`, the comment is not this person's.
    """
    comments = tables.comments
    if own_only and connection.scalar(sa.select(comments.c.user_id).where(comments.c.id == comment_id)) != user_id:
        raise NotFound("There is no such comment of yours.", where=f"comment {comment_id}")
    if annotate.resolve_comment(connection, comment_id):
        log.append(connection, opened.project.id, "comment_resolved", user_id=user_id, subject_id=comment_id)


def request_review(connection: Connection, opened: OpenProject, user_id: int, item_id: int) -> bool:
    """Send an item to review, whatever the rules say, and tell whether that opened one.

    Raises:
        NotFound: the project has no such item.
    """
    items = tables.items
    if connection.scalar(sa.select(items.c.id).where(items.c.id == item_id, items.c.project_id == opened.project.id)) is None:
        raise NotFound("There is no such item.", where=f"item {item_id}")
    opens = review.request(connection, opened.project, item_id, "requested")
    if opens:
        log.append(connection, opened.project.id, "review_requested", user_id=user_id, item_id=item_id)
    return opens


def declare_editorial(connection: Connection, opened: OpenProject, *, clause: str | None = None) -> list[str]:
    """Declare that the newest changes of the guidelines, or of one clause, mean what was meant before; return the clauses.

    Audits that the changes had put aside count again, and nobody is asked for them anew: they are closed, but for those in hand.

    Raises:
        InvalidInput: the newest version changes no clause that the one before has, or not this one.
    """
    lock_project(connection, opened.project.id)
    declared = criteria.declare_editorial(connection, opened.project.id, clause=clause)
    review.close_needless(connection, opened.project)
    return declared


def task_view(connection: Connection, opened: OpenProject, user_id: int, task_id: int) -> TaskView:
    """Return a task of one's own: one that is held, or one that was answered, with the answer.

    Raises:
        NotFound: the task is not this person's.
    """
    task = _task(connection, opened, task_id, finding=_look)
    if task.user_id != user_id or task.state not in ("leased", "done"):
        raise NotFound("This task is none of yours.", where="task")
    view = show(connection, opened, user_id, task.leased)
    if task.state == "leased":
        return msgspec.structs.replace(view, lease_seconds=tasks.seconds_left(connection, task_id))
    own = _own.one(connection, task=task_id, author=user_id)
    values = connection.scalar(sa.select(_annotations.c["values"]).where(_annotations.c.id == own[0])) if own else None
    return msgspec.structs.replace(view, values=decode_values(values) if values else None, annotation_id=own[0] if own else None)


# --- what the events share ------------------------------------------------------------------------------------------------------


def _task(connection: Connection, opened: OpenProject, task_id: int, *, finding: Statement = _find) -> _Task:
    """Return a task, and keep it from changing until the transaction ends unless it is only looked at."""
    row = finding.one(connection, task=task_id, is_project=opened.project.id)
    if row is None:
        raise NotFound("There is no such task.", where="task")
    return _Task(*row)


def _held(connection: Connection, opened: OpenProject, user_id: int, task_id: int) -> _Task:
    task = _task(connection, opened, task_id)
    if not task.held_by(user_id):
        raise _lost()
    return task


def _release(connection: Connection, opened: OpenProject, task: _Task, user_id: int) -> None:
    tasks.release(connection, task.id, user_id)
    if task.purpose == "audit":
        # It may have been in hand while others of its kind were closed.
        review.close_needless(connection, opened.project, [task.item_id])


def _lost() -> LeaseLost:
    return LeaseLost("This task is not, or no longer, yours.", where="task", hint="Ask for the next task; your draft is kept.")


def _next(connection: Connection, opened: OpenProject, user_id: int, purpose: str, *, resume: bool = False) -> TaskView | None:
    """A task beyond those that the person holds, unless a lost answer is to be repeated."""
    leased = opened.queue.lease(connection, user_id, count=1, purpose=purpose, resume=resume)
    if resume:
        return next(iter(_shown(connection, opened, user_id, leased)), None)
    return show(connection, opened, user_id, leased[0]) if leased else None


def _shown(connection: Connection, opened: OpenProject, user_id: int, leased: Sequence[Leased]) -> list[TaskView]:
    """Tasks of which the person may have held some for a while: each lease runs anew for as long as the view of it says."""
    if leased:
        tasks.renew(connection, user_id, [task.id for task in leased], opened.pipeline.tasks.lease_seconds)
    return [show(connection, opened, user_id, task) for task in leased]


def _answered_before(connection: Connection, task: _Task, user_id: int, submission: Submission) -> int | None:
    """Make sure that the person may answer the task, and return the annotation that the new one replaces."""
    if task.held_by(user_id):
        return task.annotation_id
    if task.state == "open" and tasks.held_last(task.lease, submission.lease, user_id):
        return task.annotation_id
    if task.state == "done" and task.user_id == user_id:
        _settle_first(connection, task.item_id)
        number, state = _own.one(connection, task=task.id, author=user_id)
        if state != "submitted":
            raise Conflict("This answer was reviewed and cannot be changed any more.", where="task", hint="Write a comment.")
        if submission.replaces != number:
            raise AnsweredBefore(
                "You have answered this task already, perhaps in another tab.",
                where="task",
                hint=f"To correct that answer, send this one with `replaces`: {number}.",
            )
        return int(number)
    raise _lost()


def _settle_first(connection: Connection, item_id: int) -> None:
    """Let whoever reviews the item at this moment, or corrects an answer to it, finish first: each then sees what the other did."""
    lock_row(connection, tables.items, item_id)


def _check_fit(connection: Connection, opened: OpenProject, task: _Task, values: Values) -> None:
    """Refuse answers that the questions do not allow for the item."""
    items = tables.items
    query = sa.select(items.c.key, items.c.revision, items.c.data, items.c.meta).where(items.c.id == task.item_id)
    key, revision, data, meta = connection.execute(query).one()
    item = Item(task.item_id, key, revision, decode_fields(data), decode(meta))
    for name, problems in opened.project.schema.problems(values, item).items():
        raise InvalidInput(problems[0].message, where=f"values.{name}")


def _finish(connection: Connection, task_id: int, user_id: int) -> None:
    _close.run(connection, task=task_id, holder=user_id, now=time.time())
    _forget_draft.run(connection, task=task_id, author=user_id)


def _comment(connection: Connection, item_id: int, number: int) -> Comment:
    for comment in read_comments(connection, item_id):
        if comment.id == number:
            return comment
    raise NotFound("There is no such comment.", where=f"comment {number}")
