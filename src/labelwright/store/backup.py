"""Backup and restore: the whole store as one tar file that any database can take.

The file holds each table as JSON lines, all read at one moment, and each blob under its digest; the first entry, `backup.json`, counts
them. A backup of SQLite can be restored into PostgreSQL and the other way round, which is also how a project moves when it grows.
"""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.errors import Conflict, InvalidFile
from labelwright.store import migrations, tables
from labelwright.store.blobs import Blobs
from labelwright.store.codec import decode, encode
from labelwright.store.database import Database
from labelwright.store.log import Position

__all__ = ["BackupReport", "backup", "restore"]

FORMAT = "labelwright-backup/2"
PAGE = 2000

STREAMED = 50
"""So many rows of a table are read at once."""

_WANTED = "Name a file that `labelwright backup` wrote."

Progress = Callable[[int, int | None, str], None]


class BackupReport(Struct, frozen=True):
    """What a backup holds: the rows of each table, with the names of their columns, and the number of blobs."""

    format: str
    revision: str
    created_at: float
    rows: dict[str, int]
    blobs: int
    columns: dict[str, list[str]]


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def backup(database: Database, blobs: Blobs, target: Path, *, progress: Progress = _silent) -> BackupReport:
    """Write everything that the store holds at this moment to the tar file `target`, which appears only when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial_file = target.with_name(target.name + ".partial")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder, database.read() as connection:
        rows: dict[str, int] = {}
        for table in tables.metadata.sorted_tables:
            progress(len(rows), len(tables.metadata.sorted_tables), "reading tables")
            with (Path(folder) / table.name).open("wb") as file:
                rows[table.name] = _dump(connection, table, file)
        # Blobs are written before the rows that name them and never change: those on disk now cover the rows read above.
        columns = {table.name: [str(column.name) for column in table.columns] for table in tables.metadata.sorted_tables}
        digests = list(blobs) if blobs.folder.is_dir() else []
        report = BackupReport(FORMAT, _revision(connection), time.time(), rows, len(digests), columns)
        with tarfile.open(partial_file, "w") as archive:
            _add_bytes(archive, "backup.json", msgspec.json.format(msgspec.json.encode(report), indent=2))
            for name in rows:
                archive.add(Path(folder) / name, f"tables/{name}.jsonl", filter=_anonymous)
            for index, digest in enumerate(digests):
                archive.add(blobs.path(digest), f"blobs/{digest}", filter=_anonymous)
                progress(index + 1, len(digests), "packing media")
    partial_file.replace(target)
    return report


def restore(database: Database, blobs: Blobs, source: Path, *, progress: Progress = _silent) -> BackupReport:
    """Fill an empty, migrated store from a backup. All rows come in one transaction: after a crash the store is empty as before.

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
            found = 0
            for entry in archive:
                if entry.name.startswith("blobs/"):
                    _restore_blob(archive, entry, blobs, source)
                    found += 1
                    progress(found, report.blobs, "unpacking media")
            if found != report.blobs:
                raise InvalidFile(f"The backup should hold {report.blobs} blobs and holds {found}.", where=str(source))
            database.write(partial(_fill, archive=archive, report=report, source=source))
            return report
    except FileNotFoundError as error:
        raise InvalidFile("There is no such file.", where=str(source)) from error
    except IsADirectoryError as error:
        raise InvalidFile("This is a folder.", where=str(source), hint=_WANTED) from error
    except (tarfile.TarError, EOFError) as error:
        # tarfile tells of every compression that it tried, each on a line of its own.
        said = "This is no tar file" if "\n" in str(error) else f"This is no complete tar file: {error}"
        raise InvalidFile(f"{said.rstrip('.')}.", where=str(source), hint=_WANTED) from error


def _dump(connection: Connection, table: sa.Table, file: IO[bytes]) -> int:
    encoder = msgspec.json.Encoder()
    total = 0
    # Rows may be large, so few of them are in memory at once.
    streamed = connection.execution_options(stream_results=True, max_row_buffer=STREAMED)
    for row in streamed.execute(sa.select(table).order_by(*table.primary_key.columns)):
        file.write(encoder.encode(tuple(row)))
        file.write(b"\n")
        total += 1
    return total


