"""Freeze the labels as they are into an immutable version with its certificate, and write the exports that the pipeline file names.

The same labels make the same version: freezing twice changes nothing.
"""

from __future__ import annotations

import argparse

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.pipeline.run import freeze
    from labelwright.pipeline.turn import turn

    with _output.opened_workspace(options.dir) as workspace:
        chosen = [workspace.project(options.project)] if options.project else list(workspace.projects.values())
        with turn(workspace.database, wait_seconds=600):
            versions = {opened.name: freeze(opened, progress=_output.progress()) for opened in chosen}
    if options.json:
        _output.print_json(versions)
        return 0
    for name, frozen in versions.items():
        print(f"{name}: version {frozen.version.number}, {frozen.version.digest[:12]}")
        for path in frozen.exported:
            print(f"  wrote {path}")
    return 0
