"""What a person sees of a task: the shapes that the page and programs get."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright import annotate
from labelwright.annotate import Comment, Draft
from labelwright.review import shown
from labelwright.schema import Finding, ShownSuggestion
from labelwright.schema.item import Field
from labelwright.schema.kinds import AnswerUnion
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer, decode_fields, decode_values
from labelwright.store.statement import Statement

if TYPE_CHECKING:
    from labelwright.pipeline.workspace import OpenProject
    from labelwright.tasks import Leased

__all__ = ["MyAnnotation", "TaskView", "assisted", "count_answered", "in_view", "my_annotations", "show"]


class ItemView(Struct, frozen=True):
    """What there is to look at."""

    id: int
    key: str
    data: dict[str, Field]
    meta: dict[str, Any]


class SuggestionView(Struct, frozen=True):
    """What a machine proposes; `score` is its own confidence."""

    question: str
    labeler: str
    version: str
    answer: AnswerUnion
    score: float | None


class RedoView(Struct, frozen=True):
    """Why an answer came back, and what it was."""

    reason: str
    reviewer: str
    values: dict[str, AnswerUnion]


class AnnotationView(Struct, frozen=True):
    """An answer under review; the annotator is not named where the project is blind."""

    id: int
    annotator: str | None
    values: dict[str, AnswerUnion]
    seconds_active: float
    created_at: float


class ConsensusView(Struct, frozen=True):
    """What the answers say together."""

    answer: AnswerUnion
    confidence: float
    agreement: float | None


class ReviewView(Struct, frozen=True):
    """What a reviewer judges. The verdict sends `seen` back: it stands for the answers and the consensus shown here."""

    annotations: list[AnnotationView]
    consensus: dict[str, ConsensusView]
    findings: list[Finding]
    reasons: list[str]
    seen: str


class TaskView(Struct, frozen=True, kw_only=True):
    """A task with all that the page needs to show it. A gold item looks exactly like any other.

    `pipeline_version` says under which questions it is asked: where a page knows others, the project has changed.
    """

    id: int
    project: str
    purpose: str
    lease: str
    lease_seconds: float
    pipeline_version: int
    item: ItemView
    suggestions: list[SuggestionView]
    draft: Draft | None
    redo: RedoView | None = None
    review: ReviewView | None = None
    values: dict[str, AnswerUnion] | None = None
    comments: list[Comment]


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
_suggested = Statement(
    sa.select(_suggestions.c.question, _suggestions.c.labeler, _suggestions.c.version, _suggestions.c.answer, _suggestions.c.score).where(
        _suggestions.c.item_id == sa.bindparam("item")
    )
)


def assisted(opened: OpenProject, key: str) -> bool:
    """Tell whether suggestions are shown for the item: all but a share, as good as random, that serves to compare."""
    hidden = opened.pipeline.tasks.unassisted_share
    digest = hashlib.blake2b(f"unassisted\0{opened.project.name}\0{key}".encode(), digest_size=8).digest()
    return hidden == 0 or int.from_bytes(digest, "big") / 2**64 >= hidden


def show(connection: Connection, opened: OpenProject, user_id: int, task: Leased) -> TaskView:
    """Return what the person who holds `task` sees."""
    key, data, meta, saves, draft, commented, suggested = _shown.one(connection, item=task.item_id, task=task.id, author=user_id)
    reviewing = task.purpose == "review"
    comments = annotate.read_comments(connection, task.item_id) if commented else []
    if opened.pipeline.tasks.blind and not reviewing:
        heard = {user_id} if task.purpose != "redo" else {user_id, *_reviewers(connection, opened.project.id)}
        comments = [comment for comment in comments if comment.user_id in heard]
    return TaskView(
        id=task.id,
        project=opened.project.name,
        purpose="label" if task.purpose == "gold" else task.purpose,
        lease=task.lease,
        lease_seconds=opened.pipeline.tasks.lease_seconds,
        pipeline_version=opened.version,
        item=ItemView(id=task.item_id, key=key, data=decode_fields(data), meta=decode(meta)),
        suggestions=_best_suggestions(connection, task.item_id) if suggested and (reviewing or assisted(opened, key)) else [],
        draft=Draft(saves, msgspec.json.decode(draft)) if draft is not None else None,
        redo=_redo(connection, task.annotation_id) if task.purpose == "redo" and task.annotation_id else None,
        review=_review(connection, opened, task.item_id) if reviewing else None,
        comments=comments,
    )


def _reviewers(connection: Connection, project_id: int) -> set[int]:
    memberships = tables.memberships
    query = sa.select(memberships.c.user_id).where(memberships.c.project_id == project_id, memberships.c.role != "annotator")
    return set(connection.scalars(query))


def _best_suggestions(connection: Connection, item_id: int) -> list[SuggestionView]:
    """The most confident suggestion for each question."""
    best: dict[str, tuple[float, Any]] = {}
    for row in _suggested.all(connection, item=item_id):
        score = row[4] if row[4] is not None else 0.0
        if row[0] not in best or score > best[row[0]][0]:
            best[row[0]] = (score, row)
    return [
        SuggestionView(question, labeler, version, decode_answer(answer), score)
        for _, (question, labeler, version, answer, score) in best.values()
    ]


def in_view(
    connection: Connection, opened: OpenProject, item_id: int, key: str, values: Mapping[str, AnswerUnion]
) -> list[ShownSuggestion]:
    """Return the suggestions that whoever gives these answers has in view, as they stand, and whether the answers are the same."""
    if not assisted(opened, key):
        return []
    return [
        ShownSuggestion(
            question=one.question,
            labeler=one.labeler,
            version=one.version,
            score=one.score,
            taken=values.get(one.question) == one.answer,
        )
        for one in _best_suggestions(connection, item_id)
    ]


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


def _review(connection: Connection, opened: OpenProject, item_id: int) -> ReviewView:
    consensus, findings, picks, users = tables.consensus, tables.findings, tables.review_picks, tables.users
    blind = opened.pipeline.tasks.blind
    answers = connection.execute(
        sa.select(_annotations.c.id, users.c.name, _annotations.c["values"], _annotations.c.seconds_active, _annotations.c.created_at)
        .join(users, users.c.id == _annotations.c.user_id)
        .where(_annotations.c.item_id == item_id, _annotations.c.state.in_(("submitted", "accepted")))
        .order_by(_annotations.c.id)
    )
    found = connection.execute(
        sa.select(findings.c.rule, findings.c.severity, findings.c.message, findings.c.question, findings.c.unit).where(
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
            {row: Finding(rule=row[0], severity=row[1], message=row[2], question=row[3], unit=row[4]) for row in map(tuple, found)}.values()
        ),
        reasons=list(dict.fromkeys(decode(reasons))) if reasons else [],
        seen=shown(connection, item_id),
    )


class MyAnnotation(Struct, frozen=True):
    """One of one's own answers, to go back to."""

    annotation_id: int
    task_id: int | None
    item_key: str
    state: str
    created_at: float


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
