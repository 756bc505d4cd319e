"""What is labeled: the one place where items with a label are counted, whichever page, command or requirement asks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import groupby, islice
from operator import attrgetter

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.schema import Answer, Schema
from labelwright.store import tables
from labelwright.store.asked import asked_of
from labelwright.store.bulk import among
from labelwright.store.codec import decode_answer
from labelwright.store.labels import final_labels
from labelwright.store.listing import SHORT

__all__ = ["Labels", "QuestionLabels", "known_items", "read_labels", "settled"]

PART = 10_000
"""Items named in one statement."""

_items, _consensus, _known, _reviews = tables.items, tables.consensus, tables.known_answers, tables.reviews


class QuestionLabels(Struct, kw_only=True):
    """The labels of one question.

    `asked` counts the items, gold ones apart, that the question is asked about, as their other labels stand: all of them, unless it has a
    condition. `labeled` counts those with a label, `reviewed` those of them whose label a person reviewed, and `gold` the gold items,
    whose label is known. For each label, `with_label` counts the items of both that have it, and `places` how often it
    occurs, which for a choice is the same: these are what a dataset holds.
    """

    asked: int = 0
    labeled: int = 0
    reviewed: int = 0
    gold: int = 0
    with_label: Counter[str]
    places: Counter[str]
    confidence: float | None = None
    methods: list[str]

    @property
    def items(self) -> int:
        """All items that have a label, gold too."""
        return self.labeled + self.gold


class Labels(Struct, frozen=True, kw_only=True):
    """The labels of a project as they stand.

    `prepared` counts the items that there are, without duplicates and replaced ones. `gold` of these have a known answer by which people
    are tested. The others are `asked` about, and `labeled` of these have a label for every question that requires one, or for any
    question where none does.
    """

    prepared: int
    gold: int
    labeled: int
    questions: dict[str, QuestionLabels]

    @property
    def asked(self) -> int:
        """The items that people are asked about."""
        return self.prepared - self.gold


def read_labels(connection: Connection, project_id: int, schema: Schema) -> Labels:
    """Count what is labeled, with the labels that a dataset would have: a review before gold before the consensus.

    The consensus is counted by the database, answer by answer; only labels of gold and reviewed items are read one by one.
    """
    active = sa.and_(_items.c.project_id == project_id, _items.c.state == "active")
    gold = set(connection.scalars(sa.select(_items.c.id).where(active, _items.c.id.in_(known_items(project_id)))))
    reviewed = sa.select(_reviews.c.item_id).where(_reviews.c.project_id == project_id)
    apart = sorted(gold.union(connection.scalars(sa.select(_items.c.id).where(active, _items.c.id.in_(reviewed)))))
    found = {name: QuestionLabels(with_label=Counter(), places=Counter(), methods=[]) for name in schema.questions}
    labeled = _count_agreed(connection, project_id, schema, found, apart)
    names: dict[int, set[str]] = defaultdict(set)
    for label in final_labels(connection, project_id, schema, item_ids=apart):
        one = found[label.question]
        if label.item_id in gold:
            one.gold += 1
        else:
            one.labeled += 1
            one.reviewed += label.origin == "review"
            names[label.item_id].add(label.question)
        _count_units(one, Counter(schema.questions[label.question].classes(label.answer)), 1)
    required, needed = _required(schema)
    labeled += sum(len(answered.intersection(required)) >= needed for answered in names.values())
    prepared = connection.scalar(sa.select(sa.func.count()).select_from(_items).where(active)) or 0
    for one in found.values():
        one.asked = prepared - len(gold)
    if schema.conditions:
        labeled = _count_asked(connection, project_id, schema, found, gold)
    return Labels(prepared=prepared, gold=len(gold), labeled=labeled, questions=found)


def _count_asked(connection: Connection, project_id: int, schema: Schema, found: Mapping[str, QuestionLabels], gold: Set[int]) -> int:
    """Count the items that each question with a condition is asked about, and return how many have all their labels.

    Which these are depends on each item's own labels, so they are read one by one; without conditions nobody has to. An item that has no
    label yet is asked what it is asked at first.
    """
    found_values = _values(connection, project_id, schema)
    asked: Counter[str] = Counter()
    complete = 0
    while part := dict(islice(found_values, PART)):
        values = {item_id: own for item_id, own in part.items() if item_id not in gold}
        for item_id, names in asked_of(connection, schema, values):
            asked.update(names)
            lacking = [name for name in names if schema.questions[name].required and name not in values[item_id]]
            complete += bool(values[item_id]) and not lacking
    for name in schema.conditions:
        found[name].asked = asked[name]
    return complete


def _values(connection: Connection, project_id: int, schema: Schema) -> Iterator[tuple[int, dict[str, Answer]]]:
    """Yield all active items with their labels, by their number; most have none yet when a project begins."""
    by_item = groupby(final_labels(connection, project_id, schema), key=attrgetter("item_id"))
    labeled = ((item_id, {one.question: one.answer for one in own}) for item_id, own in by_item)
    upcoming = next(labeled, None)
    query = sa.select(_items.c.id).where(_items.c.project_id == project_id, _items.c.state == "active").order_by(_items.c.id).limit(PART)
    after = 0
    while page := list(connection.scalars(query.where(_items.c.id > after))):
        for item_id in page:
            if upcoming is not None and upcoming[0] == item_id:
                yield upcoming
                upcoming = next(labeled, None)
            else:
                yield item_id, {}
        after = page[-1]


def known_items(project_id: int) -> sa.Select[tuple[int]]:
    """Select the gold items."""
    return sa.select(_known.c.item_id).where(_known.c.project_id == project_id, _known.c.use == "gold")


def settled(project_id: int) -> sa.Select[tuple[int]]:
    """Select the items whose newest review accepted or fixed them: a rejection withdraws what an earlier review had settled."""
    newest = sa.select(sa.func.max(_reviews.c.id)).where(_reviews.c.project_id == project_id).group_by(_reviews.c.item_id)
    return sa.select(_reviews.c.item_id).where(_reviews.c.id.in_(newest), _reviews.c.verdict != "reject")


def _required(schema: Schema) -> tuple[list[str], int]:
    """The questions that decide whether an item is labeled, and how many of them need a label."""
    required = [name for name, question in schema.questions.items() if question.required]
    return required or list(schema.questions), max(len(required), 1)


def _count_agreed(connection: Connection, project_id: int, schema: Schema, found: dict[str, QuestionLabels], apart: Sequence[int]) -> int:
    """Count the labels that are the consensus, without the items `apart`, and return how many items are labeled by it.

    Answers, confidences and items are counted each in an index that has just these; the rows themselves are not read.
    """
    asked = _consensus.c.question.in_(list(schema.questions))
    mine = sa.and_(_consensus.c.project_id == project_id, asked)
    count, belief = sa.func.count(), sa.func.sum(_consensus.c.confidence)
    grouped = (_consensus.c.question, _consensus.c.answer)
    by_answer = sa.select(*grouped, count).group_by(*grouped)
    for lengths in [SHORT] if all(one.single for one in schema.questions.values()) else [SHORT, ~SHORT]:
        for question, answer, number in connection.execute(by_answer.where(mine, lengths)):
            found[question].labeled += number
            _count_units(found[question], Counter(schema.questions[question].classes(decode_answer(answer))), number)
    by_question = sa.select(_consensus.c.question, count, belief).where(mine).group_by(_consensus.c.question)
    standing, beliefs = {}, {}
    for question, number, sum_of in connection.execute(by_question):
        standing[question], beliefs[question] = number, sum_of
        found[question].methods = [_method(connection, project_id, question, schema)]
    required, needed = _required(schema)
    labeled = found[required[0]].labeled if len(schema.questions) == 1 else _complete(connection, mine, required, needed)
    # Few items have another label than the consensus, or none of their own: they are taken out again, part by part. These are the
    # project's items; naming the project once more would make SQLite walk through all of its labels.
    for inactive, part in _left_out(connection, project_id, apart):
        for question, answer, number, sum_of in connection.execute(by_answer.add_columns(belief).where(asked, part)):
            found[question].labeled -= number
            if inactive:
                beliefs[question] -= sum_of
                standing[question] -= number
            _count_units(found[question], Counter(schema.questions[question].classes(decode_answer(answer))), -number)
        labeled -= _complete(connection, part, required, needed)
    for question, number in standing.items():
        found[question].confidence = round(beliefs[question] / number, 6) if number else None
    return labeled


def _method(connection: Connection, project_id: int, question: str, schema: Schema) -> str:
    """How the labels of a question were made: all choices in one way, and of several ways the last by name."""
    query = sa.select(_consensus.c.method).where(_consensus.c.project_id == project_id, _consensus.c.question == question)
    one_way = schema.questions[question].single
    return str(connection.scalar(query.limit(1) if one_way else query.with_only_columns(sa.func.max(_consensus.c.method))))


def _left_out(connection: Connection, project_id: int, apart: Sequence[int]) -> Iterator[tuple[bool, sa.ColumnElement[bool]]]:
    """Name the items whose consensus is not their label: duplicates and replaced ones (`True`), and those `apart`."""
    states = _items.c.state.in_(("duplicate", "replaced"))
    inactive = sorted(connection.scalars(sa.select(_items.c.id).where(_items.c.project_id == project_id, states)))
    for left, listed in ((True, inactive), (False, apart)):
        for start in range(0, len(listed), PART):
            yield left, among(connection, _consensus.c.item_id, listed[start : start + PART])


def _complete(connection: Connection, which: sa.ColumnElement[bool], required: Sequence[str], needed: int) -> int:
    """Count the items, among these labels, with at least `needed` labels of these questions."""
    items = (
        sa.select(_consensus.c.item_id)
        .where(which, _consensus.c.question.in_(required))
        .group_by(_consensus.c.item_id)
        .having(sa.func.count() >= needed)
    )
    return connection.scalar(sa.select(sa.func.count()).select_from(items.subquery())) or 0


def _count_units(labeled: QuestionLabels, units: Counter[str], number: int) -> None:
    for label, times in units.items():
        labeled.places[label] += number * times
        labeled.with_label[label] += number
