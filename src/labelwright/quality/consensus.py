"""Writes what the answers say together; rows that did not change are left alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.quality.answers import PAGE, Given
from labelwright.quality.belief import expected_accuracy
from labelwright.quality.choices import Judged
from labelwright.quality.places import agreement, fuse, similarity
from labelwright.schema import Question
from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode_answer, encode
from labelwright.store.database import Database
from labelwright.store.evidence import SAME_LABEL

__all__ = ["Changed", "Row", "choice_rows", "forget_questions", "fused_row", "method_of_weights", "shares_of", "standing", "write"]

_consensus = tables.consensus


class Row(NamedTuple):
    """The consensus on one question about one item, as it is stored."""

    item_id: int
    answer: str
    confidence: float
    agreement: float | None
    answers: int
    annotation_ids: str
    method: str


class Changed(NamedTuple):
    """How many rows were written anew, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: Any) -> Changed:
        return Changed(self.added + other.added, self.changed + other.changed, self.removed + other.removed)


def choice_rows(question: Question, data: Mapping[str, Any], judged: Judged, method: str) -> Iterator[list[Row]]:
    """Yield the rows of a choice question, as many at a time as are written in one transaction."""
    answers = [encode(question.from_plain(label)) for label in question.labels]
    start = judged.start.tolist()
    labels, confidence = judged.labels.tolist(), judged.confidence.tolist()
    person = data["annotation"] > 0
    same = _pairwise(data, judged, person, len(question.labels))
    people = np.add.reduceat(person.astype(np.int64), judged.start[:-1]).tolist() if len(labels) else []
    items = judged.items.tolist()
    for first in range(0, len(items), PAGE):
        page = []
        for place in range(first, min(first + PAGE, len(items))):
            numbers = [number for number in data["annotation"][start[place] : start[place + 1]].tolist() if number]
            page.append(
                Row(items[place], answers[labels[place]], confidence[place], same[place], people[place], encode(sorted(numbers)), method)
            )
        yield page


