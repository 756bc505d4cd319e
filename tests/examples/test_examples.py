"""The examples run on the real data that they are about, from the download to the frozen dataset."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labelwright.pipeline.declare import Pipeline
from tests.demo.playing import play
from tests.shared import CHECKOUT, shared

EXAMPLES = CHECKOUT / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/labelwright.yaml"))

LIMITS = {"bccd": 24, "sms_spam": 90, "wikigold": 45, "fsdd": 18}
DOWNLOADS = {"bccd": "data/bccd", "sms_spam": "data/sms_spam", "wikigold": "data/wikigold", "fsdd": "data/fsdd/clips"}


@pytest.mark.parametrize("name", FOLDERS)
def test_each_example_is_complete(name: str) -> None:
    """Each has a pipeline file that loads, guidelines, a script for the download, and a README with source and licence."""
    folder = EXAMPLES / name
    pipeline = Pipeline.load(folder)
    assert pipeline.schema.guidelines
    assert (folder / pipeline.schema.guidelines).is_file()
    assert (folder / "convert.py").is_file()
    readme = (folder / "README.md").read_text("utf-8")
    assert "**Source**" in readme
    assert "**Licence**" in readme
    assert f"({name})" in (EXAMPLES / "README.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_each_example_runs_on_its_real_data(name: str, tmp_path: Path) -> None:
    """A part of the real data goes through the pipeline, with simulated people, to a dataset that is better than single answers."""
    download = shared(DOWNLOADS[name])
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("data", "out", "*.jsonl", "*.db*", "blobs"))
    subprocess.run([sys.executable, "convert.py", str(download), "--limit", str(LIMITS[name])], cwd=folder, check=True)
    (report,), done, summary = play(folder, annotators=4, accuracy=0.85)
    (project,) = summary.projects
    assert report.collected.new == LIMITS[name]
    assert all(one.stored for one in report.imported)
    assert project.items + project.duplicates == LIMITS[name]
    assert project.version_items == project.items
    assert done.answers > 0
    assert done.accepted + done.fixed > 0
    for question in project.questions:
        assert question.labels is not None
        assert question.answers is not None
        assert question.labels >= question.answers > 0.6
    assert project.dataset
