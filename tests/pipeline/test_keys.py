"""Keys of the pipeline file: old spellings are read, and what is not built yet is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright.errors import InvalidPipeline
from labelwright.pipeline.declare import Pipeline
from labelwright.pipeline.keys import RESERVED

BASE = """\
name: tickets
sources: [{{uri: tickets.jsonl{source}}}]
schema:
  data: {{body: text}}
  questions:
    intent: {{kind: choice, of: body, options: [bug, {option}]{question}}}
tasks: {{overlap: 2{tasks}}}
quality: {{label_errors: false{quality}}}
dataset: {{split: {{}}{dataset}}}
run: {{store: "sqlite:///labelwright.db"{run}}}
"""
PLACES = ("source", "question", "tasks", "quality", "dataset", "run")


def write(folder: Path, more: str = "", **at: str) -> Path:
    """Write a pipeline file with further keys at some places."""
    parts = {name: f", {at[name]}" if name in at else "" for name in PLACES}
    (folder / "labelwright.yaml").write_text(BASE.format(option=at.get("option", "refund"), **parts) + more, "utf-8")
    return folder


def test_an_old_spelling_is_read_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with the old key means what it meant, and the doctor names the new one without calling the file wrong."""
    from labelwright.cli import main

    assert Pipeline.load(write(tmp_path, tasks="unassisted: 30%")) == Pipeline.load(write(tmp_path, "assist: {unassisted: 30%}\n"))
    write(tmp_path, tasks="unassisted: 30%")
    (tmp_path / "tickets.jsonl").write_text('{"body": "late"}\n')
    main(["doctor", str(tmp_path)])
    assert "✓ keys of tickets: tasks.unassisted is spelled assist.unassisted by now" in capsys.readouterr().out


def test_what_is_wrong_with_an_old_spelling_is_told_at_its_line(tmp_path: Path) -> None:
    """A wrong value names the line at which it stands, and both spellings at once are refused."""
    with pytest.raises(InvalidPipeline, match=r"line 7, assist\.unassisted"):
        Pipeline.load(write(tmp_path, tasks="unassisted: much"))
    with pytest.raises(InvalidPipeline, match="are one key"):
        Pipeline.load(write(tmp_path, "assist: {unassisted: 10%}\n", tasks="unassisted: 30%"))


@pytest.mark.parametrize("key", RESERVED)
def test_a_reserved_key_is_refused_with_a_sentence(tmp_path: Path, key: str) -> None:
    """Each key that a later version will have is named with its line and the reason, and is no typing error."""
    name = key.rpartition(".")[2]
    place = {"sources[*]": "source", "schema.questions.*": "question"}.get(key.rpartition(".")[0], key.rpartition(".")[0])
    if "options[*]" in key:
        folder = write(tmp_path, option=f"{{label: refund, {name}: x}}")
    elif place:
        folder = write(tmp_path, **{place: f"{name}: x"})
    else:
        folder = write(tmp_path, f"{name}: x\n")
    with pytest.raises(InvalidPipeline) as refused:
        Pipeline.load(folder)
    assert refused.value.message == f"The key '{name}' is reserved: {RESERVED[key]}"
    assert "labelwright.yaml line " in (refused.value.where or "")
    assert refused.value.hint is None
