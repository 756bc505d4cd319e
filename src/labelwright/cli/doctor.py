"""Look whether everything is in place: Python, the page, the store, the files that the pipeline names.

Of the store, every row is read and every media file looked for; SQLite examines its pages, and PostgreSQL's settings are asked whether
what is acknowledged survives a power loss. `--deep` also compares each media file with its digest, and each index with its table.
"""

from __future__ import annotations

import argparse
import sys

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    parser.add_argument("--deep", action="store_true", help="also read every media file and compare every index with its table")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    found = _examine(options.dir, options.deep)
    if options.json:
        _output.print_json([{"what": what, "holds": holds, "detail": detail} for what, holds, detail in found])
    else:
        for what, holds, detail in found:
            print(f"{'✓' if holds else '✗'} {what}: {detail}")
    return 0 if all(holds for _, holds, _ in found) else 1


def _examine(folder: str, deep: bool) -> list[tuple[str, bool, str]]:
    import importlib.util
    import shutil
    from pathlib import Path

    import labelwright
    from labelwright.errors import LabelwrightError
    from labelwright.pipeline import _yaml
    from labelwright.pipeline.declare import FILE
    from labelwright.pipeline.files import missing_files
    from labelwright.pipeline.keys import old_spellings
    from labelwright.pipeline.status import read_set_aside
    from labelwright.store.integrity import sqlite_version

    found = [("Python", sys.version_info >= (3, 11), sys.version.split()[0])]
    page = Path(labelwright.__file__).parent / "web" / "index.html"
    built = "built" if page.is_file() else "not built; run: make page"
    found.append(("page", page.is_file(), built))
    found.append(("SQLite", *sqlite_version()))
    fast = importlib.util.find_spec("numba") is not None
    found.append(("statistics", True, "compiled by Numba" if fast else "NumPy; pip install 'labelwright[fast]' makes them faster"))
    free = shutil.disk_usage(folder if Path(folder).exists() else ".").free
    found.append(("disk", free > 1e9, f"{free / 1e9:.1f} GB free"))
    try:
        found += _examine_store(folder, deep)
        with _output.opened_workspace(folder) as workspace:
            for opened in workspace.projects.values():
                found.append((f"project {opened.name}", True, f"sources: {len(opened.pipeline.all_sources)}"))
                old = old_spellings(_yaml.load(opened.project.folder / FILE)[0])
                found += [(f"keys of {opened.name}", True, f"{one} is spelled {new} by now") for one, new in old.items()]
                if missing := missing_files(opened):
                    found.append((f"files of {opened.name}", False, " ".join(missing)))
                with workspace.database.read() as connection:
                    failed = read_set_aside(connection, opened.project.id, stages=["suggest"])
                if failed:
                    found.append((f"labelers of {opened.name}", False, "; ".join(_output.set_aside_lines(failed))))
    except LabelwrightError as error:
        found.append(("project", False, str(error)))
    return found


def _examine_store(folder: str, deep: bool) -> list[tuple[str, bool, str]]:
    from pathlib import Path

    from labelwright.pipeline.workspace import open_store
    from labelwright.store.integrity import durability, structure_problems, survey

    database, blobs = open_store(Path(folder))
    try:
        found = [("store", True, database.label)]
        with database.read() as connection:
            problems = structure_problems(connection, deep=deep)
            found += [("store", False, problem) for problem in problems]
            found += [("store", False, sentence) for sentence in durability(connection)]
            seen = survey(connection, blobs, deep=deep)
        found += [("store", False, line) for line in _output.lacking_lines(seen.lost, seen.broken)]
        if problems or seen.lost or seen.broken:
            hint = "labelwright backup saves all that can be read, and labelwright restore makes a new store of it"
            found.append(("store", False, hint))
    finally:
        database.close()
    return found
