"""The label that each item has at the moment, and where it comes from: review before gold before consensus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct

from labelwright.schema import Answer, Schema
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer, decode_values
from labelwright.store.database import Connection

__all__ = ["FinalLabel", "final_labels"]

PAGE = 2000
"""Items read at a time, so that a million items stream in constant memory."""


class FinalLabel(Struct, frozen=True, kw_only=True):
    """The label of one question about one item.

    `confidence` is 1 for a review or gold, and the statistical model's belief for a consensus: it steers, it is no certificate. `method`
    names that model.
    """

    item_id: int
    question: str
    answer: Answer
    origin: Literal["review", "gold", "consensus"]
    confidence: float
    annotation_ids: tuple[int, ...] = ()
    review_id: int | None = None
    method: str | None = None


def final_labels(connection: Connection, project_id: int, schema: Schema, *, item_ids: list[int] | None = None) -> Iterator[FinalLabel]:
    """Yield the labels of all active items, or of those named, ordered by item and then as the schema orders its questions."""
    items = tables.items
    after = 0
    pending = sorted(item_ids) if item_ids is not None else None
    while True:
        if pending is not None:
            page, pending = pending[:PAGE], pending[PAGE:]
        else:
            query = sa.select(items.c.id).where(items.c.project_id == project_id, items.c.state == "active", items.c.id > after)
            page = list(connection.scalars(query.order_by(items.c.id).limit(PAGE)))
        if not page:
            return
        after = page[-1]
        yield from _labels_of(connection, page, schema)


def _labels_of(connection: Connection, page: list[int], schema: Schema) -> Iterator[FinalLabel]:
    reviews, annotations, consensus, known = tables.reviews, tables.annotations, tables.consensus, tables.known_answers
    reviewed: dict[int, tuple[int, dict[str, Answer], tuple[int, ...]]] = {}
    query = (
        sa.select(
            reviews.c.item_id,
            reviews.c.id,
            reviews.c.verdict,
            reviews.c.label_before,
            reviews.c.annotation_id,
            reviews.c.fixed_annotation_id,
            annotations.c["values"],
        )
        .outerjoin(annotations, annotations.c.id == sa.func.coalesce(reviews.c.fixed_annotation_id, reviews.c.annotation_id))
        .where(reviews.c.item_id.in_(page))
        .order_by(reviews.c.id)
    )
    for row in connection.execute(query):
        if row.verdict == "reject":
            # A rejection withdraws what an earlier review had settled: the item is open again.
            reviewed.pop(row.item_id, None)
            continue
        settled = row.values if row.values is not None else row.label_before
        sources = tuple(number for number in (row.fixed_annotation_id or row.annotation_id,) if number)
        reviewed[row.item_id] = (row.id, decode_values(settled or "{}"), sources)
    gold: dict[int, dict[str, Answer]] = {}
    for item_id, values in connection.execute(
        sa.select(known.c.item_id, known.c["values"]).where(known.c.item_id.in_(page), known.c.use == "gold").order_by(known.c.id)
    ):
        gold.setdefault(item_id, {}).update(decode_values(values))
    agreed: dict[tuple[int, str], FinalLabel] = {}
    for row in connection.execute(sa.select(consensus).where(consensus.c.item_id.in_(page))):
        agreed[row.item_id, row.question] = FinalLabel(
            item_id=row.item_id,
            question=row.question,
            answer=decode_answer(row.answer),
            origin="consensus",
            confidence=row.confidence,
            annotation_ids=tuple(decode(row.annotation_ids)),
            method=row.method,
        )
    for item_id in page:
        for question in schema.questions:
            if item_id in reviewed and question in reviewed[item_id][1]:
                review_id, values, sources = reviewed[item_id]
                yield FinalLabel(
                    item_id=item_id,
                    question=question,
                    answer=values[question],
                    origin="review",
                    confidence=1.0,
                    annotation_ids=sources,
                    review_id=review_id,
                )
            elif question in gold.get(item_id, {}):
                yield FinalLabel(item_id=item_id, question=question, answer=gold[item_id][question], origin="gold", confidence=1.0)
            elif (item_id, question) in agreed:
                yield agreed[item_id, question]
