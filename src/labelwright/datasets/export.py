"""Writes the dataset out, in any of the formats: a frozen version, or the labels as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from labelwright import plugins
from labelwright.api.datasets import Version
from labelwright.datasets.policy import DatasetPolicy
from labelwright.datasets.rows import FinishedItem, Unfinished, finished_rows
from labelwright.datasets.splits import assign
from labelwright.datasets.versions import find_version, read_version, splits_so_far
from labelwright.errors import InvalidInput
from labelwright.formats import Labeled
from labelwright.schema import Schema
from labelwright.store.project import Project

__all__ = ["export", "export_all"]

Progress = Callable[[int, int | None, str], None]

STEP = 2000


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def export(
    project: Project,
    format: str,
    target: Path | BinaryIO,
    *,
    version: int | None = None,
    policy: DatasetPolicy | None = None,
    unfinished: Unfinished | None = None,
    formulas: bool = False,
    progress: Progress = _silent,
) -> int:
    """Write the finished items with their labels, in constant memory, and return how many there were.

    Args:
        project: whose labels.
        format: one of the formats that `labelwright plugins` lists.
        target: a folder (an existing one, or a path without an ending), which gets the media too, and with a version its card,
            certificate and manifest; or a file, or a stream of bytes, for the labels alone.
        version: the number of a frozen version; by default the labels as they stand.
        policy: how to split labels that are not frozen.
        unfinished: counts the items that are left out of labels that are not frozen.
        formulas: leave cells as they are that a spreadsheet would take for formulas; of the format csv.
        progress: told after every few thousand items.

    Raises:
        InvalidInput: the format is unknown, only reads, or cannot hold what the schema asks for.
        NotFound: there is no such version.
    """
    module = plugins.load("formats", format)
    if not module.WRITES:
        raise InvalidInput(f"The format '{format}' is only read.", where="format")
    if formulas and format != "csv":
        raise InvalidInput("Cells that look like formulas are shielded in the format csv only.", where="formulas")
    options = {"formulas": True} if formulas else {}
    if version is None:
        if reason := module.refuses(project.schema):
            raise InvalidInput(reason, where=f"format {format}", hint="Use jsonl, which holds everything.")
        with project.database.read() as connection:
            policy = policy or DatasetPolicy()
            splits = assign(connection, project, policy, splits_so_far(connection, project, policy))
            counted = _Counted(finished_rows(connection, project, splits, unfinished), progress)
            module.write(counted, project.schema, target, blobs=project.blobs, **options)
        return counted.count
    with project.database.read() as connection:
        frozen = find_version(connection, project.id, version)
    manifest = msgspec.json.decode(project.blobs.get(frozen.manifest))
    # The schema may have moved on since: a version is written as it was asked for.
    schema = msgspec.convert(manifest["schema"], Schema)
    counted = _Counted(read_version(project, frozen), progress)
    module.write(counted, schema, target, blobs=project.blobs, **options)
    if isinstance(target, Path) and target.is_dir():
        _describe(project, frozen, manifest, target)
    return counted.count


def _describe(project: Project, version: Version, manifest: dict[str, Any], folder: Path) -> None:
    """Put card, certificate and manifest beside the labels; a card that the format itself wrote keeps its header."""
    path = folder / "README.md"
    header = path.read_text("utf-8").partition("\n# ")[0] + "\n" if path.exists() and path.read_text("utf-8").startswith("---\n") else ""
    path.write_text(header + manifest["card"], "utf-8")
    # As it was frozen, without what later certificates say besides.
    certificate = msgspec.json.format(msgspec.json.encode(manifest["certificate"]), indent=2)
    (folder / "certificate.json").write_bytes(certificate + b"\n")
    (folder / "manifest.json").write_bytes(project.blobs.get(version.manifest))


def export_all(project: Project, policy: DatasetPolicy, version: int, *, progress: Progress = _silent) -> list[Path]:
    """Write a version to every place that the policy names, and return these.

    Raises:
        InvalidInput: a place is no local path.
        InvalidPipeline: a relative one leads out of the project's folder.
    """
    written = []
    for target in policy.export:
        if "://" in target.to:
            raise InvalidInput(
                f"'{target.to}' is no local path.",
                where="dataset.export",
                hint="Export to a folder and copy it with the tools of the store.",
            )
        folder = project.path(target.to, "dataset.export")
        if target.to.endswith("/"):
            folder.mkdir(parents=True, exist_ok=True)
        export(project, target.format, folder, version=version, progress=progress)
        written.append(folder)
    return written


class _Counted:
    """Hands rows to a format as the neutral value, counts them and tells how far it is."""

    def __init__(self, rows: Iterable[FinishedItem], progress: Progress) -> None:
        self.rows = rows
        self.progress = progress
        self.count = 0

    def __iter__(self) -> Iterator[Labeled]:
        for row in self.rows:
            self.count += 1
            if self.count % STEP == 0:
                self.progress(self.count, None, "items exported")
            yield row.labeled()
        self.progress(self.count, self.count, "items exported")