def _fill(connection: Connection, archive: tarfile.TarFile, report: BackupReport, source: Path) -> None:
    """Fill the tables as they were when the backup was made, then bring them to today's version, as any store of that age."""
    for table in (tables.projects, tables.users):
        if connection.scalar(sa.select(sa.func.count()).select_from(table)):
            raise Conflict("The store is not empty.", where=table.name, hint="Restore into a new folder or database.")
    migrations.move(connection, report.revision)
    then = sa.MetaData()
    then.reflect(connection)
    for name in ("clock", "secrets"):
        if name in report.rows:
            connection.execute(sa.delete(then.tables[name]))
    reached = _reached(archive, report, source)
    for table in then.sorted_tables:
        if table.name not in report.rows:
            continue
        total = 0
        for rows in _rows(archive, report, table.name, source):
            if table.name == "events":
                # Transactions are numbered by the cluster that made them. Here all of these are older than every other.
                rows = [{**row, "transaction": 0} for row in rows]
            elif table.name == "cursors":
                rows = [_at(row, reached.get((row["project_id"], row["name"]))) for row in rows]
            if connection.dialect.name == "postgresql":
                rows = [{name: _storable(value) for name, value in row.items()} for row in rows]
            connection.execute(sa.insert(table), rows)
            total += len(rows)
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


def _storable(value: Any) -> Any:
    """PostgreSQL keeps no character 0 in a text, which SQLite took."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _at(cursor: dict[str, Any], reached: Position | None) -> dict[str, Any]:
    return cursor if reached is None else {**cursor, "position": encode(reached)}


def _rows(archive: tarfile.TarFile, report: BackupReport, name: str, source: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield a table's rows, page by page, by the names that the backup gives its columns."""
    try:
        file = archive.extractfile(f"tables/{name}.jsonl") if name in report.rows else None
    except KeyError as error:
        raise InvalidFile("The backup ends before this table.", where=f"{source}, {name}") from error
    columns = report.columns.get(name, [])
    for page in _pages(file, name, source) if file else ():
        if any(len(row) != len(columns) for row in page):
            raise InvalidFile("A row has other columns than the table.", where=f"{source}, {name}")
        yield [dict(zip(columns, row, strict=True)) for row in page]


def _reached(archive: tarfile.TarFile, report: BackupReport, source: Path) -> dict[tuple[int, str], Position]:
    """Return how far each follower of the log has read, once the events stand in the order of their numbers alone.

    On PostgreSQL followers read in the order of transactions. Each goes on before the first event that it has not read; reading some
    again does no harm. What else is kept there, such as what a model has learned from, is no place in the log and is left out.
    """
    old: dict[tuple[int, str], Position] = {}
    new: dict[tuple[int, str], int] = {}
    newest: dict[int, int] = {}

    def rows(name: str) -> Iterator[dict[str, Any]]:
        return chain.from_iterable(_rows(archive, report, name, source))

    for row in rows("cursors"):
        place = decode(row["position"])
        if place.keys() == set(Position.__struct_fields__):
            old[row["project_id"], row["name"]] = Position(**place)
    for row in rows("events"):
        project_id, here = row["project_id"], Position(row["transaction"], row["id"])
        newest[project_id] = max(here.id, newest.get(project_id, 0))
        for follower, position in old.items():
            if follower[0] == project_id and here > position:
                new[follower] = min(here.id - 1, new.get(follower, here.id - 1))
    return {follower: Position(0, new.get(follower, newest.get(follower[0], position.id))) for follower, position in old.items()}


def _pages(file: IO[bytes], name: str, source: Path) -> Iterator[list[list[Any]]]:
    page: list[list[Any]] = []
    decoder = msgspec.json.Decoder(list[Any])
    for number, line in enumerate(_lines(file), 1):
        try:
            page.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise InvalidFile(f"The line is damaged: {error}.", where=f"{source}, {name} line {number}") from error
        if len(page) >= PAGE:
            yield page
            page = []
    if page:
        yield page


def _lines(file: IO[bytes]) -> Iterable[bytes]:
    return (line for line in io.BufferedReader(file) if line.strip())  # type: ignore[arg-type,type-var,unused-ignore]  # tarfile's reader


def _read_report(archive: tarfile.TarFile, source: Path) -> BackupReport:
    try:
        file = archive.extractfile("backup.json")
        report = msgspec.json.decode(file.read() if file else b"", type=BackupReport)
    except (KeyError, msgspec.DecodeError) as error:
        raise InvalidFile("This is no backup of Labelwright.", where=str(source)) from error
    if report.format != FORMAT:
        raise InvalidFile(
            f"The backup has the format '{report.format}'; this version reads {FORMAT}.",
            where=str(source),
            hint="Restore it with the version that made it, bring that store up to date, and back it up again.",
        )
    return report


def _restore_blob(archive: tarfile.TarFile, entry: tarfile.TarInfo, blobs: Blobs, source: Path) -> None:
    file = archive.extractfile(entry)
    digest = entry.name.removeprefix("blobs/")
    if file is None or blobs.put_file(file, expected=digest) != digest:
        raise InvalidFile("A blob's bytes do not fit its name: the backup is damaged.", where=f"{source}, {entry.name}")


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
