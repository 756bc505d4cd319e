"""Write the whole store, tables and media, to one file while the server goes on.

The file can be restored into SQLite or PostgreSQL: it is also how a project moves from one to the other. The pipeline file and the
guidelines are yours to keep under version control; their versions that were used are in the backup.

Each media file is compared with its digest on the way. What is damaged or missing is named, the rest is written, and the exit code is 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    parser.add_argument("--to", required=True, metavar="FILE", type=Path, help="the tar file to write")
    parser.add_argument("--force", action="store_true", help="write over a file that is there already")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.errors import InvalidInput
    from labelwright.pipeline.workspace import open_store
    from labelwright.store.backup import backup

    if options.to.exists() and not options.force:
        raise InvalidInput(
            "There is a file of that name already.", where=str(options.to), hint="Name another, or write over it with --force."
        )
    database, blobs = open_store(Path(options.dir))
    try:
        report = backup(database, blobs, options.to, progress=_output.progress())
    finally:
        database.close()
    if options.json:
        _output.print_json(report)
    else:
        print(f"{options.to}: {sum(report.rows.values()):,} rows of {len(report.rows)} tables, {report.blobs:,} media files")
        _output.print_lacking("The backup", report)
    return 0 if report.whole else 1
