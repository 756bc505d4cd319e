"""Read labels that exist already: as suggestions, annotations, gold or a reference to compare with.

Items are matched by their key, the file they show, or their content. What does not match or is wrong is put into quarantine with its line,
and the report says why, with how many there are of each reason and where the first ones stand. Reading a file again changes nothing. The
exit code is 1 where no entry could be taken.
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
    parser.add_argument("--annotator", metavar="COLUMN", help="the column that says whose an answer is (default: found by its name)")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        type=_mapped,
        metavar="COLUMN=NAME",
        help="what a column stands for: a field, a question, split, or score; may be given several times",
    )
    parser.add_argument(
        "--question", action="append", default=[], metavar="NAME", help="take the answers to this question only; may be given several times"
    )
    _output.add_project(parser)
    _output.add_json(parser)


def _mapped(text: str) -> tuple[str, str]:
    column, equals, name = text.rpartition("=")
    if not (column and equals and name):
        raise argparse.ArgumentTypeError(f"'{text}' is not COLUMN=NAME")
    return column, name


def run(options: argparse.Namespace) -> int:
    from labelwright.datasets import import_labels
    from labelwright.pipeline.run import catch_up_alone

    names = dict(options.map) | ({options.annotator: "annotator"} if options.annotator else {})
    with _output.opened_workspace(options.dir) as workspace:
        opened = _output.the_project(workspace, options.project)
        report = import_labels(
            opened.project,
            options.file,
            options.format,
            options.use,
            key=options.key,
            names=names,
            questions=options.question,
            progress=_output.progress(),
        )
        alone = catch_up_alone(opened, progress=_output.progress())
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
        why = "they are a machine's; read them with --as suggestions" if not options.question else "they answer other questions only"
        print(f"  {report.left_out:,} left out, for {why}")
    if report.parts:
        print(f"  {report.parts:,} parts of entries left out, and the rest of these taken")
    for one in report.not_taken:
        print(f"  {one.count:,} in quarantine (import), first {one.places[0]}: {one.reason}")
    if report.not_taken:
        print(f"All of these: {_output.command('status', options.dir)}")
    if refused:
        print("No entry could be taken. Are the items collected (labelwright run), and does --key name the column with their keys?")
        return 1
    if not alone:
        print("Another process of this folder is at work, as a server is: it takes them into the labels in a moment.")
    print(f"Next: {_output.command('check', options.dir)}")
    return 0
