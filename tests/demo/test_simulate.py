"""Simulated people at a real server: they finish what there is, heed the checks, and what comes out is better than what they gave."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from labelwright import demo
from labelwright.datasets import certificate
from labelwright.demo.makers import tickets
from labelwright.errors import InvalidInput
from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import Workspace
from labelwright.server.process import running_server
from labelwright.store import tables
from tests.demo.playing import play

PIPELINE = """\
name: tickets
sources: [{uri: data/tickets.jsonl, id: id}]
prepare: [deduplicate]
schema:
  data: {message: text}
  questions:
    intent: {kind: choice, of: message, options: [refund, bug, delivery, question, other]}
    entities: {kind: spans, of: message, options: [PRODUCT, DATE, AMOUNT], overlapping: false}
tasks: {overlap: {start: 2, grow_to: 3, until: 90%}, gold: 0%}
checks: ["all(entities, strip(text) == text)", {too_fast: {seconds: 4}}]
review: {sample: 60%, always: [low_agreement]}
quality: {label_errors: false}
dataset: {split: {train: 75%, test: 25%}, export: [{to: out/tickets.jsonl, format: jsonl}]}
"""


def make_project(folder: Path, items: int) -> None:
    """Write a project with the first tickets of the demo, and their truth."""
    import msgspec

    folder.mkdir(parents=True, exist_ok=True)
    made = tickets.make(folder, 0)
    source = folder / "data" / "tickets.jsonl"
    source.write_bytes(b"".join(source.read_bytes().splitlines(keepends=True)[:items]))
    (folder / "labelwright.yaml").write_text(PIPELINE, "utf-8")
    lines = [msgspec.json.encode({"key": key, **values}) + b"\n" for key, values in list(made.truth.items())[:items]]
    (folder / "truth.jsonl").write_bytes(b"".join(lines))


@pytest.mark.slow
def test_the_whole_story_is_played_through_http(tmp_path: Path) -> None:
    """Every item is answered and frozen, checks are heeded, reviewers fix, and labels are better than single answers."""
    make_project(tmp_path, 36)
    _, done, summary = play(tmp_path, annotators=4, accuracy=0.75)
    (project,) = summary.projects
    assert project.items == project.version_items == 36
    assert project.tasks_open == 0
    assert done.answers >= 2 * 36
    assert done.improved + done.confirmed > 0
    assert done.fixed > 0
    assert done.accepted + done.fixed + done.rejected == project.reviews >= 20
    for question in project.questions:
        assert question.compared == 36
        assert question.answers is not None
        assert question.labels is not None
        assert question.answers < question.labels
    assert (tmp_path / "out" / "tickets.jsonl").is_file()
    text = summary.text()
    assert "intent" in text
    assert "version 1, 36 items" in text
    assert f"{done.answers:,} answers" in done.text()


@pytest.mark.slow
def test_perfect_people_make_a_perfect_dataset(tmp_path: Path) -> None:
    """With an accuracy of 1 no review changes anything, and a second simulation finds nothing left to be done."""
    make_project(tmp_path, 12)
    _, done, summary = play(tmp_path, annotators=3, accuracy=1.0)
    assert {question.labels for question in summary.projects[0].questions} == {1.0}
    assert done.fixed == done.rejected == 0
    _, again, _ = play(tmp_path, annotators=3, accuracy=1.0)
    assert again.answers == again.accepted == 0


def test_nobody_is_simulated_without_a_truth(tmp_path: Path) -> None:
    """Without a truth, gold or reference the error says what to do; with nobody to work it says so too."""
    make_project(tmp_path, 3)
    (tmp_path / "truth.jsonl").unlink()
    workspace = Workspace.open(tmp_path)
    try:
        with pytest.raises(InvalidInput, match=r"truth\.jsonl"):
            demo.simulate(workspace, "http://127.0.0.1:1")
        with pytest.raises(InvalidInput, match="1 to 64"):
            demo.simulate(workspace, "http://127.0.0.1:1", annotators=0)
    finally:
        workspace.close()


def test_a_truth_with_a_broken_line_is_refused(tmp_path: Path) -> None:
    """A truth with holes would make everybody look wrong, so the line is named."""
    make_project(tmp_path, 3)
    shutil.copyfile(tmp_path / "truth.jsonl", tmp_path / "more.jsonl")
    with (tmp_path / "more.jsonl").open("a") as file:
        file.write('{"key": "T-0099", "intent": "refnd"}\n')
    workspace = Workspace.open(tmp_path)
    try:
        schema = workspace.projects["tickets"].project.schema
        with pytest.raises(InvalidInput, match=r"more\.jsonl line 4.*refund"):
            demo.read_truth(tmp_path / "more.jsonl", schema)
        (tmp_path / "nested.jsonl").write_text('{"key": "T-0001", "labels": {"intent": "refund"}}\n', "utf-8")
        with pytest.raises(InvalidInput, match=r"nested\.jsonl line 1: The line answers no question.*intent"):
            demo.read_truth(tmp_path / "nested.jsonl", schema)
    finally:
        workspace.close()


@pytest.mark.slow
def test_a_few_reviews_are_left_and_the_certificate_is_complete(tmp_path: Path) -> None:
    """Of the reviews that rules asked for as many are left as wanted and wait for a reviewer; the random sample is reviewed whole."""
    make_project(tmp_path, 40)
    pipeline = tmp_path / "labelwright.yaml"
    rules = "sample: 30%, always: [{low_agreement: 1.0}]"
    pipeline.write_text(PIPELINE.replace("sample: 60%, always: [low_agreement]", rules), "utf-8")
    workspace = Workspace.open(tmp_path)
    (opened,) = workspace.projects.values()
    advance(opened)
    with running_server(tmp_path, worker=False) as address:
        done = demo.simulate(workspace, address, annotators=3, accuracy=0.75, leave=3)
    with opened.project.database.read() as connection:
        proof = certificate(connection, opened.project).questions["intent"]
        waiting = sa.select(tables.review_picks.c.random).join(tables.tasks, tables.tasks.c.item_id == tables.review_picks.c.item_id)
        left = connection.scalars(waiting.where(tables.tasks.c.purpose == "review", tables.tasks.c.state == "open")).all()
    workspace.close()
    assert left == [0] * 3
    assert done.left == 3
    assert proof.pending == 0
    assert proof.audited > 0


FOLLOWING = """\
name: tickets
sources: [{uri: data/tickets.jsonl, id: id}]
schema:
  data: {message: text}
  questions:
    intent: {kind: choice, of: message, options: [refund, bug, delivery, question, other]}
    entities:
      kind: spans
      of: message
      options: [PRODUCT, DATE, AMOUNT]
      overlapping: false
      when: "intent in ('refund', 'delivery')"
tasks: {overlap: 2, gold: 0%}
checks: [{too_fast: false}]
review: {sample: 60%, always: [low_agreement]}
quality: {label_errors: false}
"""


@pytest.mark.slow
def test_simulated_people_answer_what_their_answers_lead_to(tmp_path: Path) -> None:
    """Where a question depends on another, people who err are asked another one; all finish, and labels hold just what is asked."""
    make_project(tmp_path, 16)
    (tmp_path / "labelwright.yaml").write_text(FOLLOWING, "utf-8")
    _, done, summary = play(tmp_path, annotators=3, accuracy=0.7)
    (project,) = summary.projects
    assert project.items == project.version_items == 16
    assert project.tasks_open == 0
    assert done.answers >= 2 * 16
    workspace = Workspace.open(tmp_path)
    try:
        with workspace.database.read() as connection:
            given = list(connection.scalars(sa.select(tables.annotations.c["values"])))
    finally:
        workspace.close()
    assert any("entities" in values for values in given)
    assert any("entities" not in values for values in given)
