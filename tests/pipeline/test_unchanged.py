"""What is unchanged is not done again: a run without changes, and a version after it, rest on what the last run derived."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.scale.project import ANSWERS, write_project
from benchmarks.tickets import NAME

from labelwright.datasets import import_labels
from labelwright.pipeline.run import advance, freeze
from labelwright.pipeline.workspace import Workspace

DEEP = ("reading answers", "consensus on intent", "searching for label errors")


def test_a_second_run_and_a_version_do_no_deep_work(store_url: str, tmp_path: Path) -> None:
    """Answers are read, models fitted and label errors searched for in the run after the answers came, and again only after more came."""
    write_project(tmp_path, 60, store_url)
    workspace = Workspace.open(tmp_path)
    try:
        opened = workspace.project(NAME)
        told: list[str] = []

        def progress(done: int, total: int | None, what: str) -> None:
            told.append(what)

        advance(opened)
        import_labels(opened.project, tmp_path / ANSWERS, None, "annotations")
        advance(opened, progress=progress)
        assert set(DEEP) <= set(told)
        told.clear()
        advance(opened, progress=progress)
        assert freeze(opened, progress=progress).version.items == 60
        assert not set(DEEP) & set(told)
        more = tmp_path / "more.jsonl"
        more.write_text(json.dumps({"key": "t1", "intent": "bug", "annotator": "somebody else"}) + "\n")
        import_labels(opened.project, more, None, "annotations")
        freeze(opened, progress=progress)
        assert set(DEEP) <= set(told)
    finally:
        workspace.close()
