"""A pipeline file says what it means, and a wrong one says what is wrong and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labelwright.errors import InvalidPipeline
from labelwright.pipeline.declare import Pipeline, json_schema
from labelwright.pipeline.starter import write_starter
from tests.pipeline.conftest import PIPELINE


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
            "of: body, options: [refund",
            "of: boddy, options: [refund",
            "line 6, schema.questions.intent.of",
            "boddy",
            "Did you mean 'body'?",
        ),
        ("[low_agreement]", "[low_agreemnt]", "line 11, review.always", "low_agreemnt", "Did you mean 'low_agreement'?"),
        ("labeled() >= 90%", "labelled() >= 90%", "line 12", "labelled", "Did you mean 'labeled'?"),
        ("label_error(intent)", "label_error(intnt)", "line 12, requirements[1]", "intnt", "Did you mean 'intent'?"),
        ("name: tickets", "name: My Tickets!", "line 1, name", "no project name", None),
        ("name: tickets", "name: [tickets", "line", "no YAML", None),
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
