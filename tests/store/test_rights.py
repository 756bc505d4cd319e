"""What a store keeps is its owner's: nobody else on the machine can read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from labelwright.store import tables
from labelwright.store.backup import backup
from labelwright.store.blobs import Blobs
from labelwright.store.database import Database


@pytest.fixture(autouse=True)
def _open_to_all() -> Iterator[None]:
    """New files are readable by everybody unless whoever makes them says otherwise."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def _rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_database_blobs_and_backups_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    """The database with the files beside it, the blobs with their folders, and a backup, while they are written to and afterwards."""
    database = Database(f"sqlite:///{tmp_path}/store/labelwright.db")
    database.migrate()
    database.write(lambda connection: connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0)))
    blobs = Blobs(tmp_path / "store" / "blobs")
    digest = blobs.put(b"picture")
    backup(database, blobs, tmp_path / "store" / "backup.tar")
    found = sorted(path.name for path in (tmp_path / "store").iterdir())
    assert found == ["backup.tar", "blobs", "labelwright.db", "labelwright.db-shm", "labelwright.db-wal", "labelwright.db.people.lock"]
    paths = [tmp_path / "store", *(tmp_path / "store").rglob("*")]
    assert {path.name: oct(_rights(path)) for path in paths} == {path.name: oct(0o700 if path.is_dir() else 0o600) for path in paths}
    assert _rights(blobs.path(digest)) == 0o600
    database.close()


def test_a_store_from_before_is_closed_to_others_when_it_is_opened(tmp_path: Path) -> None:
    """A database and a folder of blobs that everybody could read belong to their owner alone from the next opening on."""
    path, folder = tmp_path / "labelwright.db", tmp_path / "blobs"
    path.touch(0o644)
    folder.mkdir(0o755)
    database = Database(f"sqlite:///{path}")
    database.migrate()
    Blobs(folder)
    assert (_rights(path), _rights(folder)) == (0o600, 0o700)
    database.close()
