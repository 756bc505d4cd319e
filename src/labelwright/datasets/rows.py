"""The dataset as it stands: every finished item with its labels and how each came to be, in pages, in constant memory.

An item is finished once every required question has a label; where no question is required, once any has.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.datasets.splits import Splits
from labelwright.formats import Labeled, Provenance
from labelwright.schema import Answer
from labelwright.store import tables
from labelwright.store.codec import decode, decode_fields
from labelwright.store.labels import FinalLabel, final_labels
from labelwright.store.project import Project

__all__ = ["Row", "finished_rows"]

PAGE = 2000


class Row(Struct):
    """One finished item; `data` and `meta` are JSON text as the store has it."""

    key: str
    revision: str
    split: str | None
    data: str
    meta: str
    values: dict[str, Answer]
    provenance: dict[str, Provenance]

    def labeled(self) -> Labeled:
        """Return it as the neutral value that formats write."""
        return Labeled(
            key=self.key,
            data=decode_fields(self.data),
            values=self.values,
            meta=decode(self.meta) if self.meta != "{}" else {},
            split=self.split,
            provenance=self.provenance,
        )


class Unfinished:
    """Counts the items that are left out because a required label is missing."""

    def __init__(self) -> None:
        self.count = 0


def finished_rows(connection: Connection, project: Project, splits: Splits, unfinished: Unfinished | None = None) -> Iterator[Row]:
    """Yield every finished item in the order of the items' numbers."""
    items = tables.items
    required = {name for name, question in project.schema.questions.items() if question.required}
    names = _Names(connection)
    query = sa.select(items.c.id, items.c.key, items.c.revision, items.c.data, items.c.meta)
    query = query.where(items.c.project_id == project.id, items.c.state == "active").order_by(items.c.id).limit(PAGE)
    after = 0
    while page := connection.execute(query.where(items.c.id > after)).fetchall():
        after = page[-1].id
        ids = [row[0] for row in page]
        labels: dict[int, list[FinalLabel]] = {}
        for label in final_labels(connection, project.id, project.schema, item_ids=ids):
            labels.setdefault(label.item_id, []).append(label)
        authors = names.of_annotations(ids, labels)
        reviewers = names.of_reviews(labels)
        for (item_id, key, revision, data, meta), split in zip(page, splits.of(ids), strict=True):
            found = labels.get(item_id)
            if found is None or not required <= {label.question for label in found}:
                if unfinished is not None:
                    unfinished.count += 1
                continue
            yield Row(
                key,
                revision,
                split,
                data,
                meta,
                {label.question: label.answer for label in found},
                {
                    label.question: Provenance(
                        origin=label.origin,
                        annotators=tuple(sorted({authors[number] for number in label.annotation_ids if number in authors})),
                        reviewer=reviewers.get(label.review_id) if label.review_id else None,
                        method=label.method,
                        confidence=label.confidence,
                    )
                    for label in found
                },
            )


class _Names:
    """The names of those who answered and reviewed; people are few, so their names are kept."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.known: dict[int, str] = {}

    def of_annotations(self, item_ids: list[int], labels: dict[int, list[FinalLabel]]) -> dict[int, str]:
        """Return the author of each annotation that a label of these items rests on."""
        wanted = set(chain.from_iterable(label.annotation_ids for found in labels.values() for label in found))
        if not wanted:
            return {}
        annotations = tables.annotations
        query = sa.select(annotations.c.id, annotations.c.user_id).where(annotations.c.item_id.in_(item_ids))
        return self._named({number: user for number, user in self.connection.execute(query) if number in wanted})

    def of_reviews(self, labels: dict[int, list[FinalLabel]]) -> dict[int, str]:
        """Return the reviewer of each review that settled a label."""
        wanted = {label.review_id for found in labels.values() for label in found if label.review_id}
        if not wanted:
            return {}
        reviews = tables.reviews
        query = sa.select(reviews.c.id, reviews.c.reviewer_id).where(reviews.c.id.in_(wanted))
        return self._named(dict(self.connection.execute(query).all()))

    def _named(self, users: dict[int, int]) -> dict[int, str]:
        unknown = set(users.values()) - set(self.known)
        if unknown:
            query = sa.select(tables.users.c.id, tables.users.c.name).where(tables.users.c.id.in_(unknown))
            self.known.update(dict(self.connection.execute(query).all()))
        return {number: self.known[user] for number, user in users.items()}
