"""Write the labels in a format that others read: JSONL, CSV, Parquet, Hugging Face, COCO, CoNLL, Label Studio.

Without --version it writes the labels as they are now; with it, exactly those of a frozen version.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path

from labelwright import plugins
from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    parser.add_argument("--format", required=True, choices=plugins.names("formats"), help="how to write it")
    parser.add_argument("--to", required=True, metavar="PATH", type=Path, help="the file or folder to write")
    parser.add_argument("--version", type=int, metavar="N", help="a frozen version (default: the labels as they are now)")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.datasets import export
    from labelwright.errors import Conflict
    from labelwright.pipeline.run import catch_up
    from labelwright.pipeline.turn import turn

    with _output.opened_workspace(options.dir) as workspace:
        opened = _output.the_project(workspace, options.project)
        # A server beside this catches up by itself, and then it has the turn.
        with suppress(Conflict), turn(workspace.database):
            catch_up(opened)
        written = export(opened.project, options.format, options.to, version=options.version, policy=opened.pipeline.dataset)
    if options.json:
        _output.print_json(written)
    else:
        print(f"wrote {options.to}")
    return 0
