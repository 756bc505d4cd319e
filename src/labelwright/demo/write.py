"""Writes the demo workspace: four small projects, each with its data, pipeline file, guidelines, rules, gold and an older dataset.

Everything is made from a seed and is the same every time. The truth lies beside each pipeline file, where no source reads it: simulated
people work from it, and the summary measures by it. The pipeline itself sees a small part of it, the gold.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from labelwright.demo.makers.base import MadeData, Truth, chance
from labelwright.demo.persona import Persona
from labelwright.demo.truth import FILE
from labelwright.media import measured
from labelwright.pipeline.declare import Pipeline
from labelwright.schema import Field, Schema, Stored, Text, Values
from labelwright.schema.modalities import MODALITIES

__all__ = ["PROJECTS", "write"]

PROJECTS = {"tickets": (28, 120), "digits": (16, 80), "scenes": (5, 24), "clips": (4, 20)}
"""The projects, with how many items are gold and how many an older dataset has."""

OLD_ACCURACY = 0.9
"""The older datasets were made by one person, who was right this often."""

WORKSPACE = """\
# The projects in the folders beside this file share one store, one page and the same people.
run: {store: "sqlite:///labelwright.db", blobs: blobs}
"""

Progress = Callable[[int, int | None, str], None]


def write(folder: Path, *, seed: int = 0, progress: Progress = lambda done, total, what: None) -> list[Path]:
    """Write the workspace and return the folders of its projects.

    A project that is there already, complete, stays as it is with all that was edited since; one that was broken off is written anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    workspace = folder / "workspace.yaml"
    if not workspace.exists():
        workspace.write_text(WORKSPACE, "utf-8")
    written = []
    for number, (name, (gold, old)) in enumerate(PROJECTS.items()):
        progress(number, len(PROJECTS), f"writing {name}")
        project = folder / name
        if not (project / FILE).exists():
            _write_project(project, name, gold, old, seed)
        written.append(project)
    progress(len(PROJECTS), len(PROJECTS), "writing the demo")
    return written


def _write_project(folder: Path, name: str, gold: int, old: int, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    made: MadeData = importlib.import_module(f"labelwright.demo.makers.{name}").make(folder, seed)
    for file in sorted((Path(__file__).parent / "projects" / name).iterdir()):
        if file.name in ("labelwright.yaml", "guidelines.md", "rules.py"):
            shutil.copyfile(file, folder / file.name)
    keys = [key for key in made.truth if key not in made.copies]
    luck = chance(seed, name, "gold")
    chosen = set(luck.sample(keys, gold))
    _write_lines(folder / "gold.jsonl", {key: made.truth[key] for key in keys if key in chosen})
    others = [key for key in keys if key not in chosen]
    known = set(luck.sample(others, old))
    schema = Pipeline.load(folder).schema
    _write_lines(
        folder / "old_labels.jsonl", _as_labeled_before(schema, folder, {key: made.truth[key] for key in others if key in known}, seed)
    )
    # Written last: whoever finds it knows that the project is complete.
    _write_lines(folder / FILE, made.truth)


def _write_lines(path: Path, truth: Truth) -> None:
    lines: Iterable[bytes] = (msgspec.json.encode({"key": key, **answers}) + b"\n" for key, answers in truth.items())
    path.write_bytes(b"".join(lines))


def _as_labeled_before(schema: Schema, folder: Path, truth: Truth, seed: int) -> Truth:
    """The labels of an older dataset, with the errors of the one person who made it."""
    persona = Persona.of("the old team", accuracy=OLD_ACCURACY, spread=0.0, seed=seed)
    old: Truth = {}
    for key, plain in truth.items():
        values: Values = schema.read_plain(plain)
        data = {name: _shown(folder, key, str(modality)) for name, modality in schema.data.items()}
        old[key] = {
            name: persona.answer(name, question, values[name], data, key=key)[0].plain() for name, question in schema.questions.items()
        }
    return old


def _shown(folder: Path, key: str, modality: str) -> Field:
    """As much of an item as it takes to err about it: how large it is."""
    if issubclass(MODALITIES[modality], Stored):
        return measured(modality, (folder / "data" / key).read_bytes(), where=key)
    return Text(_message(folder, key))


def _message(folder: Path, key: str) -> str:
    line = next(line for line in (folder / "data" / "tickets.jsonl").read_text("utf-8").splitlines() if f'"id":"{key}"' in line)
    return str(msgspec.json.decode(line)["message"])
