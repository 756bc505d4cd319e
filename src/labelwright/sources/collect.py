"""Collect: bring the rows and files of all sources into the store, once each, however often it runs.

A file that has not changed since it was last read is not read again: its fingerprint (size, times, the reader's options) is written in the
transaction of its last rows, so a run that is killed midway reads the file again and finds its first rows unchanged. Rows are read and
written in batches, so memory does not grow with the file.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from labelwright.api.items import CollectReport
from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.formats._tables import MAX_ROW, TableRow, read_json_line
from labelwright.formats.base import Broken
from labelwright.media._pool import THREADS, in_order
from labelwright.sources import batches, readers
from labelwright.sources.batches import BATCH_BYTES, TableFile
from labelwright.sources.linked import Linked, keep
from labelwright.sources.linked import fingerprint as fingerprint_of
from labelwright.sources.locate import File, Place, locate, path_named, place_of
from labelwright.sources.merge import PUSHED, Merged, Ownership, Ready, file_of, merge
from labelwright.sources.rows import RowLayout, finisher, sample_of
from labelwright.sources.source import Source, check_source
from labelwright.sources.vanished import Present, note_vanished
from labelwright.store import bulk, tables
from labelwright.store.bulk import BATCH, SetAsideEntry
from labelwright.store.project import Project
from labelwright.store.seen import Seen
from labelwright.store.statistics import renew

__all__ = ["collect", "collect_rows"]

Progress = Callable[[int, int | None, str], None]


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def collect(project: Project, sources: Sequence[Source], *, progress: Progress = _silent) -> CollectReport:
    """Bring all sources' rows into `raw_items`; what is broken goes to the quarantine with its place and reason.

    Raises:
        InvalidPipeline: a source contradicts itself, or leads where sources may not look.
        InvalidInput: there is nothing where a source points.
    """
    for source in sources:
        check_source(source)
        place_of(project.folder, source)
    report = CollectReport()
    with closing(Seen()) as seen, closing(Present(project)) as present:
        rules = _rules(project, frozenset(source.uri for source in sources), seen, present.read)
        for source in sources:
            run = _Run(project, source, rules, progress, report.rows)
            run.collect(present)
            run.flush()
            report += run.report()
        note_vanished(project, present, seen, rules.newest_before)
    renew(project.database)
    return report


def collect_rows(
    project: Project,
    source_name: str,
    rows: Iterable[bytes | dict[str, Any]],
    *,
    id: str | None = None,
    like: Sequence[Source] = (),
    progress: Progress = _silent,
) -> CollectReport:
    """Bring rows that were sent to the server into `raw_items`: lines of JSONL, or columns already decoded.

    A row is named by its column `id`. Without an argument that is the id column that the sources `like` have, if they have one in common
    and the row has it too; else `key` where the row has one, else `id`, else the hash of its content.
    The same rows sent again change nothing; a row sent by the same source with other content is a changed row.
    """
    source = Source(uri=PUSHED + source_name, id=id)
    named = {(one.id, one.prefix) for one in like if one.id is not None}
    with closing(Seen()) as seen:
        run = _Run(project, source, _rules(project, frozenset(), seen, set()), progress, 0)
        run.receive(source_name, rows, *(named.pop() if len(named) == 1 else (None, "")))
        run.flush()
        return run.report()


class _Done(NamedTuple):
    """What reading a file came to: its rows, or those who follow in time; how it stood before."""

    name: str
    fingerprint: str
    rows: int


class _Run:
    """One source being collected: rows come together, and go to the store a batch at a time."""

    def __init__(self, project: Project, source: Source, rules: Ownership, progress: Progress, before: int) -> None:
        self.project = project
        self.source = source
        self.rules = rules
        self.progress = progress
        self.before = before
        self.counts: Counter[str] = Counter()
        self.ready: list[Ready] = []
        self.broken: list[SetAsideEntry] = []
        self.done: list[_Done] = []
        self.clear: list[str] = []  # files whose old quarantine entries go, for they are being read again
        self.freed: set[str] = set()  # files with rows that were set aside for the sake of a row that has gone since
        self.read: set[str] = set()  # tables read to the end
        self.size = 0

    def report(self) -> CollectReport:
        return CollectReport(**self.counts)

    # --- writing ---

    def add(self, row: Ready) -> None:
        self.ready.append(row)
        self.size += len(row.data)
        if len(self.ready) >= BATCH or self.size >= BATCH_BYTES:
            self.flush()

    def set_aside(self, place: str, key: str | None, reason: str, sample: str = "") -> None:
        self.broken.append(SetAsideEntry(self.source.uri, place, key, reason, sample))
        if len(self.broken) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what has come together in one transaction."""
        ready, broken, done, clear = self.ready, self.broken, self.done, self.clear
        self.ready, self.broken, self.done, self.clear, self.size = [], [], [], [], 0
        if not (ready or broken or done or clear):
            return
        project_id, uri = self.project.id, self.source.uri

        def work(connection: Connection) -> Merged:
            for name in clear:
                _clear_quarantine(connection, project_id, uri, name)
            merged = merge(connection, project_id, uri, ready, self.rules)
            bulk.quarantine(connection, project_id, "collect", broken)
            _remember_files(connection, project_id, done)
            return merged

        merged = self.project.database.write(work)
        self.rules.seen.add(merged.met)
        self.counts["new"] += merged.new
        self.counts["changed"] += merged.changed
        self.counts["unchanged"] += merged.unchanged
        self.counts["quarantined"] += len(merged.conflicts) + len(broken)
        self.progress(self.before + self.report().rows, None, uri)

    # --- reading files ---

    def collect(self, present: Present) -> None:
        fields = {name: str(modality) for name, modality in self.project.schema.data.items()}
        media = {name: fields[name] for name in self.project.schema.stored()}
        digest = self.source.digest(fields)
        set_aside = self._set_aside_before()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="labelwright-read") as pool:
            files = locate(self.project.folder, self.source, set(fields.values()))
            place = place_of(self.project.folder, self.source)
            while chunk := list(itertools.islice(files, BATCH)):
                known = self._known([file.name for file in chunk])
                present.found(name for name, (_, rows) in known.items() if rows)
                wanted: list[tuple[File, str]] = []
                for file in chunk:
                    self.counts["files"] += 1
                    fingerprint = "" if file.problem else fingerprint_of(file.path, digest)
                    # A table that names media files is read each time: they may have changed though it has not.
                    again = media and not file.problem and readers.load(file.reader).MODALITY is None
                    again = again or file.name in self.freed
                    if fingerprint and not again and known.get(file.name, ("", 0))[0] == fingerprint:
                        rows = known[file.name][1]
                        if readers.load(file.reader).MODALITY is None:
                            table = self._table(file, RowLayout(self.source.id, self.source.columns, self.source.prefix))
                            present.skipped[file.name] = (table, self.source.uri, rows - set_aside[file.name])
                        self.counts["skipped"] += 1
                        self.counts["quarantined"] += min(rows, set_aside[file.name])
                        self.counts["unchanged"] += max(0, rows - set_aside[file.name])
                        continue
                    if set_aside[file.name]:
                        self.clear.append(file.name)
                    wanted.append((file, fingerprint))
                before = {name for name, (_, rows) in known.items() if rows}
                self._read(wanted, fields, media, place, digest, pool)
                present.found(file.name for file, _ in wanted if not file.problem)
                present.read |= before & self.read

    def _read(
        self,
        wanted: list[tuple[File, str]],
        fields: dict[str, str],
        media: dict[str, str],
        place: Place,
        digest: str,
        pool: ThreadPoolExecutor,
    ) -> None:
        whole: list[tuple[File, str, RowLayout, str]] = []
        for file, fingerprint in wanted:
            if file.problem:
                self.set_aside(file.name, file.key, file.problem)
                continue
            modality = readers.load(file.reader).MODALITY
            linked = Linked(self.project, place, file.path.parent) if media else None
            shape = RowLayout(self.source.id, self.source.columns, self.source.prefix, media, partial(keep, project=self.project), linked)
            if modality is None:
                self._read_table(file, fingerprint, shape, digest, pool)
            else:
                field = self._field(modality, fields)
                whole.append((file, fingerprint, structs.replace(shape, file_key=file.key, id=None, columns={}), field))
        for (file, fingerprint, _, _), outcome in in_order(pool, _read_whole, whole):
            if isinstance(outcome, Ready):
                self.add(outcome)
            else:
                self.set_aside(file.name, file.key, outcome)
            if fingerprint_of(file.path, digest) == fingerprint:
                self.done.append(_Done(file.name, fingerprint, 1))

    def _read_table(self, file: File, fingerprint: str, shape: RowLayout, digest: str, pool: ThreadPoolExecutor) -> None:
        table = self._table(file, shape)
        count = 0
        unread = False
        if shape.media:
            rows = readers.load(file.reader).read(file.path, name=file.name, **table.options)
            finish = partial(_finish_row, finish=finisher(shape), begin=table.begin)
            for row, outcome in in_order(pool, finish, rows):
                count += 1
                if isinstance(shape.linked, Linked):
                    while shape.linked.read:
                        self.done.append(_Done(*shape.linked.read.pop(), 0))
                if isinstance(outcome, Ready):
                    self.add(outcome)
                else:
                    unread = unread or outcome.place == file.name
                    self.set_aside(outcome.place, None, outcome.reason, outcome.sample or sample_of(row.data))
        else:
            for batch in batches.read(table):
                count += len(batch.ready) + len(batch.broken)
                unread = unread or any(place == file.name for place, _, _ in batch.broken)
                self.ready += batch.ready
                self.broken += [SetAsideEntry(self.source.uri, place, None, reason, sample) for place, reason, sample in batch.broken]
                self.flush()
        if fingerprint and fingerprint_of(file.path, digest) == fingerprint:
            self.done.append(_Done(file.name, fingerprint, count))
        if not unread:
            self.read.add(file.name)

    def _table(self, file: File, shape: RowLayout) -> TableFile:
        source = self.source
        header = source.header or file.reader != "csv"
        return TableFile(str(file.path), file.name, file.reader, shape.id, shape.columns, shape.prefix, source.delimiter, header)

    def _field(self, modality: str, fields: dict[str, str]) -> str:
        names = [name for name, kind in fields.items() if kind == modality]
        if len(names) != 1:
            has = f"{len(names)} fields of that kind" if names else "no field of that kind"
            raise InvalidPipeline(
                f"The source gives files of {modality}, and schema.data has {has}.",
                where=f"sources ({self.source.uri})",
                hint="Use a table with a column of paths for each field." if names else f"Declare one, such as {{{modality}: {modality}}}.",
            )
        return names[0]

    def _known(self, names: list[str]) -> dict[str, tuple[str, int]]:
        table = tables.source_files
        query = sa.select(table.c.uri, table.c.fingerprint, table.c.rows).where(
            table.c.project_id == self.project.id, table.c.uri.in_(names)
        )
        with self.project.database.read() as connection:
            return {row.uri: (row.fingerprint, row.rows) for row in connection.execute(query)}

    def _set_aside_before(self) -> Counter[str]:
        """Count this source's quarantined rows by file, forget those of files that are gone, and note which may be taken now."""
        table = tables.quarantine
        mine = (table.c.project_id == self.project.id) & (table.c.stage == "collect") & (table.c.source == self.source.uri)
        with self.project.database.read() as connection:
            found = Counter(file_of(place) for (place,) in connection.execute(sa.select(table.c.place).where(mine)))
            taken: dict[str, list[str]] = {}
            for place, key in connection.execute(sa.select(table.c.place, table.c.key).where(mine, table.c.key.is_not(None))):
                taken.setdefault(key, []).append(file_of(place))
            keys = list(taken)
            for start in range(0, len(keys), BATCH):
                for row in bulk.current_rows(connection, self.project.id, keys[start : start + BATCH]):
                    if not row.source.startswith(PUSHED) and not os.path.lexists(path_named(self.project.folder, file_of(row.place))):
                        self.freed.update(taken[row.key])
        for name in found:
            if not os.path.lexists(path_named(self.project.folder, name)):
                self.clear.append(name)
        return found

    # --- receiving rows ---

    def receive(self, source_name: str, rows: Iterable[bytes | dict[str, Any]], like: str | None, prefix: str) -> None:
        """Take rows; one that has the column `like` is named by it behind `prefix`, as the rows of a source are."""
        media = {name: str(self.project.schema.data[name]) for name in self.project.schema.stored()}
        shape = RowLayout(self.source.id, {}, "", media, partial(keep, project=self.project))
        finish: dict[str | None, Callable[[dict[str, Any], str], Ready]] = {}
        begin = f"{source_name} {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} row "
        for number, given in enumerate(rows, 1):
            row = _received(number, given, source_name)
            if row is None:
                continue
            place = f"{begin}{number}"
            if isinstance(row, Broken):
                self.set_aside(place, None, row.reason, row.sample)
                continue
            column = self.source.id or next((name for name in (like, "key", "id") if name in row.data), None)
            if column not in finish:
                finish[column] = finisher(structs.replace(shape, id=column, prefix=prefix if column == like else ""))
            try:
                self.add(finish[column](row.data, place))
            except InvalidInput as error:
                self.set_aside(place, None, str(error), sample_of(row.data))


