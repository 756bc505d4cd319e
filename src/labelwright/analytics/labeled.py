"""How many items have a label, and which: by counting, and by reading only the few labels that no consensus tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.schema import Schema
from labelwright.store import tables
from labelwright.store.codec import decode_answer
from labelwright.store.labels import final_labels

__all__ = ["Labeled", "count_labeled", "read_labeled", "settled"]


class Labeled(Struct, kw_only=True):
    """The labels of one question.

    `items` counts the items with a label, `reviewed` those of them that a person reviewed. For each label, `with_label` counts the
    items that have it, and `places` how often it occurs, which for a choice is the same.
    """

    items: int = 0
    reviewed: int = 0
    with_label: Counter[str] = Counter()
    places: Counter[str] = Counter()
    confidence: float | None = None
    methods: list[str] = []


def read_labeled(connection: Connection, project_id: int, schema: Schema) -> tuple[dict[str, Labeled], int]:
    """Return what is labeled in each question, and how many items have a label for every question that requires one."""
    items, consensus, reviews, known = tables.items, tables.consensus, tables.reviews, tables.known_answers
    active = sa.and_(items.c.project_id == project_id, items.c.state == "active")
    special = sa.union(
        sa.select(reviews.c.item_id).where(reviews.c.project_id == project_id, reviews.c.verdict != "reject"),
        sa.select(known.c.item_id).where(known.c.project_id == project_id, known.c.use == "gold"),
    )
    apart = sorted(connection.scalars(sa.select(items.c.id).where(active, items.c.id.in_(special))))
    found = {name: Labeled(with_label=Counter(), places=Counter()) for name in schema.questions}
    # Where nobody reviewed and nothing is gold, the label is the consensus, and equal answers are counted by the database.
    agreed = (
        sa.select(consensus.c.question, consensus.c.answer, sa.func.count())
        .join(items, items.c.id == consensus.c.item_id)
        .where(items.c.state == "active", consensus.c.question.in_(list(schema.questions)))
        .group_by(consensus.c.question, consensus.c.answer)
    )
    for question, answer, count in connection.execute(agreed.where(consensus.c.project_id == project_id)):
        _count(found[question], answer, count)
    for start in range(0, len(apart), 500):
        # These are the project's items; naming the project once more would make SQLite walk through all of its labels.
        part = agreed.where(consensus.c.item_id.in_(apart[start : start + 500]))
        for question, answer, count in connection.execute(part):
            _count(found[question], answer, -count)
    complete: dict[int, set[str]] = {}
    for label in final_labels(connection, project_id, schema, item_ids=apart):
        one = found[label.question]
        one.items += 1
        one.reviewed += label.origin == "review"
        units = [unit.label for unit in label.answer.units()]
        one.places.update(units)
        one.with_label.update(set(units))
        complete.setdefault(label.item_id, set()).add(label.question)
    for question, confidence, method in connection.execute(
        sa.select(consensus.c.question, sa.func.avg(consensus.c.confidence), sa.func.max(consensus.c.method))
        .where(consensus.c.project_id == project_id, consensus.c.question.in_(list(schema.questions)))
        .group_by(consensus.c.question)
    ):
        found[question].confidence = round(confidence, 6)
        found[question].methods = [method]
    return found, _complete(connection, project_id, schema, found, complete, active)


def count_labeled(connection: Connection, project_id: int, schema: Schema) -> tuple[int, int, int]:
    """Return how many items are to be labeled, how many of them are, and how many have a known answer and are gold besides.

    An item is labeled when every question that requires an answer has a label, or any question where none requires one: that of the
    people's answers together, or of a review.
    """
    items, consensus, known = tables.items, tables.consensus, tables.known_answers
    gold = items.c.id.in_(sa.select(known.c.item_id).where(known.c.project_id == project_id, known.c.use == "gold"))
    required = [name for name, question in schema.questions.items() if question.required]
    agreed = (
        sa.select(consensus.c.item_id)
        .where(consensus.c.project_id == project_id, consensus.c.question.in_(required or list(schema.questions)))
        .group_by(consensus.c.item_id)
        .having(sa.func.count() >= max(len(required), 1))
    )

    def count(*which: sa.ColumnElement[bool]) -> int:
        active = sa.select(sa.func.count()).where(items.c.project_id == project_id, items.c.state == "active", *which)
        return connection.scalar(active) or 0

    return count(~gold), count(~gold, items.c.id.in_(agreed) | items.c.id.in_(settled(project_id))), count(gold)


def settled(project_id: int) -> sa.Select[tuple[int]]:
    """Select the items whose newest review accepted or fixed them: a rejection withdraws what an earlier review had settled."""
    reviews = tables.reviews
    newest = sa.select(sa.func.max(reviews.c.id)).where(reviews.c.project_id == project_id).group_by(reviews.c.item_id)
    return sa.select(reviews.c.item_id).where(reviews.c.id.in_(newest), reviews.c.verdict != "reject")


def _count(labeled: Labeled, answer: str, count: int) -> None:
    units = [unit.label for unit in decode_answer(answer).units()]
    labeled.items += count
    for label, times in Counter(units).items():
        labeled.places[label] += count * times
        labeled.with_label[label] += count


def _complete(
    connection: Connection,
    project_id: int,
    schema: Schema,
    found: Mapping[str, Labeled],
    settled: Mapping[int, set[str]],
    active: sa.ColumnElement[bool],
) -> int:
    """Count the items that have a label for every question that requires one, or for any where none does."""
    required = [name for name, question in schema.questions.items() if question.required] or list(schema.questions)
    if len(schema.questions) == 1:
        return found[required[0]].items
    items, consensus = tables.items, tables.consensus
    needed = len(required) if schema.questions[required[0]].required else 1
    agreed = (
        sa.select(consensus.c.item_id)
        .join(items, items.c.id == consensus.c.item_id)
        .where(active, consensus.c.project_id == project_id, consensus.c.question.in_(required))
        .group_by(consensus.c.item_id)
        .having(sa.func.count() >= needed)
    )
    whole = set(connection.scalars(agreed))
    whole |= {item_id for item_id, names in settled.items() if len(names.intersection(required)) >= needed}
    return len(whole)
