"""One job in a fresh process: CPU, wall, peak memory, the longest write, and where asked for the statements that took the most time."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from benchmarks.peers.measure import memory
from labelwright.store.database import Database

__all__ = ["Cost", "measure_here", "run_apart", "server_cpu"]


class Cost(Struct, frozen=True, kw_only=True):
    """What a job cost: seconds of CPU in its processes and in the database server's, wall seconds, megabytes at most, and the seconds of
    the longest single write.
    """

    cpu: float
    wall: float
    memory: float
    longest_write: float = 0.0
    server_cpu: float = 0.0
    statements: list[tuple[float, int, str]] = []


def run_apart(job: str, folder: Path, *, server: int | None, statements: int) -> Cost:
    """Run the job in a process of its own and return what it cost; `server` is the number of PostgreSQL's first process."""
    before = server_cpu(server)
    command = [sys.executable, "-m", "benchmarks.scale", "--one", job, "--folder", str(folder), "--statements", str(statements)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    cost = msgspec.json.decode(done.stdout.splitlines()[-1], type=Cost)
    return msgspec.structs.replace(cost, server_cpu=server_cpu(server) - before)


def measure_here(job: str, folder: Path, statements: int) -> Cost:
    """Run the job in this process."""
    from benchmarks.scale import jobs

    watch = _Watch()
    jobs.WATCHED.append(watch.writes)
    if statements:
        jobs.WATCHED.append(watch.statements)
    cpu, start = _cpu(), time.perf_counter()
    jobs.JOBS[job](folder)
    wall, cpu = time.perf_counter() - start, _cpu() - cpu
    peak = max(memory("VmHWM"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    slowest = sorted(((took, times, text) for text, (took, times) in watch.took.items()), reverse=True)[:statements]
    return Cost(cpu=cpu, wall=wall, memory=peak, longest_write=watch.longest, statements=slowest)


class _Watch:
    """Times the writes and the statements of the stores that a job opens."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.took: dict[str, list[Any]] = defaultdict(lambda: [0.0, 0])

    def writes(self, database: Database) -> None:
        plain = database.write

        def write(work: Any) -> Any:
            def timed(connection: sa.Connection) -> Any:
                start = time.perf_counter()
                try:
                    return work(connection)
                finally:
                    self.longest = max(self.longest, time.perf_counter() - start)

            return plain(timed)

        database.write = write  # type: ignore[method-assign]  # of this one store, to time what is written to it

    def statements(self, database: Database) -> None:
        engine: sa.Engine = database._backend._engine

        @sa.event.listens_for(engine, "before_cursor_execute")
        def before(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            connection.info["began"] = time.perf_counter()

        @sa.event.listens_for(engine, "after_cursor_execute")
        def after(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            entry = self.took[" ".join(statement.split())]
            entry[0] += time.perf_counter() - connection.info["began"]
            entry[1] += 1


def _cpu() -> float:
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def server_cpu(first: int | None) -> float:
    """CPU seconds of a process and its children, those that have ended among them."""
    if first is None:
        return 0.0
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == first:
            total += int(fields[11]) + int(fields[12])
        elif stat.parent.name == str(first):
            total += sum(int(fields[place]) for place in range(11, 15))
    return total / os.sysconf("SC_CLK_TCK")
