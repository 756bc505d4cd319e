"""A backup holds everything, and any database takes it."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.assist import suggest
from labelwright.errors import Conflict, InvalidFile
from labelwright.schema.kinds.choice import Choice
from labelwright.store import log, migrations, tables
from labelwright.store.backup import backup, restore
from labelwright.store.blobs import Blobs
from labelwright.store.database import Database
from labelwright.store.project import Project
from tests.assist.make import label
from tests.rows import add_texts, add_users
from tests.sent import statements


def _rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for table in tables.metadata.sorted_tables
        }


def test_a_backup_restores_every_row_and_blob(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """What is restored into an empty SQLite store equals what was backed up, and new rows get fresh numbers."""
    project = make_project()
    add_users(project, "ann", "Ünïcødé 🙂")
    add_texts(project, ["a", "b\nc", "🙂"])
    digest = project.blobs.put(b"picture")
    project.database.write(lambda connection: log.append(connection, project.id, "task_skipped", payload={"reason": "ß"}))
    report = backup(project.database, project.blobs, tmp_path / "backup.tar")
    assert (report.rows["items"], report.blobs) == (3, 1)

    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    blobs = Blobs(tmp_path / "fresh" / "blobs")
    assert restore(fresh, blobs, tmp_path / "backup.tar") == report
    expected = _rows(project.database)
    # Transactions are numbered by the cluster; what was restored is older than all that comes.
    expected["events"] = [(row[0], 0, *row[2:]) for row in expected["events"]]
    assert _rows(fresh) == expected
    assert blobs.get(digest) == b"picture"
    with pytest.raises(Conflict):
        restore(fresh, blobs, tmp_path / "backup.tar")
    fresh.close()


def test_a_duplicate_that_comes_long_before_its_original_is_restored(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """An item refers to one that stands thousands of rows behind it, as after a change of the rows: the reference is restored."""
    project = make_project()
    ids = add_texts(project, [f"text {number}" for number in range(2500)])
    first = sa.update(tables.items).where(tables.items.c.id.in_(ids[:2])).values(duplicate_of=ids[-1], state="duplicate")
    project.database.write(lambda connection: connection.execute(first))
    backup(project.database, project.blobs, tmp_path / "backup.tar")
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    report = restore(fresh, Blobs(tmp_path / "fresh" / "blobs"), tmp_path / "backup.tar")
    assert report.whole
    assert _rows(fresh)["items"] == _rows(project.database)["items"]
    fresh.close()


@pytest.fixture
def moved(postgresql_url: str, tmp_path: Path) -> Iterator[Callable[..., tuple[Database, Database]]]:
    """Makes a store on SQLite with one person, and restores its backup into PostgreSQL; returns both."""
    with ExitStack() as stack:

        def move(**person: Any) -> tuple[Database, Database]:
            small = Database(f"sqlite:///{tmp_path}/labelwright.db")
            stack.callback(small.close)
            small.migrate()
            small.write(lambda connection: connection.execute(sa.insert(tables.users).values(created_at=0.0, **person)))
            backup(small, Blobs(tmp_path / "blobs"), tmp_path / "backup.tar")
            large = Database(postgresql_url)
            stack.callback(large.close)
            restore(large, Blobs(tmp_path / "large"), tmp_path / "backup.tar")
            return small, large

        yield move


@pytest.mark.postgresql
def test_a_small_store_moves_to_postgresql(moved: Callable[..., tuple[Database, Database]]) -> None:
    """A backup made on SQLite is restored into PostgreSQL, where new rows go on counting behind the restored ones."""
    small, large = moved(id=41, name="ann")
    assert _rows(large) == _rows(small)
    large.write(lambda connection: connection.execute(sa.insert(tables.users).values(name="ben", created_at=0.0)))
    with large.read() as connection:
        assert connection.scalar(sa.select(sa.func.max(tables.users.c.id))) == 42


@pytest.mark.postgresql
def test_a_store_with_a_character_0_moves_to_postgresql(moved: Callable[..., tuple[Database, Database]]) -> None:
    """A character 0 in a text, which SQLite keeps and PostgreSQL does not, keeps no store from moving: a replacement stands for it."""
    _, large = moved(id=1, name="a\0b")
    with large.read() as connection:
        assert connection.scalar(sa.select(tables.users.c.name)) == "a\ufffdb"


def test_a_damaged_backup_is_refused_and_leaves_the_store_empty(tmp_path: Path) -> None:
    """A cut file and a file that is no backup are clear errors, and nothing was written."""
    database = Database(f"sqlite:///{tmp_path}/labelwright.db")
    database.migrate()
    database.write(lambda connection: connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0)))
    path = tmp_path / "backup.tar"
    backup(database, Blobs(tmp_path / "blobs"), path)
    database.close()
    empty = Database(f"sqlite:///{tmp_path}/empty.db")
    empty.migrate()
    for body in (path.read_bytes()[:9000], b"hello", b""):
        path.write_bytes(body)
        with pytest.raises(InvalidFile):
            restore(empty, Blobs(tmp_path / "blobs"), path)
    with empty.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.users)) == 0
    empty.close()


def test_what_was_altered_in_a_backup_is_restored_and_named(tmp_path: Path) -> None:
    """A bit that fell over in a table is told, and one that makes a value no value of its column is an error with the table's name."""
    database = Database(f"sqlite:///{tmp_path}/labelwright.db")
    database.migrate()
    database.write(lambda connection: connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0)))
    path = tmp_path / "backup.tar"
    backup(database, Blobs(tmp_path / "blobs"), path)
    database.close()
    whole = path.read_bytes()
    for number, (old, new) in enumerate([(b'"ann"', b'"ant"'), (b'"ann"', b"[[1]]"), (b'"ann"', b"{}   "), (b'"ann"', b"null ")]):
        path.write_bytes(whole.replace(old, new))
        other = Database(f"sqlite:///{tmp_path}/{number}.db")
        other.migrate()
        if number:
            with pytest.raises(InvalidFile, match=r"users.*A row is damaged"):
                restore(other, Blobs(tmp_path / "blobs"), path)
        else:
            report = restore(other, Blobs(tmp_path / "blobs"), path)
            assert (report.altered, report.whole) == (["users"], False)
        other.close()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_what_is_no_file_in_a_backup_is_damaged_and_the_rest_is_restored(
    make_project: Callable[..., Project], tmp_path: Path, kind: bytes
) -> None:
    """A link, a device or a folder in a blob's place is named as damaged; nothing that it leads to is read, and nothing outside written."""
    project = make_project()
    blobs = Blobs(tmp_path / "blobs")
    lost, kept = blobs.put(b"one"), blobs.put(b"another")
    add_texts(project, ["a text"])
    path, outside = tmp_path / "backup.tar", tmp_path / "outside.txt"
    outside.write_text("not ours", "utf-8")
    backup(project.database, blobs, path)
    with tarfile.open(path) as archive:
        files = [(entry, archive.extractfile(entry).read()) for entry in archive]  # type: ignore[union-attr]  # all are files
    with tarfile.open(path, "w") as archive:
        for entry, body in files:
            if entry.name == f"blobs/{lost}":
                entry.type, entry.linkname, entry.size = kind, str(outside), 0
            archive.addfile(entry, io.BytesIO(body) if entry.size else None)
        upwards = tarfile.TarInfo("../upwards.txt")
        archive.addfile(upwards)
    other = Database(f"sqlite:///{tmp_path}/other.db")
    other.migrate()
    restored = Blobs(tmp_path / "there" / "blobs")
    report = restore(other, restored, path)
    other.close()
    assert [(one.digest, one.what) for one in report.broken] == [(lost, "damaged")]
    assert restored.get(kept) == b"another"
    assert not restored.path(lost, must_exist=False).exists()
    assert outside.read_text("utf-8") == "not ours"
    assert not list(tmp_path.rglob("upwards.txt"))


