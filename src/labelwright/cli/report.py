"""Write the report of a project: one HTML file with everything in it, for people who have no account."""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    parser.add_argument("--to", metavar="FILE", type=Path, help="the file to write (default: report.html beside the pipeline file)")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.analytics import write_report
    from labelwright.errors import InvalidInput

    with _output.opened_workspace(options.dir) as workspace:
        chosen = [workspace.project(options.project)] if options.project else list(workspace.projects.values())
        if options.to and len(chosen) > 1:
            raise InvalidInput("This folder has several projects and --to names one file.", hint="Name one project with --project.")
        paths = [options.to or opened.project.folder / "report.html" for opened in chosen]
        for opened, path in zip(chosen, paths, strict=True):
            write_report(opened.project, path, requirements=opened.pipeline.requirements)
    if options.json:
        _output.print_json({"files": [str(path) for path in paths]})
    else:
        print("\n".join(f"wrote {path}" for path in paths))
    return 0
