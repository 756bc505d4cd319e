"""What a person sees of a task: the shapes that the page and programs get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import review
from labelwright.api.tasks import AnnotationView, AuditView, ConsensusView, Draft, ItemView, MyAnnotation, RedoView, ReviewView, TaskView
from labelwright.pipeline.lot import in_view
from labelwright.schema import Finding, Values, content_hash
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer, decode_fields, decode_values
from labelwright.store.comments import read_comments
from labelwright.store.evidence import audited_label
from labelwright.store.standing import STANDING
from labelwright.store.statement import Statement

if TYPE_CHECKING:
    from labelwright.pipeline.workspace import OpenProject
    from labelwright.tasks import Leased

__all__ = ["count_answered", "label_of", "my_annotations", "seen_of", "show"]


_items, _suggestions, _annotations = tables.items, tables.suggestions, tables.annotations
_comments, _drafts = tables.comments, tables.drafts
_shown = Statement(
    sa.select(
        _items.c.key,
        _items.c.data,
        _items.c.meta,
        _drafts.c.sequence,
        _drafts.c.body,
        # Most items have neither: only where there are some are they asked for.
        sa.exists(sa.select(_comments.c.id).where(_comments.c.item_id == _items.c.id)),
        sa.exists(sa.select(_suggestions.c.id).where(_suggestions.c.item_id == _items.c.id)),
    )
    .outerjoin(_drafts, sa.and_(_drafts.c.task_id == sa.bindparam("task"), _drafts.c.user_id == sa.bindparam("author")))
    .where(_items.c.id == sa.bindparam("item"))
)


def show(connection: Connection, opened: OpenProject, user_id: int, task: Leased) -> TaskView:
    """Return what the person who holds `task` sees."""
    key, data, meta, saves, draft, commented, suggested = _shown.one(connection, item=task.item_id, task=task.id, author=user_id)
    reviewing, auditing = task.purpose == "review", task.purpose == "audit"
    comments = read_comments(connection, task.item_id) if commented else []
    if auditing or (opened.pipeline.tasks.blind and not reviewing):
        heard = {user_id} if task.purpose != "redo" else {user_id, *_reviewers(connection, opened.project.id)}
        comments = [comment for comment in comments if comment.user_id in heard]
    return TaskView(
        id=task.id,
        project=opened.project.name,
        purpose="label" if task.purpose == "gold" else task.purpose,
        lease=task.lease,
        lease_seconds=opened.pipeline.tasks.lease_seconds,
        pipeline_version=opened.version,
        item=ItemView(id=task.item_id, key=key, data=decode_fields(data), meta=_meta_of(opened, meta)),
        suggestions=in_view(connection, opened, task, key, user_id) if suggested else [],
        draft=Draft(saves, msgspec.json.decode(draft)) if draft is not None else None,
        redo=_redo(connection, task.annotation_id) if task.purpose == "redo" and task.annotation_id else None,
        review=_review(connection, opened, task.item_id) if reviewing else None,
        audit=_audit(connection, opened, user_id, task) if auditing else None,
        comments=comments,
    )


def _meta_of(opened: OpenProject, meta: str) -> dict[str, Any]:
    """Return the columns by which the page tells which questions are asked, and no other: some column may hold the answer."""
    told = opened.project.schema.columns_of_conditions
    return {name: value for name, value in decode(meta).items() if name in told} if told else {}


def _reviewers(connection: Connection, project_id: int) -> set[int]:
    memberships = tables.memberships
    query = sa.select(memberships.c.user_id).where(memberships.c.project_id == project_id, memberships.c.role != "annotator")
    return set(connection.scalars(query))


def _redo(connection: Connection, annotation_id: int) -> RedoView | None:
    reviews, users = tables.reviews, tables.users
    row = connection.execute(
        sa.select(reviews.c.reason, users.c.name, _annotations.c["values"])
        .join(users, users.c.id == reviews.c.reviewer_id)
        .join(_annotations, _annotations.c.id == reviews.c.annotation_id)
        .where(reviews.c.annotation_id == annotation_id, reviews.c.verdict == "reject")
        .order_by(reviews.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row:
        return RedoView(row[0], row[1], decode_values(row[2]))
    values = connection.scalar(sa.select(_annotations.c["values"]).where(_annotations.c.id == annotation_id))
    return RedoView("The questions have changed since you answered.", "the project", decode_values(values)) if values else None


def _audit(connection: Connection, opened: OpenProject, user_id: int, task: Leased) -> AuditView | None:
    """The second step of an audit; None before the first one."""
    own = review.blind_answer(connection, task.id, user_id)
    if own is None:
        return None
    return AuditView(
        label_of(connection, opened, task.item_id, task.annotation_id), own, seen_of(connection, task.item_id, task.annotation_id)
    )


def label_of(connection: Connection, opened: OpenProject, item_id: int, planted: int | None) -> Values:
    """Return the label that an audit is about: the item's, or the answer that is planted as one."""
    if planted:
        return review.planted_answer(connection, planted)
    return audited_label(connection, opened.project.id, opened.project.schema, item_id)


