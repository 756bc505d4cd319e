"""What is damaged is named, and all the rest is kept: by the doctor, by a backup, and by what is restored from it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from labelwright.cli import main
from labelwright.schema import content_hash
from labelwright.store import tables
from labelwright.store.backup import backup, restore
from labelwright.store.blobs import Blobs
from labelwright.store.codec import encode
from labelwright.store.database import Database
from labelwright.store.integrity import BrokenBlob, durability, structure_problems, survey
from labelwright.store.project import Project
from tests.rows import add_texts, add_users

PAGE = 4096

on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""PostgreSQL's files are the server's own."""


def _add_picture(project: Project, key: str, body: bytes) -> str:
    """A raw picture with its blob, and the item made of it."""
    digest = project.blobs.put(body)

    def work(connection: sa.Connection) -> None:
        raw = connection.execute(
            sa.insert(tables.raw_items).values(
                project_id=project.id,
                source="scans",
                key=key,
                revision=content_hash(key),
                place=key,
                data="{}",
                blob=digest,
                created_at=0.0,
            )
        )
        shown = {"photo": {"modality": "image", "blob": digest, "width": 1, "height": 1, "media_type": "image/png"}}
        values = {"project_id": project.id, "raw_id": raw.inserted_primary_key[0], "key": key, "revision": key, "data": encode(shown)}
        connection.execute(sa.insert(tables.items).values(**values, created_at=0.0))
        connection.execute(sa.insert(tables.source_files).values(project_id=project.id, uri=key, fingerprint="f", rows=1, seen_at=0.0))

    project.database.write(work)
    return digest


def _flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(body)


def _break_page(path: Path, text: bytes) -> None:
    """Flip the bytes at the head of the page on which a text stands, as a bad block does."""
    body = bytearray(path.read_bytes())
    start = body.index(text) // PAGE * PAGE
    for place in range(start, start + 16):
        body[place] ^= 0xFF
    path.write_bytes(body)


def test_a_backup_names_damaged_and_missing_media_and_takes_the_rest(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """A flipped byte in one blob and the loss of another are named with the items that use them; what is restored has all the others."""
    project = make_project()
    flipped, lost, whole = (_add_picture(project, f"{name}.png", name.encode() * 100) for name in ("flipped", "lost", "whole"))
    _flip(project.blobs.path(flipped))
    project.blobs.path(lost).unlink()
    with project.database.read() as connection:
        assert survey(connection, project.blobs).broken == [BrokenBlob(lost, "missing", ["lost.png"])]
        named = sorted(
            [BrokenBlob(flipped, "damaged", ["flipped.png"]), BrokenBlob(lost, "missing", ["lost.png"])], key=lambda one: one.digest
        )
        assert survey(connection, project.blobs, deep=True).broken == named
    report = backup(project.database, project.blobs, tmp_path / "backup.tar")
    assert (report.whole, report.blobs, report.broken, report.lost) == (False, 1, named, {})

    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    blobs = Blobs(tmp_path / "fresh" / "blobs")
    restored = restore(fresh, blobs, tmp_path / "backup.tar")
    assert (restored.broken, list(blobs), restored.left_out) == (named, [whole], {})
    with fresh.read() as connection:
        aside = connection.execute(sa.select(tables.quarantine.c.place).order_by("place")).scalars().all()
        remembered = connection.execute(sa.select(tables.source_files.c.uri)).scalars().all()
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.items)) == 3
    # The next run reads again what is not remembered.
    assert (aside, remembered) == (["flipped.png", "lost.png"], ["whole.png"])
    fresh.close()


