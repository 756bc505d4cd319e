"""Writes what the answers say together; rows that did not change are left alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.schema import Schema, Values
from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode_answer
from labelwright.store.database import Database

__all__ = ["Changed", "ConsensusRow", "agreed", "forget_questions", "standing", "write"]

_consensus = tables.consensus


class ConsensusRow(NamedTuple):
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


def standing(connection: Connection, name: str, item_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return annotations and method of the rows that stand for these items."""
    query = sa.select(_consensus.c.item_id, _consensus.c.annotation_ids, _consensus.c.method).where(
        _consensus.c.item_id.in_(item_ids), _consensus.c.question == name
    )
    return {item_id: (numbers, method) for item_id, numbers, method in connection.execute(query)}


def agreed(connection: Connection, names: Sequence[str], item_ids: Sequence[int]) -> dict[int, Values]:
    """Return the consensus on these questions about these items, as it stands; an item without any is there, too."""
    found: dict[int, Values] = {item_id: {} for item_id in item_ids}
    query = sa.select(_consensus.c.item_id, _consensus.c.question, _consensus.c.answer).where(_consensus.c.question.in_(names))
    for first in range(0, len(item_ids), 500):
        for item_id, name, answer in connection.execute(query.where(_consensus.c.item_id.in_(item_ids[first : first + 500]))):
            found[item_id][name] = decode_answer(answer)
    return found


def write(
    database: Database,
    project_id: int,
    name: str,
    schema: Schema,
    rows: Sequence[ConsensusRow],
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
        return _write(connection, project_id, name, schema, listed, removed, between, unchanged)

    return database.write(work)


_UPDATE = (
    sa.update(_consensus)
    .where(_consensus.c.item_id == sa.bindparam("is_item"), _consensus.c.question == sa.bindparam("is_question"))
    .values({column: sa.bindparam(column) for column in (*ConsensusRow._fields[1:], "updated_at")})
)


def _write(
    connection: Connection,
    project_id: int,
    name: str,
    schema: Schema,
    rows: list[ConsensusRow],
    gone: list[int],
    between: tuple[int, int] | None,
    kept: set[int],
) -> Changed:
    mine = sa.and_(beside(_consensus.c.project_id) == project_id, _consensus.c.question == name)
    if between is not None:
        near = sa.and_(mine, _consensus.c.item_id > between[0], _consensus.c.item_id <= between[1])
    else:
        near = sa.and_(mine, _consensus.c.item_id.in_([*(row.item_id for row in rows), *gone]))
    columns = [_consensus.c[column] for column in ConsensusRow._fields]
    old = {found[0]: ConsensusRow(*found) for found in connection.execute(sa.select(*columns).where(near)).all()}
    now = time.time()
    new, changed, moved = [], [], []
    for row in rows:
        before = old.pop(row.item_id, None)
        if before is None:
            new.append({**row._asdict(), "project_id": project_id, "question": name, "updated_at": now})
        elif before != row:
            values = row._asdict()
            changed.append({**values, "is_item": values.pop("item_id"), "is_question": name, "updated_at": now})
            if before.answer != row.answer and not schema.alike(name, decode_answer(before.answer), decode_answer(row.answer)):
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
