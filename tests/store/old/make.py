"""Makes the store that `test_old_stores.py` opens. It runs under the version that the store is to be of, not under today's:

    PYTHONPATH=<that version>/src python tests/store/old/make.py FOLDER

Two people and a reviewer label eight small items that have text, a picture and a recording, by four kinds of question. Some tasks are
left with a draft, one is skipped, one audit is answered blind, one label is fixed, a mark is commented on, and a version is frozen and
exported in every format that takes it.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import tarfile
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import sqlalchemy as sa
from PIL import Image

from labelwright import plugins
from labelwright.datasets import export
from labelwright.errors import LabelwrightError
from labelwright.pipeline import events, run
from labelwright.pipeline.events import BlindAnswer, Submission
from labelwright.pipeline.workspace import Workspace
from labelwright.schema import Verdict
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.segments import Segment, Segments
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import tables
from labelwright.store.backup import backup
from labelwright.store.database import Database

PIPELINE = """\
name: garden
sources:
  - {uri: "data/notes.jsonl", id: id}
schema:
  data: {note: text, picture: image, sound: audio}
  questions:
    mood: {kind: choice, of: note, options: [calm, busy]}
    names: {kind: spans, of: note, options: [PLANT, PLACE]}
    things: {kind: boxes, of: picture, options: [flower, stone]}
    noises: {kind: segments, of: sound, options: [bird, bell]}