def test_a_blob_that_is_damaged_within_a_backup_keeps_nothing_else_back(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """A backup whose medium was damaged, or that an earlier version made of damaged media, is restored without that one blob."""
    project = make_project()
    digest = _add_picture(project, "a.png", b"picture" * 100)
    whole = _add_picture(project, "b.png", b"other" * 100)
    assert backup(project.database, project.blobs, tmp_path / "backup.tar").whole
    path = tmp_path / "backup.tar"
    body = path.read_bytes()
    path.write_bytes(body.replace(b"picture" * 100, b"picturf" + b"picture" * 99))
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    blobs = Blobs(tmp_path / "fresh" / "blobs")
    restored = restore(fresh, blobs, path)
    assert restored.broken == [BrokenBlob(digest, "damaged", ["a.png"])]
    assert list(blobs) == [whole]
    fresh.close()


@pytest.fixture
def damaged(make_project: Callable[..., Project], tmp_path: Path) -> tuple[Project, Path]:
    """A project on SQLite with 400 items, and its database file, closed."""
    project = make_project()
    add_users(project, "ann")
    add_texts(project, [f"text {index:04d} " + "x" * 60 for index in range(400)])
    with project.database.session() as connection:
        connection.exec_driver_sql("VACUUM")  # so that each text stands in one place
    project.database.close()
    return project, tmp_path / "labelwright.db"


@on_sqlite
def test_a_backup_rescues_every_row_beside_a_damaged_page(damaged: tuple[Project, Path], tmp_path: Path) -> None:
    """One page of a table is damaged: the rows on it are counted, those before and behind it are in the backup and in what is restored."""
    project, path = damaged
    body = path.read_bytes()
    marks = [body.index(f'"text":"text {index:04d}'.encode()) // PAGE for index in range(400)]
    gone = [index for index in range(400) if marks[index] == marks[200]]
    assert 1 < len(gone) < 100
    _break_page(path, b'"text":"text 0200')
    opened = Database(f"sqlite:///{path}")
    with opened.read() as connection:
        assert structure_problems(connection)
        assert survey(connection, project.blobs).lost == {"items": len(gone)}
    report = backup(opened, project.blobs, tmp_path / "backup.tar")
    opened.close()
    assert (report.whole, report.lost, report.rows["items"], report.rows["raw_items"]) == (
        False,
        {"items": len(gone)},
        400 - len(gone),
        400,
    )
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    assert not restore(fresh, Blobs(tmp_path / "fresh" / "blobs"), tmp_path / "backup.tar").whole
    with fresh.read() as connection:
        kept = connection.execute(sa.select(tables.items.c.key).order_by(tables.items.c.id)).scalars().all()
        assert not structure_problems(connection, deep=True)
    assert kept == [f"t{index}" for index in range(400) if index not in gone]
    fresh.close()


@on_sqlite
def test_rows_that_refer_to_lost_ones_are_left_out_and_counted(damaged: tuple[Project, Path], tmp_path: Path) -> None:
    """Raw items are lost: the items made of them cannot be restored, and are counted; all others are."""
    project, path = damaged
    body = path.read_bytes()
    marks = [body.index(f'{{"body":"text {index:04d}'.encode()) // PAGE for index in range(400)]
    gone = [index for index in range(400) if marks[index] == marks[399]]
    _break_page(path, b'{"body":"text 0399')
    opened = Database(f"sqlite:///{path}")
    report = backup(opened, project.blobs, tmp_path / "backup.tar")
    opened.close()
    assert report.lost == {"raw_items": len(gone)}
    fresh = Database(f"sqlite:///{tmp_path}/fresh/labelwright.db")
    fresh.migrate()
    restored = restore(fresh, Blobs(tmp_path / "fresh" / "blobs"), tmp_path / "backup.tar")
    assert restored.left_out == {"items": len(gone)}
    fresh.close()


@on_sqlite
def test_a_row_whose_text_is_no_text_any_more_is_counted(damaged: tuple[Project, Path]) -> None:
    """A byte that is flipped within a text, which SQLite itself does not notice, costs that row alone."""
    project, path = damaged
    body = path.read_bytes()
    path.write_bytes(body.replace(b'"text":"text 0007', b'"text":"text \xff007'))
    opened = Database(f"sqlite:///{path}")
    with opened.read() as connection:
        assert not structure_problems(connection)
        assert survey(connection, project.blobs).lost == {"items": 1}
    opened.close()


def test_the_doctor_and_a_backup_say_what_is_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both end with exit code 1, and say which table, which blob and which item; `restore` fills a new store with the rest."""
    for name in ("project", "fresh"):
        (tmp_path / name).mkdir()
        text = "name: mail\nschema: {data: {body: text}, questions: {kind: {kind: choice, of: body, options: [a, b]}}}\n"
        (tmp_path / name / "labelwright.yaml").write_text(text, "utf-8")
    assert main(["run", str(tmp_path / "project")]) in (0, 1)
    database = Database(f"sqlite:///{tmp_path}/project/labelwright.db")
    blobs = Blobs(tmp_path / "project" / "blobs")
    with database.read() as connection:
        project_id = connection.scalar(sa.select(tables.projects.c.id))
    digest = blobs.put(b"picture")
    row = {"project_id": project_id, "source": "s", "key": "a.png", "revision": "r", "place": "a.png", "data": "{}", "blob": digest}
    database.write(lambda connection: connection.execute(sa.insert(tables.raw_items).values(**row, created_at=0.0)))
    database.close()
    blobs.path(digest).unlink()
    capsys.readouterr()
    assert main(["doctor", str(tmp_path / "project")]) == 1
    assert f"blob {digest} is missing; used by a.png" in capsys.readouterr().out
    assert main(["backup", str(tmp_path / "project"), "--to", str(tmp_path / "backup.tar"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["broken"] == [{"digest": digest, "what": "missing", "used_by": ["a.png"]}]
    assert main(["restore", str(tmp_path / "fresh"), "--from", str(tmp_path / "backup.tar")]) == 1
    assert f"blob {digest} is missing; used by a.png" in capsys.readouterr().err


@pytest.mark.postgresql
def test_the_doctor_says_what_postgresql_would_lose(postgresql_url: str) -> None:
    """A setting under which acknowledged answers can be lost is told in a sentence."""
    database = Database(postgresql_url)
    try:
        with database.read() as connection:
            before = durability(connection)
            connection.exec_driver_sql("SET synchronous_commit = off")
            (new,) = [sentence for sentence in durability(connection) if sentence not in before]
    finally:
        database.close()
    assert "acknowledged" in new


def test_a_backup_tells_by_its_last_entry_that_it_is_complete(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """The report comes last, for only then is it known what is damaged."""
    project = make_project()
    backup(project.database, project.blobs, tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar") as archive:
        assert archive.getnames()[-1] == "backup.json"
        assert isinstance(archive.extractfile("backup.json"), io.BufferedReader)
