"""Fill an empty store from a backup.

DIR has the pipeline file and names the store; the store must be empty. After a crash in the middle it still is: restore again.

What the backup lacks is named, the rest is restored, and the exit code is 1. The next run reads files anew whose media are lacking.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    parser.add_argument("--from", dest="source", required=True, metavar="FILE", type=Path, help="the tar file that backup wrote")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.pipeline.workspace import open_store
    from labelwright.store.backup import restore

    database, blobs = open_store(Path(options.dir))
    try:
        report = restore(database, blobs, options.source, progress=_output.progress())
    finally:
        database.close()
    if options.json:
        _output.print_json(report)
    else:
        rows = sum(report.rows.values()) - sum(report.left_out.values())
        print(f"{options.source}: restored {rows:,} rows and {report.blobs:,} media files")
        _output.print_lacking("The store", report)
    return 0 if report.whole else 1
