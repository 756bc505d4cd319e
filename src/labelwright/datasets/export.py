"""Writes the dataset out, in any of the formats: a frozen version, or the labels as they stand."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from labelwright import plugins
from labelwright.api.datasets import Version
from labelwright.datasets.policy import DatasetPolicy
from labelwright.datasets.rows import FinishedItem, Unfinished, finished_rows
from labelwright.datasets.splits import assign
from labelwright.datasets.versions import find_version, read_version, splits_so_far
from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.formats import Labeled
from labelwright.schema import Schema
from labelwright.store.project import Project

__all__ = ["export", "export_all", "places"]

Progress = Callable[[int, int | None, str], None]

STEP = 2000

DROPPED = "dropped.json"
"""The file in an exported folder that says how many answers, or parts of answers, to each question were left out."""


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
    dropped: Counter[str] | None = None,
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
        dropped: what the format cannot hold is left out, and counted here by question; a folder gets a file `dropped.json` that says so.
            Without it, such an export is refused.
        progress: told after every few thousand items.

    Raises:
        InvalidInput: the format is unknown, only reads, or cannot hold what the schema asks for; then it says how many answers that are.
        NotFound: there is no such version.
    """
    module = plugins.load("formats", format)
    if not module.WRITES:
        raise InvalidInput(f"The format '{format}' is only read.", where="format")
    if formulas and format != "csv":
        raise InvalidInput("Cells that look like formulas are shielded in the format csv only.", where="formulas")
    options: dict[str, Any] = {"formulas": True} if formulas else {}
    if dropped is not None and "dropped" in inspect.signature(module.write).parameters:
        options["dropped"] = dropped
    if version is None:
        with project.database.read() as connection:
            policy = policy or DatasetPolicy()
            splits = assign(connection, project, policy, splits_so_far(connection, project, policy))

            def rows(counting: Unfinished | None) -> Iterable[FinishedItem]:
                return finished_rows(connection, project, splits, counting)

            asked = _held(module, format, project.schema, lambda: rows(None), dropped)
            counted = _Counted(rows(unfinished), asked, dropped, progress)
            module.write(counted, asked, target, blobs=project.blobs, **options)
        _tell_dropped(target, dropped)
        return counted.count
    with project.database.read() as connection:
        frozen = find_version(connection, project.id, version)
    manifest = msgspec.json.decode(project.blobs.get(frozen.manifest))
    # The schema may have moved on since: a version is written as it was asked for.
    schema = _held(module, format, msgspec.convert(manifest["schema"], Schema), lambda: read_version(project, frozen), dropped)
    counted = _Counted(read_version(project, frozen), schema, dropped, progress)
    module.write(counted, schema, target, blobs=project.blobs, **options)
    _tell_dropped(target, dropped)
    if isinstance(target, Path) and target.is_dir():
        _describe(project, frozen, manifest, target)
    return counted.count


def _held(module: Any, format: str, schema: Schema, rows: Callable[[], Iterable[FinishedItem]], dropped: Counter[str] | None) -> Schema:
    """Return the schema as far as a format holds it.

    Raises:
        InvalidInput: it holds nothing of it, or there are questions that it cannot hold and that may not be dropped.
    """
    reason = module.refuses(schema)
    if reason is None:
        return schema
    lost = [name for name in schema.questions if module.refuses(_only(schema, [name]))]
    kept = _only(schema, [name for name in schema.questions if name not in lost])
    if not lost or not kept.questions or module.refuses(kept):
        raise InvalidInput(reason, where=f"format {format}", hint="Use jsonl, which holds everything.")
    if dropped is None:
        count = Counter(name for row in rows() for name in row.labeled().values if name in lost)
        many = " and ".join(f"{count[name]:,} to '{name}'" for name in lost)
        hint = "Use jsonl, which holds everything, or allow that they are dropped (--drop)."
        raise InvalidInput(f"{reason} Answers that would be lost: {many}.", where=f"format {format}", hint=hint)
    return kept


def _tell_dropped(target: Path | BinaryIO, dropped: Counter[str] | None) -> None:
    """Say in a folder what it lacks; where nothing may be left out, what an earlier export said of it holds no longer."""
    if not isinstance(target, Path) or not target.is_dir():
        return
    if dropped is None:
        (target / DROPPED).unlink(missing_ok=True)
    else:
        (target / DROPPED).write_bytes(msgspec.json.format(msgspec.json.encode({"answers": dropped}), indent=2) + b"\n")


def _only(schema: Schema, names: Collection[str]) -> Schema:
    return msgspec.structs.replace(schema, questions={name: asked for name, asked in schema.questions.items() if name in names})


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
        InvalidPipeline: a place is none to write to; then nothing is written.
    """
    written = places(project, policy)
    for target, path in zip(policy.export, written, strict=True):
        if target.to.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        export(project, target.format, path, version=version, progress=progress)
    return written


def places(project: Project, policy: DatasetPolicy) -> list[Path]:
    """Return every place that the policy names: below the project's folder, or wherever an absolute path says.

    Asked by a run, so that a wrong one is told before anybody works for it and before anything is frozen.

    Raises:
        InvalidPipeline: a place is no local path, or a relative one leads out of the project's folder.
    """
    found = []
    for index, target in enumerate(policy.export):
        where = f"dataset.export[{index}].to"
        if "://" in target.to:
            hint = "Export to a folder and copy it with the tools of the store."
            raise InvalidPipeline(f"'{target.to}' is no local path.", where=where, hint=hint)
        found.append(project.path(target.to, where))
    return found


class _Counted:
    """Hands rows to a format as the neutral value, without what may be dropped, counts them and tells how far it is."""

    def __init__(self, rows: Iterable[FinishedItem], schema: Schema, dropped: Counter[str] | None, progress: Progress) -> None:
        self.rows = rows
        self.schema = schema
        self.dropped = dropped
        self.progress = progress
        self.count = 0

    def __iter__(self) -> Iterator[Labeled]:
        for row in self.rows:
            self.count += 1
            if self.count % STEP == 0:
                self.progress(self.count, None, "items exported")
            labeled = row.labeled()
            if self.dropped is not None:
                lost = labeled.values.keys() - self.schema.questions.keys()
                self.dropped.update(lost)
                values = {name: answer for name, answer in labeled.values.items() if name not in lost}
                labeled = msgspec.structs.replace(labeled, values=values) if lost else labeled
            yield labeled
        self.progress(self.count, self.count, "items exported")
