"""Write a starter pipeline file, guessing the modality and the questions from your data.

The file is short, complete and runs as it is; comments say what to change.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the folder of the new project; it is made where there is none")
    parser.add_argument("--from", dest="source", metavar="PATH", type=Path, help="your data: a folder, a JSONL, CSV or Parquet file")
    parser.add_argument("--name", help="the project's name (default: the folder's)")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.pipeline.starter import write_starter

    written = write_starter(Path(options.dir), options.source, name=options.name)
    if options.json:
        _output.print_json({"files": [str(path) for path in written]})
        return 0
    for path in written:
        print(f"wrote {path}")
    if options.source is not None and not options.source.resolve().is_relative_to(Path(options.dir).resolve()):
        print(f"The data lies outside {options.dir}, so its whole path stands there; move it inside to be able to move the project.")
    print(f"Look at it, then: labelwright run {options.dir} && labelwright serve {options.dir}")
    return 0