def seen_of(connection: Connection, item_id: int, planted: int | None) -> str:
    """Return the digest of what an audit shows. That of a planted answer never changes, and looks like any other."""
    return content_hash(["planted", planted])[:16] if planted else review.shown(connection, item_id)


def _review(connection: Connection, opened: OpenProject, item_id: int) -> ReviewView:
    consensus, findings, picks, users = tables.consensus, tables.findings, tables.review_picks, tables.users
    blind = opened.pipeline.tasks.blind
    answers = connection.execute(
        sa.select(_annotations.c.id, users.c.name, _annotations.c["values"], _annotations.c.seconds_active, _annotations.c.created_at)
        .join(users, users.c.id == _annotations.c.user_id)
        .where(_annotations.c.item_id == item_id, _annotations.c.state.in_(STANDING))
        .order_by(_annotations.c.id)
    )
    found = connection.execute(
        sa.select(findings.c.rule, findings.c.severity, findings.c.message, findings.c.question, findings.c.part).where(
            findings.c.item_id == item_id
        )
    )
    reasons = connection.scalar(sa.select(picks.c.reasons).where(picks.c.item_id == item_id))
    return ReviewView(
        annotations=[
            AnnotationView(row[0], None if blind else row[1], decode_values(row[2]), seconds_active=row[3], created_at=row[4])
            for row in answers
        ],
        consensus={
            row.question: ConsensusView(decode_answer(row.answer), row.confidence, row.agreement)
            for row in connection.execute(sa.select(consensus).where(consensus.c.item_id == item_id))
        },
        # A finding of the submission and the same one of the dataset's inspection are one to the reader.
        findings=list(
            {row: Finding(rule=row[0], severity=row[1], message=row[2], question=row[3], part=row[4]) for row in map(tuple, found)}.values()
        ),
        reasons=list(dict.fromkeys(decode(reasons))) if reasons else [],
        seen=review.shown(connection, item_id),
    )


def count_answered(connection: Connection, project_id: int, user_id: int) -> int:
    """Return how many items a person has answered, however often each."""
    query = sa.select(sa.func.count(_annotations.c.item_id.distinct())).where(
        _annotations.c.project_id == project_id, _annotations.c.user_id == user_id, _annotations.c.origin == "person"
    )
    return connection.scalar(query) or 0


def my_annotations(connection: Connection, project_id: int, user_id: int, limit: int) -> list[MyAnnotation]:
    """Return a person's newest answers that still stand or came back, the newest first."""
    query = (
        sa.select(_annotations.c.id, _annotations.c.task_id, _items.c.key, _annotations.c.state, _annotations.c.created_at)
        .join(_items, _items.c.id == _annotations.c.item_id)
        .where(
            _annotations.c.project_id == project_id,
            _annotations.c.user_id == user_id,
            _annotations.c.origin == "person",
            _annotations.c.state != "replaced",
        )
        .order_by(_annotations.c.id.desc())
        .limit(limit)
    )
    return [MyAnnotation(*row) for row in connection.execute(query)]
