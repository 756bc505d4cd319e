"""Rows that are no longer in their source: noted and told, and otherwise kept, for labels are not thrown away because a line is missing.

A row has vanished when its file is in no declared source any more, or was read to the end and did not have it. A file that was skipped
still has its rows. Most runs find the files that they know and read none anew; for them it takes one count to see that nothing can have
vanished. Otherwise places and keys are gone through once. A key that has left its file may stand, with the same content, in another
one that was skipped; only a file that has more rows than are placed in it can have it, and is looked through.

What has vanished is reported by the preparation's quarantine no more. A row that comes back is as if it had never been away.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.sources import batches
from labelwright.sources.batches import TableFile
from labelwright.sources.merge import PUSHED, file_of
from labelwright.store import bulk
from labelwright.store.bulk import BATCH
from labelwright.store.project import Project
from labelwright.store.seen import Seen
from labelwright.store.tables import quarantine, raw_items, source_files

__all__ = ["Present", "note_vanished"]


class _Candidate(NamedTuple):
    id: int
    key: str
    revision: str


class Present:
    """What a run has found of the files known before: those still there, tables read to the end, and tables skipped."""

    def __init__(self, project: Project) -> None:
        with project.database.read() as connection:
            self.first = not _with_rows(connection, project.id)
        self._files = Seen()
        self.read: set[str] = set()
        self.skipped: dict[str, tuple[TableFile, str, int]] = {}
        """By name: how the table is read, the uri of its source, and how many good rows it has."""

    def found(self, names: Iterable[str]) -> None:
        """Note files that are there."""
        self._files.add(names)

    def has_all(self, known: int) -> bool:
        """Tell whether so many files are there, and none was read."""
        return not self.read and len(self._files) == known

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def close(self) -> None:
        self._files.close()


def note_vanished(project: Project, present: Present, seen: Seen, newest_before: int) -> None:
    """Mark the rows that have vanished, after a run over all declared sources that met the keys `seen`."""
    if present.first:
        return
    with project.database.read() as connection:
        if present.has_all(_with_rows(connection, project.id)):
            return
        known = sa.select(source_files.c.uri).where(source_files.c.project_id == project.id, source_files.c.rows > 0)
        gone_files = {name for name in connection.execution_options(yield_per=BATCH).scalars(known) if name not in present}
        if not gone_files and not present.read:
            return
        candidates, placed = _candidates(connection, project, gone_files, present, seen, newest_before)
    elsewhere = _elsewhere(candidates, placed, present)
    ids = [one.id for one in candidates.values() if one.key not in elsewhere]
    for start in range(0, len(ids), BATCH):
        project.database.write(partial(_mark, project_id=project.id, ids=ids[start : start + BATCH]))
    if elsewhere:
        project.database.write(lambda connection: _move(connection, [(candidates[key].id, *where) for key, where in elsewhere.items()]))
    names = sorted(gone_files)  # last: a run that is killed before finds them gone again
    for start in range(0, len(names), BATCH):
        project.database.write(partial(_forget, project_id=project.id, names=names[start : start + BATCH]))


def _with_rows(connection: Connection, project_id: int) -> int:
    counted = sa.select(sa.func.count()).where(source_files.c.project_id == project_id, source_files.c.rows > 0)
    return connection.scalar(counted) or 0


def _candidates(
    connection: Connection, project: Project, gone_files: set[str], present: Present, seen: Seen, newest_before: int
) -> tuple[dict[str, _Candidate], Counter[str]]:
    """Return the rows that were not met where they should stand, by key, and how many rows are placed in each skipped table."""
    row = raw_items.c
    mine = (row.project_id == project.id, row.state == "current", row.id <= newest_before, row.gone_at.is_(None))
    query = sa.select(row.id, row.key, row.revision, row.source, row.place).where(*mine)
    found: dict[str, _Candidate] = {}
    placed: Counter[str] = Counter()
    for id, key, revision, source, place in connection.execution_options(yield_per=BATCH).execute(query):
        if source.startswith(PUSHED):
            continue
        name = file_of(place)
        if name in present.skipped:
            placed[name] += 1
        if (name in gone_files or name in present.read) and key not in seen:
            found[key] = _Candidate(id, key, revision)
    return found, placed


def _elsewhere(candidates: dict[str, _Candidate], placed: Counter[str], present: Present) -> dict[str, tuple[str, str]]:
    """Return source and place of each candidate that a skipped table has, with the same content."""
    found: dict[str, tuple[str, str]] = {}
    if candidates:
        for name, (table, uri, rows) in present.skipped.items():
            if placed[name] < rows:
                for batch in batches.read(table):
                    for ready in batch.ready:
                        key, revision, place = ready[:3]
                        if key in candidates and candidates[key].revision == revision:
                            found.setdefault(key, (uri, place))
    return found


def _mark(connection: Connection, project_id: int, ids: Sequence[int]) -> None:
    rows = bulk.among(connection, raw_items.c.id, ids)
    connection.execute(sa.update(raw_items).where(rows).values(gone_at=time.time()))
    keys = list(connection.scalars(sa.select(raw_items.c.key).where(rows)))
    mine = (quarantine.c.project_id == project_id) & (quarantine.c.stage == "prepare")
    connection.execute(sa.delete(quarantine).where(mine, bulk.among(connection, quarantine.c.key, keys)))


def _move(connection: Connection, moved: Sequence[tuple[int, str, str]]) -> None:
    statement = (
        sa.update(raw_items).where(raw_items.c.id == sa.bindparam("row")).values(source=sa.bindparam("to"), place=sa.bindparam("at"))
    )
    connection.execute(statement, [{"row": id, "to": source, "at": place} for id, source, place in moved])


def _forget(connection: Connection, project_id: int, names: Sequence[str]) -> None:
    mine = (source_files.c.project_id == project_id) & bulk.among(connection, source_files.c.uri, names)
    connection.execute(sa.delete(source_files).where(mine))
