"""Every reading request at 10,000, 100,000 and 1,000,000 items with two answers each: median, p95 and CPU, and how they grow.

`python -m benchmarks.scale.requests --items 10000 100000 1000000 [--store postgresql://…]` fills a store by SQL, makes the kept figures
as the worker does, and asks a real server. The ratio is of the server's CPU, which a busy machine does not
stretch: it may be at most 1.5 from one size to the next, beyond the half millisecond that the clock of CPU time resolves.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from labelwright import analytics
from labelwright.pipeline.workspace import Workspace
from labelwright.server.process import running_server
from labelwright.store import people

__all__ = ["Row", "fill", "measure"]

PIPELINE = """\
name: tickets
schema:
  data: {{body: text}}
  questions: {{intent: {{kind: choice, of: body, options: [refund, bug, other]}}}}
tasks: {{overlap: 2, gold: 0%}}
quality: {{label_errors: false}}
requirements: ["labeled >= 90%", "count(intent='bug') >= 100", "label_error(intent) <= 5% at 95%"]
run: {{store: "{store}"}}
"""
PEOPLE = 50
TIMES = 30

REQUESTS = [
    "/api/projects",
    "/api/projects/tickets",
    "/api/projects/tickets/status",
    "/api/projects/tickets/overview",
    "/api/projects/tickets/requirements",
    "/api/projects/tickets/report",
    "/api/projects/tickets/quality",
    "/api/projects/tickets/events",
    "/api/projects/tickets/events?after=MIDDLE",
    "/api/projects/tickets/versions",
    "/api/projects/tickets/jobs",
    "/api/projects/tickets/items",
    "/api/projects/tickets/items?sort=newest",
    "/api/projects/tickets/items?sort=key",
    "/api/projects/tickets/items?sort=confidence",
    "/api/projects/tickets/items?sort=agreement",
    "/api/projects/tickets/items?label=bug",
    "/api/projects/tickets/items?label=bug&sort=confidence",
    "/api/projects/tickets/items?state=reviewed",
    "/api/projects/tickets/items?state=labeled",
    "/api/projects/tickets/items?state=unlabeled",
    "/api/projects/tickets/items?state=findings",
    "/api/projects/tickets/items?search=message+77",
    "/api/projects/tickets/items?search=nowhere",
    "/api/projects/tickets/items/5000",
]


class Row(NamedTuple):
    """One request: its median and 95th percentile in milliseconds, and the server's CPU a request in milliseconds."""

    request: str
    median: float
    p95: float
    cpu: float


def measure(workspace: Workspace, *, times: int = TIMES) -> list[Row]:
    """Ask a server of this workspace for each request and return what each took."""

    def work(connection: sa.Connection) -> str:
        user_id = people.create_user(connection, f"reader {time.time()}")
        people.set_role(connection, next(iter(workspace.projects.values())).project.id, user_id, "owner")
        return people.create_token(connection, user_id, "benchmark", role="owner")

    token = workspace.database.write(work)
    found = []
    with running_server(workspace.folder, worker=False) as address:
        server = _Server(address, token)
        for request in REQUESTS:
            path = request.replace("MIDDLE", _middle(workspace))
            for _ in range(5):
                server.ask(path)
            before = server.cpu_seconds()
            waits = sorted(server.ask(path) for _ in range(times))
            cpu = (server.cpu_seconds() - before) / times
            found.append(Row(request, 1000 * statistics.median(waits), 1000 * waits[int(0.95 * len(waits))], 1000 * cpu))
    return found


