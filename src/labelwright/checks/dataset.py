"""The rules, applied to the whole dataset: what stands is looked at again, under the rules as they are now.

What is found goes to the findings with the stage `dataset`, beside those that were confirmed at submission; what was confirmed then is
not said again. Only what differs from last time is written. Where the rules and the items are the same as then, only those answers are
looked at that something happened to, as the log tells, so that a second run reads and writes nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec import Struct

from labelwright.checks.compile import Rules
from labelwright.checks.inspection import look
from labelwright.schema import Finding, Item
from labelwright.store import bulk, kept, log, tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode, decode_fields, decode_values
from labelwright.store.database import Connection
from labelwright.store.log import Position
from labelwright.store.paging import next_page
from labelwright.store.portable import MOST
from labelwright.store.project import Project
from labelwright.store.standing import STANDING

__all__ = ["findings_mark", "inspect_all", "store_findings"]

PAGE = 1000
"""Annotations looked at in one go."""

ITEMS = 500
"""Items whose answers are looked at in one go."""

WRITE = 2000
"""Rows written in one transaction, at most."""

EVENTS = 10_000
"""Events read at a time."""

MOST_AGAIN = 10_000
"""Items that are remembered because a check could not be made; where there are more, everything is looked at again."""

WORK, AGAIN, CHANGED = "checks", "checks again", "findings"
"""The names under which it is kept how far the log was read, which items are tried again, and the mark of the newest change."""

_SILENT = ("task_skipped", "comment_added", "comment_resolved")
"""Events that change no answer."""

_annotations, _items, _findings = tables.annotations, tables.items, tables.findings
_answers = sa.select(
    *(_annotations.c[name] for name in ("id", "item_id", "values", "seconds_active", "origin")),
    *(_items.c[name] for name in ("key", "revision", "data", "meta")),
).join(_items, _items.c.id == _annotations.c.item_id)

Progress = Callable[[int, int | None, str], None]

_Key = tuple[int, Finding]
"""The annotation and what was found in it."""


class _Again(Struct, frozen=True):
    items: list[int] = []


class _Changed(Struct, frozen=True):
    mark: str = ""


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def store_findings(
    connection: Connection, project_id: int, item_id: int, annotation_id: int | None, findings: Sequence[Finding], *, stage: str
) -> None:
    """Write down what was found in one annotation, in the transaction of what it is about."""
    if findings:
        connection.execute(
            sa.insert(_findings), [_row(project_id, item_id, annotation_id, finding, stage, time.time()) for finding in findings]
        )


def inspect_all(project: Project, rules: Rules, *, progress: Progress = _silent) -> int:
    """Look at the answers that stand, submitted or accepted, about active items; return how many were looked at.

    These are the answers of items that something happened to since the last time, and of those of which a check could not be made then;
    all of them where the rules, the questions, their files, Labelwright's version or what items show have changed. Running it again, or
    after a crash anywhere, comes to the same findings. It streams: the memory does not grow with the answers.
    """
    with project.database.read() as connection:
        before = kept.reached(connection, project.id, WORK, rules.digest)
        touched, reached = _since(connection, project.id, before)
        waiting = kept.kept(connection, project.id, AGAIN, _Again) or _Again()
    again: set[int] = set()
    looked_at = 0
    if touched is None:
        project.database.write(partial(kept.begin, project_id=project.id, work=WORK))
        parts = _everything(project, progress)
    else:
        parts = _of_items(project, sorted(touched.union(waiting.items)), progress)
    for part in parts:
        looked_at += len(part.page)
        again |= _inspect_part(project, rules, part)
    if before != reached or again != set(waiting.items):
        project.database.write(partial(_finish, project_id=project.id, basis=rules.digest, reached=reached, again=sorted(again)))
    return looked_at


def findings_mark(connection: Connection, project_id: int) -> str:
    """Return a mark that is another one whenever `inspect_all` has changed a finding; empty where it never did."""
    return (kept.kept(connection, project_id, CHANGED, _Changed) or _Changed()).mark


def _since(connection: Connection, project_id: int, after: Position | None) -> tuple[set[int] | None, Position]:
    """Return the items that something happened to behind `after`, or None where everything has to be looked at, and up to where."""
    touched: set[int] = set()
    while after is not None and (events := log.follow(connection, project_id, after, EVENTS)):
        changed = any(event.kind == "items_changed" for event in events)
        after = None if changed else events[-1].position
        touched |= {event.item_id for event in events if event.item_id is not None and event.kind not in _SILENT}
    return (touched, after) if after is not None else (None, log.newest(connection, project_id))


def _finish(connection: Connection, project_id: int, basis: str, reached: Position, again: list[int]) -> None:
    # One look at everything stands at a time. None does where so much is to be tried again that all may be.
    kept.begin(connection, project_id, WORK)
    if len(again) <= MOST_AGAIN:
        kept.finish(connection, project_id, WORK, basis, reached)
    kept.keep(connection, project_id, AGAIN, _Again(again[:MOST_AGAIN]))


class _Part(NamedTuple):
    """Answers to be looked at, and what is stored of these and of answers that stand no longer.

    `stored` are the findings of stage dataset with the numbers of their rows, `confirmed` those of stage submit.
    """

    page: Sequence[Any]
    stored: dict[_Key, list[int]]
    confirmed: set[_Key]


def _everything(project: Project, progress: Progress) -> Iterator[_Part]:
    with project.database.read() as connection:
        standing = sa.and_(_annotations.c.project_id == project.id, _annotations.c.state.in_(STANDING))
        total = connection.scalar(sa.select(sa.func.count()).select_from(_annotations).where(standing))
    done = after = 0
    more = True
    while more:
        with project.database.read() as connection:
            numbers = next_page(connection, _annotations, project.id, STANDING, after=after, size=PAGE)
            more = bool(numbers)
            # Behind the last answer that stands there can be findings of those that stand no longer.
            upto = numbers[-1] if more else MOST
            standing = sa.and_(
                _annotations.c.id > after,
                _annotations.c.id <= upto,
                beside(_annotations.c.project_id) == project.id,
                beside(_annotations.c.state).in_(STANDING),
                beside(_items.c.state) == "active",
            )
            page = connection.execute(_answers.where(standing).order_by(_annotations.c.id)).all() if more else []
            found = (beside(_findings.c.project_id) == project.id, _findings.c.annotation_id > after, _findings.c.annotation_id <= upto)
            part = _Part(page, *_stored(connection, sa.and_(*found)))
        yield part
        done, after = done + len(numbers), upto
        progress(done, total, "checking the dataset")


def _of_items(project: Project, item_ids: list[int], progress: Progress) -> Iterator[_Part]:
    for start in range(0, len(item_ids), ITEMS):
        with project.database.read() as connection:
            among = partial(bulk.among, connection, values=item_ids[start : start + ITEMS])
            standing = sa.and_(
                among(_annotations.c.item_id),
                beside(_annotations.c.project_id) == project.id,
                beside(_annotations.c.state).in_(STANDING),
                beside(_items.c.state) == "active",
            )
            page = connection.execute(_answers.where(standing).order_by(_annotations.c.id)).all()
            found = sa.and_(among(_findings.c.item_id), _findings.c.annotation_id.is_not(None))
            part = _Part(page, *_stored(connection, found))
        yield part
        progress(min(start + ITEMS, len(item_ids)), len(item_ids), "checking the dataset")


def _stored(connection: Connection, which: sa.ColumnElement[bool]) -> tuple[dict[_Key, list[int]], set[_Key]]:
    stored: dict[_Key, list[int]] = {}
    confirmed: set[_Key] = set()
    for row in connection.execute(sa.select(_findings).where(which)):
        finding = Finding(rule=row.rule, severity=row.severity, message=row.message, question=row.question, part=row.part)
        key = (row.annotation_id, finding)
        if row.stage == "dataset":
            stored.setdefault(key, []).append(row.id)
        else:
            confirmed.add(key)
    return stored, confirmed


def _inspect_part(project: Project, rules: Rules, part: _Part) -> set[int]:
    """Write what differs from what is stored, and return the items of which a check could not be made."""
    wanted, again = _inspect_page(project, rules, part.page)
    wanted = {key: item_id for key, item_id in wanted.items() if key not in part.confirmed}
    obsolete = [number for key, numbers in part.stored.items() for number in (numbers[1:] if key in wanted else numbers)]
    fresh = [(key, item_id) for key, item_id in wanted.items() if key not in part.stored]
    _write(project, obsolete, fresh)
    return again


def _inspect_page(project: Project, rules: Rules, page: Sequence[Any]) -> tuple[dict[_Key, int], set[int]]:
    """Each finding of a page, with its item, and the items of which a check could not be made."""
    wanted: dict[_Key, int] = {}
    again: set[int] = set()
    for row in page:
        item = Item(row.item_id, row.key, row.revision, decode_fields(row.data), decode(row.meta))
        # How long a reviewer took to correct an answer, or a file to be read, says nothing about how it was made.
        seconds = (row.seconds_active or None) if row.origin == "person" else None  # the store keeps 0 where nobody measured
        found = look(project.schema, decode_values(row.values), item, rules=rules, seconds_active=seconds)
        wanted.update(((row.id, one), row.item_id) for one in found.findings)
        if found.not_made:
            again.add(row.item_id)
    return wanted, again


def _write(project: Project, obsolete: list[int], fresh: list[tuple[_Key, int]]) -> None:
    for start in range(0, len(obsolete), WRITE):
        project.database.write(partial(_forget, project.id, obsolete[start : start + WRITE]))
    for start in range(0, len(fresh), WRITE):
        now = time.time()
        part = fresh[start : start + WRITE]
        rows = [_row(project.id, item_id, annotation_id, finding, "dataset", now) for (annotation_id, finding), item_id in part]
        project.database.write(partial(_add, project.id, rows))


def _forget(project_id: int, numbers: list[int], connection: Connection) -> None:
    _mark(connection, project_id)
    connection.execute(sa.delete(_findings).where(_findings.c.id.in_(numbers)))


def _add(project_id: int, rows: list[dict[str, Any]], connection: Connection) -> None:
    _mark(connection, project_id)
    connection.execute(sa.insert(_findings), rows)


def _mark(connection: Connection, project_id: int) -> None:
    kept.keep(connection, project_id, CHANGED, _Changed(secrets.token_hex(8)))


def _row(project_id: int, item_id: int, annotation_id: int | None, finding: Finding, stage: str, now: float) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "item_id": item_id,
        "annotation_id": annotation_id,
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "question": finding.question,
        "part": finding.part,
        "stage": stage,
        "created_at": now,
    }
