"""Backup and restore: the whole store as one tar file that any database can take.

The file holds each table as JSON lines, all read at one moment, and each blob under its digest; the last entry, `backup.json`, counts
them. What is damaged in the store is named there: every row that can be read is written, and a blob whose bytes do not fit its digest goes
along as it is and is not restored. A backup of SQLite can be restored into PostgreSQL and the other way round, which is also how a project
moves when it grows.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.errors import Conflict, InvalidFile, NotFound
from labelwright.schema import media_of
from labelwright.store import bulk, migrations, tables
from labelwright.store.blobs import Blobs
from labelwright.store.bulk import SetAsideEntry
from labelwright.store.codec import decode, decode_fields, encode
from labelwright.store.database import Database
from labelwright.store.integrity import BrokenBlob, Reading, named_blobs, shape, with_users
from labelwright.store.log import Position

__all__ = ["BackupReport", "backup", "restore"]

FORMAT = "labelwright-backup/2"
PAGE = 2000
"""At most so many rows are restored at a time."""

PAGE_BYTES = 8 * 2**20
"""A page ends early when its rows have so many bytes."""

_WANTED = "Name a file that `labelwright backup` wrote."

Progress = Callable[[int, int | None, str], None]

Row = tuple[Any, ...]


class BackupReport(Struct, frozen=True):
    """What a backup holds: the rows of each table, with the names of their columns, and the number of blobs.

    `lost` counts the rows of each table that could not be read, and `broken` has the blobs that were missing or damaged. `left_out` counts
    the rows that a restore could not take because they refer to lost ones. `digests` are those of the tables as they were written, and
    `altered` names the tables that came to the restore with other bytes, and were restored with them.
    """

    format: str
    revision: str
    created_at: float
    rows: dict[str, int]
    blobs: int
    columns: dict[str, list[str]]
    lost: dict[str, int] = {}
    broken: list[BrokenBlob] = []
    left_out: dict[str, int] = {}
    digests: dict[str, str] = {}
    altered: list[str] = []

    @property
    def whole(self) -> bool:
        """Whether nothing is lacking."""
        return not (self.lost or self.broken or self.left_out or self.altered)


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def backup(database: Database, blobs: Blobs, target: Path, *, progress: Progress = _silent) -> BackupReport:
    """Write everything that the store holds at this moment to the tar file `target`, which appears only when it is complete.

    What is damaged stops nothing: the report names it, and `report.whole` is false.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial_file = target.with_name(target.name + ".partial")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder, database.read() as connection:
        rows: dict[str, int] = {}
        lost: dict[str, int] = {}
        broken: dict[str, str] = {}
        written: dict[str, str] = {}
        for table in tables.metadata.sorted_tables:
            progress(len(rows), len(tables.metadata.sorted_tables), "reading tables")
            reading = Reading(connection, table)
            with (Path(folder) / table.name).open("wb") as file:
                rows[table.name], written[table.name] = _dump(reading, file, blobs, broken)
            if reading.lost:
                lost[table.name] = reading.lost
        partial_file.unlink(missing_ok=True)
        partial_file.touch(0o600)
        with tarfile.open(partial_file, "w") as archive:
            for name in rows:
                archive.add(Path(folder) / name, f"tables/{name}.jsonl", filter=_anonymous)
            # Blobs are written before the rows that name them and never change: those on disk now cover the rows read above.
            digests = list(blobs) if blobs.folder.is_dir() else []
            for index, digest in enumerate(digests):
                if not _add_blob(archive, digest, blobs):
                    broken[digest] = "damaged"
                progress(index + 1, len(digests), "packing media")
            damaged = sum(what == "damaged" for what in broken.values())
            report = BackupReport(
                format=FORMAT,
                revision=_revision(connection),
                created_at=time.time(),
                rows=rows,
                blobs=len(digests) - damaged,
                columns={table.name: [str(column.name) for column in table.columns] for table in tables.metadata.sorted_tables},
                lost=lost,
                broken=with_users(connection, broken, blobs),
                digests=written,
            )
            _add_bytes(archive, "backup.json", msgspec.json.format(msgspec.json.encode(report), indent=2))
    partial_file.replace(target)
    return report


