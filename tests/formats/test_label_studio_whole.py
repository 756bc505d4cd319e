"""What Label Studio writes about a whole task: choices of several, numbers, and texts in one box or several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from labelwright import plugins
from labelwright.formats import Broken, label_studio
from labelwright.formats.base import Labeled
from labelwright.schema import Schema
from labelwright.schema.modalities.text import Text

QUESTIONS = {
    "topics": {"kind": "choices", "of": "body", "options": ["refund", "bug", "other"], "min": 0},
    "days": {"kind": "number", "of": "body", "min": 0, "max": 30, "step": 0.5},
    "reply": {"kind": "text", "of": "body"},
    "seen": {"kind": "date", "of": "body"},
    "stars": {"kind": "rating", "of": "body", "options": ["1", "2", "3"]},
}
SCHEMA = msgspec.convert({"data": {"body": "text"}, "questions": QUESTIONS}, Schema)


def read(folder: Path, *results: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The answers of one annotation with these results, and what was said of what could not be read."""
    file = folder / "tasks.json"
    file.write_text(json.dumps([{"id": 1, "data": {"body": "Late."}, "annotations": [{"id": 1, "result": list(results)}]}]), "utf-8")
    found = list(plugins.load("formats", "label_studio").read(file, SCHEMA))
    good = [one for one in found if not isinstance(one, Broken)]
    values = {name: answer.plain() for one in good for name, answer in one.values.items()}
    return values, [one.reason for one in found if isinstance(one, Broken)]


def result(name: str, kind: str, **value: Any) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "body", "type": kind, "value": value}


def test_each_type_answers_its_question(tmp_path: Path) -> None:
    """Several choices are a set, several submissions to a text area its lines, and numbers and ratings are what they say."""
    values, broken = read(
        tmp_path,
        result("topics", "choices", choices=["bug", "Refund"]),
        result("days", "number", number=2.5),
        result("reply", "textarea", text=["Dear Q,", "soon."]),
        result("stars", "rating", rating=3),
        result("seen", "datetime", datetime="2026-01-31"),
    )
    assert broken == []
    assert values == {"topics": ["bug", "refund"], "days": 2.5, "reply": "Dear Q,\nsoon.", "stars": "3", "seen": "2026-01-31"}


def test_names_that_nobody_declared_are_found_by_what_fits(tmp_path: Path) -> None:
    """A result under another name answers the only question that takes its type."""
    values, broken = read(tmp_path, result("amount", "number", number=4), result("comment", "textarea", text="Fine."))
    assert broken == []
    assert values == {"days": 4, "reply": "Fine."}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (result("topics", "choices", choices=["bug", "nothing"]), "The label 'nothing' is unknown"),
        (result("topics", "choices", choices="bug"), "Choices are a list of labels"),
        (result("days", "number", number="3"), "A number is expected as 'number'"),
        (result("days", "number", number=True), "A number is expected as 'number'"),
        (result("reply", "textarea", text=[1]), "A text is a list of strings"),
        (result("reply", "number", number=3), "The question asks for text, and the region is of the type 'number'"),
        (result("reply", "textarea", text=["on a region"], start=0, end=2), "is about one region each"),
        (result("seen", "datetime", datetime=20260101), "no date answer"),
        (result("when", "video", frames=[1]), "Regions of the type 'video' are not read"),
    ],
)
def test_what_is_none_is_told(tmp_path: Path, wrong: dict[str, Any], reason: str) -> None:
    """A wrong value is never another answer: it is told with its reason."""
    values, broken = read(tmp_path, wrong)
    assert values == {}
    assert reason in " ".join(broken)


def test_what_is_written_is_asked_and_read_again(tmp_path: Path) -> None:
    """The labeling interface has the tag of each question, and what is written comes back, an empty set among it."""
    config = label_studio.label_config(SCHEMA)
    for tag in (
        '<Choices name="topics" toName="body" choice="multiple">',
        '<Number name="days" toName="body" min="0" max="30" step="0.5"/>',
        '<DateTime name="seen" toName="body" only="date" format="%Y-%m-%d"/>',
        '<TextArea name="reply" toName="body" maxSubmissions="1" editable="true"/>',
        '<Rating name="stars" toName="body" maxRating="3"/>',
    ):
        assert tag in config
    values = SCHEMA.read_plain({"topics": [], "days": 3, "reply": "a\nb", "stars": "2", "seen": "2026-01-31"})
    written = [Labeled(key="1", data={"body": Text("Late.")}, values=values)]
    label_studio.write(iter(written), SCHEMA, tmp_path / "out.json")
    (again,) = label_studio.read(tmp_path / "out.json", SCHEMA)
    assert isinstance(again, Labeled)
    assert again.values == values
