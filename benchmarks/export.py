"""Export 100,000 annotated texts in every format that holds them, from a temporary store: items a second, CPU, memory.

Run it with `make bench-export` (or `python -m benchmarks.export [ITEMS]`). Two baselines stand beside each figure:

- `json.dumps of a list`, measured in the same run: the same rows read by the same code, gathered in a list and dumped as one string,
  which is how exports are commonly written. It has no format to produce and holds everything in memory.
- Label Studio 1.23.2's published measurement on a machine of the same make: 371 items a second directly, 551 from a snapshot. It
  is cited, not measured here.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import sqlalchemy as sa

from benchmarks.peers.measure import forget_peak, memory
from labelwright.datasets import DatasetPolicy, assign, export, freeze
from labelwright.datasets.rows import finished_rows
from labelwright.schema import Schema, content_hash
from labelwright.store import tables
from labelwright.store.blobs import Blobs
from labelwright.store.codec import encode
from labelwright.store.database import Database
from labelwright.store.project import Project

LABEL_STUDIO = (371, 551)
GOAL = 100
SCHEMA = {
    "data": {"body": "text"},
    "questions": {"intent": {"kind": "choice", "of": "body", "options": ["refund", "bug", "question", "other"]}},
}


def filled(folder: Path, items: int) -> Project:
    """Return a project with so many short texts, each with one annotation and its consensus."""
    database = Database(f"sqlite:///{folder}/labelwright.db")
    database.migrate()
    now = time.time()

    def begin(connection: sa.Connection) -> tuple[int, int, list[int]]:
        project = connection.execute(sa.insert(tables.projects).values(name="bench", created_at=now)).inserted_primary_key[0]
        version = connection.execute(
            sa.insert(tables.pipeline_versions).values(project_id=project, number=1, digest="1", declaration="{}", created_at=now)
        ).inserted_primary_key[0]
        people = [
            connection.execute(sa.insert(tables.users).values(name=f"annotator {number}", created_at=now)).inserted_primary_key[0]
            for number in range(8)
        ]
        return project, version, people

    number, version, people = database.write(begin)
    labels = SCHEMA["questions"]["intent"]["options"]
    for start in range(1, items + 1, 5000):
        ids = range(start, min(start + 5000, items + 1))
        texts = {
            index: f"Ticket {index}: my order has not come yet, and nobody answers the phone since {index % 28} days." for index in ids
        }
        answers = {index: encode({"kind": "choice", "label": labels[index % 4]}) for index in ids}
        same = {"project_id": number, "created_at": now}

        def rows(connection, ids=ids, texts=texts, answers=answers, same=same):
            raw = [same | {"id": i, "source": "s", "key": f"t{i}", "revision": "r", "place": "p", "data": "{}"} for i in ids]
            connection.execute(sa.insert(tables.raw_items), raw)
            data = {i: encode({"body": {"modality": "text", "text": texts[i]}}) for i in ids}
            meta = encode({"customer": "c1"})
            made = [
                same | {"id": i, "raw_id": i, "key": f"t{i}", "revision": content_hash(texts[i]), "data": data[i], "meta": meta}
                for i in ids
            ]
            connection.execute(sa.insert(tables.items), made)
            given = [
                same
                | {"id": i, "item_id": i, "user_id": people[i % 8], "pipeline_version": version, "values": f'{{"intent":{answers[i]}}}'}
                for i in ids
            ]
            connection.execute(sa.insert(tables.annotations), given)
            agreed = [
                {
                    "item_id": i,
                    "question": "intent",
                    "project_id": number,
                    "answer": answers[i],
                    "confidence": 0.9,
                    "answers": 1,
                    "annotation_ids": f"[{i}]",
                    "method": "dawid_skene",
                    "updated_at": now,
                }
                for i in ids
            ]
            connection.execute(sa.insert(tables.consensus), agreed)

        database.write(rows)
    schema = msgspec.convert(SCHEMA, Schema)
    return Project(number, "bench", folder, schema, "", version, database, Blobs(folder / "blobs"))


def measured(work) -> dict[str, float]:
    """Return wall and CPU seconds, and the peak of memory beyond what was held before, of the quickest of three runs."""
    runs = []
    for _ in range(3):
        forget_peak()
        before = memory("VmRSS")
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        runs.append((time.perf_counter() - wall, time.process_time() - cpu, memory("VmHWM") - before))
    wall, cpu, _ = min(runs)
    return {"wall": wall, "cpu": cpu, "extra_mb": max(extra for _, _, extra in runs)}


def baseline(project: Project) -> None:
    with project.database.read() as connection:
        rows = finished_rows(connection, project, assign(connection, project, DatasetPolicy()))
        listed = [msgspec.to_builtins(row.labeled()) for row in rows]
    (project.folder / "baseline.json").write_text(json.dumps(listed))


def main() -> int:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        project = filled(Path(name), items)
        export(project, "parquet", Path(name) / "warm.parquet")
        held = measured(lambda: baseline(project))
        print(f"{items:,} annotated texts, one label each; SQLite store on disk")
        print(f"{'':24}{'items/s':>10}{'CPU us/item':>13}{'extra MB':>10}{'x json.dumps':>14}{'x Label Studio':>16}")

        def line(what: str, found: dict[str, float]) -> tuple[float, float]:
            rate = items / found["wall"]
            low, high = rate / LABEL_STUDIO[1], rate / LABEL_STUDIO[0]
            against = held["wall"] / found["wall"]
            cost = 1e6 * found["cpu"] / items
            print(f"{what:24}{rate:10,.0f}{cost:13.1f}{found['extra_mb']:10.1f}{against:14.2f}{f'{low:,.0f}-{high:,.0f}':>16}")
            return low, high

        line("json.dumps of a list", held)
        reached = []
        for format, ending in (("jsonl", "jsonl"), ("csv", "csv"), ("parquet", "parquet"), ("label_studio", "json")):
            target = Path(name) / f"out.{ending}"
            reached.append(line(format, measured(lambda format=format, target=target: export(project, format, target))))
        freeze(project)
        line("jsonl of a version", measured(lambda: export(project, "jsonl", Path(name) / "version.jsonl", version=1)))
        line("freeze", measured(lambda: freeze(project)))
        project.database.close()
    print("Label Studio 1.23.2 (cited): 371 items/s direct, 551 from a snapshot, all in memory.")
    for name, figures in (("snapshot", [low for low, _ in reached]), ("direct", [high for _, high in reached])):
        met = sum(figure >= GOAL for figure in figures)
        print(f"Goal: {GOAL} times Label Studio's {name} rate: met by {met} of {len(figures)} formats in this run.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
