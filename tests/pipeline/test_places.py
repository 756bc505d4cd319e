"""Where a pipeline file says that exports go is told to be wrong before anybody works for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labelwright.datasets import places
from labelwright.errors import InvalidPipeline
from labelwright.pipeline.run import advance, freeze
from labelwright.pipeline.workspace import Workspace
from labelwright.store import tables
from tests.pipeline.conftest import PIPELINE
from tests.rows import count


@pytest.mark.parametrize("to", ["../../etc/x", "s3://bucket/x", "away/x"])
def test_a_place_that_leads_out_of_the_folder_is_refused_by_the_run(to: str, write_project: Callable[..., Path], tmp_path: Path) -> None:
    """By dots, by a link or by an address: the run says so with the line before it collects, and no version is frozen."""
    second = f"{{to: out/labels.jsonl, format: jsonl}}, {{to: '{to}', format: jsonl}}"
    folder = write_project(PIPELINE.replace("{to: out/labels.jsonl, format: jsonl}", second))
    (tmp_path / "elsewhere").mkdir()
    (folder / "away").symlink_to(tmp_path / "elsewhere")
    workspace = Workspace.open(folder)
    opened = workspace.projects["tickets"]
    for work in (advance, freeze):
        with pytest.raises(InvalidPipeline) as refused:
            work(opened)
        assert refused.value.where == "labelwright.yaml line 13, dataset.export[1].to"
    assert count(opened.project, tables.raw_items) == 0
    assert count(opened.project, tables.dataset_versions) == 0
    workspace.close()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_absolute_place_is_the_owners_to_choose(write_project: Callable[..., Path], tmp_path: Path) -> None:
    """Whoever may write the pipeline file may write there, too."""
    folder = write_project(PIPELINE.replace("to: out/labels.jsonl", f"to: '{tmp_path}/elsewhere/labels.jsonl'"))
    workspace = Workspace.open(folder)
    opened = workspace.projects["tickets"]
    advance(opened)
    assert places(opened.project, opened.pipeline.dataset) == [tmp_path / "elsewhere" / "labels.jsonl"]
    workspace.close()
