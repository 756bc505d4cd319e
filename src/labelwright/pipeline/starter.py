"""The starter file of a new project: short, complete, and running as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import structs

from labelwright.errors import Conflict, InvalidPipeline
from labelwright.pipeline.declare import FILE, Pipeline
from labelwright.schema.modalities import MODALITIES
from labelwright.sources import Source
from labelwright.sources.guess import Guess, guess
from labelwright.sources.labeled import SeveralLabels, labels_there

__all__ = ["StarterFiles", "write_starter"]


class StarterFiles(NamedTuple):
    """The files that were written, and what was found in the data; None where no data was named.

    `labels` is the file with the labels that the data brings along, if there are any, and `labeled` how many they are; `several` tells of
    files that have several, which are not among them.
    """

    files: list[Path]
    found: Guess | None
    labels: Path | None = None
    labeled: int = 0
    several: SeveralLabels = SeveralLabels()


def write_starter(folder: Path, source: Path | None, *, name: str | None = None) -> StarterFiles:
    """Write `labelwright.yaml` and `guidelines.md` into `folder`, and return their paths with what the data looks like.

    Raises:
        Conflict: the folder has a pipeline file already.
        InvalidInput: there is nothing to read at `source`, or `name` is no name of a project; nothing is left of the files then.
    """
    path = folder / FILE
    if path.exists():
        raise Conflict(f"There is a {FILE} already.", where=str(folder), hint="Edit it, or name another folder.")
    found = guess(source, folder=folder) if source else Guess(source=Source(uri="data/*.jsonl", id="id"), data={"text": "text"})
    title = name or re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")[:63] or "project"
    folder.mkdir(parents=True, exist_ok=True)
    several = SeveralLabels()
    labels, count, given = _write_labels(folder, source, found, several) if source and found.labels else (None, 0, ())
    if given:
        column = next(iter(found.labels))
        found = structs.replace(found, labels={**found.labels, column: given})
    path.write_text(_text(title, found), "utf-8")
    guidelines = folder / "guidelines.md"
    written = [path, *([labels] if labels else [])]
    if not guidelines.exists():
        guidelines.write_text(_GUIDELINES, "utf-8")
        written.append(guidelines)
    try:
        # What is written here must load: a starter that does not run would be worse than none.
        Pipeline.load(folder)
    except InvalidPipeline:
        for one in written:
            one.unlink()
        raise
    return StarterFiles(written, found if source else None, labels, count, several)


def _write_labels(folder: Path, source: Path, found: Guess, several: SeveralLabels) -> tuple[Path | None, int, tuple[str, ...]]:
    """Write the labels that the data brings along beside the pipeline file; return where, how many, and which labels there are in all."""
    inside = folder.resolve().is_relative_to(source.resolve())
    # Hidden, it is no data of a source that holds the project's folder.
    path = folder / (".existing-labels.jsonl" if inside else "existing-labels.jsonl")
    offered = next(iter(found.labels.values()))
    question = _question(found)
    more: dict[str, None] = {}
    count = 0
    with path.open("wb") as out:
        for entry in labels_there(found, folder.absolute(), question, several):
            count += 1
            if entry[question] not in offered:
                more[entry[question]] = None
            out.write(msgspec.json.encode(entry) + b"\n")
    if not count:
        path.unlink()
        return None, 0, ()
    return path, count, (*offered, *sorted(more))


def _question(found: Guess) -> str:
    column = next(iter(found.labels))
    question = column if column.isidentifier() and found.source.header else "label"
    return f"{question}_of_it" if question in found.data else question


def _text(name: str, found: Guess) -> str:
    (field, modality), *_ = found.data.items()
    questions: list[tuple[str, str, tuple[str, ...], str]] = []
    for column, labels in list(found.labels.items())[:1]:
        named = f"the column '{column}'" if not any(told.classes for told in found.in_tables) else "columns of their own"
        where = "the names of the folders" if found.in_folders else named
        questions.append((_question(found), "choice", labels, f"labels as they stand in {where}".replace("\n", " ")))
    if not questions:
        questions.append((*MODALITIES[modality].starter, "replace by your labels"))
    source = {"uri": found.source.uri}
    if found.source.id:
        source["id"] = found.source.id
    if found.source.format:
        source["format"] = found.source.format
    extra = f", columns: {json.dumps(dict(found.source.columns), ensure_ascii=False)}" if found.source.columns else ""
    extra += "" if found.source.header else ", header: false"
    lines = [
        f"name: {name}",
        "",
        "sources:  # folders, globs, JSONL, CSV or Parquet files; running again takes what is new or changed",
        f"  - {{{', '.join(f'{key}: {json.dumps(value, ensure_ascii=False)}' for key, value in source.items())}{extra}}}",
        "",
        *(["prepare: [deduplicate]  # rows that show the same are one item", ""] if found.repeats else []),
        "schema:",
        "  data:  # the fields that people see",
        f"    {field}: {modality}",
        "  questions:",
    ]
    for question, kind, labels, remark in questions:
        options = ", ".join(json.dumps(label, ensure_ascii=False) for label in labels)
        offered = f", options: [{options}]" if labels else ""
        lines.append(f"    {question}: {{kind: {kind}, of: {field}{offered}}}  # {remark}")
    lines += [
        "  guidelines: guidelines.md",
        "",
        "assist:",
        "  labelers: [{model: {}}]  # learns from the labels so far and suggests the rest",
        "",
        "tasks:",
        "  overlap: 2  # people an item: labelwright users add. Alone? Write 1; one other person for some dozen audits makes a certificate",
        "  lease: 15m",
        "",
        "review:",
        "  sample: 10%  # drawn at random and audited blind: the evidence behind the certificate; few items need a larger share",
        "  always: [low_agreement, failed_check]",
        "  own: false  # true: reviewers may review their own answers, and repeat drawn ones blind days later: consistency, no proof",
        "",
        f'requirements: ["label_error({questions[0][0]}) <= 5% at 95%"]',
        "",
        "dataset:",
        "  split: {train: 80%, test: 20%}",
        "",
    ]
    return "\n".join(lines)


_GUIDELINES = """\
# Guidelines

Say here what each label means, with an example and a counter-example, and what to do in doubt.
People see this page beside every task. A change of it makes a new version: each answer remembers under which one it was given.
"""
