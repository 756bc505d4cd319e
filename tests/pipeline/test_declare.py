"""A pipeline file says what it means, and a wrong one says what is wrong and where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labelwright import plugins
from labelwright.errors import InvalidPipeline
from labelwright.pipeline.declare import Pipeline, json_schema
from labelwright.pipeline.run import advance, freeze
from labelwright.pipeline.starter import write_starter
from labelwright.pipeline.workspace import Workspace
from tests.pipeline.conftest import PIPELINE

KINDS = f"Known are: {', '.join(plugins.names('kinds'))}."


def load(folder: Path, text: str) -> Pipeline:
    (folder / "labelwright.yaml").write_text(text, "utf-8")
    (folder / "guidelines.md").write_text("", "utf-8")
    return Pipeline.load(folder)


def test_a_complete_file_is_read_and_the_python_object_is_the_same(tmp_path: Path) -> None:
    """The file and the object declare the same, and have the same digest."""
    first, again = load(tmp_path, PIPELINE), load(tmp_path, PIPELINE + "\n# a comment\n")
    assert first == again
    assert first.digest("x") == again.digest("x")
    assert first.digest("x") != first.digest("y")
    assert list(first.schema.questions) == ["intent", "entities"]


def test_yaml_keeps_texts_that_look_like_something_else(tmp_path: Path) -> None:
    """By the rules of YAML 1.2, `no`, `off` and `12:30` are texts, also as labels."""
    text = PIPELINE.replace("[refund, bug, other]", "[no, off, 12:30]").replace("intent == 'refund' implies ", "")
    assert load(tmp_path, text).schema.questions["intent"].labels == ("no", "off", "12:30")


@pytest.mark.parametrize(
    ("old", "new", "where", "message", "hint"),
    [
        ("overlap: 2", "overlpa: 2", "line 9, tasks", "'overlpa' is unknown", "Did you mean 'overlap'?"),
        ("tasks:", "taks:", "line 9", "'taks' is unknown", "Did you mean 'tasks'?"),
        ("kind: choice", "kind: choose", "line 6, schema.questions", "choose", None),
        ("overlap: 2", "overlap: many", "line 9, tasks.overlap", "Expected", None),
        (
            "[refund, bug, other]",
            "[1, 2]",
            "line 6, schema.questions.intent.options[0]",
            "got `int`",
            'Texts that look otherwise stand in quotes: "1".',
        ),
        (
            "[refund, bug, other]",
            "[{label: refund, color: 'red; background: url(//example.com)'}, bug, other]",
            "line 6, schema.questions.intent.options[0].color",
            "is no color",
            None,
        ),
        (
            "of: body, options: [refund",
            "of: boddy, options: [refund",
            "line 6, schema.questions.intent.of",
            "boddy",
            "Did you mean 'body'?",
        ),
        ("[low_agreement]", "[low_agreemnt]", "line 11, review.always", "low_agreemnt", "Did you mean 'low_agreement'?"),
        ("labeled() >= 90%", "labelled() >= 90%", "line 12", "labelled", "Did you mean 'labeled'?"),
        ("label_error(intent)", "label_error(intnt)", "line 12, requirements[1]", "intnt", "Did you mean 'intent'?"),
        (
            "[refund, bug, other]",
            "[{label: refund, key: Q}, bug, other]",
            "line 6, schema.questions.intent.options[0].key",
            "The key 'Q' of the label 'refund' means something else at the workbench: next question.",
            "Give the label another one, such as r, or none.",
        ),
        (
            "[refund, bug, other]",
            "[{label: refund, key: n}, bug, other]",
            "line 6, schema.questions.intent.options[0].key",
            "mark the words",
            "Give the label another one, such as r, or none.",
        ),
        (
            "[refund, bug, other]",
            "[{label: refund, key: r}, {label: bug, key: R}, other]",
            "line 6, schema.questions.intent.options[1].key",
            "Two labels have the key 'R': 'refund' and 'bug'.",
            "Give the label another one, such as b, or none.",
        ),
        ("[refund, bug, other]", "[{label: refund, key: Enter}, bug, other]", "options[0].key", "is not one character", None),
        ("name: tickets", "name: My Tickets!", "line 1, name", "no project name", None),
        ("name: tickets", "name: [tickets", "line", "no YAML", None),
        ("lease: 1m", "lease: 15x", "line 9, tasks.lease", "'15x' is no duration", "Write for example 30s, 15m, 1h30m or 2d."),
        ("gold: 0%", "gold: some", "line 9, tasks.gold", "'some' is no share", None),
        ("sample: 50%", "sample: half", "line 11, review.sample", "'half' is no share", None),
        ("train: 50%", "train: most", "line 13, dataset.split.train", "'most' is no share", None),
        (
            "kind: choice",
            "kind: choise",
            "line 6, schema.questions.intent.kind",
            "'choise' is not known",
            f"Did you mean 'choice'? {KINDS}",
        ),
        ("body: text", "body: video", "line 4, schema.data.body", "'video' is not known", "Known are: audio, image, text."),
        ("{uri: tickets.jsonl, id: id}", "{uri: tickets.jsonl, watch: soon}", "line 2, sources", "'soon' is no duration", None),
        ("{uri: tickets.jsonl, id: id}", "{uri: tickets.jsonl, watch: 0s}", "line 2, sources", "after 5 seconds at the earliest", None),
        ("{uri: tickets.jsonl, id: id}", "{uri: tickets.jsonl, format: doc}", "line 2, sources", "no format 'doc'", None),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_nearest_word(
    tmp_path: Path, old: str, new: str, where: str, message: str, hint: str | None
) -> None:
    """Each mistake is one clear error: file, line, key, and a hint."""
    assert old in PIPELINE
    with pytest.raises(InvalidPipeline) as caught:
        load(tmp_path, PIPELINE.replace(old, new))
    error = caught.value
    assert error.where is not None
    assert error.where.startswith("labelwright.yaml")
    assert where in error.where
    assert message in error.message
    if hint:
        assert error.hint == hint


def test_a_small_file_cannot_become_a_huge_one(tmp_path: Path) -> None:
    """Aliases within aliases are counted, not followed without end."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(InvalidPipeline, match="too deeply or holds too many"):
        load(tmp_path, bomb)


