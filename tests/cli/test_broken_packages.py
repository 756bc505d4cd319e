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
    assert listed.returncode == 0
    assert "cannot be loaded from 'torn.half': RuntimeError: half of it is missing" in listed.stdout


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
