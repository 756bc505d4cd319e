"""Reads items for people who look around: pages of a list with filters, and everything that is known of one item."""

from __future__ import annotations

import base64
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.errors import InvalidInput, NotFound
from labelwright.schema import AnswerUnion, Arm, Audio, Field, Finding, Image, Schema, StandingSuggestion, Text
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer, decode_fields, decode_values
from labelwright.store.labels import final_labels

__all__ = ["ItemDetail", "ItemPage", "ItemRow", "count_gone", "read_item", "read_items"]

MOST_ROWS = 200
PREVIEW_CHARACTERS = 200


class Preview(Struct, frozen=True, kw_only=True):
    """What a list shows of an item: the beginning of its text, a thumbnail, or the outline of its sound."""

    modality: Literal["text", "image", "audio"]
    text: str | None = None
    thumbnail: str | None = None
    peaks: str | None = None
    duration: float | None = None


class LabelView(Struct, frozen=True):
    """A label as it is now, and where it comes from."""

    answer: AnswerUnion
    origin: str
    confidence: float


class ItemRow(Struct, frozen=True):
    """One line of the list."""

    id: int
    key: str
    state: str
    preview: Preview
    labels: dict[str, LabelView]
    answers: int
    reviewed: bool
    findings: int


class ItemPage(Struct, frozen=True):
    """A page of the list; `next` asks for the one behind it. `total` counts all that fit the filters."""

    items: list[ItemRow]
    next: str | None
    total: int


class AnnotationRow(Struct, frozen=True, kw_only=True):
    """One answer about the item, whatever became of it.

    `suggested` are the suggestions that stood, `assisted` tells whether they were in view, and `arm` how that came about; it is None for
    answers from before that was kept, and for those of reviewers and of files.
    """

    id: int
    annotator: str
    values: dict[str, AnswerUnion]
    state: str
    origin: str
    purpose: str
    assisted: bool
    arm: Arm | None
    suggested: list[StandingSuggestion]
    seconds_active: float
    guidelines: int
    created_at: float


class SuggestionRow(Struct, frozen=True):
    """What a machine proposes."""

    question: str
    labeler: str
    version: str
    answer: AnswerUnion
    score: float | None


class ReviewRow(Struct, frozen=True, kw_only=True):
    """One review of the item."""

    id: int
    reviewer: str
    verdict: str
    annotation_id: int | None
    reason: str
    random: bool
    created_at: float


class EventRow(Struct, frozen=True):
    """One thing that happened to the item."""

    kind: str
    user: str | None
    payload: dict[str, Any]
    created_at: float


class Lineage(Struct, frozen=True, kw_only=True):
    """Where the item comes from: source, place, raw key, and the item that it duplicates."""

    source: str
    place: str
    raw_key: str
    revision: str
    offset: int | None
    duplicate_of: str | None
    pieces: int


class CommentRow(Struct, frozen=True, kw_only=True):
    """A comment on the item."""

    id: int
    author: str
    question: str | None
    unit: int | None
    text: str
    resolved_at: float | None
    created_at: float


class ItemDetail(Struct, frozen=True, kw_only=True):
    """Everything that is known of one item."""

    id: int
    key: str
    state: str
    data: dict[str, Field]
    meta: dict[str, Any]
    lineage: Lineage
    suggestions: list[SuggestionRow]
    annotations: list[AnnotationRow]
    consensus: dict[str, LabelView]
    labels: dict[str, LabelView]
    reviews: list[ReviewRow]
    findings: list[Finding]
    comments: list[CommentRow]
    events: list[EventRow]


class _Cursor(Struct, frozen=True, array_like=True):
    sort: str
    value: float | str
    id: int


_items, _annotations, _consensus = tables.items, tables.annotations, tables.consensus

_SORTS = {
    "id": (_items.c.id, False),
    "key": (_items.c.key, False),
    "newest": (_items.c.id, True),
    "confidence": (sa.func.coalesce(_consensus.c.confidence, 2.0), False),
    "agreement": (sa.func.coalesce(_consensus.c.agreement, 2.0), False),
}


