"""Reads everything that is known of one item, for people who look around."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.items import AnnotationRow, ItemDetail, Lineage, ReviewRow
from labelwright.api.projects import Event
from labelwright.errors import NotFound
from labelwright.schema import Finding, Label, Schema, StandingSuggestion, Suggestion
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer, decode_fields, decode_values
from labelwright.store.comments import read_comments
from labelwright.store.labels import final_labels

__all__ = ["count_gone", "read_item", "without_label"]


_items, _annotations, _consensus = tables.items, tables.annotations, tables.consensus


def count_gone(connection: Connection, project_id: int) -> int:
    """Count the items whose row is no longer in its source."""
    items, raw = tables.items, tables.raw_items
    gone = (raw.c.project_id == project_id, raw.c.gone_at.is_not(None), raw.c.state == "current", items.c.state != "replaced")
    return connection.scalar(sa.select(sa.func.count()).select_from(items.join(raw, raw.c.id == items.c.raw_id)).where(*gone)) or 0


def read_item(connection: Connection, project_id: int, schema: Schema, item_id: int) -> ItemDetail:
    """Return everything that is known of one item.

    Raises:
        NotFound: the project has no such item.
    """
    users, reviews, suggestions = tables.users, tables.reviews, tables.suggestions
    item = connection.execute(sa.select(_items).where(_items.c.id == item_id, _items.c.project_id == project_id)).one_or_none()
    if item is None:
        raise NotFound("There is no such item.", where=f"item {item_id}")
    raw = connection.execute(sa.select(tables.raw_items).where(tables.raw_items.c.id == item.raw_id)).one()
    annotations = connection.execute(
        sa.select(_annotations, users.c.name, tables.pipeline_versions.c.number)
        .join(users, users.c.id == _annotations.c.user_id)
        .join(tables.pipeline_versions, tables.pipeline_versions.c.id == _annotations.c.pipeline_version)
        .where(_annotations.c.item_id == item_id)
        .order_by(_annotations.c.id)
    )
    proposed = connection.execute(sa.select(suggestions).where(suggestions.c.item_id == item_id).order_by(suggestions.c.id))
    given = connection.execute(
        sa.select(reviews, users.c.name)
        .join(users, users.c.id == reviews.c.reviewer_id)
        .where(reviews.c.item_id == item_id)
        .order_by(reviews.c.id)
    )
    agreed = connection.execute(sa.select(_consensus).where(_consensus.c.item_id == item_id))
    return ItemDetail(
        id=item.id,
        key=item.key,
        state=item.state,
        data=decode_fields(item.data),
        meta=decode(item.meta),
        lineage=Lineage(
            source=raw.source,
            place=raw.place,
            raw_key=raw.key,
            revision=item.revision,
            offset=item.offset,
            duplicate_of=connection.scalar(sa.select(_items.c.key).where(_items.c.id == item.duplicate_of)) if item.duplicate_of else None,
            pieces=connection.scalar(sa.select(sa.func.count()).where(_items.c.raw_id == raw.id, _items.c.state != "replaced")) or 0,
        ),
        suggestions=[Suggestion(row.question, row.labeler, row.version, decode_answer(row.answer), row.score) for row in proposed],
        annotations=[
            AnnotationRow(
                id=row.id,
                annotator=row.name,
                values=decode_values(row._mapping["values"]),
                state=row.state,
                origin=row.origin,
                purpose=row.purpose,
                assisted=bool(row.assisted),
                arm=row.arm,
                suggested=decode(row.suggested, list[StandingSuggestion]) if row.suggested else [],
                seconds_active=row.seconds_active,
                guidelines=row.number,
                created_at=row.created_at,
            )
            for row in annotations
        ],
        consensus={row.question: Label(decode_answer(row.answer), row.method, row.confidence) for row in agreed},
        labels={
            label.question: Label(label.answer, label.origin, label.confidence)
            for label in final_labels(connection, project_id, schema, item_ids=[item_id])
        },
        reviews=[
            ReviewRow(
                id=row.id,
                reviewer=row.name,
                verdict=row.verdict,
                annotation_id=row.annotation_id,
                reason=row.reason,
                random=bool(row.random),
                created_at=row.created_at,
            )
            for row in given
        ],
        findings=_findings(connection, item_id),
        comments=read_comments(connection, item_id),
        events=_events(connection, project_id, item_id),
    )


def without_label(item: ItemDetail) -> ItemDetail:
    """Return the item as somebody is to see it who will audit it blind: nothing that anybody, or a machine, says about it."""
    nothing: dict[str, Any] = {name: [] for name in ("suggestions", "annotations", "reviews", "findings", "comments", "events")}
    return msgspec.structs.replace(item, **nothing, consensus={}, labels={}, withheld=True)


def _findings(connection: Connection, item_id: int) -> list[Finding]:
    findings = tables.findings
    columns = (findings.c.rule, findings.c.severity, findings.c.message, findings.c.question, findings.c.part)
    query = sa.select(*columns).where(findings.c.item_id == item_id).distinct().order_by(findings.c.rule)
    return [Finding(rule=row[0], severity=row[1], message=row[2], question=row[3], part=row[4]) for row in connection.execute(query)]


def _events(connection: Connection, project_id: int, item_id: int) -> list[Event]:
    events, users = tables.events, tables.users
    query = (
        sa.select(events.c.kind, users.c.name, events.c.item_id, events.c.subject_id, events.c.payload, events.c.created_at)
        .outerjoin(users, users.c.id == events.c.user_id)
        .where(events.c.item_id == item_id, events.c.project_id == project_id)
        .order_by(events.c.id)
    )
    return [Event(*row[:4], decode(row[4]), row[5]) for row in connection.execute(query)]