def _pairwise(data: Mapping[str, Any], judged: Judged, person: Any, size: int) -> list[float | None]:
    """The share of pairs of people's answers that are the same, for each item; None with one answer."""
    task = np.repeat(np.arange(len(judged.items)), np.diff(judged.start))[person]
    count = np.bincount(task, minlength=len(judged.items)).astype(np.float64)
    cell, times = np.unique(task * np.int64(size) + data["label"][person], return_counts=True)
    same = np.bincount(cell // size, weights=times * (times - 1.0), minlength=len(judged.items))
    pairs = count * (count - 1)
    share = np.where(pairs > 0, same / np.where(pairs > 0, pairs, 1.0), -1.0)
    return [None if value < 0 else round(value, 6) for value in share.tolist()]


def method_of_weights(weights: Mapping[int, float]) -> str:
    """Name the method of fused places; other weights of the annotators are another method, so that what they would change is redone.

    >>> method_of_weights({})
    'fused'
    """
    if not weights:
        return "fused"
    import hashlib

    digest = hashlib.blake2b(encode(sorted(weights.items())).encode(), digest_size=4).hexdigest()
    return f"fused, weighted {digest}"


def shares_of(weights: Mapping[int, float], given: Sequence[Given]) -> list[float]:
    """Return the weight of each answer; whoever could not be compared yet weighs as much as the others do on average."""
    usual = sum(weights.values()) / len(weights) if weights else 1.0
    return [weights.get(one.user_id, usual) for one in given]


def fused_row(
    name: str,
    question: Question,
    item_id: int,
    given: Sequence[Given],
    weights: Mapping[int, float],
    method: str,
    gold: Mapping[int, tuple[float, int]],
    known: tuple[str, str] | None,
) -> Row | Literal["unchanged"] | None:
    """Return the row of a question whose answers are places.

    It is `unchanged` where `known`, the annotations and the method of the row that stands, says so, and None where nobody answered.
    """
    answered = [one for one in given if name in one.values]
    people = [one for one in answered if one.annotation_id is not None]
    if not people:
        return None
    numbers = encode(sorted(one.annotation_id or 0 for one in people))
    if len(answered) == 1:
        method = "single"
    if known == (numbers, method) and len(answered) == len(people):
        return "unchanged"
    values = [one.values[name] for one in answered]
    share = shares_of(weights, answered)
    fused = fuse(question, values, share)
    doubt = 1.0
    for one in answered:
        doubt *= 1 - expected_accuracy(gold, one.user_id)
    close = sum(weight * similarity(question, fused, value) for weight, value in zip(share, values, strict=True)) / sum(share)
    same = agreement(question, [one.values[name] for one in people])
    confidence = round(close * (1 - doubt), 6)
    return Row(item_id, encode(fused), confidence, None if same is None else round(same, 6), len(people), numbers, method)


def standing(connection: Connection, name: str, item_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return annotations and method of the rows that stand for these items."""
    query = sa.select(_consensus.c.item_id, _consensus.c.annotation_ids, _consensus.c.method).where(
        _consensus.c.item_id.in_(item_ids), _consensus.c.question == name
    )
    return {item_id: (numbers, method) for item_id, numbers, method in connection.execute(query)}


def write(
    database: Database,
    project_id: int,
    name: str,
    rows: Sequence[Row],
    *,
    gone: Iterable[int] = (),
    between: tuple[int, int] | None = None,
    kept: Iterable[int] = (),
) -> Changed:
    """Write a page of rows of one question where they differ from what stands, in one transaction.

    Rows of the items `gone` are removed, and so are those after the first and up to the second item of `between` that are neither in
    `rows` nor in `kept`.
    """
    listed, removed, unchanged = list(rows), sorted(set(gone)), set(kept)

    def work(connection: Connection) -> Changed:
        return _write(connection, project_id, name, listed, removed, between, unchanged)

    return database.write(work)


_UPDATE = (
    sa.update(_consensus)
    .where(_consensus.c.item_id == sa.bindparam("is_item"), _consensus.c.question == sa.bindparam("is_question"))
    .values({column: sa.bindparam(column) for column in (*Row._fields[1:], "updated_at")})
)


def _write(
    connection: Connection,
    project_id: int,
    name: str,
    rows: list[Row],
    gone: list[int],
    between: tuple[int, int] | None,
    kept: set[int],
) -> Changed:
    mine = sa.and_(beside(_consensus.c.project_id) == project_id, _consensus.c.question == name)
    if between is not None:
        near = sa.and_(mine, _consensus.c.item_id > between[0], _consensus.c.item_id <= between[1])
    else:
        near = sa.and_(mine, _consensus.c.item_id.in_([*(row.item_id for row in rows), *gone]))
    columns = [_consensus.c[column] for column in Row._fields]
    old = {found[0]: Row(*found) for found in connection.execute(sa.select(*columns).where(near)).all()}
    now = time.time()
    new, changed, moved = [], [], []
    for row in rows:
        before = old.pop(row.item_id, None)
        if before is None:
            new.append({**row._asdict(), "project_id": project_id, "question": name, "updated_at": now})
        elif before != row:
            values = row._asdict()
            changed.append({**values, "is_item": values.pop("item_id"), "is_question": name, "updated_at": now})
            if before.answer != row.answer and decode_answer(before.answer).distance(decode_answer(row.answer)) > SAME_LABEL:
                moved.append(row.item_id)
    if new:
        connection.execute(sa.insert(_consensus), new)
    if changed:
        connection.execute(_UPDATE, changed)
    removed = [item_id for item_id in old if item_id not in kept]
    for first in range(0, len(removed), 500):
        connection.execute(sa.delete(_consensus).where(mine, _consensus.c.item_id.in_(removed[first : first + 500])))
    _note_moved(connection, [*moved, *removed], now)
    return Changed(len(new), len(changed), len(removed))


def _note_moved(connection: Connection, item_ids: list[int], now: float) -> None:
    """Note which labels are others than those drawn for the audit or passed over: until they are looked at, it proves nothing of them."""
    items = tables.items
    for first in range(0, len(item_ids), 500):
        drawn = items.c.id.in_(item_ids[first : first + 500]) & items.c.drawn_label.is_not(None) & items.c.changed_at.is_(None)
        connection.execute(sa.update(items).where(drawn).values(changed_at=now))


def forget_questions(connection: Connection, project_id: int, names: Sequence[str]) -> int:
    """Remove the consensus on questions that are not asked any more."""
    old = sa.and_(_consensus.c.project_id == project_id, _consensus.c.question.not_in(names))
    return int(connection.execute(sa.delete(_consensus).where(old)).rowcount)