def count_gone(connection: Connection, project_id: int) -> int:
    """Count the items whose row is no longer in its source."""
    items, raw = tables.items, tables.raw_items
    gone = (raw.c.project_id == project_id, raw.c.gone_at.is_not(None), raw.c.state == "current", items.c.state != "replaced")
    return connection.scalar(sa.select(sa.func.count()).select_from(items.join(raw, raw.c.id == items.c.raw_id)).where(*gone)) or 0


def read_items(
    connection: Connection,
    project_id: int,
    schema: Schema,
    *,
    limit: int = 50,
    after: str | None = None,
    state: str | None = None,
    question: str | None = None,
    label: str | None = None,
    search: str | None = None,
    sort: str = "id",
) -> ItemPage:
    """Return one page of items by keyset, so that the thousandth page costs no more than the first.

    Args:
        connection: to read with.
        project_id: the project.
        schema: its schema.
        limit: items a page, 1 to 200.
        after: `next` of the page before.
        state: `labeled`, `unlabeled`, `reviewed`, `findings`, `duplicate`, or None for all active ones.
        question: the question that `label` and the sorts by confidence and agreement are about; the first one unless given.
        label: only items whose consensus says this (for choices) or marks this somewhere (for the others).
        search: only items whose key or text has this in it.
        sort: `id`, `key`, `newest`, `confidence` or `agreement`, the doubtful first.

    Raises:
        InvalidInput: an argument is none that there is.
    """
    asked = question or next(iter(schema.questions))
    if asked not in schema.questions:
        raise InvalidInput(f"There is no question '{asked}'.", where="question")
    if sort not in _SORTS:
        raise InvalidInput(f"There is no sort '{sort}'.", where="sort", hint=f"There are: {', '.join(_SORTS)}.")
    if not 1 <= limit <= MOST_ROWS:
        raise InvalidInput(f"A page has 1 to {MOST_ROWS} items.", where="limit")
    source = _items.outerjoin(_consensus, sa.and_(_consensus.c.item_id == _items.c.id, _consensus.c.question == asked))
    where = [_items.c.project_id == project_id, *_in_state(state)]
    if search:
        pattern = "%" + search[:200].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.append(sa.or_(_items.c.key.ilike(pattern, escape="\\"), _items.c.data.ilike(pattern, escape="\\")))
    if label:
        where.append(_consensus.c.answer.like("%" + msgspec.json.encode({"label": label}).decode()[1:-1].replace("%", "") + "%"))
    total = connection.scalar(sa.select(sa.func.count()).select_from(source).where(*where)) or 0
    column, descending = _SORTS[sort]
    if after:
        cursor = _read_cursor(after, sort)
        behind = sa.tuple_(column, _items.c.id)
        edge = sa.tuple_(sa.literal(cursor.value), sa.literal(cursor.id))
        where.append(behind < edge if descending else behind > edge)
    order = [column.desc(), _items.c.id.desc()] if descending else [column, _items.c.id]
    query = sa.select(_items.c.id, _items.c.key, _items.c.state, _items.c.data, column.label("sorted")).select_from(source)
    rows = list(connection.execute(query.where(*where).order_by(*order).limit(limit + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    last = _Cursor(sort, rows[-1].sorted, rows[-1].id) if more else None
    return ItemPage(_rows(connection, project_id, schema, rows), _write_cursor(last) if last else None, total)


def _in_state(state: str | None) -> list[sa.ColumnElement[bool]]:
    labeled = sa.exists(
        sa.select(sa.literal(1)).where(_annotations.c.item_id == _items.c.id, _annotations.c.state.in_(("submitted", "accepted")))
    )
    reviewed = sa.exists(sa.select(sa.literal(1)).where(tables.reviews.c.item_id == _items.c.id))
    found = sa.exists(sa.select(sa.literal(1)).where(tables.findings.c.item_id == _items.c.id))
    states: dict[str | None, list[sa.ColumnElement[bool]]] = {
        None: [],
        "labeled": [labeled],
        "unlabeled": [~labeled],
        "reviewed": [reviewed],
        "findings": [found],
    }
    if state == "duplicate":
        return [_items.c.state == "duplicate"]
    if state not in states:
        raise InvalidInput(
            f"There is no state '{state}'.", where="state", hint="There are: labeled, unlabeled, reviewed, findings, duplicate."
        )
    return [_items.c.state == "active", *states[state]]


def _rows(connection: Connection, project_id: int, schema: Schema, rows: list[Any]) -> list[ItemRow]:
    ids = [row.id for row in rows]
    labels: dict[int, dict[str, LabelView]] = {}
    for label in final_labels(connection, project_id, schema, item_ids=ids) if ids else ():
        labels.setdefault(label.item_id, {})[label.question] = LabelView(label.answer, label.origin, label.confidence)

    def counts(table: sa.Table, *where: Any) -> dict[int, int]:
        query = sa.select(table.c.item_id, sa.func.count()).where(table.c.item_id.in_(ids), *where).group_by(table.c.item_id)
        return dict(connection.execute(query).all())

    answers = counts(_annotations, _annotations.c.state.in_(("submitted", "accepted")))
    reviews, findings = counts(tables.reviews), counts(tables.findings)
    return [
        ItemRow(
            row.id,
            row.key,
            row.state,
            _preview(decode_fields(row.data)),
            labels.get(row.id, {}),
            answers.get(row.id, 0),
            row.id in reviews,
            findings.get(row.id, 0),
        )
        for row in rows
    ]


def _preview(data: dict[str, Field]) -> Preview:
    field = next(iter(data.values()))
    if isinstance(field, Text):
        return Preview(modality="text", text=field.text[:PREVIEW_CHARACTERS])
    if isinstance(field, Image):
        return Preview(modality="image", thumbnail=field.thumbnail or field.blob)
    assert isinstance(field, Audio)
    return Preview(modality="audio", peaks=field.peaks, duration=field.duration)


def _write_cursor(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _read_cursor(text: str, sort: str) -> _Cursor:
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=_Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidInput("This is no place in the list.", where="after", hint="Send back what `next` said.") from error
    if cursor.sort != sort or not isinstance(cursor.value, str if sort == "key" else int | float):
        raise InvalidInput("This place belongs to another sort.", where="after", hint="Begin again at the first page.")
    return cursor


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
        suggestions=[SuggestionRow(row.question, row.labeler, row.version, decode_answer(row.answer), row.score) for row in proposed],
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
        consensus={row.question: LabelView(decode_answer(row.answer), row.method, row.confidence) for row in agreed},
        labels={
            label.question: LabelView(label.answer, label.origin, label.confidence)
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
        comments=_comments(connection, item_id),
        events=_events(connection, project_id, item_id),
    )


def _findings(connection: Connection, item_id: int) -> list[Finding]:
    findings = tables.findings
    columns = (findings.c.rule, findings.c.severity, findings.c.message, findings.c.question, findings.c.unit)
    query = sa.select(*columns).where(findings.c.item_id == item_id).distinct().order_by(findings.c.rule)
    return [Finding(rule=row[0], severity=row[1], message=row[2], question=row[3], unit=row[4]) for row in connection.execute(query)]


def _comments(connection: Connection, item_id: int) -> list[CommentRow]:
    comments, users = tables.comments, tables.users
    query = sa.select(comments, users.c.name).join(users, users.c.id == comments.c.user_id).where(comments.c.item_id == item_id)
    return [
        CommentRow(
            id=row.id,
            author=row.name,
            question=row.question,
            unit=row.unit,
            text=row.text,
            resolved_at=row.resolved_at,
            created_at=row.created_at,
        )
        for row in connection.execute(query.order_by(comments.c.id))
    ]


def _events(connection: Connection, project_id: int, item_id: int) -> list[EventRow]:
    events, users = tables.events, tables.users
    query = (
        sa.select(events.c.kind, users.c.name, events.c.payload, events.c.created_at)
        .outerjoin(users, users.c.id == events.c.user_id)
        .where(events.c.item_id == item_id, events.c.project_id == project_id)
        .order_by(events.c.id)
    )
    return [EventRow(row[0], row[1], decode(row[2]), row[3]) for row in connection.execute(query)]
