"""Read labels that exist already: as suggestions, annotations, gold or a reference to compare with.

Items are matched by their key or by the hash of their content. What does not match or is wrong is put into quarantine with its line.
Reading a file again changes nothing. The exit code is 1 where no entry could be taken.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright import plugins
from labelwright.cli import _output

USES = ("suggestions", "annotations", "gold", "reference")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the folder of the project")
    parser.add_argument("file", metavar="FILE", type=Path, help="the file or folder with the labels")
    parser.add_argument("--format", choices=plugins.names("formats"), help="its format (default: by the file's ending)")
    parser.add_argument("--as", dest="use", choices=USES, default="annotations", help="what the labels are (default: annotations)")
    parser.add_argument("--key", help="the column that names the item (default: the item's key)")
    _output.add_project(parser)
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.datasets import import_labels
    from labelwright.pipeline.run import catch_up_alone
    from labelwright.pipeline.status import read_set_aside

    with _output.opened_workspace(options.dir) as workspace:
        opened = _output.the_project(workspace, options.project)
        report = import_labels(opened.project, options.file, options.format, options.use, key=options.key, progress=_output.progress())
        alone = catch_up_alone(opened, progress=_output.progress())
        with workspace.database.read() as connection:
            set_aside = read_set_aside(connection, opened.project.id, stages=["import"], source=report.file) if report.quarantined else []
    refused = report.quarantined > 0 and not report.stored and not report.unchanged
    if options.json:
        _output.print_json(report)
        return 1 if refused else 0
    entries = "1 entry" if report.read == 1 else f"{report.read:,} entries"
    print(
        f"{options.file}: {entries} read as {report.use}: {report.stored:,} new or changed, {report.unchanged:,} there already, "
        f"{report.quarantined:,} in quarantine"
    )
    if report.left_out:
        print(f"  {report.left_out:,} left out, for they are a machine's; read them with --as suggestions")
    for line in _output.set_aside_lines(set_aside):
        print(f"  {line}")
    if set_aside:
        print(f"All of these: {_output.command('status', options.dir)}")
    if refused:
        print("No entry could be taken. Are the items collected (labelwright run), and does --key name the column with their keys?")
        return 1
    if not alone:
        print("Another process of this folder is at work, as a server is: it takes them into the labels in a moment.")
    print(f"Next: {_output.command('check', options.dir)}")
    return 0
