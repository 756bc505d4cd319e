"""The worker beside the server."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from labelwright.analytics import kept_counts
from labelwright.datasets import import_labels
from labelwright.errors import InvalidPipeline
from labelwright.pipeline import jobs
from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import Workspace
from labelwright.server import worker
from labelwright.store import tables
from tests.quality.answers import answer, choice
from tests.rows import add_texts, add_users, count

PIPELINE = """
name: tickets
sources: [{uri: '*.jsonl', id: id, watch: 10m}]
schema: {data: {body: text}, questions: {intent: {kind: choice, of: body, options: [refund, bug]}}}
run: {store: 'STORE'}
"""


def test_a_watched_source_is_looked_at_again(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a server runs, a row that is added to a watched source is collected once its time has come, and no sooner."""
    (tmp_path / "labelwright.yaml").write_text(PIPELINE.replace("STORE", store_url), "utf-8")
    workspace = Workspace.open(tmp_path)
    opened = workspace.projects["tickets"]
    now = time.monotonic()
    monkeypatch.setattr(worker.time, "monotonic", lambda: now)
    beside = worker.Worker(workspace)
    beside.round()
    (tmp_path / "new.jsonl").write_text(json.dumps({"id": "T1", "body": "new"}) + "\n", "utf-8")
    now += 590.0
    beside.round()
    assert count(opened.project, tables.raw_items) == 0
    now += 20.0
    beside.round()
    assert count(opened.project, tables.items, tables.items.c.state == "active") == 1
    with workspace.database.read() as connection:
        (job,) = jobs.list_jobs(connection, opened.project.id)
    assert (job.kind, job.state, job.progress.what) == ("run", "done", "1 new, 0 changed, 0 set aside")
    workspace.close()


def test_a_file_that_breaks_stops_no_other_project(tmp_path: Path, store_url: str) -> None:
    """While one project's file is wrong, another one's run goes by its own, and what another process noted of it is taken over."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "labelwright.yaml").write_text(PIPELINE.replace("tickets", name), "utf-8")
    (tmp_path / "workspace.yaml").write_text(f"run: {{store: '{store_url}'}}\n", "utf-8")
    workspace = Workspace.open(tmp_path)

    def change(name: str, label: str) -> None:
        path = tmp_path / name / "labelwright.yaml"
        path.write_text(path.read_text("utf-8").replace("bug]", f"{label}]"), "utf-8")

    for name in ("a", "b"):
        change(name, "fault")
    Workspace.open(tmp_path).close()  # as a run beside the server notes them
    (tmp_path / "a" / "labelwright.yaml").write_text("name: a\n", "utf-8")
    with pytest.raises(InvalidPipeline):
        workspace.reload()
    assert "fault" in workspace.projects["b"].pipeline.schema.questions["intent"].labels
    change("c", "fault")
    (tmp_path / "c" / "new.jsonl").write_text(json.dumps({"id": "T1", "body": "new"}) + "\n", "utf-8")
    asked = workspace.projects["c"].project.id
    workspace.database.write(partial(jobs.enqueue, project_id=asked, kind="run", arguments={}))
    worker.Worker(workspace).round()
    with workspace.database.read() as connection:
        (job,) = jobs.list_jobs(connection, asked)
    assert (job.state, job.progress.what) == ("done", "1 new, 0 changed, 0 set aside")
    assert "fault" in workspace.projects["c"].pipeline.schema.questions["intent"].labels
    workspace.close()


def test_a_project_that_was_renamed_is_no_new_one_for_its_server(tmp_path: Path, store_url: str) -> None:
    """Until the folder is opened anew, the server goes on with the project that it has, and makes none in which nobody takes part."""
    path = tmp_path / "labelwright.yaml"
    path.write_text(PIPELINE.replace("STORE", store_url), "utf-8")
    workspace = Workspace.open(tmp_path)
    path.write_text(path.read_text("utf-8").replace("tickets", "calls"), "utf-8")
    assert workspace.reload("tickets") == []
    with workspace.database.read() as connection:
        assert list(connection.scalars(sa.select(tables.projects.c.name))) == ["tickets"]
    workspace.close()


def test_a_frozen_version_is_told_by_its_job(tmp_path: Path, store_url: str) -> None:
    """The job says which version it made; asked for again, that nothing has changed."""
    (tmp_path / "labelwright.yaml").write_text(PIPELINE.replace("STORE", store_url), "utf-8")
    (tmp_path / "new.jsonl").write_text(json.dumps({"id": "T1", "body": "new"}) + "\n", "utf-8")
    (tmp_path / "labels.csv").write_text("key,intent\nT1,bug\n", "utf-8")
    workspace = Workspace.open(tmp_path)
    opened = workspace.projects["tickets"]
    advance(opened)
    import_labels(opened.project, tmp_path / "labels.csv", None, "annotations")
    beside = worker.Worker(workspace)
    said = []
    for _ in range(2):
        workspace.database.write(partial(jobs.enqueue, project_id=opened.project.id, kind="freeze", arguments={}))
        beside.round()
        with workspace.database.read() as connection:
            said.append(jobs.list_jobs(connection, opened.project.id)[0].progress.what)
    assert said == ["version 1, items: 1", "nothing has changed, version 1 still stands"]
    workspace.close()


def test_the_kept_figures_follow_the_answers(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round after an answer counts it; nothing is counted again while nothing happens, but after ten minutes, and never too often."""
    (tmp_path / "labelwright.yaml").write_text(PIPELINE.replace("STORE", store_url), "utf-8")
    workspace = Workspace.open(tmp_path)
    opened = workspace.projects["tickets"]
    project = opened.project
    now = time.monotonic()
    monkeypatch.setattr(worker.time, "monotonic", lambda: now)
    beside = worker.Worker(workspace)
    (item,) = add_texts(project, ["one"])
    (ann,) = add_users(project, "ann")

    def kept() -> tuple[float, int]:
        with workspace.database.read() as connection:
            counts = kept_counts(connection, project)
        return counts.at, counts.funnel.labeled

    beside.round()
    first, labeled = kept()
    assert labeled == 0
    now += 60.0
    beside.round()
    assert kept() == (first, 0)
    answer(project, [(item, ann, {"intent": choice("bug")})])
    beside.round()
    second, labeled = kept()
    assert (second > first, labeled) == (True, 1)
    # It rests before it counts again, and what came meanwhile is not forgotten.
    answer(project, [(item, ann, {"intent": choice("bug")})])
    beside.round()
    assert kept() == (second, 1)
    now += 60.0
    beside.round()
    third, _ = kept()
    assert third > second
    monkeypatch.setattr(worker, "FIGURES_AGE_SECONDS", 0.0)
    now += 60.0
    beside.round()
    assert kept()[0] > third
    workspace.close()