def restore(database: Database, blobs: Blobs, source: Path, *, progress: Progress = _silent) -> BackupReport:
    """Fill an empty, migrated store from a backup. All rows come in one transaction: after a crash the store is empty as before.

    What the backup lacks, or what has been damaged in it since, stops nothing: the report names it. Items whose media are lacking stand
    in quarantine until the next run has read their files again; what was made of media is made again; models learn anew.

    Raises:
        Conflict: the store has projects or people already.
        InvalidFile: the file is no backup, is damaged, or was made by a newer version.
    """
    try:
        with tarfile.open(source, "r") as archive:
            report = _read_report(archive, source)
            with database.read() as connection:
                revision = _revision(connection)
            if not re.fullmatch(r"\d{4}", report.revision):
                raise InvalidFile(f"The backup has the table version '{report.revision}', which there is not.", where=str(source))
            if report.revision > revision:
                raise InvalidFile(
                    f"The backup was made at table version {report.revision}; this version knows {revision}.",
                    where=str(source),
                    hint="Upgrade Labelwright, then restore.",
                )
            broken = {one.digest: one.what for one in report.broken}
            kept = 0
            for entry in archive:
                digest = entry.name.removeprefix("blobs/")
                if digest == entry.name or digest in broken:
                    continue
                if _restore_blob(archive, entry, blobs):
                    kept += 1
                else:
                    broken[digest] = "damaged"
                progress(kept, report.blobs, "unpacking media")
            found = kept + len(broken) - len(report.broken)
            if found != report.blobs:
                raise InvalidFile(f"The backup should hold {report.blobs} blobs and holds {found}.", where=str(source))

            altered = [name for name, digest in report.digests.items() if _digest(archive, name) != digest]

            def work(connection: Connection) -> BackupReport:
                left_out = _fill(connection, archive, report, source)
                lacking = with_users(connection, broken, blobs) if len(broken) > len(report.broken) else report.broken
                _mark(connection, broken, blobs)
                return msgspec.structs.replace(report, blobs=kept, broken=lacking, left_out=left_out, altered=altered)

            return database.write(work)
    except FileNotFoundError as error:
        raise InvalidFile("There is no such file.", where=str(source)) from error
    except IsADirectoryError as error:
        raise InvalidFile("This is a folder.", where=str(source), hint=_WANTED) from error
    except (tarfile.TarError, EOFError) as error:
        # tarfile tells of every compression that it tried, each on a line of its own.
        said = "This is no tar file" if "\n" in str(error) else f"This is no complete tar file: {error}"
        raise InvalidFile(f"{said.rstrip('.')}.", where=str(source), hint=_WANTED) from error


def _dump(reading: Reading, file: IO[bytes], blobs: Blobs, broken: dict[str, str]) -> tuple[int, str]:
    """Write the rows that can be read, note the blobs that they name and that are not there; return how many rows, and their digest."""
    encoder = msgspec.json.Encoder()
    hashed = hashlib.sha256()
    total = 0
    for row in reading:
        line = encoder.encode(row) + b"\n"
        file.write(line)
        hashed.update(line)
        total += 1
        broken.update((digest, "missing") for digest in named_blobs(reading.table, row, blobs) if digest not in blobs)
    return total, hashed.hexdigest()


def _add_blob(archive: tarfile.TarFile, digest: str, blobs: Blobs) -> bool:
    """Copy a blob, and tell whether its bytes fit its digest."""
    try:
        with blobs.path(digest).open("rb") as file:
            entry = tarfile.TarInfo(f"blobs/{digest}")
            entry.size = os.fstat(file.fileno()).st_size
            hashed = _Hashed(file)
            archive.addfile(entry, hashed)  # type: ignore[arg-type]  # it has `read`, which is all that is used
            return hashed.digest() == digest
    except (OSError, NotFound):
        return False