tasks: {overlap: 2, gold: 20%, unassisted: 30%}
checks: ["count(things) <= 5"]
review: {sample: 50%, always: [failed_check]}
quality: {gold: gold.jsonl, label_errors: false}
requirements: ["label_error(mood) <= 40% at 95%"]
dataset: {split: {train: 60%, test: 40%}}
"""
NOTE = "Note {}: a rose beside the gate."


def write_project(folder: Path) -> None:
    data = folder / "data"
    data.mkdir(parents=True)
    (folder / "labelwright.yaml").write_text(PIPELINE, "utf-8")
    lines = []
    for number in range(8):
        luck = random.Random(number)
        Image.new("RGB", (48, 32), tuple(luck.randrange(256) for _ in range(3))).save(data / f"{number}.png")
        with wave.open(str(data / f"{number}.wav"), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            tone = 8000 * np.sin(np.arange(2000) * 2 * np.pi * (300 + 40 * number) / 8000)
            sound.writeframes(tone.astype("<i2").tobytes())
        lines.append({"id": f"n{number}", "note": NOTE.format(number), "picture": f"{number}.png", "sound": f"{number}.wav"})
    (data / "notes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    gold = {
        "key": "n7",
        "mood": "calm",
        "names": [{"start": 10, "end": 14, "label": "PLANT"}],
        "things": [{"x": 4, "y": 5, "width": 20, "height": 10, "label": "flower"}],
        "noises": [],
    }
    (folder / "gold.jsonl").write_text(json.dumps(gold) + "\n", "utf-8")


def answers(number: int, luck: random.Random) -> dict[str, object]:
    left, begin = luck.choice([4.0, 4.5, 20.0]), luck.choice([0.02, 0.05])
    return {
        "mood": Choice(luck.choice(["calm", "calm", "busy"])),
        "names": Spans((Span(8, 14, "PLANT"), Span(26, 30, "PLACE"))),
        "things": Boxes((Box(left, 5.0, 20.0, 10.0, "flower"), Box(30.0, 12.0, 10.0, 12.0, "stone"))),
        "noises": Segments((Segment(begin, begin + 0.1, "bird"),)) if number % 3 else Segments(()),
    }


def main() -> None:
    target = Path(sys.argv[1])
    folder = target / "garden"
    write_project(folder)
    workspace = Workspace.open(folder)
    opened = workspace.projects["garden"]
    run.advance(opened)
    database, project = opened.project.database, opened.project

    def people(connection: sa.Connection) -> dict[str, int]:
        found = {}
        for name, role in (("ann", "annotator"), ("bob", "annotator"), ("rita", "reviewer")):
            row = connection.execute(sa.insert(tables.users).values(name=name, password_hash="-", created_at=time.time()))
            found[name] = row.inserted_primary_key[0]
            connection.execute(sa.insert(tables.memberships).values(project_id=project.id, user_id=found[name], role=role))
        return found

    users = database.write(people)
    ann, bob, rita = users.values()

    def happens(event: Any, *about: Any, **more: Any) -> Any:
        return database.write(lambda connection: event(connection, opened, *about, **more))

    luck = random.Random(1)
    for user, most in ((ann, 7), (bob, 6)):
        for turn in range(most):
            for task in happens(events.next_tasks, user):
                given = answers(turn, luck)
                inspected = events.inspect(opened, task.id, given, seconds_active=4.0)
                sent = Submission(values=given, seconds_active=4.0)
                happens(events.submit, user, task.id, sent, inspected, key=f"{user}-{task.id}", next=False)
    stone = {"x": 1.0, "y": 2.0, "width": 5.0, "height": 6.0, "label": "stone"}
    body = {"values": {"mood": {"kind": "choice", "label": "busy"}, "things": {"kind": "boxes", "boxes": [stone]}}}
    for user in (ann, bob):
        for task in happens(events.next_tasks, user):
            happens(events.save_draft, user, task.id, lease=task.lease, sequence=1, body=body)
    run.catch_up(opened, everything=True)
    (task,) = happens(events.next_tasks, rita, purpose="review")
    judged = 0
    while task is not None:
        given = answers(judged, luck)
        if task.purpose == "audit":
            done = happens(events.answer_blind, rita, task.id, BlindAnswer(values=given, seconds_active=9.0), key=f"blind {task.id}")
            if done.done:
                task = done.next
                continue
            task = done.task
            if judged == 2:
                break  # One audit is left half way: it was answered blind, and the label is shown.
        verdict = Verdict(verdict="fix", values=given, seen=(task.audit or task.review).seen)
        inspected = events.inspect(opened, task.id, given)
        task = happens(events.give_review, rita, task.id, verdict, inspected, key=f"verdict {task.id}").next
        judged += 1
    with database.read() as connection:
        query = sa.select(tables.annotations.c.id, tables.annotations.c.item_id).order_by(tables.annotations.c.id)
        first = connection.execute(query).first()
    assert first is not None
    about = {"annotation_id": first.id, "question": "things", "unit": 1}
    happens(events.add_comment, rita, first.item_id, text="Is this box a stone?", **about)
    frozen = run.freeze(opened)
    print(frozen.version.number, frozen.version.digest)
    expected = target / "expected"
    expected.mkdir()
    for name in plugins.names("formats"):
        place = expected / name
        try:
            export(project, name, place, version=1)
            print("exported", name)
        except LabelwrightError as error:
            print("not held", name, error)
    backup(database, project.blobs, target / "backup.tar")
    facts = {"exports": digests(expected), "rows": rows(database), "version": frozen.version.digest}
    (target / "facts.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", "utf-8")
    workspace.close()
    shutil.rmtree(expected)
    for lock in folder.glob("*.lock"):
        lock.unlink()
    with tarfile.open(target.with_suffix(".tar.xz"), "w:xz") as packed:
        for path in sorted(target.iterdir()):
            packed.add(path, path.name)


def digests(folder: Path) -> dict[str, str]:
    """The hash of every exported file; of Parquet, whose bytes are its library's, that of the rows."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        body = path.read_bytes()
        if path.suffix == ".parquet":
            body = repr(pyarrow.parquet.read_table(path).to_pylist()).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(body).hexdigest()
    return found


def rows(database: Database) -> dict[str, int]:
    """How many rows each table has that holds what people did."""
    names = ("items", "tasks", "annotations", "drafts", "comments", "reviews", "blind_answers", "known_answers", "consensus", "suggestions")
    with database.read() as connection:
        return {name: connection.scalar(sa.select(sa.func.count()).select_from(getattr(tables, name))) for name in names}


if __name__ == "__main__":
    main()