def _middle(workspace: Workspace) -> str:
    """The place in the middle of the log, as the server writes it."""
    import base64

    import msgspec

    from labelwright.store import tables
    from labelwright.store.log import Position

    with workspace.database.read() as connection:
        newest = connection.scalar(sa.select(sa.func.max(tables.events.c.id))) or 0
        row = connection.execute(
            sa.select(tables.events.c.transaction, tables.events.c.id).where(tables.events.c.id >= newest // 2).order_by("id").limit(1)
        ).one()
    return urllib.parse.quote(base64.urlsafe_b64encode(msgspec.json.encode(Position(*row))).decode())


class _Server:
    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token

    def ask(self, path: str) -> float:
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {self.token}"})
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.read()
        return time.perf_counter() - began

    def cpu_seconds(self) -> float:
        """The CPU time of the processes that this one started, and of theirs."""
        parents, ticks = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)] = int(fields[1])
            ticks[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
        ours, grown = {os.getpid()}, True
        while grown:
            more = {process for process, parent in parents.items() if parent in ours} - ours
            ours |= more
            grown = bool(more)
        return sum(ticks.get(process, 0) for process in ours - {os.getpid()}) / os.sysconf("SC_CLK_TCK")


def fill(workspace: Workspace, items: int) -> None:
    """Fill the store: four of five items answered twice, 1 in 100 gold, half with a suggestion, 200 reviewed."""
    project = next(iter(workspace.projects.values())).project
    version = project.pipeline_version
    postgresql = workspace.database.dialect == "postgresql"

    def series(count: int) -> str:
        if postgresql:
            return f"(SELECT generate_series(1, {count}) AS i) AS n"
        return f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) AS n"

    def case(value: str) -> str:
        return f"CASE {value} % 3 WHEN 0 THEN 'refund' WHEN 1 THEN 'bug' ELSE 'other' END"

    choice, answered, reviews = '\'{"kind":"choice","label":"\' || ' + case("i") + " || '\"}'", items * 4 // 5, min(items // 50, 2000)
    values = "'{\"intent\":' || " + choice + " || '}'"
    now, p = time.time() - 86400, project.id
    tables = f"""
INSERT INTO users (name, active, created_at) SELECT 'person ' || i, 1, {now} FROM {series(PEOPLE)};
INSERT INTO raw_items (id, project_id, source, key, revision, place, data, prepared_by, created_at)
  SELECT i, {p}, 's', 't' || i, 'r' || i, 's:' || i, '{{"body":"message ' || i || '"}}', 'x', {now} FROM {series(items)};
INSERT INTO items (id, project_id, raw_id, key, revision, data, tasks_opened, created_at)
  SELECT i, {p}, i, 't' || i, 'r' || i,
    '{{"body":{{"modality":"text","text":"message ' || i || ' about a lamp that has not come"}}}}', 2, {now}
  FROM {series(items)};
INSERT INTO known_answers (project_id, item_id, "use", origin, "values", created_at)
  SELECT {p}, i * 100, 'gold', 'gold.jsonl', {values}, {now} FROM {series(items // 100)};
INSERT INTO suggestions (project_id, item_id, question, labeler, version, answer, score, created_at)
  SELECT {p}, i, 'intent', 'words', '1', {choice}, 0.9, {now} FROM {series(items // 2)};
INSERT INTO tasks (project_id, item_id, purpose, state, lane, rank)
  SELECT {p}, i, 'label', 'done', 1, i FROM {series(answered)};
INSERT INTO tasks (project_id, item_id, purpose, state, lane, rank)
  SELECT {p}, i + {answered}, 'label', 'open', 1, i FROM {series(items - answered)};
INSERT INTO annotations (project_id, item_id, user_id, pipeline_version, "values", seconds_active, created_at)
  SELECT {p}, 1 + i / 2, (SELECT min(id) FROM users) + i % {PEOPLE}, {version}, {values.replace("i %", "(i / 2) %")}, 5 + i % 7,
    {now} + i / 100.0
  FROM {series(2 * answered - 2)};
INSERT INTO consensus (item_id, question, project_id, answer, confidence, agreement, answers, annotation_ids, method, updated_at)
  SELECT i, 'intent', {p}, {choice}, CASE WHEN i % 4 = 0 THEN 1.0 ELSE 0.5 + (i % 1000) / 2000.0 END, i % 2, 2, '[' || i || ']',
    'majority', {now}
  FROM {series(answered)};
INSERT INTO reviews (project_id, item_id, reviewer_id, verdict, label_before, random, created_at)
  SELECT {p}, i * 40 + 1, (SELECT min(id) FROM users), CASE WHEN i % 9 = 0 THEN 'reject' ELSE 'accept' END, {values}, 1, {now}
  FROM {series(reviews)};
INSERT INTO findings (project_id, item_id, rule, severity, message, stage, created_at)
  SELECT {p}, i * 20, 'expression', 'warning', 'Is it so?', 'dataset', {now} FROM {series(items // 200)};
INSERT INTO events (project_id, kind, user_id, item_id, created_at)
  SELECT {p}, 'annotation_submitted', 1, 1 + i / 2, {now} FROM {series(2 * answered)};
"""

    def work(connection: sa.Connection) -> None:
        for statement in tables.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%") if postgresql else statement)
        if postgresql:
            for name in ("raw_items", "items", "annotations", "tasks", "events"):
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")

    workspace.database.write(work)
    with workspace.database.session() as connection:
        connection.exec_driver_sql("ANALYZE")


@contextmanager
def _filled(items: int, store: str | None) -> Iterator[Workspace]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "labelwright.yaml").write_text(PIPELINE.format(store=store or "sqlite:///labelwright.db"), "utf-8")
        workspace = Workspace.open(Path(folder))
        try:
            fill(workspace, items)
            yield workspace
        finally:
            workspace.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--store", nargs="+", help="an empty PostgreSQL database for each number of items; else SQLite")
    options = parser.parse_args()
    before: dict[str, Row] = {}
    failed = False
    for place, items in enumerate(options.items):
        with _filled(items, options.store[place] if options.store else None) as workspace:
            began, cpu = time.perf_counter(), time.process_time()
            opened = next(iter(workspace.projects.values()))
            analytics.keep(opened.project, opened.pipeline.requirements)
            print(f"\n{items:,} items; the figures were made in {time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s CPU")
            print(f"{'request':<58}{'median':>11}{'p95':>11}{'CPU':>11}{'ratio':>8}")
            for row in measure(workspace):
                known = before.get(row.request)
                ratio = (row.cpu + 0.5) / (known.cpu + 0.5) if known else None
                failed |= row.p95 > 100 or (ratio is not None and ratio > 1.5)
                told = "" if ratio is None else f"{ratio:.2f}"
                print(f"{row.request:<58}{row.median:>8.1f} ms{row.p95:>8.1f} ms{row.cpu:>8.1f} ms{told:>8}", flush=True)
                before[row.request] = row
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