class _Hashed:
    """A file that is hashed while it is read. Where it cannot be read on, zeros stand for the rest, so that the entry keeps its size."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._broken = False

    def read(self, size: int) -> bytes:
        try:
            body = b"" if self._broken else self._file.read(size)
        except OSError:
            body = b""
        self._broken = self._broken or len(body) < size
        self._hash.update(body)
        return body.ljust(size, b"\0")

    def digest(self) -> str:
        return "" if self._broken else self._hash.hexdigest()


def _fill(connection: Connection, archive: tarfile.TarFile, report: BackupReport, source: Path) -> dict[str, int]:
    """Fill the tables as they were when the backup was made, then bring them to today's version, as any store of that age.

    It returns how many rows of which tables could not be taken.
    """
    for table in (tables.projects, tables.users):
        if connection.scalar(sa.select(sa.func.count()).select_from(table)):
            raise Conflict("The store is not empty.", where=table.name, hint="Restore into a new folder or database.")
    migrations.move(connection, report.revision)
    then = sa.MetaData()
    then.reflect(connection)
    for name in ("clock", "secrets"):
        if report.rows.get(name):
            connection.execute(sa.delete(then.tables[name]))
    left_out: dict[str, int] = {}
    with _storing(connection, source, "cursors"):
        reached = _reached(archive, report, then, source)
    for table in then.sorted_tables:
        if table.name not in report.rows:
            continue
        columns = report.columns.get(table.name, [])
        total = 0
        later: list[_Later] = []
        for rows in _rows(archive, report, table, source):
            if table.name == "events":
                # Transactions are numbered by the cluster that made them. Here all of these are older than every other.
                rows = [_with(row, columns.index("transaction"), 0) for row in rows]
            elif table.name == "cursors":
                rows = [_at(row, columns, reached) for row in rows]
            if connection.dialect.name == "postgresql":
                rows = [tuple(map(_storable, row)) for row in rows]
            total += len(rows)
            with _storing(connection, source, table.name):
                out = len(rows) - _insert(connection, table, columns, rows, later)
            if out:
                left_out[table.name] = left_out.get(table.name, 0) + out
        _refer(connection, table, later)
        if total != report.rows[table.name]:
            raise InvalidFile(f"The table should have {report.rows[table.name]} rows and has {total}.", where=f"{source}, {table.name}")
    migrations.move(connection, "head")
    if connection.dialect.name == "postgresql":
        for table in tables.metadata.sorted_tables:
            if table.primary_key.columns.keys() == ["id"] and table.name != "clock":
                name = table.name
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), GREATEST((SELECT max(id) FROM {name}), 1))"
                )
    return left_out


class _Later(NamedTuple):
    """A row that refers, by a column, to one of the same table that comes on a later page."""

    column: str
    row: int
    wanted: int


def _insert(connection: Connection, table: sa.Table, columns: list[str], rows: list[Row], later: list[_Later]) -> int:
    """Insert those rows that refer to nothing that is lost and stand for nothing that is there, and return how many they were.

    A reference that may be empty is emptied, so that an answer outlives its task; but a token without its project would open all of them.
    One to a row of the same table that may still come is noted in `later`, and stays empty until then.
    """
    for key in sorted(table.foreign_keys, key=str):
        if key.parent.name not in columns:
            continue
        place, parent = columns.index(key.parent.name), key.column
        wanted = {row[place] for row in rows} - {None}
        known = set(connection.scalars(sa.select(parent).where(bulk.among(connection, parent, wanted)))) if wanted else set()
        if parent.table is table:
            number = columns.index(parent.name)
            known |= {row[number] for row in rows}
            later += [_Later(key.parent.name, row[number], row[place]) for row in rows if row[place] in wanted - known]
        if lost := wanted - known:
            spared = key.parent.nullable and table.name != "tokens"
            rows = [_with(row, place, None) if spared and row[place] in lost else row for row in rows if spared or row[place] not in lost]
    return bulk.insert_new(connection, table, columns, rows) if rows else 0


def _refer(connection: Connection, table: sa.Table, later: list[_Later]) -> None:
    """Fill in the references to rows that came on a later page than theirs; those to lost rows stay empty."""
    there = table.alias("there")
    for name in sorted({one.column for one in later}):
        wanted = sa.bindparam("wanted", type_=table.c[name].type)
        lone = sa.and_(
            table.c.id == sa.bindparam("row"), table.c[name].is_(None), sa.exists(sa.select(there.c.id).where(there.c.id == wanted))
        )
        filled = sa.update(table).where(lone).values({name: wanted})
        connection.execute(filled, [{"row": one.row, "wanted": one.wanted} for one in later if one.column == name])


def _mark(connection: Connection, broken: Collection[str], blobs: Blobs) -> None:
    """See to it that what is lacking is known, and comes back by the next run where it can."""
    if not broken:
        return
    raw, items, models, files = tables.raw_items, tables.items, tables.labeler_versions, tables.source_files
    for row in connection.execute(sa.select(raw).where(bulk.among(connection, raw.c.blob, broken))).all():
        aside = SetAsideEntry(row.source, row.place, row.key, "The backup that this store was restored from lacks the file's bytes.")
        bulk.quarantine(connection, row.project_id, "collect", [aside])
        connection.execute(sa.delete(files).where(files.c.project_id == row.project_id, files.c.uri == row.place))
    columns = list(items.columns.keys())
    for values in Reading(connection, items):
        item = dict(zip(columns, values, strict=True))
        if any(digest in broken for digest in media_of(decode_fields(item["data"]))):
            source = sa.select(raw).where(raw.c.id == item["raw_id"]).subquery()
            row = connection.execute(sa.select(source.c.key, source.c.blob)).one()
            if row.blob not in broken:
                connection.execute(sa.update(raw).where(raw.c.id == item["raw_id"]).values(prepared_by=None))
                results = tables.step_results
                connection.execute(sa.delete(results).where(results.c.project_id == item["project_id"], results.c.row == row.key))
    for row in connection.execute(sa.select(models)).all():
        if any(digest in broken for digest in named_blobs(models, tuple(row), blobs)):
            connection.execute(sa.update(models).where(models.c.id == row.id).values(model=None, report="{}"))
            cursors = tables.cursors
            learned = sa.and_(cursors.c.project_id == row.project_id, cursors.c.name.like(f"train % {row.labeler}"))
            connection.execute(sa.delete(cursors).where(learned))


def _storable(value: Any) -> Any:
    """PostgreSQL keeps no character 0 in a text, which SQLite took."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _with(row: Row, place: int, value: Any) -> Row:
    return (*row[:place], value, *row[place + 1 :])


