"""The truth about a project's items, as far as it is known: simulated people work from it, and the summary measures by it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from labelwright.errors import InvalidInput
from labelwright.formats import Broken, jsonl
from labelwright.pipeline.workspace import OpenProject
from labelwright.schema import Schema, Values
from labelwright.store import tables
from labelwright.store.codec import decode_values

__all__ = ["FILE", "Known", "may_be_simulated", "read_truth", "truth_of"]

FILE = "truth.jsonl"
"""Lies beside the pipeline file, where no source reads it."""

Known = dict[str, Values]
"""The right answers by the item's key."""


def may_be_simulated(opened: OpenProject) -> bool:
    """Tell whether simulated people may work in a project: where its truth lies beside the pipeline file, as in the demo.

    Gold alone is no such sign. Real projects have it, and made-up answers among real ones can be told apart by nobody afterwards.
    """
    return (opened.project.folder / FILE).is_file()


def read_truth(path: Path, schema: Schema) -> Known:
    """Read a file of JSON lines such as `{"key": "T-001", "intent": "refund"}`.

    Raises:
        InvalidInput: a line is broken or answers nothing; a truth with holes would make everybody look wrong.
    """
    known: Known = {}
    for entry in jsonl.read(path, schema):
        if isinstance(entry, Broken):
            raise InvalidInput(entry.reason, where=entry.place)
        if not entry.values:
            asked = ", ".join(schema.questions)
            raise InvalidInput("The line answers no question.", where=entry.place, hint=f"The questions are {asked}; write each as a key.")
        if entry.key is not None:
            known[entry.key] = entry.values
    return known


def truth_of(opened: OpenProject) -> Known:
    """Return what is known of a project: its file `truth.jsonl`, or else its gold and the dataset that it is compared with.

    Raises:
        InvalidInput: nothing is known.
    """
    project = opened.project
    path = project.folder / FILE
    if path.is_file():
        return read_truth(path, project.schema)
    known, items = tables.known_answers, tables.items
    query = (
        sa.select(items.c.key, known.c["values"])
        .join(items, items.c.id == known.c.item_id)
        .where(known.c.project_id == project.id, items.c.state == "active")
        # Where both speak, gold has the last word.
        .order_by(known.c.use.desc(), known.c.id)
    )
    found: Known = {}
    with project.database.read() as connection:
        for key, values in connection.execute(query):
            found.setdefault(key, {}).update(decode_values(values))
    if not found:
        raise InvalidInput(
            "Simulated people need the truth, and nothing is known.",
            where=project.name,
            hint=f"Put a file {FILE} beside the pipeline file, or name gold items: quality.gold.",
        )
    return found
