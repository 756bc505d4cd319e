"""Writes down what reviewers decide: both versions are kept, and what was rejected goes back to its author."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import Conflict, InvalidInput, NotFound
from labelwright.schema import Values, Verdict, content_hash
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.labels import final_labels
from labelwright.store.project import Project
from labelwright.store.standing import STANDING

__all__ = ["record", "reviewed_annotation", "shown"]

_annotations, _consensus = tables.annotations, tables.consensus


def shown(connection: Connection, item_id: int) -> str:
    """Return a digest of what a reviewer of the item is shown: the annotations that stand, and the consensus."""
    standing = sa.select(_annotations.c.id).where(_annotations.c.item_id == item_id, _annotations.c.state.in_(STANDING))
    agreed = sa.select(_consensus.c.question, _consensus.c.answer).where(_consensus.c.item_id == item_id)
    seen = [
        list(connection.scalars(standing.order_by(_annotations.c.id))),
        [tuple(row) for row in connection.execute(agreed.order_by(_consensus.c.question))],
    ]
    return content_hash(seen)[:16]


def reviewed_annotation(connection: Connection, item_id: int, verdict: Verdict) -> sa.Row[int, int, str] | None:
    """Return the annotation `(id, user_id, origin)` that a verdict is about; None stands for the consensus.

    Raises:
        InvalidInput: a verdict lacks what it needs: `accept` what was seen, `fix` its values, `reject` a reason, and the annotation where
            there are several.
        NotFound: the annotation is none of the item's standing ones.
        Conflict: other answers, or another consensus, stand by now than the reviewer has seen.
    """
    if verdict.verdict == "fix" and not verdict.values:
        raise InvalidInput("A fix brings the corrected values.", where="values")
    if verdict.verdict == "reject" and not (verdict.reason or "").strip():
        raise InvalidInput("A rejection goes back to its author and needs a reason.", where="reason")
    if verdict.verdict == "accept" and verdict.seen is None:
        raise InvalidInput("Who accepts says what was seen.", where="seen", hint="Send back the `seen` of the review task.")
    if verdict.seen is not None and verdict.seen != shown(connection, item_id):
        raise Conflict(
            "The answers have changed since you were shown them.", where=f"item {item_id}", hint="Look at them again, then decide."
        )
    query = sa.select(_annotations.c.id, _annotations.c.user_id, _annotations.c.origin).where(
        _annotations.c.item_id == item_id, _annotations.c.state.in_(STANDING)
    )
    standing = list(connection.execute(query.order_by(_annotations.c.id)))
    if verdict.annotation_id is not None:
        for row in standing:
            if row.id == verdict.annotation_id:
                return row
        raise NotFound("That annotation does not stand for this item.", where=f"annotation {verdict.annotation_id}")
    if len(standing) == 1:
        return standing[0]
    if verdict.verdict == "reject":
        raise InvalidInput(f"This item has {len(standing)} annotations: say which one is rejected.", where="annotation_id")
    return None


def record(
    connection: Connection,
    project: Project,
    *,
    item_id: int,
    task_id: int,
    reviewer_id: int,
    verdict: Verdict,
    annotation: sa.Row[int, int, str] | None,
    fixed_annotation_id: int | None,
    label: Values | None = None,
) -> int:
    """Write the review, mark the annotation it is about, send a rejected one back to its author, and return the review's number.

    `label` is what was judged, where that is not the label as it stands: an audit may be about the one before an earlier review.

    Raises:
        InvalidInput: the verdict accepts what is not there.
    """
    reviews, picks = tables.reviews, tables.review_picks
    standing = list(final_labels(connection, project.id, project.schema, item_ids=[item_id]))
    before = label if label is not None else {one.question: one.answer for one in standing}
    if verdict.verdict == "accept" and annotation is None and not before:
        raise InvalidInput("There is no answer to accept yet.", where="verdict", hint="Fix it: give the answers yourself.")
    random = connection.scalar(sa.select(picks.c.random).where(picks.c.item_id == item_id)) or 0
    written = connection.execute(
        sa.insert(reviews).values(
            project_id=project.id,
            item_id=item_id,
            task_id=task_id,
            reviewer_id=reviewer_id,
            verdict=verdict.verdict,
            annotation_id=annotation.id if annotation else None,
            fixed_annotation_id=fixed_annotation_id,
            label_before=encode(before),
            sources=encode({one.question: (one.method, one.annotation_ids) for one in standing}),
            pipeline_version=_shown_under(connection, project, task_id),
            random=random,
            reason=verdict.reason or "",
            seconds_active=verdict.seconds_active,
            created_at=time.time(),
        )
    )
    if annotation:
        state = {"accept": "accepted", "fix": "fixed", "reject": "rejected"}[verdict.verdict]
        connection.execute(sa.update(tables.annotations).where(tables.annotations.c.id == annotation.id).values(state=state))
        if verdict.verdict == "reject":
            _ask_again(connection, project.id, item_id, annotation)
    return int(written.inserted_primary_key[0])  # type: ignore[index]  # an INSERT of one row always has a key


def _shown_under(connection: Connection, project: Project, task_id: int) -> int:
    """Return the version of the pipeline that stood when a task was handed out: whoever answers later has read those criteria."""
    versions, tasks = tables.pipeline_versions, tables.tasks
    handed = sa.select(tasks.c.leased_at).where(tasks.c.id == task_id).scalar_subquery()
    query = sa.select(sa.func.max(versions.c.id)).where(versions.c.project_id == project.id, versions.c.created_at <= handed)
    return connection.scalar(query) or project.pipeline_version


def _ask_again(connection: Connection, project_id: int, item_id: int, annotation: sa.Row[int, int, str]) -> None:
    """Send the item back to the annotation's author, or to anybody where the author takes part no more.

    A reviewer's own fix, or an answer from a file, has no author to ask: another reviewer decides, and nobody is asked beyond the overlap.
    """
    users, memberships = tables.users, tables.memberships
    taking_part = (
        sa.select(users.c.id)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(users.c.id == annotation.user_id, users.c.active == 1, memberships.c.project_id == project_id)
    )
    by_person = annotation.origin == "person"
    mine = by_person and connection.scalar(taking_part) is not None
    row = {
        "project_id": project_id,
        "item_id": item_id,
        "purpose": "redo" if mine else "label" if by_person else "review",
        "state": "open",
        "lane": 0 if by_person else 2,
        "rank": time.time_ns() // 1000,
        "for_user_id": annotation.user_id if mine else None,
        "annotation_id": annotation.id if mine else None,
    }
    connection.execute(sa.insert(tables.tasks).values(row))
