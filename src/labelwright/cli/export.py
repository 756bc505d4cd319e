"""Write the labels in a format that others read: JSONL, CSV, Parquet, Hugging Face, COCO, CoNLL, Label Studio.

Without --version it writes the labels as they are now; with it, exactly those of a frozen version.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from labelwright import plugins
from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    parser.add_argument("--format", required=True, choices=plugins.names("formats"), help="how to write it")
    parser.add_argument("--to", required=True, metavar="PATH", type=Path, help="the file or folder to write")
    parser.add_argument("--version", type=int, metavar="N", help="a frozen version (default: the labels as they are now)")
    help = "csv: leave cells as they are that a spreadsheet would take for formulas (default: an apostrophe goes in front of them)"
    parser.add_argument("--formulas", action="store_true", help=help)
    parser.add_argument(
        "--drop",
        action="store_true",
        help="leave out what the format cannot hold, and say how much, in a folder in dropped.json (default: refuse)",
    )
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.datasets import Unfinished, export
    from labelwright.pipeline.run import catch_up_alone

    left = Unfinished()
    dropped: Counter[str] = Counter()
    with _output.opened_workspace(options.dir) as workspace:
        opened = _output.the_project(workspace, options.project)
        catch_up_alone(opened, progress=_output.progress(), anew=options.version is None)
        written = export(
            opened.project,
            options.format,
            options.to,
            version=options.version,
            policy=opened.pipeline.dataset,
            unfinished=left,
            formulas=options.formulas,
            dropped=dropped if options.drop else None,
        )
    if options.json:
        report = {"items": written, "unfinished": left.labeled, "missing": dict(left.missing.most_common())}
        _output.print_json(report | ({"dropped": dict(dropped)} if options.drop else {}))
        return 0
    print(f"wrote {options.to}: {'1 item' if written == 1 else f'{written:,} items'}")
    if dropped:
        many = ", ".join(f"{count:,} to '{name}'" for name, count in dropped.items())
        print(f"  left out, for {options.format} cannot hold them: answers, or parts of answers: {many}")
    if left.labeled:
        lacking = ", ".join(f"'{name}' of {count:,}" for name, count in left.missing.most_common())
        print(f"  {left.labeled:,} more have labels and are not finished; still without a label: {lacking}")
    elif not written:
        print("  No item is labeled yet.")
    return 0
