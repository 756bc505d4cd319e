"""Speed of collecting and preparing a million short texts: `python -m benchmarks.ingest [ROWS ...]`.

Each size runs in a fresh process: JSONL written to a temporary folder, collected (decoded, hashed, compared with what is there, written in
transactions of 2,000 rows that survive a power loss), collected again without a change, and prepared into items. Memory is the peak of the
process and of the process that reads for it; it must not grow with the rows. Processor seconds count both.

The baseline, in the same run, is what the standard library does at its simplest: `json.loads` on every line and `sqlite3`'s `executemany`
of the same columns into one table without an index, 2,000 rows a transaction, under the same durability.
"""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (100_000, 1_000_000)

PEER = "Label Studio 1.23.2 imports 5,000 short texts a second on its default SQLite, 197 µs CPU each (measured earlier, not run now)."
PEER_RATE, PEER_CPU = 5000, 197e-6


def write_rows(path: Path, count: int) -> None:
    words = re.findall(r"\w+", "the parcel came late and broken so I want my money back or a new one please answer soon")
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            body = " ".join(words[(number * step + step) % len(words)] for step in range(3, 15))
            file.write(f'{{"ticket_id": "T{number:08d}", "body": "{body} {number}", "customer": "c{number % 997}"}}\n')


def timed(work):
    def used() -> float:
        return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))

    cpu, start = used(), time.perf_counter()
    result = work()
    return result, time.perf_counter() - start, used() - cpu


def baseline(path: Path, folder: Path) -> None:
    database = sqlite3.connect(folder / "baseline.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, key TEXT, source TEXT, place TEXT, data TEXT, created_at REAL)")
    batch = []

    def flush() -> None:
        database.execute("BEGIN")
        database.executemany("INSERT INTO rows (key, source, place, data, created_at) VALUES (?, ?, ?, ?, ?)", batch)
        database.execute("COMMIT")
        batch.clear()

    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            row = json.loads(line)
            batch.append((row["ticket_id"], "rows.jsonl", f"rows.jsonl line {number}", json.dumps(row), time.time()))
            if len(batch) == 2000:
                flush()
    flush()
    database.close()


def measure(count: int) -> dict[str, float]:
    import msgspec
    import sqlalchemy as sa

    from labelwright.prepare import prepare
    from labelwright.schema import Schema
    from labelwright.sources import Source, collect
    from labelwright.store import tables
    from labelwright.store.blobs import Blobs
    from labelwright.store.database import Database
    from labelwright.store.project import Project

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "rows.jsonl", count)
        question = {"kind": "choice", "of": "body", "options": ["refund", "bug"]}
        schema = msgspec.convert({"data": {"body": "text"}, "questions": {"intent": question}}, Schema)
        database = Database(f"sqlite:///{folder}/labelwright.db")
        database.migrate()
        database.write(lambda connection: connection.execute(sa.insert(tables.projects).values(name="bench", created_at=0.0)))
        project = Project(1, "bench", folder, schema, "", 1, database, Blobs(folder / "blobs"))
        sources = [Source(uri="rows.jsonl", id="ticket_id")]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report, wall, cpu = timed(lambda: collect(project, sources))
        assert report.new == count
        after_collect = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        again, wall_again, _ = timed(lambda: collect(project, sources))
        assert (again.unchanged, again.skipped) == (count, 1)
        prepared, wall_prepare, cpu_prepare = timed(lambda: prepare(project))
        assert prepared.prepared == count
        after_prepare = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        nothing, wall_nothing, _ = timed(lambda: prepare(project))
        assert nothing.prepared == 0
        database.close()
        _, wall_baseline, cpu_baseline = timed(lambda: baseline(folder / "rows.jsonl", folder))
        return {
            "rows": count,
            "collect_wall": wall,
            "collect_cpu": cpu,
            "again_wall": wall_again,
            "prepare_wall": wall_prepare,
            "prepare_cpu": cpu_prepare,
            "nothing_wall": wall_nothing,
            "baseline_wall": wall_baseline,
            "baseline_cpu": cpu_baseline,
            "memory_before": memory / 1024,
            "memory_collect": after_collect / 1024,
            "memory_prepare": after_prepare / 1024,
            "memory_reader": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        }


def show(found: dict[str, float]) -> None:
    rows = found["rows"]

    def speed(name: str) -> str:
        wall, cpu = found[f"{name}_wall"], found[f"{name}_cpu"]
        return f"{name:<11} {rows / wall:>9,.0f} rows/s  {wall:6.1f} s  {cpu / rows * 1e6:5.1f} µs CPU a row"

    print(f"\n{rows:,} rows")
    print(f"  {speed('collect')}")
    print(f"  again       nothing to do {found['again_wall'] * 1000:10.1f} ms")
    print(f"  {speed('prepare')}")
    print(f"  again       nothing to do {found['nothing_wall'] * 1000:10.1f} ms")
    print(f"  {speed('baseline')}")
    print(f"  collect / baseline = {found['baseline_wall'] / found['collect_wall']:.2f} times the speed")
    peaks = " -> ".join(f"{found[name]:.0f}" for name in ("memory_before", "memory_collect", "memory_prepare"))
    print(f"  peak memory {peaks} MB (before, collected, prepared); reading process {found['memory_reader']:.0f} MB")


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    found = []
    for size in [int(size) for size in sys.argv[1:]] or SIZES:
        out = subprocess.run(
            [sys.executable, "-m", "benchmarks.ingest", "--one", str(size)], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        found.append(json.loads(out))
        show(found[-1])
    if len(found) > 1:
        grown = found[-1]["memory_prepare"] - found[0]["memory_prepare"]
        times = found[-1]["rows"] / found[0]["rows"]
        print(f"\n{times:.0f} times the rows cost {grown:+.0f} MB of memory.")
    print(PEER)
    rows, collected, prepared = found[-1]["rows"], found[-1]["collect_wall"], found[-1]["prepare_wall"]
    cpu = found[-1]["collect_cpu"], found[-1]["prepare_cpu"]
    print(f"Collecting is {rows / collected / PEER_RATE:.0f} times that rate, for {PEER_CPU * rows / cpu[0]:.0f} times less CPU;")
    both = rows / (collected + prepared) / PEER_RATE, PEER_CPU * rows / sum(cpu)
    print(f"collecting and preparing {both[0]:.1f} times that rate, for {both[1]:.1f} times less CPU.")


if __name__ == "__main__":
    main()
