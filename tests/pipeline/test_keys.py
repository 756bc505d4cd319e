"""Keys of the pipeline file: old spellings are read, and what is not built yet is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright.assist import read_roles
from labelwright.assist.policy import Role
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


def test_machines_that_count_are_labelers_with_a_role(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with `quality.machines` means what it meant: what these labelers suggest counts, and is shown. The doctor names the key."""
    from labelwright.cli import main

    rules = "assist: {labelers: [{functions: rules.py}, model]}\n"
    (tmp_path / "rules.py").write_text(
        "from labelwright import labeling_function\n@labeling_function(question='intent')\ndef late(item): return 'bug'\n"
    )
    old = Pipeline.load(write(tmp_path, rules, quality="machines: [rules.late, model, sent]"))
    new = "{named: {names: [rules.late, model, sent], role: annotate, shown: true}}"
    assert old == Pipeline.load(write(tmp_path, rules.replace("model]", f"model, {new}]")))
    roles = read_roles(old.assist.labelers)
    assert [roles.of(name) for name in ("rules.late", "model", "sent")] == 3 * [Role(counts=True, shown=True)]
    assert roles.of("rules.early") == roles.of("another") == Role(counts=False, shown=True)
    assert Pipeline.load(write(tmp_path, quality="machines: []")) == Pipeline.load(write(tmp_path))
    write(tmp_path, rules, quality="machines: [rules.late]")
    (tmp_path / "tickets.jsonl").write_text('{"body": "late"}\n')
    main(["doctor", str(tmp_path)])
    assert "✓ keys of tickets: quality.machines is spelled assist.labelers[*].role by now" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("labelers", "told", "where"),
    [
        ("{model: {role: judge}}", "machines that judge answers are not built yet", "assist.labelers[0].model.role"),
        ("{model: {role: annotator}}", "There is no role 'annotator'.", "assist.labelers[0].model.role"),
        ("{model: {shown: false}}", "is shown in any case", "assist.labelers[0].model.shown"),
        ("{model: {role: [annotate]}}", "Expected `str`", "assist.labelers[0].model"),
        ("{named: {role: annotate}}", "says the names of labelers", "assist.labelers[0].named"),
        ("{named: a}, {named: {names: [a], role: annotate}}", "'a' has two roles", "assist.labelers[1]"),
    ],
)
def test_a_role_that_is_none_is_refused_at_its_line(tmp_path: Path, labelers: str, told: str, where: str) -> None:
    """Judges are reserved; other words, and `shown` without a role that hides, are mistakes."""
    with pytest.raises(InvalidPipeline) as refused:
        Pipeline.load(write(tmp_path, f"assist: {{labelers: [{labelers}]}}\n"))
    assert told in refused.value.message
    assert refused.value.where == f"labelwright.yaml line 11, {where}"


@pytest.mark.parametrize("quality", ["machines: words", "machines: 3", "machines: [3]"])
def test_a_wrong_value_of_the_old_key_of_roles_is_told_at_its_line(tmp_path: Path, quality: str) -> None:
    """It is a mistake in the pipeline file, at the line of the old key; one name alone is read as a list of one."""
    if quality == "machines: words":
        assert read_roles(Pipeline.load(write(tmp_path, quality=quality)).assist.labelers).of("words").counts
        return
    with pytest.raises(InvalidPipeline, match=r"line 8, assist\.labelers\[0\]"):
        Pipeline.load(write(tmp_path, quality=quality))


@pytest.mark.parametrize("old", ["tasks", "quality"])
def test_an_old_key_beside_a_block_of_another_form_is_no_traceback(tmp_path: Path, old: str) -> None:
    """Where the block that the old key belongs into is no block, the file is refused."""
    with pytest.raises(InvalidPipeline):
        Pipeline.load(write(tmp_path, "assist: yes\n", **{old: {"tasks": "unassisted: 10%", "quality": "machines: [a]"}[old]}))


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
