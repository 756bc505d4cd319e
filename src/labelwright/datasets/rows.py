"""The dataset as it stands: every finished item with its labels and how each came to be, in pages, in constant memory.

An item is finished once every required question that is asked about it has a label; where no question is required, once any has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.datasets.splits import Splits
from labelwright.formats import Labeled, Provenance
from labelwright.schema import Answer, Field, Item, Schema
from labelwright.store import tables
from labelwright.store.codec import decode_fields
from labelwright.store.labels import FinalLabel, final_labels
from labelwright.store.project import Project
from labelwright.store.statement import Statement

__all__ = ["FinishedItem", "Unfinished", "finished_rows"]

T = TypeVar("T", str, int)

PAGE, FIRST_PAGE = 2000, 100
"""At most so many items are read at a time, and so many at first, while nobody knows how large they are."""

PAGE_CHARACTERS = 16 * 2**20
"""About so many characters are read at a time, if the next items are as large as those before."""

_meta = msgspec.json.Decoder(dict[str, Any])

_END: tuple[int, Iterable[FinalLabel]] = (2**63, ())


class FinishedItem(Struct, gc=False):
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
            meta=_meta.decode(self.meta) if self.meta != "{}" else {},
            split=self.split,
            provenance=self.provenance,
        )


_items, _annotations = tables.items, tables.annotations
_page = Statement(
    sa.select(_items.c.id, _items.c.key, _items.c.revision, _items.c.data, _items.c.meta)
    .where(_items.c.project_id == sa.bindparam("project"), _items.c.state == "active", _items.c.id > sa.bindparam("after"))
    .order_by(_items.c.id)
    .limit(sa.bindparam("most"))
)
_authors = Statement(
    sa.select(_annotations.c.id, _annotations.c.user_id).where(_annotations.c.item_id.between(sa.bindparam("first"), sa.bindparam("last")))
)
_authors_and_versions = Statement(
    sa.select(_annotations.c.id, _annotations.c.user_id, _annotations.c.pipeline_version).where(
        _annotations.c.item_id.between(sa.bindparam("first"), sa.bindparam("last"))
    )
)


class Unfinished:
    """Counts the items that are left out because a required label is missing.

    `labeled` counts those of them that have some label, and `missing` how many of these lack which required question.
    """

    def __init__(self) -> None:
        self.count = 0
        self.labeled = 0
        self.missing: Counter[str] = Counter()

    def add(self, lacking: set[str], *, labeled: bool) -> None:
        """Count one item that lacks the labels of some required questions."""
        self.count += 1
        self.labeled += labeled
        if labeled:
            self.missing.update(lacking)


def finished_rows(connection: Connection, project: Project, splits: Splits, unfinished: Unfinished | None = None) -> Iterator[FinishedItem]:
    """Yield every finished item in the order of the items' numbers."""
    schema = project.schema
    names = _Names(connection, project.id)
    labeled = groupby(final_labels(connection, project.id, project.schema), key=attrgetter("item_id"))
    item, found = next(labeled, _END)
    after, most = 0, FIRST_PAGE
    while page := _page.all(connection, project=project.id, after=after, most=most):
        after = page[-1][0]
        size = sum(len(row[3]) + len(row[4]) for row in page)
        most = max(1, min(PAGE, len(page) * PAGE_CHARACTERS // max(size, 1)))
        ids = [row[0] for row in page]
        labels: dict[int, list[FinalLabel]] = {}
        while item <= after:
            labels[item] = list(found)
            item, found = next(labeled, _END)
        authors, made_under = names.of_annotations(ids[0], after)
        reviewers = names.of_reviews(labels)
        for (item_id, key, revision, data, meta), split in zip(page, splits.of(ids), strict=True):
            own = labels.get(item_id, ())
            values = {label.question: label.answer for label in own}
            lacking = _lacking(schema, values, Item(item_id, key, revision, *_content(schema, data, meta)))
            if lacking or not own:
                if unfinished is not None:
                    unfinished.add(lacking, labeled=bool(own))
                continue
            yield FinishedItem(
                key,
                revision,
                split,
                data,
                meta,
                values,
                {
                    label.question: Provenance(
                        origin=label.origin,
                        annotators=_each(label.annotation_ids, authors),
                        reviewer=reviewers.get(label.review_id) if label.review_id else None,
                        method=label.method,
                        confidence=label.confidence,
                        file=label.file,
                        pipeline_versions=names.only if names.only and label.annotation_ids else _each(label.annotation_ids, made_under),
                    )
                    for label in own
                },
            )


def _lacking(schema: Schema, values: Mapping[str, Answer], item: Item) -> set[str]:
    """The required questions that are asked about an item and have no label."""
    if len(values) == len(schema.questions):
        return set()
    return {name for name in schema.asked(values, item) if schema.questions[name].required and name not in values}


def _content(schema: Schema, data: str, meta: str) -> tuple[dict[str, Field], dict[str, Any]]:
    """Fields and columns, where a condition looks at them; to decode them all costs as much as the rest of a page."""
    return (decode_fields(data), _meta.decode(meta)) if schema.conditions_of_item else ({}, {})


class _Names:
    """The names of those who answered and reviewed, and the numbers of pipeline versions; both are few, so that they are kept."""

    def __init__(self, connection: Connection, project_id: int) -> None:
        self.connection = connection
        self.known: dict[int, str] = {}
        versions = tables.pipeline_versions
        numbers = sa.select(versions.c.id, versions.c.number).where(versions.c.project_id == project_id)
        self.versions: dict[int, int] = dict(connection.execute(numbers).all())
        # Most projects have one, and then every answer was given under it.
        self.only = tuple(self.versions.values()) if len(self.versions) == 1 else ()

    def of_annotations(self, first: int, last: int) -> tuple[dict[int, str], dict[int, int]]:
        """Return the author of each annotation of the items from `first` to `last`, and the pipeline version it was made under."""
        if self.only:
            return self._named(_authors.all(self.connection, first=first, last=last)), {}
        rows = _authors_and_versions.all(self.connection, first=first, last=last)
        versions = self.versions
        return self._named([row[:2] for row in rows]), {number: versions[version] for number, _, version in rows if version in versions}

    def of_reviews(self, labels: dict[int, list[FinalLabel]]) -> dict[int, str]:
        """Return the reviewer of each review that settled a label."""
        wanted = {label.review_id for found in labels.values() for label in found if label.review_id}
        if not wanted:
            return {}
        reviews = tables.reviews
        query = sa.select(reviews.c.id, reviews.c.reviewer_id).where(reviews.c.id.in_(wanted))
        return self._named(self.connection.execute(query).fetchall())

    def _named(self, users: Sequence[Any]) -> dict[int, str]:
        unknown = {user for _, user in users} - self.known.keys()
        if unknown:
            query = sa.select(tables.users.c.id, tables.users.c.name).where(tables.users.c.id.in_(unknown))
            self.known.update(dict(self.connection.execute(query).all()))
        known = self.known
        return {number: known[user] for number, user in users}


def _each(annotation_ids: tuple[int, ...], of: dict[int, T]) -> tuple[T, ...]:
    """What belongs to annotations, each once and in order: their authors, or their versions."""
    if len(annotation_ids) == 1:
        found = of.get(annotation_ids[0])
        return (found,) if found is not None else ()
    return tuple(sorted({of[number] for number in annotation_ids if number in of}))