def _received(number: int, given: bytes | dict[str, Any], name: str) -> TableRow | Broken | None:
    if isinstance(given, dict):
        return TableRow(number, dict(given))
    if not given.strip():
        return None
    if len(given) > MAX_ROW:
        return Broken(name, f"The row is longer than {MAX_ROW:,} bytes.")
    return read_json_line(number, given, name)


def _rules(project: Project, declared: frozenset[str], seen: Seen, read: set[str]) -> Ownership:
    with project.database.read() as connection:
        newest = connection.scalar(sa.select(sa.func.max(tables.raw_items.c.id))) or 0

    def stands(connection: Connection, name: str) -> bool:
        table = tables.source_files
        query = sa.select(table.c.fingerprint).where(table.c.project_id == project.id, table.c.uri == name)
        known = connection.scalar(query)
        return known is not None and known.rpartition("-")[0] == fingerprint_of(project.folder / name, "").rpartition("-")[0]

    return Ownership(declared, seen, newest, stands, read)


def _read_whole(task: tuple[File, str, RowLayout, str]) -> Ready | str:
    file, _, shape, field = task
    row = next(iter(readers.load(file.reader).read(file.path, name=file.name, field=field)))
    if isinstance(row, Broken):
        return row.reason
    row.data["file"] = file.told
    try:
        return finisher(shape)(row.data, file.name)
    except InvalidInput as error:
        return str(error)