def test_a_restore_needs_no_memory_for_its_largest_blob(tmp_path: Path) -> None:
    """Media go from the backup to the store piece by piece."""
    database = Database(f"sqlite:///{tmp_path}/labelwright.db")
    database.migrate()
    blobs = Blobs(tmp_path / "blobs")
    digest = blobs.put(b"x" * 50_000_000)
    backup(database, blobs, tmp_path / "backup.tar")
    database.close()
    fresh = Database(f"sqlite:///{tmp_path}/fresh.db")
    fresh.migrate()
    tracemalloc.start()
    try:
        restore(fresh, Blobs(tmp_path / "fresh"), tmp_path / "backup.tar")
        assert tracemalloc.get_traced_memory()[1] < 25_000_000
    finally:
        tracemalloc.stop()
        fresh.close()
    assert digest in Blobs(tmp_path / "fresh")


def test_backup_and_restore_need_no_memory_for_all_rows(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """Either holds a few rows in memory at once, however large they are."""
    project = make_project()
    add_texts(project, ["word " * 40_000] * 500)
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    tracemalloc.start()
    try:
        backup(project.database, project.blobs, tmp_path / "backup.tar")
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
        tracemalloc.reset_peak()
        report = restore(fresh, Blobs(tmp_path / "fresh"), tmp_path / "backup.tar")
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
        fresh.close()
    assert (report.rows["items"], report.left_out) == (500, {})


def test_a_restore_sends_many_rows_at_once(make_project: Callable[..., Project], store_url: str, tmp_path: Path) -> None:
    """SQLite gets 200 rows a statement; PostgreSQL a COPY of 2,000, into a table beside, and one statement that takes over what is new."""
    project = make_project()
    add_texts(project, [f"text {number}" for number in range(3000)])
    backup(project.database, project.blobs, tmp_path / "backup.tar")
    expected = _rows(project.database)["items"]
    project.database.write(_empty)
    with statements(project.database, tmp_path / "trace") as sent:
        restore(project.database, Blobs(tmp_path / "fresh"), tmp_path / "backup.tar")
    assert _rows(project.database)["items"] == expected
    writing = [one for one in sent if "INSERT INTO items" in one or "COPY new_items" in one]
    assert len(writing) == (15 if project.database.dialect == "sqlite" else 4)


def _empty(connection: sa.Connection) -> None:
    for table in reversed(tables.metadata.sorted_tables):
        if table.name != "events":  # of which there are none, and which may not be deleted
            connection.execute(sa.delete(table))


def test_rows_that_stand_twice_in_a_backup_are_restored_once(
    make_project: Callable[..., Project], database: Database, tmp_path: Path
) -> None:
    """Of rows under one key, as a damaged index lets them come about, the first is restored, and the others are counted."""
    project = make_project()
    add_texts(project, ["a", "b", "c"])
    backup(project.database, project.blobs, tmp_path / "backup.tar")
    files = _unpack(tmp_path / "backup.tar")
    report = json.loads(files.pop("backup.json"))
    first, *others = files["tables/items.jsonl"].splitlines(keepends=True)
    files["tables/items.jsonl"] = b"".join([first, *others, first.replace(b'"t0"', b'"t9"'), others[0]])
    report["rows"]["items"] += 2
    _pack(tmp_path / "backup.tar", {"backup.json": json.dumps(report).encode(), **files})
    database.write(_empty)
    restored = restore(database, Blobs(tmp_path / "fresh"), tmp_path / "backup.tar")
    assert restored.left_out == {"items": 2}
    assert [row[3] for row in _rows(database)["items"]] == ["t0", "t1", "t2"]


def test_followers_of_the_log_go_on_after_a_restore(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """In the restored store a follower finds the event that it had not read, and every new one, and none that it had."""
    project = make_project()
    for reason in ("read", "unread"):
        project.database.write(lambda connection, reason=reason: log.append(connection, project.id, "task_skipped", payload={"n": reason}))
        if reason == "read":
            with project.database.read() as connection:
                (event,) = log.follow(connection, project.id, log.Position())
            project.database.write(lambda connection, at=event.position: log.remember(connection, project.id, "quality", at))
    backup(project.database, project.blobs, tmp_path / "backup.tar")
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    restore(fresh, Blobs(tmp_path / "fresh" / "blobs"), tmp_path / "backup.tar")
    fresh.write(lambda connection: log.append(connection, project.id, "task_skipped", payload={"n": "new"}))
    with fresh.read() as connection:
        after = log.position(connection, project.id, "quality")
        assert [event.payload["n"] for event in log.follow(connection, project.id, after)] == ["unread", "new"]
    fresh.close()


def test_what_labelers_have_learned_goes_on_after_a_restore(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """A labeler goes on in the restored store where it was; what it keeps there is no place in the log."""
    project = make_project()
    item_ids = add_texts(project, [f"{index} free prize" if index % 2 else f"{index} lunch at home" for index in range(40)])
    answers = {item_id: Choice("refund" if index % 2 else "bug") for index, item_id in enumerate(item_ids[:30])}
    label(project, "intent", answers)
    first = suggest(project, [{"model": {}}])
    assert first.written
    backup(project.database, project.blobs, tmp_path / "backup.tar")
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    blobs = Blobs(tmp_path / "fresh" / "blobs")
    restore(fresh, blobs, tmp_path / "backup.tar")
    again = suggest(dataclasses.replace(project, database=fresh, blobs=blobs), [{"model": {}}])
    assert (again.written, [one.version for one in again.labelers]) == (0, [one.version for one in first.labelers])
    assert _rows(fresh)["cursors"] == _rows(project.database)["cursors"]
    fresh.close()


def test_what_an_earlier_restore_left_is_learned_anew(make_project: Callable[..., Project]) -> None:
    """A place in the log where a labeler kept what it knew, as restores used to leave it, is as good as nothing."""
    project = make_project()
    project.database.write(lambda connection: log.remember(connection, project.id, "train intent model", log.Position(0, 7)))
    (report,) = suggest(project, [{"model": {}}]).labelers
    assert report.note


def _aged(path: Path, revision: str) -> None:
    """Make a backup what it would have been at an earlier version of the tables: without what those did not have."""
    then = sa.MetaData()
    old = Database(f"sqlite:///{path.parent}/old/labelwright.db")
    old.write(lambda connection: (migrations.move(connection, revision), then.reflect(connection)))
    old.close()
    files = _unpack(path)
    report = json.loads(files.pop("backup.json"))
    for name in report["columns"]:
        kept = [place for place, column in enumerate(report["columns"][name]) if name in then.tables and column in then.tables[name].c]
        rows = [json.loads(line) for line in files[f"tables/{name}.jsonl"].splitlines()]
        # In another order, too: columns are known by their names.
        files[f"tables/{name}.jsonl"] = b"".join(json.dumps([row[place] for place in kept[::-1]]).encode() + b"\n" for row in rows)
        report["columns"][name] = [report["columns"][name][place] for place in kept[::-1]]
        if name not in then.tables:
            del report["rows"][name], files[f"tables/{name}.jsonl"]
    files = {"backup.json": json.dumps({**report, "revision": revision}).encode(), **files}
    _pack(path, files)


def _unpack(path: Path) -> dict[str, bytes]:
    """What is in a backup, by its name there."""
    with tarfile.open(path) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]  # all are files


def _pack(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_a_backup_from_before_is_brought_up_to_date(revision: str, make_project: Callable[..., Project], tmp_path: Path) -> None:
    """A backup of older tables is restored as those were and then migrated: secrets are made, media are noted, nothing else is lost."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    (item,) = add_texts(project, ["a"])
    digest = project.blobs.put(b"picture")

    def fill(connection: sa.Connection) -> None:
        shown = json.dumps({"photo": {"modality": "image", "blob": digest, "width": 1, "height": 1, "media_type": "image/png"}})
        connection.execute(sa.update(tables.items).values(data=shown))
        review = {"project_id": project.id, "item_id": item, "reviewer_id": ann, "verdict": "accept", "created_at": 7.0}
        connection.execute(sa.insert(tables.reviews).values(**review, reason="clear", label_before="{}", random=1))

    project.database.write(fill)
    backup(project.database, project.blobs, tmp_path / "backup.tar")
    _aged(tmp_path / "backup.tar", revision)
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    restore(fresh, Blobs(tmp_path / "fresh" / "blobs"), tmp_path / "backup.tar")
    with fresh.read() as connection:
        assert connection.scalar(sa.select(tables.projects.c.seed))
        assert connection.execute(sa.select(tables.media.c.digest)).scalars().all() == [digest]
        assert connection.scalar(sa.select(tables.secrets.c.value))
        review = connection.execute(sa.select(tables.reviews)).one()
        assert (review.reason, review.created_at, review.sources) == ("clear", 7.0, "{}")
    fresh.close()
