"""Plays a workspace from its files to its frozen datasets, with simulated people at a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelwright import demo
from labelwright.demo import Simulated, Summary
from labelwright.pipeline.run import RunReport, advance, freeze
from labelwright.pipeline.workspace import Workspace
from labelwright.server.process import running_server


def play(folder: Path, **options: Any) -> tuple[list[RunReport], Simulated, Summary]:
    """Run the pipeline, let people work, freeze, and compare with the truth."""
    workspace = Workspace.open(folder)
    try:
        reports = [advance(opened) for opened in workspace.projects.values()]
        with running_server(folder, worker=False) as address:
            done = demo.simulate(workspace, address, **options)
        for opened in workspace.projects.values():
            freeze(opened)
        return reports, done, demo.summarise(workspace)
    finally:
        workspace.close()