def _finish_row(row: TableRow | Broken, *, finish: Callable[[dict[str, Any], str], Ready], begin: str) -> Ready | Broken:
    if isinstance(row, Broken):
        return row
    try:
        return finish(row.data, f"{begin}{row.number}")
    except InvalidInput as error:
        return Broken(f"{begin}{row.number}", str(error))


def _clear_quarantine(connection: Connection, project_id: int, source: str, name: str) -> None:
    table = tables.quarantine
    inside = [sa.func.substr(table.c.place, 1, len(name) + 5 + extra) == f"{name} {unit} " for unit, extra in (("line", 1), ("row", 0))]
    mine = (table.c.project_id == project_id) & (table.c.stage == "collect") & (table.c.source == source)
    connection.execute(sa.delete(table).where(mine, sa.or_(table.c.place == name, *inside)))


def _remember_files(connection: Connection, project_id: int, done: list[_Done]) -> None:
    if not done:
        return
    table = tables.source_files
    last = {entry.name: entry for entry in done}
    connection.execute(sa.delete(table).where(table.c.project_id == project_id, bulk.among(connection, table.c.uri, list(last))))
    now = time.time()
    rows = [(project_id, entry.name, entry.fingerprint, entry.rows, now) for entry in last.values()]
    bulk.insert(connection, table, ("project_id", "uri", "fingerprint", "rows", "seen_at"), rows)
