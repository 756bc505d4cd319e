"""Write a starter pipeline file, guessing the modality and the questions from your data.

The file is short, complete and runs as it is; comments say what to change.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the folder of the new project; it is made where there is none")
    parser.add_argument("--from", dest="source", metavar="PATH", type=Path, help="your data: a folder, a JSONL, CSV or Parquet file")
    parser.add_argument("--name", help="the project's name (default: the folder's)")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.pipeline.starter import write_starter

    made = write_starter(Path(options.dir), options.source, name=options.name)
    written, found = made.files, made.found
    if options.json:
        _output.print_json(
            {
                "files": [str(path) for path in written],
                "left_aside": found.left_aside if found else {},
                "labeled": made.labeled,
                "several": made.several.count,
            }
        )
        return 0
    for path in written:
        print(f"wrote {path}")
    take = f"{shlex.join(['labelwright', 'import', options.dir, str(made.labels)])} && " if made.labels else ""
    run = f"{_output.command('run', options.dir)} && {take}{_output.command('serve', options.dir)}"
    if found is None:
        data = Path(options.dir, "data")
        print(
            f"Put your data into {data}: JSONL files whose rows have an 'id' and a 'text'. For anything else, change 'sources' and 'schema'"
        )
        print(f"in {written[0]}, or let it be guessed: {_output.command('init', 'ANOTHER_DIR', '--from', 'YOUR_DATA')}")
        print(f"Then: {run}")
        return 0
    if several := made.several.count:
        those = "1 file has" if several == 1 else f"{several:,} files have"
        print(f"{those} several labels, as {made.several.first} has {' and '.join(made.several.labels[:5])}; a choice takes one, so")
        print(
            "they come without a label. Where several may hold, ask a choice of each label, with the options 0 and 1, and import the table"
        )
        print("once for each: --map COLUMN=QUESTION.")
    if found.left_aside:
        chosen = ", ".join(found.data.values())
        others = ", ".join(f"{count:,} {kind}" for kind, count in found.left_aside.items())
        print(f"This project is about {chosen}. Files of {options.source} that it leaves aside: {others}.")
    if not options.source.resolve().is_relative_to(Path(options.dir).resolve()):
        print(f"The data lies outside {options.dir}, so its whole path stands there; move it inside to be able to move the project.")
    if made.labels:
        print(f"{made.labels} holds the {made.labeled:,} labels that are there already. They may be imported as gold or suggestions, too.")
    print(f"Look at it, then: {run}")
    return 0
