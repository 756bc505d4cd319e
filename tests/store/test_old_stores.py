"""A store that an older version wrote opens: `old/make.py` tells what is in it, and ran under that version."""

from __future__ import annotations

import json
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.datasets import export
from labelwright.datasets.versions import versions
from labelwright.pipeline import events, run
from labelwright.pipeline.events import Submission
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.store import criteria, tables
from labelwright.store.audit import audit
from labelwright.store.backup import restore
from labelwright.store.blobs import Blobs
from labelwright.store.database import Database
from tests.store.old.make import answers, digests, rows

STORE = Path(__file__).parent / "old" / "0.1.0.tar.xz"


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    with tarfile.open(STORE) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.fixture
def facts(unpacked: Path) -> dict[str, Any]:
    """What the older version said of its own store."""
    found: dict[str, Any] = json.loads((unpacked / "facts.json").read_text("utf-8"))
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def garden(unpacked: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenProject]:
    """The old project, opened: its SQLite file as it is, and its backup restored into PostgreSQL."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_url")
        database = Database(url)
        assert restore(database, Blobs(unpacked / "garden" / "blobs"), unpacked / "backup.tar").whole
        database.close()
        monkeypatch.setenv("LABELWRIGHT_STORE", url)
    workspace = Workspace.open(unpacked / "garden")
    yield workspace.projects["garden"]
    workspace.close()


def test_nothing_is_lost_and_exports_are_the_same(garden: OpenProject, facts: dict[str, Any], tmp_path: Path) -> None:
    """Every answer, draft and review is there, and the exports of the frozen version equal those of the older Labelwright byte for byte."""
    assert rows(garden.project.database) == facts["rows"]
    for name in sorted({path.partition("/")[0] for path in facts["exports"]}):
        export(garden.project, name, tmp_path / "again" / name, version=1)
    assert digests(tmp_path / "again") == facts["exports"]


def test_the_file_says_what_it_said(garden: OpenProject, facts: dict[str, Any], tmp_path: Path) -> None:
    """The unchanged file is the version that it was: audits count as before, and all labels are what they were."""
    assert garden.version == 1
    with garden.project.database.read() as connection:
        (before,) = versions(connection, garden.project.id)
        now = audit(connection, garden.project.id, garden.project.schema)
    assert {name: one.audited for name, one in now.items()} == {name: one.audited for name, one in before.certificate.questions.items()}
    assert all(one.audited > 0 for one in now.values())
    run.advance(garden)
    again = run.freeze(garden).version
    assert {name: one.bound for name, one in again.certificate.questions.items()} == {
        name: one.bound for name, one in before.certificate.questions.items()
    }
    told = {}
    for number in (1, again.number):
        folder = tmp_path / str(number)
        export(garden.project, "jsonl", folder, version=number)
        told[number] = [without_belief(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]
    assert told[again.number] == told[1]


def without_belief(line: str) -> Any:
    """An exported item without what `auto` believes of its labels: the models that it averages get better."""
    found = json.loads(line)
    for one in found["provenance"].values():
        if one.get("method") == "average":
            del one["confidence"]
    return found


def test_another_question_may_change(garden: OpenProject, unpacked: Path) -> None:
    """A new option of one question leaves the audits of the others as they were, though the older Labelwright knew fewer keys."""
    file = unpacked / "garden" / "labelwright.yaml"
    file.write_text(file.read_text("utf-8").replace("[calm, busy]", "[calm, busy, sad]"), "utf-8")
    workspace = Workspace.open(unpacked / "garden")
    changed = workspace.projects["garden"]
    assert changed.version == 2
    with changed.project.database.read() as connection:
        ids = connection.scalars(sa.select(tables.pipeline_versions.c.id).order_by(tables.pipeline_versions.c.id)).all()
        meant = criteria.meanings(connection, changed.project.id, ids)
    workspace.close()
    first, second = (meant[number] for number in ids)
    assert {name for name in second if criteria.changed(first[name], second[name])} == {"mood"}


def test_work_goes_on_where_it_stopped(garden: OpenProject) -> None:
    """Whoever had begun an answer finds the draft in the same task, and gives it; the review that was half done is there."""
    database = garden.project.database
    run.advance(garden)
    with database.read() as connection:
        users = dict(connection.execute(sa.select(tables.users.c.name, tables.users.c.id)).all())
        drafts = dict(connection.execute(sa.select(tables.drafts.c.user_id, tables.drafts.c.task_id)).all())
    (task,) = database.write(lambda connection: events.next_tasks(connection, garden, users["bob"]))
    assert task.id == drafts[users["bob"]]
    assert task.draft is not None
    assert task.draft.sequence == 1
    assert task.draft.body["values"]["things"]["boxes"] == [{"x": 1.0, "y": 2.0, "width": 5.0, "height": 6.0, "label": "stone"}]
    given = answers(1, random.Random(3))
    inspected = events.inspect(garden, task.id, given, seconds_active=5.0)
    sent = Submission(values=given, seconds_active=5.0)
    database.write(lambda connection: events.submit(connection, garden, users["bob"], task.id, sent, inspected, key="new", next=False))
    (audit,) = database.write(lambda connection: events.next_tasks(connection, garden, users["rita"], purpose="review"))
    assert audit.audit is not None
    assert audit.audit.own != audit.audit.label
    run.advance(garden)
    assert run.freeze(garden).version.number == 2
