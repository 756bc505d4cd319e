"""The rules, applied to the whole dataset: what stands is looked at again, under the rules as they are now.

What is found goes to the findings with the stage `dataset`, beside those that were confirmed at submission; what was confirmed then is
not said again. Only what differs from last time is written, so that a second run writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from labelwright.checks.compile import Rules
from labelwright.checks.inspection import inspect
from labelwright.schema import Finding, Item
from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode, decode_fields, decode_values
from labelwright.store.database import Connection
from labelwright.store.project import Project

__all__ = ["inspect_all", "store_findings"]

PAGE = 1000
"""Annotations looked at in one go."""

WRITE = 2000
"""Rows written in one transaction, at most."""

Progress = Callable[[int, int | None, str], None]

_Key = tuple[int, Finding]
"""The annotation and what was found in it."""


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def store_findings(
    connection: Connection, project_id: int, item_id: int, annotation_id: int | None, findings: Sequence[Finding], *, stage: str
) -> None:
    """Write down what was found in one annotation, in the transaction of what it is about."""
    if findings:
        connection.execute(
            sa.insert(tables.findings), [_row(project_id, item_id, annotation_id, finding, stage, time.time()) for finding in findings]
        )


def inspect_all(project: Project, rules: Rules, *, progress: Progress = _silent) -> int:
    """Look at all answers that stand, submitted or accepted, about active items; return how many findings there are.

    It streams: the memory does not grow with the project.
    """
    annotations = tables.annotations
    with project.database.read() as connection:
        standing = sa.and_(annotations.c.project_id == project.id, annotations.c.state.in_(("submitted", "accepted")))
        total = connection.scalar(sa.select(sa.func.count()).select_from(annotations).where(standing))
    done = found = after = 0
    while True:
        with project.database.read() as connection:
            page = _page(connection, project.id, after)
            last = page[-1].id if page else None
            stored, confirmed = _stored(connection, project.id, after, last)
        wanted = _inspect_page(project, rules, page)
        wanted = {key: item_id for key, item_id in wanted.items() if key not in confirmed}
        obsolete = [number for key, numbers in stored.items() for number in (numbers[1:] if key in wanted else numbers)]
        fresh = [(key, item_id) for key, item_id in wanted.items() if key not in stored]
        _write(project, obsolete, fresh)
        found += len(wanted)
        done += len(page)
        progress(done, total, "checking the dataset")
        if last is None:
            return found
        after = last


def _page(connection: Connection, project_id: int, after: int) -> Sequence[Any]:
    annotations, items = tables.annotations, tables.items
    return connection.execute(
        sa.select(
            annotations.c.id,
            annotations.c.item_id,
            annotations.c["values"],
            annotations.c.seconds_active,
            annotations.c.origin,
            items.c.key,
            items.c.revision,
            items.c.data,
            items.c.meta,
        )
        .join(items, items.c.id == annotations.c.item_id)
        .where(
            annotations.c.project_id == project_id,
            annotations.c.id > after,
            annotations.c.state.in_(("submitted", "accepted")),
            items.c.state == "active",
        )
        .order_by(annotations.c.id)
        .limit(PAGE)
    ).all()


def _stored(connection: Connection, project_id: int, after: int, last: int | None) -> tuple[dict[_Key, list[int]], set[_Key]]:
    """What is stored of the annotations behind `after` up to `last`, or up to the end: of stage dataset with its numbers, and of submit."""
    findings = tables.findings
    query = sa.select(findings).where(beside(findings.c.project_id) == project_id, findings.c.annotation_id > after)
    if last is not None:
        query = query.where(findings.c.annotation_id <= last)
    stored: dict[_Key, list[int]] = {}
    confirmed: set[_Key] = set()
    for row in connection.execute(query):
        finding = Finding(rule=row.rule, severity=row.severity, message=row.message, question=row.question, unit=row.unit)
        key = (row.annotation_id, finding)
        if row.stage == "dataset":
            stored.setdefault(key, []).append(row.id)
        else:
            confirmed.add(key)
    return stored, confirmed


def _inspect_page(project: Project, rules: Rules, page: Sequence[Any]) -> dict[_Key, int]:
    """Each finding of a page, with its item."""
    wanted: dict[_Key, int] = {}
    for row in page:
        item = Item(row.item_id, row.key, row.revision, decode_fields(row.data), decode(row.meta))
        # How long a reviewer took to correct an answer, or a file to be read, says nothing about how it was made.
        seconds = (row.seconds_active or None) if row.origin == "person" else None  # the store keeps 0 where nobody measured
        for one in inspect(project.schema, decode_values(row.values), item, rules=rules, seconds_active=seconds):
            wanted[row.id, one] = row.item_id
    return wanted


def _write(project: Project, obsolete: list[int], fresh: list[tuple[_Key, int]]) -> None:
    for start in range(0, len(obsolete), WRITE):
        project.database.write(partial(_forget, obsolete[start : start + WRITE]))
    for start in range(0, len(fresh), WRITE):
        now = time.time()
        part = fresh[start : start + WRITE]
        rows = [_row(project.id, item_id, annotation_id, finding, "dataset", now) for (annotation_id, finding), item_id in part]
        project.database.write(partial(_add, rows))


def _forget(numbers: list[int], connection: Connection) -> None:
    connection.execute(sa.delete(tables.findings).where(tables.findings.c.id.in_(numbers)))


def _add(rows: list[dict[str, Any]], connection: Connection) -> None:
    connection.execute(sa.insert(tables.findings), rows)


def _row(project_id: int, item_id: int, annotation_id: int | None, finding: Finding, stage: str, now: float) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "item_id": item_id,
        "annotation_id": annotation_id,
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "question": finding.question,
        "unit": finding.unit,
        "stage": stage,
        "created_at": now,
    }
