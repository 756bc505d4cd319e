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
        version = frozen.version
        parts = ", ".join(f"{count:,} {split}" for split, count in version.splits.items() if split)
        items = "1 item" if version.items == 1 else f"{version.items:,} items"
        print(f"{name}: version {version.number}, {items}{f' ({parts})' if parts else ''}, {version.digest[:12]}")
        if not version.new:
            print(f"  Nothing has changed since it was frozen: version {version.number} still stands.")
        if version.unfinished:
            print(f"  {version.unfinished:,} more items are not in it, for they lack a required label.")
        for question, proof in version.certificate.questions.items():
            print(f"  {question}: {proof.statement}")
        for path in frozen.exported:
            print(f"  wrote {path}")
        if not frozen.exported:
            more = ["--project", name] if len(versions) > 1 else []
            words = _output.command("export", options.dir, *more, "--version", str(version.number), "--format", "jsonl", "--to", "FILE")
            print(f"  The pipeline file names no export (dataset.export). Write one with: {words}")
    return 0