def test_the_json_schema_knows_every_kind_and_block() -> None:
    """Editors get a schema that names the blocks and the kinds of questions."""
    text = json.dumps(json_schema())
    for word in ("sources", "overlap", "requirements", "choice", "spans", "boxes", "segments"):
        assert f'"{word}"' in text


def test_a_starter_file_runs_as_it_is(tmp_path: Path) -> None:
    """The starter for a CSV file with labels asks for those labels, and loads."""
    (tmp_path / "data.csv").write_text(
        "id,text,label\n" + "".join(f"{n},Message number {n},{'ham' if n % 3 else 'spam'}\n" for n in range(60))
    )
    write_starter(tmp_path / "project", tmp_path / "data.csv")
    pipeline = Pipeline.load(tmp_path / "project")
    assert pipeline.name == "project"
    (question,) = pipeline.schema.questions.values()
    assert set(question.labels) == {"ham", "spam"}


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("uri: tickets.jsonl", "uri: tikets.jsonl", "line 2, sources (tikets.jsonl)", "no such file"),
        ("guidelines: guidelines.md", "guidelines: guide.md", "line 8, schema.guidelines", "'guide.md' are not in"),
        ("review:", "prepare: [trimm]\nreview:", "line 11, prepare[0]", "no step 'trimm'"),
        ("review:", "prepare:\n- {python: steps.py}\nreview:", "line 12, prepare[0].python", "no file 'steps.py'"),
        ("review:", "prepare:\n- {split: {field: title, by: line}}\nreview:", "line 12, prepare[0].split.field", "no field 'title'"),
        (
            "review:",
            "assist:\n  labelers:\n  - {functions: rules.py}\nreview:",
            "line 13, assist.labelers[0], functions",
            "no file 'rules.py'",
        ),
        ("review:", "quality:\n  gold: gold.jsonl\nreview:", "line 12, quality.gold", "no file 'gold.jsonl'"),
        (
            "review:",
            "quality:\n  cross_validate:\n    against: old.csv\nreview:",
            "line 13, quality.cross_validate.against",
            "no file 'old.csv'",
        ),
        ("{too_fast: {seconds: 0.5}}", "intent = 'refund'", "line 10, checks[1], column 8", "A single ="),
        ("{too_fast: {seconds: 0.5}}", "{too_fats: {}}", "line 10, checks[1]", "no rule named 'too_fats'"),
        ("split: {train: 50%, test: 50%}", "split: {train: 50%, test: 50%, by: shop}", "line 13, dataset.split.by", "No item has a column"),
    ],
)
def test_a_mistake_that_shows_only_when_it_runs_is_named_with_its_line(
    write_project: Callable[..., Path], old: str, new: str, where: str, message: str
) -> None:
    """Whichever step finds out that the file names what is not there, the error says on which line."""
    assert old in PIPELINE
    folder = write_project(PIPELINE.replace(old, new))

    def work() -> None:
        workspace = Workspace.open(folder)
        try:
            advance(workspace.projects["tickets"])
            freeze(workspace.projects["tickets"])
        finally:
            workspace.close()

    with pytest.raises(InvalidPipeline) as caught:
        work()
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"labelwright.yaml {where}")
    assert message in caught.value.message


def test_a_mistake_in_the_file_of_a_workspace_is_named_with_its_line(tmp_path: Path) -> None:
    """The workspace file is read as strictly as the pipeline file."""
    (tmp_path / "tickets").mkdir()
    load(tmp_path / "tickets", PIPELINE)
    (tmp_path / "workspace.yaml").write_text("# ours\nrun:\n  stroe: x\n", "utf-8")
    with pytest.raises(InvalidPipeline) as caught:
        Workspace.open(tmp_path)
    assert (caught.value.where, caught.value.hint) == ("workspace.yaml line 3, run", "Did you mean 'store'?")


def test_files_that_are_not_utf_8_are_told(tmp_path: Path) -> None:
    """Guidelines and the file of a workspace that were saved otherwise are one clear error each."""
    folder = tmp_path / "tickets"
    folder.mkdir()
    load(folder, PIPELINE)
    (folder / "guidelines.md").write_bytes(b"caf\xe9\n")
    with pytest.raises(InvalidPipeline, match=r"'guidelines\.md' are not UTF-8") as caught:
        Workspace.open(tmp_path)
    assert caught.value.where == "labelwright.yaml line 8, schema.guidelines"
    (tmp_path / "workspace.yaml").write_bytes(b"# caf\xe9\nrun: {}\n")
    with pytest.raises(InvalidPipeline, match="is not UTF-8"):
        Workspace.open(tmp_path)


def test_a_starter_that_cannot_be_leaves_nothing_behind(tmp_path: Path) -> None:
    """A name that is none is refused, and the next attempt finds the folder as it was; a long folder's name is cut."""
    folder = tmp_path / ("long " * 20).strip()
    with pytest.raises(InvalidPipeline, match="no project name"):
        write_starter(folder, None, name="No Name")
    assert list(folder.iterdir()) == []
    write_starter(folder, None)
    assert len(Pipeline.load(folder).name) == 63
