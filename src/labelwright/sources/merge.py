"""One batch of rows into the store, in one transaction: new, changed, unchanged, or set aside because another row has its key.

A key names one row. Who comes second with other content is set aside with the reason, never written over the first: the same key twice in
a file, in two files, in two sources, or in a file and in what was sent to the server. The same content again changes nothing. A row has
changed when the file that it came from has it with other content, or no longer exists as it was, or its source is no longer declared.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.store import bulk, tables
from labelwright.store.bulk import Current, SetAsideEntry
from labelwright.store.seen import Seen

__all__ = ["PUSHED", "Merged", "Ownership", "Ready", "file_of", "merge"]

PUSHED = "push:"
"""Stands in front of the names of sources whose rows were sent to the server."""

_ROW = re.compile(r" (?:line|row) \d+$")


class Ready(NamedTuple):
    """A row that can be stored: its data is JSON text already, and its revision the hash of it."""

    key: str
    revision: str
    place: str
    data: str
    blob: str | None


class Ownership(NamedTuple):
    """What decides who owns a key: the sources declared, the keys met in this run, whether a file stands as it was read; and the files
    read to the end in this run.
    """

    declared: frozenset[str]
    seen: Seen
    newest_before: int
    stands: Callable[[Connection, str], bool]
    read: Collection[str] = ()


class Merged(NamedTuple):
    """What became of a batch; `met` are the keys in it that the store had before."""

    new: int
    changed: int
    unchanged: int
    conflicts: list[SetAsideEntry]
    met: list[str]


def file_of(place: str) -> str:
    """Return the file that a place lies in.

    >>> file_of("tickets/may.jsonl line 7")
    'tickets/may.jsonl'
    """
    return _ROW.sub("", place)


def merge(connection: Connection, project_id: int, source: str, batch: Sequence[Ready], rules: Ownership) -> Merged:
    """Write a batch and say what became of it. May be run again from the start, as every transaction."""
    bulk.lock_project(connection, project_id)
    stored = {row.key: row for row in bulk.current_rows(connection, project_id, [row.key for row in batch])}
    incoming = {row.key: row for row in batch}
    if not stored and len(incoming) == len(batch):  # as in every first run
        _write(connection, project_id, source, batch)
        return Merged(len(batch), 0, 0, [], [])
    incoming = {}
    conflicts: list[SetAsideEntry] = []
    replaced: list[int] = []
    fresh: list[Ready] = []
    found: list[tuple[int, str, str]] = []
    unchanged = 0
    for row in batch:
        first = incoming.get(row.key)
        old = stored.get(row.key)
        if first is not None:
            if first.revision == row.revision:
                unchanged += 1
            else:
                conflicts.append(_conflict(source, row, source, first.place))
        elif old is None:
            incoming[row.key] = row
            fresh.append(row)
        elif old.revision == row.revision:
            unchanged += 1
            incoming[row.key] = row
            if old.gone or _has_moved(connection, old, row, rules):
                found.append((old.id, source, row.place))
        elif _owns(connection, old, source, row, rules):
            conflicts.append(_conflict(source, row, old.source, old.place))
        else:
            replaced.append(old.id)
            incoming[row.key] = row
            fresh.append(row)
    if replaced:
        connection.execute(
            sa.update(tables.raw_items).where(bulk.among(connection, tables.raw_items.c.id, replaced)).values(state="replaced")
        )
    if found:
        _found(connection, found)
    _write(connection, project_id, source, fresh)
    if conflicts:
        bulk.quarantine(connection, project_id, "collect", conflicts)
    met = [key for key, old in stored.items() if key in incoming and old.id <= rules.newest_before]
    return Merged(len(fresh) - len(replaced), len(replaced), unchanged, conflicts, met)


def _write(connection: Connection, project_id: int, source: str, rows: Sequence[Ready]) -> None:
    same = {"project_id": project_id, "source": source, "created_at": time.time()}
    bulk.insert(connection, tables.raw_items, Ready._fields, rows, same)


def _has_moved(connection: Connection, old: Current, row: Ready, rules: Ownership) -> bool:
    """Tell whether a row of the same content stands in another file than before, and no longer in that one."""
    before = file_of(old.place)
    if old.place == row.place or before == file_of(row.place) or old.source.startswith(PUSHED) or row.key in rules.seen:
        return False
    return before in rules.read or not rules.stands(connection, before)


def _found(connection: Connection, found: Sequence[tuple[int, str, str]]) -> None:
    """Note where rows stand now that have moved, or come back; these are prepared anew, for what was wrong with them was forgotten."""
    table = tables.raw_items
    prepared_by = sa.case((table.c.gone_at.is_(None), table.c.prepared_by))
    values: dict[str, Any] = {"source": sa.bindparam("to"), "place": sa.bindparam("at"), "gone_at": None, "prepared_by": prepared_by}
    statement = sa.update(table).where(table.c.id == sa.bindparam("row")).values(values)
    connection.execute(statement, [{"row": id, "to": source, "at": place} for id, source, place in found])


def _owns(connection: Connection, old: Current, source: str, row: Ready, rules: Ownership) -> bool:
    """Tell whether the stored row keeps its key against the new one."""
    if old.id > rules.newest_before or row.key in rules.seen:  # written or met in this very run
        return True
    if old.source.startswith(PUSHED):
        return old.source != source
    if source.startswith(PUSHED):
        return True
    if old.source not in rules.declared or file_of(old.place) == file_of(row.place):
        return False
    return rules.stands(connection, file_of(old.place))


def _conflict(source: str, row: Ready, owner: str, place: str) -> SetAsideEntry:
    shown = place if owner == source or place.startswith(owner) else f"{place} (source {owner})"
    reason = f"The key '{row.key}' is taken by a row with other content, {shown}."
    return SetAsideEntry(source, row.place, row.key, reason, row.data[:200])
