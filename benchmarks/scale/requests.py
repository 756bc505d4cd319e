"""Every reading request to a real server of a filled project: how long it takes, alone and while a run works on the same store.

The ratio from one size to the next is of the server's CPU (and the database's), which a busy machine does not stretch, beyond the half
millisecond that the clock of CPU time resolves.
"""

from __future__ import annotations

import base64
import os
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from benchmarks.scale.measured import server_cpu
from benchmarks.scale.project import add_texts
from benchmarks.tickets import NAME
from labelwright.pipeline.workspace import Workspace
from labelwright.server.process import running_server
from labelwright.store import people, tables
from labelwright.store.log import Position

__all__ = ["Row", "measure"]

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
    "/api/projects/tickets/items?search=777",
    "/api/projects/tickets/items?search=nowhere",
    "/api/projects/tickets/items/5000",
]


class Row(NamedTuple):
    """One request: its median and 95th percentile in milliseconds, and the CPU that it took the server and the database in milliseconds.

    `beside` is the median while a run works on the same store; None where that was not measured.
    """

    request: str
    median: float
    p95: float
    cpu: float
    beside: float | None = None

    def ratio(self, before: Row) -> float:
        """How many times the CPU of the size before it took."""
        return (self.cpu + 0.5) / (before.cpu + 0.5)


def measure(folder: Path, *, database: int | None = None, beside_run: bool = False, times: int = TIMES) -> list[Row]:
    """Start a server on the project of a folder, ask for each request, and return what each took.

    `database` is the number of PostgreSQL's first process. With `beside_run`, a tenth more texts come, and everything is asked again while
    `labelwright run` takes them in.
    """
    token, middle, items = _prepare(folder)
    paths = [(request, request.replace("MIDDLE", middle)) for request in REQUESTS]
    found = []
    with running_server(folder, worker=False) as address:
        server = _Server(address, token, database)
        for request, path in paths:
            for _ in range(5):
                server.ask(path)
            before = server.cpu_seconds()
            waits = sorted(server.ask(path) for _ in range(times))
            cpu = (server.cpu_seconds() - before) / times
            found.append(Row(request, 1000 * statistics.median(waits), 1000 * waits[int(0.95 * len(waits))], 1000 * cpu))
        if beside_run:
            beside = _ask_beside(folder, server, paths, items // 10)
            found = [row._replace(beside=beside[row.request]) for row in found]
    return found


def _prepare(folder: Path) -> tuple[str, str, int]:
    """Return an owner's token, the place in the middle of the log as the server writes it, and how many items there are."""
    workspace = Workspace.open(folder)
    try:
        project_id = workspace.project(NAME).project.id

        def work(connection: sa.Connection) -> str:
            user_id = people.create_user(connection, f"reader {time.time()}")
            people.set_role(connection, project_id, user_id, "owner")
            return people.create_token(connection, user_id, "benchmark", role="owner")

        token = workspace.database.write(work)
        with workspace.database.read() as connection:
            events = tables.events
            newest = connection.scalar(sa.select(sa.func.max(events.c.id))) or 0
            query = sa.select(events.c.transaction, events.c.id).where(events.c.id >= newest // 2).order_by(events.c.id).limit(1)
            row = connection.execute(query).one_or_none()
            items = connection.scalar(sa.select(sa.func.count()).select_from(tables.items)) or 0
        position = Position(*row) if row else Position()
        return token, urllib.parse.quote(base64.urlsafe_b64encode(msgspec.json.encode(position)).decode()), items
    finally:
        workspace.close()


def _ask_beside(folder: Path, server: _Server, paths: list[tuple[str, str]], more: int) -> dict[str, float]:
    """Ask for all again and again, as long as a run takes in so many more texts, and return the medians in milliseconds."""
    add_texts(folder, more)
    waits: dict[str, list[float]] = {request: [] for request, _ in paths}
    run = subprocess.Popen([sys.executable, "-m", "labelwright", "run", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while run.poll() is None:
            for request, path in paths:
                took = server.ask(path)
                if run.poll() is None:
                    waits[request].append(took)
    finally:
        if run.poll() is None:
            run.terminate()
        run.wait()
    return {request: 1000 * statistics.median(one) if one else float("nan") for request, one in waits.items()}


class _Server:
    def __init__(self, address: str, token: str, database: int | None) -> None:
        self.address, self.token, self.database = address, token, database

    def ask(self, path: str) -> float:
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {self.token}"})
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.read()
        return time.perf_counter() - began

    def cpu_seconds(self) -> float:
        """The CPU time of the processes that this one started, and of theirs, and of the database's."""
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
        mine = sum(ticks.get(process, 0) for process in ours - {os.getpid()}) / os.sysconf("SC_CLK_TCK")
        return mine + server_cpu(self.database)
