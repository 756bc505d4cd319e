"""Installed packages that add something and cannot be imported: the command line says which, and does without it where it can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import labelwright

PIPELINE = """\
name: tickets
sources: [tickets.jsonl]
schema:
  data: {body: text}
  questions:
    intent: {kind: choice, of: body, options: [refund, bug]}
"""

FORMATS = """\
from labelwright.pipeline.workspace import Workspace
from labelwright.server.routes.versions import _formats

workspace = Workspace.open(".")
for one in _formats(workspace.projects["tickets"]):
    print(one.name, one.refuses)
workspace.close()
"""


def installed(folder: Path, group: str) -> Path:
    """Install a package whose plugins of a group raise as they are imported, or are not there, and return where it is."""
    place = folder / "site"
    (place / "torn").mkdir(parents=True)
    (place / "torn" / "__init__.py").write_text("", "utf-8")
    (place / "torn" / "half.py").write_text("raise RuntimeError('half of it is missing')", "utf-8")
    about = place / "torn-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: torn\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(f"[labelwright.{group}]\nhalf = torn.half\ngone = torn.gone\n", "utf-8")
    return place


def run(folder: Path, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(place), str(Path(labelwright.__file__).parents[1])])
    (folder / "labelwright.yaml").write_text(PIPELINE, "utf-8")
    (folder / "tickets.jsonl").write_text('{"body": "Pay me"}\n', "utf-8")
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("group", ["kinds", "modalities"])
def test_a_kind_that_cannot_be_imported_is_named(tmp_path: Path, group: str) -> None:
    """Nothing can be read without it, so each command ends with a sentence, and the list of plugins names it."""
    place = installed(tmp_path, group)
    done = run(tmp_path, place, "-m", "labelwright", "status")
    assert done.returncode == 2
    assert "cannot be loaded from 'torn.gone': ModuleNotFoundError" in done.stderr
    assert "Mend or uninstall the package that brings it." in done.stderr
    assert "Traceback" not in done.stderr
    listed = run(tmp_path, place, "-m", "labelwright", "plugins", group)
    assert listed.returncode == 1
    assert "cannot be loaded from 'torn.half': RuntimeError: half of it is missing" in listed.stdout


QUESTION = """\
from typing import Any, ClassVar
from labelwright.schema.kinds import Answer, Question

class Odd(Answer, frozen=True, tag="odd"):
    odd: int

class OddQuestion(Question, frozen=True, kw_only=True, tag="TAG"):
    modalities: ClassVar[frozenset[str]] = frozenset({"text"})
    FORM

QUESTION, ANSWER = OddQuestion, Odd
"""
FORM = 'aggregation: ClassVar[str] = "votes"; form: ClassVar[Any] = int'


ANSWER = """\
from labelwright.schema.kinds.base import Answer
from labelwright.schema.kinds.choice import ChoiceQuestion

class OddQuestion(ChoiceQuestion, frozen=True, kw_only=True, tag="odd"): ...

class Odd(Answer, frozen=True, tag="odd"): ...

QUESTION, ANSWER = OddQuestion, Odd
"""

WAY = """\
from typing import ClassVar

from labelwright.schema.kinds.choice import Choice, ChoiceQuestion

class OddQuestion(ChoiceQuestion, frozen=True, kw_only=True, tag="odd"):
    aggregation: ClassVar[str] = "WAY"

class Odd(Choice, frozen=True, tag="odd"): ...

QUESTION, ANSWER = OddQuestion, Odd
"""

SHAPE = """\
from labelwright.schema.kinds.boxes import Boxes, BoxesQuestion

class Flat:
    name, values, overlap, rounded = "flat", {}, None, None

class OddQuestion(BoxesQuestion, frozen=True, kw_only=True, tag="odd"):
    shape = Flat()

class Odd(Boxes, frozen=True, tag="odd"): ...

QUESTION, ANSWER = OddQuestion, Odd
"""

LACKING = {
    "no answer": ("kinds", "QUESTION = 3", "torn.odd does not define ANSWER."),
    "nothing": ("kinds", "", "The kind 'odd' cannot be used: torn.odd does not define QUESTION, ANSWER."),
    "no class": ("kinds", "QUESTION = ANSWER = 3", "its QUESTION is not derived from labelwright.schema.kinds.base.Question."),
    "another name": (
        "kinds",
        QUESTION.replace("TAG", "even").replace("FORM", FORM),
        "its QUESTION has the tag 'even', which is another name.",
    ),
    "no form": (
        "kinds",
        QUESTION.replace("TAG", "odd").replace("FORM", ""),
        "OddQuestion does not define aggregation, form, problems, with_parts, ",
    ),
    "no parts": ("kinds", ANSWER, "Odd does not define parts, plain."),
    "no marks": ("kinds", WAY.replace("WAY", "marks"), "OddQuestion does not define shape, match, fused, skills."),
    "no whole shape": ("kinds", SHAPE, "The kind 'odd' cannot be used: its shape does not define overlaps, bounds."),
    "no such way": ("kinds", WAY.replace("WAY", "ballots"), "aggregation is 'ballots', and there are levels, marks, medians, sets, votes."),
    "no field": ("modalities", "", "The modality 'odd' cannot be used: torn.odd does not define FIELD."),
    "no field's class": ("modalities", "FIELD = str", "its FIELD is not derived from labelwright.schema.modalities.base.Field."),
    "no rule": ("rules", "ALWAYS = False", "The rule 'odd' cannot be used: torn.odd does not define Options, SEVERITY, compile."),
}


@pytest.mark.parametrize("case", LACKING)
def test_a_plugin_that_lacks_something_is_named_with_what_is_missing(tmp_path: Path, case: str) -> None:
    """A command that needs it names the entry point and what is missing, and so does the list of plugins."""
    group, written, why = LACKING[case]
    place = installed(tmp_path, group)
    (place / "torn" / "odd.py").write_text(f'"""Odd."""\n{written}\n', "utf-8")
    (place / "torn-1.0.dist-info" / "entry_points.txt").write_text(f"[labelwright.{group}]\nodd = torn.odd\n", "utf-8")
    done = run(tmp_path, place, "-m", "labelwright", "run")
    assert done.returncode == 2
    assert f"entry point 'odd' of labelwright.{group}: " in done.stderr
    assert why in done.stderr
    listed = run(tmp_path, place, "-m", "labelwright", "plugins", group)
    assert why in listed.stdout + listed.stderr
    assert "Traceback" not in done.stderr + listed.stderr


def test_verbs_and_formats_that_cannot_be_imported_keep_nobody_from_the_others(tmp_path: Path) -> None:
    """Help, the other verbs and the formats of the page are there."""
    helped = run(tmp_path, installed(tmp_path, "verbs"), "-m", "labelwright", "--help")
    assert helped.returncode == 0
    assert "cannot be loaded from 'torn.half'" in helped.stdout
    other = tmp_path / "other"
    other.mkdir()
    place = installed(other, "formats")
    assert run(other, place, "-m", "labelwright", "run").returncode == 0
    formats = run(other, place, "-c", FORMATS)
    assert formats.returncode == 0, formats.stderr
    assert "half The format 'half' cannot be loaded from 'torn.half'" in formats.stdout
    assert "jsonl None" in formats.stdout
