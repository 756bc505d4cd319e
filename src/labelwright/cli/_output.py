"""What the verbs share: the folder argument, `--json`, tables and progress."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelwright.pipeline.status import SetAside
    from labelwright.pipeline.workspace import OpenProject, Workspace
    from labelwright.store.backup import BackupReport
    from labelwright.store.integrity import BrokenBlob

__all__ = [
    "add_folder",
    "add_json",
    "add_project",
    "command",
    "lacking_lines",
    "opened_workspace",
    "print_json",
    "print_lacking",
    "progress",
    "set_aside_lines",
    "table",
    "the_project",
]

MOST_LINES = 20
"""So many missing or damaged blobs are named one by one."""


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add the folder that nearly every verb works in."""
    parser.add_argument("dir", metavar="DIR", nargs="?", default=".", help="the folder of a project or workspace (default: this one)")


def add_project(parser: argparse.ArgumentParser) -> None:
    """Add the name of one project, needed where the folder has several."""
    parser.add_argument("--project", help="the project, where the folder has several")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`: the report as one JSON document on standard output."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


@contextmanager
def opened_workspace(folder: str) -> Iterator[Workspace]:
    """Open a workspace for the length of the block."""
    from labelwright.pipeline.workspace import Workspace

    workspace = Workspace.open(folder)
    try:
        yield workspace
    finally:
        workspace.close()


def the_project(workspace: Workspace, name: str | None) -> OpenProject:
    """Return the project named, or the only one.

    Raises:
        InvalidInput: there are several and none is named.
        NotFound: there is none of that name.
    """
    from labelwright.errors import InvalidInput

    if name is not None:
        return workspace.project(name)
    if len(workspace.projects) > 1:
        names = ", ".join(workspace.projects)
        raise InvalidInput(f"This folder has several projects: {names}.", hint="Name one with --project, or name its folder.")
    return next(iter(workspace.projects.values()))


def command(verb: str, folder: str, *more: str) -> str:
    """Return a command to be pasted into a shell: `command("run", "we ird")` is `labelwright run 'we ird'`."""
    return shlex.join(["labelwright", verb, *([] if folder == "." else [folder]), *more])


def set_aside_lines(found: Sequence[SetAside]) -> list[str]:
    """Return a line for each kind of reason why rows lie in quarantine, or a labeler fails: how many, where the first is, and why."""
    what = {"suggest": "could not be suggested for"}
    return [f"{one.count:,} {what.get(one.stage, f'in quarantine ({one.stage})')}, first {one.place}: {one.reason}" for one in found]


def lacking_lines(lost: Mapping[str, int], broken: Sequence[BrokenBlob], left_out: Mapping[str, int] | None = None) -> list[str]:
    """Return a line for each table with rows that cannot be read or restored, and for each blob that is missing or damaged."""
    lines = [f"{table}: {rows:,} rows cannot be read" for table, rows in lost.items()]
    lines += [f"{table}: {rows:,} rows refer to lost ones and are left out" for table, rows in (left_out or {}).items()]
    for one in broken[:MOST_LINES]:
        used = ", ".join(one.used_by) or "nothing that can be named"
        lines.append(f"blob {one.digest} is {one.what}; used by {used}")
    if len(broken) > MOST_LINES:
        lines.append(f"and {len(broken) - MOST_LINES:,} more blobs; --json names them all")
    return lines


def print_lacking(what: str, report: BackupReport) -> None:
    """Say on standard error what a backup or a restored store lacks, where it lacks something."""
    if not report.whole:
        print(f"{what} is not complete:", file=sys.stderr)
        for line in lacking_lines(report.lost, report.broken, report.left_out):
            print(f"  {line}", file=sys.stderr)
        for name in report.altered:
            print(f"  {name}: the backup was altered after it was written, and what it has was restored as it is", file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import msgspec

    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def table(rows: Sequence[Sequence[Any]], *, header: Sequence[str]) -> str:
    """Return rows as aligned text; numbers stand to the right."""
    cells = [[_cell(value) for value in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    right = [all(isinstance(row[column], int | float | None) for row in rows) for column in range(len(header))]
    lines = []
    for row in cells:
        parts = [value.rjust(width) if to_right else value.ljust(width) for value, width, to_right in zip(row, widths, right, strict=True)]
        lines.append("  ".join(parts).rstrip())
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def progress(stream: Any = None) -> Callable[[int, int | None, str], None]:
    """Return a function that shows progress on a terminal, a line that rewrites itself, and is silent elsewhere."""
    out = stream or sys.__stderr__
    if out is None or not out.isatty():
        return lambda done, total, what: None
    last = [0.0]

    def show(done: int, total: int | None, what: str) -> None:
        now = time.monotonic()
        finished = total is not None and done >= total
        if now - last[0] < 0.1 and not finished:
            return
        last[0] = now
        part = f" {done / total:4.0%}" if total else ""
        amount = f"{done:,} of {total:,}" if total else f"{done:,}"
        print(f"\r\x1b[K{what}{part}  {amount}", end="\r" if finished else "", file=out, flush=True)

    return show
