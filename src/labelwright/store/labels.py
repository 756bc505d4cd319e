"""The label that each item has at the moment, and where it comes from: review before gold before consensus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from labelwright.schema import Answer, Label, Schema, Values
from labelwright.store import tables
from labelwright.store.asked import asked_of
from labelwright.store.bulk import among
from labelwright.store.codec import decode_answer, decode_values
from labelwright.store.database import Connection
from labelwright.store.statement import Statement

__all__ = ["FinalLabel", "final_labels"]

PAGE = 2000
"""Items read at a time, so that a million items stream in constant memory."""


class FinalLabel(Label, frozen=True, kw_only=True, gc=False):
    """The label of one question about one item, and what it rests on.

    `confidence` is 1 for a review or gold, and the statistical model's belief for a consensus: it steers, it is no certificate. `method`
    names that model; where a reviewer accepted a consensus, `method` and `annotation_ids` are those that it rested on. `file` names the
    file that gold came from.
    """

    item_id: int
    question: str
    origin: Literal["review", "gold", "consensus"]
    annotation_ids: tuple[int, ...] = ()
    review_id: int | None = None
    method: str | None = None
    file: str | None = None


def final_labels(connection: Connection, project_id: int, schema: Schema, *, item_ids: list[int] | None = None) -> Iterator[FinalLabel]:
    """Yield the labels of all active items, or of those named, ordered by item and then as the schema orders its questions.

    A question that is not asked, by the item's other labels, has no label, whatever was answered to it.
    """
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
        labels = _labels_of(connection, page, schema, whole=item_ids is None)
        yield from _of_asked(connection, schema, labels) if schema.conditions else labels


def _of_asked(connection: Connection, schema: Schema, labels: Iterable[FinalLabel]) -> Iterator[FinalLabel]:
    """Leave out the labels of questions that are not asked."""
    found = {item_id: {label.question: label for label in own} for item_id, own in groupby(labels, key=attrgetter("item_id"))}
    values = {item_id: {name: label.answer for name, label in own.items()} for item_id, own in found.items()}
    asked = {item_id: set(names) for item_id, names in asked_of(connection, schema, values)}
    for item_id, own in found.items():
        yield from (label for name, label in own.items() if name in asked[item_id])


_consensus = tables.consensus
_columns = [_consensus.c[name] for name in ("item_id", "question", "answer", "confidence", "annotation_ids", "method")]
_agreed = Statement(sa.select(*_columns).where(_consensus.c.item_id.between(sa.bindparam("first"), sa.bindparam("last"))))
_answer_sources = msgspec.json.Decoder(tuple[int, ...])


class _Rested(Struct, frozen=True, array_like=True):
    """What a label that a reviewer accepted rested on."""

    method: str | None = None
    annotation_ids: tuple[int, ...] = ()


_rested = msgspec.json.Decoder(dict[str, _Rested])


def _asked(values: Values, schema: Schema) -> Values:
    """Leave out answers of another kind than their question asks for by now: they are no answers to it any more."""
    return {
        name: answer for name, answer in values.items() if name not in schema.questions or schema.questions[name].is_answered_by(answer)
    }


def _labels_of(connection: Connection, page: list[int], schema: Schema, *, whole: bool) -> Iterator[FinalLabel]:
    reviews, annotations, consensus, known = tables.reviews, tables.annotations, tables.consensus, tables.known_answers

    def on_page(table: sa.Table) -> sa.ColumnElement[bool]:
        # Two thousand numbers in a statement cost more than its rows do, and all items of a project are a range. What other projects
        # have in it is passed over; asking for the project as well would lead SQLite to the wrong index.
        return table.c.item_id.between(page[0], page[-1]) if whole else among(connection, table.c.item_id, page)

    reviewed: dict[int, tuple[int, dict[str, Answer], dict[str, _Rested]]] = {}
    query = (
        sa.select(
            reviews.c.item_id,
            reviews.c.id,
            reviews.c.verdict,
            reviews.c.label_before,
            reviews.c.sources,
            reviews.c.annotation_id,
            reviews.c.fixed_annotation_id,
            annotations.c["values"],
        )
        .outerjoin(annotations, annotations.c.id == sa.func.coalesce(reviews.c.fixed_annotation_id, reviews.c.annotation_id))
        .where(on_page(reviews))
        .order_by(reviews.c.id)
    )
    for row in connection.execute(query):
        if row.verdict == "reject":
            # A rejection withdraws what an earlier review had settled: the item is open again.
            reviewed.pop(row.item_id, None)
            continue
        settled = row.values if row.values is not None else row.label_before
        answers = _asked(decode_values(settled or "{}"), schema)
        chosen = row.fixed_annotation_id or row.annotation_id
        rested = dict.fromkeys(answers, _Rested(None, (chosen,))) if chosen else _rested.decode(row.sources)
        reviewed[row.item_id] = (row.id, answers, rested)
    gold: dict[int, dict[str, tuple[Answer, str]]] = {}
    for item_id, values, file in connection.execute(
        sa.select(known.c.item_id, known.c["values"], known.c.origin).where(on_page(known), known.c.use == "gold").order_by(known.c.id)
    ):
        gold.setdefault(item_id, {}).update({name: (answer, file) for name, answer in _asked(decode_values(values), schema).items()})
    agreed: dict[tuple[int, str], FinalLabel] = {}
    if whole:
        rows = _agreed.all(connection, first=page[0], last=page[-1])
    else:
        rows = list(connection.execute(sa.select(*_columns).where(on_page(consensus))))
    for item_id, question, answer, confidence, sources, method in rows:
        agreed[item_id, question] = FinalLabel(
            item_id=item_id,
            question=question,
            answer=decode_answer(answer),
            origin="consensus",
            confidence=confidence,
            annotation_ids=_answer_sources.decode(sources),
            method=method,
        )
    for item_id in page:
        for question in schema.questions:
            if item_id in reviewed and question in reviewed[item_id][1]:
                review_id, values, rested = reviewed[item_id]
                ground = rested.get(question, _Rested())
                yield FinalLabel(
                    item_id=item_id,
                    question=question,
                    answer=values[question],
                    origin="review",
                    confidence=1.0,
                    annotation_ids=ground.annotation_ids,
                    method=ground.method,
                    review_id=review_id,
                )
            elif item_id in reviewed:
                # The reviewer saw the whole answer and left this question out: it has no label.
                continue
            elif question in gold.get(item_id, {}):
                answer, file = gold[item_id][question]
                yield FinalLabel(item_id=item_id, question=question, answer=answer, origin="gold", confidence=1.0, file=file)
            elif (item_id, question) in agreed:
                yield agreed[item_id, question]
