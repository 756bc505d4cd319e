"""The queue over HTTP: 1, 8 and 32 people at 100,000 tasks, beside a plain queue without HTTP in the same run.

The plain queue is what one writes first: `SELECT` an item that the person has not answered and that has too few answers, `INSERT` the
answer, `COMMIT` to disk, straight into SQLite from the same number of threads, with no server in between. Ours answers over HTTP,
checks the answer, logs the event and leases the next task in the same transaction. Both acknowledge only what the disk has.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.load import Connection, Person, work_together
from benchmarks.service import Service, write_text_project

PEERS = {"Label Studio 1.23.2": {1: 3.3, 8: 3.1, 32: 1.6}, "Potato 2.12.1": {1: 36.9, 8: 71.0, 32: 87.0}}
"""Submissions a second at 100,000 tasks, measured on a machine of this size: 2 cores, SQLite or files, the peers' defaults."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"{options.items:,} texts, one question, overlap 1", flush=True)
        plain = {clients: _plain(root / f"plain-{clients}.db", options.items, clients, options.seconds / 2) for clients in options.clients}
        write_text_project(root / "project", options.items, overlap=1)
        failed = False
        header = f"{'people':>6}  {'submits/s':>9}  {'next p50':>8}  {'p99':>8}  {'submit p50':>10}  {'p99':>8}  {'CPU/submit':>10}  "
        print(
            header + f"{'double':>6}  {'plain/s':>8}  {'ratio':>6}" + "".join(f"  {'x ' + name.split()[0]:>8}" for name in PEERS),
            flush=True,
        )
        with Service(root / "project") as service:
            for clients in options.clients:
                people = _people(service, clients)
                cpu = service.cpu_seconds()
                took = work_together(people, options.seconds)
                cpu = service.cpu_seconds() - cpu
                done = sum(len(person.acknowledged) for person in people)
                asking = _people(service, clients)
                work_together(asking, min(3.0, options.seconds), ask_each_time=True)
                double = _double([*people, *asking])
                failed |= double > 0
                waits = sorted(wait for person in asking for wait in person.next_seconds)
                submits = sorted(wait for person in people for wait in person.submit_seconds)
                rate = done / took
                line = (
                    f"{clients:>6}  {rate:>9,.0f}  {_ms(waits, 0.5)}  {_ms(waits, 0.99)}  {_ms(submits, 0.5):>10}  {_ms(submits, 0.99)}  "
                )
                line += f"{1000 * cpu / max(done, 1):>7.3f} ms  {double:>6}  {plain[clients]:>8,.0f}  {rate / plain[clients]:>6.1f}"
                peers = "".join(f"  {rate / figures[clients]:>8,.0f}" if clients in figures else f"  {'':>8}" for figures in PEERS.values())
                print(line + peers, flush=True)
            _growth(service, options.seconds)
    return 1 if failed else 0


def _people(service: Service, clients: int) -> list[Person]:
    return [Person(service.project, Connection(service.port, token), _answer) for token in service.add_people(clients)]


def _answer(task: dict[str, object]) -> dict[str, object]:
    return {"intent": {"kind": "choice", "label": random.choice(["refund", "bug", "other"])}}


def _ms(values: list[float], share: float) -> str:
    return f"{1000 * values[min(int(share * len(values)), len(values) - 1)]:>5.1f} ms" if values else f"{'–':>8}"


def _double(people: list[Person]) -> int:
    """Items that went to more than one person, with an overlap of one."""
    holders: dict[int, set[int]] = {}
    for number, person in enumerate(people):
        for _, item in person.handed:
            holders.setdefault(item, set()).add(number)
    return sum(len(found) > 1 for found in holders.values())


def _growth(service: Service, seconds: float) -> None:
    """Show that a person's own answers do not make the next one dearer."""
    (person,) = _people(service, 1)
    work_together([person], seconds)
    slices = [person.submit_seconds[start : start + 1000] for start in range(0, len(person.submit_seconds), 1000)]
    whole = [part for part in slices if len(part) == 1000]
    if len(whole) >= 2:
        first, last = statistics.median(whole[0]), statistics.median(whole[-1])
        answers = f"first 1,000 answers {1000 * first:.2f} ms, those up to the {1000 * len(whole):,}th {1000 * last:.2f} ms"
        print(f"one person's median submit: {answers}, ratio {last / first:.2f}")


def _plain(path: Path, items: int, clients: int, seconds: float) -> float:
    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA journal_mode = WAL; CREATE TABLE task (id INTEGER PRIMARY KEY, text TEXT);"
        "CREATE TABLE answer (id INTEGER PRIMARY KEY, task INTEGER, person INTEGER, body TEXT);"
        "CREATE INDEX answer_task ON answer (task); CREATE INDEX answer_person ON answer (person);"
    )
    connection.executemany("INSERT INTO task (text) VALUES (?)", ((f"message {number}",) for number in range(items)))
    connection.commit()
    connection.close()
    deadline = time.perf_counter() + seconds
    done: Counter[int] = Counter()

    def work(person: int) -> None:
        mine = sqlite3.connect(path, timeout=60, isolation_level=None)
        mine.execute("PRAGMA synchronous = FULL")
        while time.perf_counter() < deadline:
            mine.execute("BEGIN IMMEDIATE")
            row = mine.execute(
                "SELECT id FROM task WHERE id NOT IN (SELECT task FROM answer WHERE person = ?)"
                " AND (SELECT count(*) FROM answer WHERE answer.task = task.id) < 1 ORDER BY id LIMIT 1",
                (person,),
            ).fetchone()
            mine.execute("INSERT INTO answer (task, person, body) VALUES (?, ?, ?)", (row[0], person, json.dumps({"intent": "bug"})))
            mine.execute("COMMIT")
            done[person] += 1
        mine.close()

    threads = [threading.Thread(target=work, args=(person,)) for person in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done.total() / seconds


if __name__ == "__main__":
    sys.exit(main())
