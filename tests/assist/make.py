"""Items of every modality with labels, written straight into a store, from real data where it is there."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from labelwright.schema import Audio, Field, Image, Text, content_hash
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.segments import Segment, Segments
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.project import Project

CHOICE = {"data": {"body": "text"}, "questions": {"kind": {"kind": "choice", "of": "body", "options": ["ham", "spam"]}}}


def add(project: Project, fields: Sequence[dict[str, Field]], metas: Sequence[dict[str, Any]] | None = None) -> list[int]:
    """Add prepared items and return their numbers."""

    def work(connection: sa.Connection) -> list[int]:
        found = []
        start = connection.scalar(sa.select(sa.func.count()).select_from(tables.items)) or 0
        for index, data in enumerate(fields, start):
            same = {
                "project_id": project.id,
                "key": f"k{index}",
                "revision": content_hash(encode(data).encode()),
                "created_at": time.time(),
            }
            raw = connection.execute(sa.insert(tables.raw_items).values(**same, source="test", place=f"test:{index}", data="{}"))
            meta = metas[index - start] if metas else {}
            values = {**same, "raw_id": raw.inserted_primary_key[0], "data": encode(data), "meta": encode(meta)}
            found.append(connection.execute(sa.insert(tables.items).values(**values)).inserted_primary_key[0])
        return found

    return project.database.write(work)


def label(project: Project, question: str, answers: dict[int, Any]) -> None:
    """Give items a consensus."""
    rows = [
        {
            "item_id": item_id,
            "question": question,
            "project_id": project.id,
            "answer": encode(answer),
            "confidence": 0.9,
            "answers": 1,
            "method": "test",
            "updated_at": time.time(),
        }
        for item_id, answer in answers.items()
    ]
    project.database.write(lambda connection: connection.execute(sa.insert(tables.consensus), rows))


def suggestions(project: Project, *columns: str) -> list[tuple[Any, ...]]:
    """Return all suggestions, ordered by item and labeler."""
    rows = tables.suggestions
    chosen = [rows.c[name] for name in columns] if columns else list(rows.c)
    with project.database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*chosen).order_by(rows.c.item_id, rows.c.labeler))]


def messages(folder: Path, count: int) -> list[tuple[str, str]]:
    """Labels and texts of the SMS spam collection."""
    with (folder / "sms.tsv").open(encoding="utf-8", newline="") as file:
        return [(row[0], row[1]) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) == 2][:count]


def clips(project: Project, folder: Path, count: int) -> tuple[list[dict[str, Field]], list[str], list[str]]:
    """Fields, digits and speakers of spoken digits, spread over all of them."""
    rows = [json.loads(line) for line in (folder / "clips.jsonl").read_text("utf-8").splitlines()]
    rows = rows[:: max(1, len(rows) // count)]
    fields: list[dict[str, Field]] = [{"clip": sound(project, (folder / row["file"]).read_bytes())} for row in rows]
    return fields, [row["label"] for row in rows], [row["speaker"] for row in rows]


def sound(project: Project, body: bytes) -> Audio:
    import soundfile

    info = soundfile.info(io.BytesIO(body))
    return Audio(project.blobs.put(body), info.frames / info.samplerate, info.samplerate)


def picture(project: Project, pixels: np.ndarray[Any, Any]) -> Image:
    """A picture of an array of bytes."""
    from PIL import Image as Pillow

    out = io.BytesIO()
    image = Pillow.fromarray(pixels)
    image.save(out, "PNG")
    return Image(project.blobs.put(out.getvalue()), image.width, image.height, "image/png")


def cells(project: Project, folder: Path, count: int) -> tuple[list[dict[str, Field]], list[Boxes]]:
    """Pictures of blood cells with their boxes."""
    rows = [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()][:count]
    fields: list[dict[str, Field]] = []
    answers = []
    for row in rows:
        fields.append({"photo": Image(project.blobs.put((folder / row["file"]).read_bytes()), row["width"], row["height"])})
        boxes = [(one["box"], one["label"]) for one in row["objects"]]
        answers.append(Boxes(tuple(Box(a, b, c - a, d - b, name) for (a, b, c, d), name in boxes if c > a and d > b)))
    return fields, answers


def sentences(folder: Path, count: int) -> tuple[list[dict[str, Field]], list[Spans]]:
    """Sentences of Wikipedia with names of persons, places, organisations and the rest."""
    fields: list[dict[str, Field]] = []
    answers = []
    for block in (folder / "wikigold.conll.txt").read_text("utf-8").split("\n\n"):
        words = [line.rsplit(" ", 1) for line in block.splitlines() if " " in line]
        if not words:
            continue
        position, spans, text = 0, [], " ".join(word for word, _ in words)
        for word, tag in words:
            name = tag.partition("-")[2]
            if name and spans and spans[-1][2] == name and spans[-1][1] == position - 1:
                spans[-1] = (spans[-1][0], position + len(word), name)
            elif name:
                spans.append((position, position + len(word), name))
            position += len(word) + 1
        fields.append({"body": Text(text)})
        answers.append(Spans(tuple(Span(*span) for span in spans)))
        if len(fields) == count:
            break
    return fields, answers


def sequences(project: Project, folder: Path) -> tuple[list[dict[str, Field]], list[Segments]]:
    """Recordings in which several digits are spoken, and where."""
    rows = [json.loads(line) for line in (folder / "sequences.jsonl").read_text("utf-8").splitlines()]
    fields: list[dict[str, Field]] = [{"clip": sound(project, (folder / row["file"]).read_bytes())} for row in rows]
    return fields, [Segments(tuple(Segment(one["start"], one["end"], "speech") for one in row["regions"])) for row in rows]


def choices(labels: Sequence[str]) -> list[Choice]:
    return [Choice(one) for one in labels]
