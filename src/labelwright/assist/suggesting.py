"""Runs the declared labelers over the items, and writes what they propose and was not there before.

How far each labeler has come is kept with its version, in the transaction of the suggestions: a run that was killed goes on where it
was, a second run writes nothing, and new items alone are looked at until the version changes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from labelwright.assist import versions
from labelwright.assist.labelers.base import Declined, Labeler, Progress, Proposal, Untouched
from labelwright.assist.policy import read_labelers
from labelwright.errors import InvalidPipeline
from labelwright.schema import Item
from labelwright.store import tables
from labelwright.store.codec import decode, decode_fields, encode
from labelwright.store.database import Connection
from labelwright.store.project import Project

__all__ = ["LabelerReport", "SuggestReport", "suggest"]

PAGE = 500
"""Items looked at in one go, and at most so many suggestions written in one transaction."""


class LabelerReport(Struct, frozen=True, kw_only=True):
    """What one labeler did for one question. `note` says why it did nothing, where it has nothing to propose with."""

    labeler: str
    question: str
    version: str | None = None
    looked_at: int = 0
    written: int = 0
    removed: int = 0
    note: str | None = None


class SuggestReport(Struct, frozen=True, kw_only=True):
    """How many suggestions were written and removed, in all and by labeler."""

    written: int = 0
    removed: int = 0
    labelers: tuple[LabelerReport, ...] = ()


class _Reached(Struct, frozen=True):
    """The version that was run, and the last item that it looked at."""

    version: str
    item_id: int


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def suggest(project: Project, labelers: Sequence[str | dict[str, Any]], *, progress: Progress = _silent) -> SuggestReport:
    """Let the declared labelers look at what they have not seen, and write what they propose.

    Suggestions of labelers that are no longer declared are removed. What came over the API or from a file stays.

    Raises:
        InvalidPipeline: a labeler is declared wrongly, or its file cannot be run.
    """
    opened: list[Labeler | Declined] = []
    for declared in read_labelers(labelers):
        opened += declared.module.open_labelers(declared.options, project, declared.place, progress)
    names = [(labeler.name, labeler.question) for labeler in opened]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InvalidPipeline(f"Two labelers are named '{twice[0]}'.", where="assist.labelers", hint="Give one of the files another name.")
    reports = [_run(project, labeler, progress) for labeler in opened]
    removed = _forget_undeclared(project, {_name(*name) for name in names})
    return SuggestReport(
        written=sum(report.written for report in reports),
        removed=removed + sum(report.removed for report in reports),
        labelers=tuple(reports),
    )


def _name(labeler: str, question: str) -> str:
    return f"suggest {question} {labeler}"


def _run(project: Project, labeler: Labeler | Declined, progress: Progress) -> LabelerReport:
    if isinstance(labeler, Declined):
        return LabelerReport(labeler=labeler.name, question=labeler.question, note=labeler.reason)
    name = _name(labeler.name, labeler.question)
    reached = versions.kept(project, name, _Reached)
    after = reached.item_id if reached and reached.version == labeler.version else 0
    looked_at = written = removed = 0
    total = _remaining(project, after)
    while True:
        with project.database.read() as connection:
            page = _items(connection, project.id, after)
            stored = _stored(connection, labeler, page)
        if not page:
            break
        proposals = labeler.propose(page)
        fresh, obsolete = _changes(project.id, labeler, page, proposals, stored)
        after = page[-1].id
        project.database.write(partial(_write, project.id, name, _Reached(labeler.version, after), fresh, obsolete))
        looked_at += len(page)
        written += len(fresh)
        removed += len(obsolete) - sum(row["item_id"] in stored for row in fresh)
        progress(looked_at, total, f"suggesting: {labeler.name}")
    if looked_at:
        labeler.close()
    return LabelerReport(
        labeler=labeler.name, question=labeler.question, version=labeler.version, looked_at=looked_at, written=written, removed=removed
    )


def _remaining(project: Project, after: int) -> int:
    items = tables.items
    query = sa.select(sa.func.count()).where(items.c.project_id == project.id, items.c.state == "active", items.c.id > after)
    with project.database.read() as connection:
        return int(connection.scalar(query) or 0)


def _items(connection: Connection, project_id: int, after: int) -> list[Item]:
    items = tables.items
    query = sa.select(items).where(items.c.project_id == project_id, items.c.state == "active", items.c.id > after)
    return [
        Item(row.id, row.key, row.revision, decode_fields(row.data), decode(row.meta), row.raw_id, row.offset)
        for row in connection.execute(query.order_by(items.c.id).limit(PAGE))
    ]


def _stored(connection: Connection, labeler: Labeler, page: list[Item]) -> dict[int, Any]:
    rows = tables.suggestions
    query = sa.select(rows.c.id, rows.c.item_id, rows.c.version, rows.c.answer, rows.c.score).where(
        rows.c.item_id.in_([item.id for item in page]), rows.c.question == labeler.question, rows.c.labeler == labeler.name
    )
    return {row.item_id: row for row in connection.execute(query)}


def _changes(
    project_id: int, labeler: Labeler, page: list[Item], proposals: list[Proposal | Untouched | None], stored: dict[int, Any]
) -> tuple[list[dict[str, Any]], list[int]]:
    """The suggestions to write, and the numbers of those that they replace or that are withdrawn."""
    fresh: list[dict[str, Any]] = []
    obsolete: list[int] = []
    now = time.time()
    for item, proposal in zip(page, proposals, strict=True):
        old = stored.get(item.id)
        if isinstance(proposal, Untouched):
            continue
        if proposal is None:
            obsolete += [old.id] if old else []
            continue
        score = None if proposal.score is None else round(proposal.score, 4)
        answer = encode(proposal.answer)
        if old and (old.version, old.answer, old.score) == (labeler.version, answer, score):
            continue
        obsolete += [old.id] if old else []
        fresh.append(
            {
                "project_id": project_id,
                "item_id": item.id,
                "question": labeler.question,
                "labeler": labeler.name,
                "version": labeler.version,
                "answer": answer,
                "score": score,
                "created_at": now,
            }
        )
    return fresh, obsolete


def _write(project_id: int, name: str, reached: _Reached, fresh: list[dict[str, Any]], obsolete: list[int], connection: Connection) -> None:
    rows = tables.suggestions
    if obsolete:
        connection.execute(sa.delete(rows).where(rows.c.id.in_(obsolete)))
    if fresh:
        connection.execute(sa.insert(rows), fresh)
    versions.keep(connection, project_id, name, reached)


def _forget_undeclared(project: Project, declared: set[str]) -> int:
    """Remove what labelers suggested that were run once and are declared no more."""
    removed = 0
    for name in versions.names(project, "suggest "):
        if name in declared:
            continue
        _, question, labeler = name.split(" ", 2)
        while True:
            gone = project.database.write(partial(_forget, project.id, question, labeler, name))
            removed += gone
            if gone < PAGE:
                break
    return removed


def _forget(project_id: int, question: str, labeler: str, name: str, connection: Connection) -> int:
    rows = tables.suggestions
    chosen = sa.select(rows.c.id).where(rows.c.project_id == project_id, rows.c.labeler == labeler, rows.c.question == question)
    numbers = list(connection.scalars(chosen.order_by(rows.c.id).limit(PAGE)))
    if numbers:
        connection.execute(sa.delete(rows).where(rows.c.id.in_(numbers)))
    if len(numbers) < PAGE:
        versions.forget(connection, project_id, name)
    return len(numbers)
