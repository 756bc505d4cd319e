"""A small project of support messages, whole, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labelwright.pipeline.workspace import Workspace

PIPELINE = """\
name: tickets
sources: [{uri: tickets.jsonl, id: id}]
schema:
  data: {body: text}
  questions:
    intent: {kind: choice, of: body, options: [refund, bug, other]}
    entities: {kind: spans, of: body, options: [PRODUCT, AMOUNT]}
  guidelines: guidelines.md
tasks: {overlap: 2, gold: 0%, lease: 1m}
checks: [{expression: {that: "intent == 'refund' implies any(entities, label == 'AMOUNT')", severity: warning}}, {too_fast: {seconds: 0.5}}]
review: {sample: 50%, always: [low_agreement]}
requirements: ["labeled() >= 90%", "label_error(intent) <= 60% at 95%"]
dataset: {split: {train: 50%, test: 50%}, export: [{to: out/labels.jsonl, format: jsonl}]}
"""


@pytest.fixture
def write_project(tmp_path: Path, store_url: str) -> Callable[..., Path]:
    """Write a project's folder: `write_project(pipeline=…, texts=…)`; its store is the one of this test."""

    def write(pipeline: str = PIPELINE, texts: list[str] | None = None) -> Path:
        folder = tmp_path / "tickets"
        folder.mkdir(exist_ok=True)
        lines = texts if texts is not None else [f"Message {number} about 5 EUR 🙂" for number in range(12)]
        rows = [json.dumps({"id": f"t{number}", "body": text, "customer": number % 3}) for number, text in enumerate(lines)]
        (folder / "tickets.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
        (folder / "guidelines.md").write_text("# Guidelines\n", "utf-8")
        (folder / "labelwright.yaml").write_text(pipeline + f'run: {{store: "{store_url}"}}\n', "utf-8")
        return folder

    return write


@pytest.fixture
def workspace(write_project: Callable[..., Path]) -> Iterator[Workspace]:
    """The small project, open."""
    workspace = Workspace.open(write_project())
    yield workspace
    workspace.close()