def _at(row: Row, columns: list[str], reached: dict[tuple[int, str], Position]) -> Row:
    """A cursor where its follower of the log has to go on; every other stays as it is."""
    cursor = dict(zip(columns, row, strict=True))
    position = reached.get((cursor["project_id"], cursor["name"]))
    return row if position is None else _with(row, columns.index("position"), encode(position))


def _rows(archive: tarfile.TarFile, report: BackupReport, table: sa.Table, source: Path) -> Iterator[list[Row]]:
    """Yield a table's rows, page by page, each with the columns that the backup names, in its order."""
    where = f"{source}, {table.name}"
    columns = report.columns.get(table.name, [])
    if unknown := set(columns) - set(table.c.keys()):
        raise InvalidFile(f"The backup has a column '{min(unknown)}', which the table has not.", where=where)
    try:
        file = archive.extractfile(f"tables/{table.name}.jsonl")
    except KeyError as error:
        raise InvalidFile("The backup ends before this table.", where=where) from error
    yield from _pages(file, shape(table.c[name] for name in columns), where) if file else ()


def _reached(archive: tarfile.TarFile, report: BackupReport, then: sa.MetaData, source: Path) -> dict[tuple[int, str], Position]:
    """Return how far each follower of the log has read, once the events stand in the order of their numbers alone.

    On PostgreSQL followers read in the order of transactions. Each goes on before the first event that it has not read; reading some
    again does no harm. What else is kept there, such as what a model has learned from, is no place in the log and is left out.
    """
    old: dict[tuple[int, str], Position] = {}
    new: dict[tuple[int, str], int] = {}
    newest: dict[int, int] = {}

    def rows(name: str, *wanted: str) -> Iterator[Any]:
        if name in report.rows:
            columns = report.columns.get(name, [])
            chosen = itemgetter(*(columns.index(column) for column in wanted))
            yield from map(chosen, chain.from_iterable(_rows(archive, report, then.tables[name], source)))

    for project_id, follower, position in rows("cursors", "project_id", "name", "position"):
        place = decode(position)
        if place.keys() == set(Position.__struct_fields__):
            old[project_id, follower] = Position(**place)
    for project_id, transaction, number in rows("events", "project_id", "transaction", "id"):
        here = Position(transaction, number)
        newest[project_id] = max(here.id, newest.get(project_id, 0))
        for follower, position in old.items():
            if follower[0] == project_id and here > position:
                new[follower] = min(here.id - 1, new.get(follower, here.id - 1))
    return {follower: Position(0, new.get(follower, newest.get(follower[0], position.id))) for follower, position in old.items()}


def _digest(archive: tarfile.TarFile, name: str) -> str | None:
    """The digest of a table's bytes; None where there are none."""
    try:
        file = archive.extractfile(f"tables/{name}.jsonl")
    except KeyError:
        return None
    return hashlib.file_digest(file, "sha256").hexdigest() if file else None  # type: ignore[arg-type]  # it has `readinto`


@contextmanager
def _storing(connection: Connection, source: Path, name: str) -> Iterator[None]:
    """Tell of values that the table does not take, as those of a damaged backup."""
    driver = connection.dialect.loaded_dbapi
    try:
        yield
    except (driver.Error, sa.exc.StatementError, TypeError, ValueError, OverflowError) as error:
        said = getattr(error, "orig", None) or error
        # What the store itself suffers, such as a full disk, is told as that.
        if isinstance(said, driver.OperationalError):
            raise
        raise InvalidFile(f"A row is damaged: {str(said).strip().partition(chr(10))[0].rstrip('.')}.", where=f"{source}, {name}") from error


def _pages(file: IO[bytes], row: Any, where: str) -> Iterator[list[Row]]:
    """Yield rows of the type `row`, some thousand at once, or fewer where they are large."""
    page: list[Row] = []
    size = 0
    decoder = msgspec.json.Decoder(row)
    for number, line in enumerate(_lines(file), 1):
        try:
            page.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise InvalidFile(f"A row is damaged: {str(error).rstrip('.')}.", where=f"{where} line {number}") from error
        size += len(line)
        if len(page) >= PAGE or size >= PAGE_BYTES:
            yield page
            page, size = [], 0
    if page:
        yield page


def _lines(file: IO[bytes]) -> Iterable[bytes]:
    return (line for line in io.BufferedReader(file) if line.strip())  # type: ignore[arg-type,type-var,unused-ignore]  # tarfile's reader


def _read_report(archive: tarfile.TarFile, source: Path) -> BackupReport:
    try:
        file = archive.extractfile("backup.json")
        report = msgspec.json.decode(file.read() if file else b"", type=BackupReport)
    except (KeyError, msgspec.DecodeError) as error:
        raise InvalidFile("This is no backup of Labelwright, or one that is cut off.", where=str(source)) from error
    if report.format != FORMAT:
        raise InvalidFile(
            f"The backup has the format '{report.format}'; this version reads {FORMAT}.",
            where=str(source),
            hint="Restore it with the version that made it, bring that store up to date, and back it up again.",
        )
    return report


def _restore_blob(archive: tarfile.TarFile, entry: tarfile.TarInfo, blobs: Blobs) -> bool:
    """Keep a blob, unless its bytes do not fit its name. A link or a device is no file of a backup, wherever it leads."""
    file = archive.extractfile(entry) if entry.isfile() else None
    digest = entry.name.removeprefix("blobs/")
    return file is not None and blobs.put_file(file, expected=digest) == digest


def _add_bytes(archive: tarfile.TarFile, name: str, body: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(body)
    archive.addfile(entry, io.BytesIO(body))


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _revision(connection: Connection) -> str:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision() or ""
