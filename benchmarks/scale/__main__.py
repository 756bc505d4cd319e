"""What each job and each request costs as the data grows: `make bench-scale`, or `python -m benchmarks.scale` with options.

A project of short texts is made at each size on each database: collected, prepared, suggested for, answered twice, refreshed, checked,
frozen, exported, backed up and restored. Each job runs in a fresh process; its peak memory is the process's own (VmHWM). Beside each
size stands how many times the CPU (of the database's server too) of the size before it took: with ten times the data a job may take 12
times as much, a request 1.5 times. `longest` is the longest single write, which is how long somebody's answer may have to wait on SQLite.

Then a server is started on the same project and asked for all that the page reads; from 100,000 items on also while `labelwright run` takes
in a tenth more. With `--filled` the project is filled by SQL instead, within seconds, and only the requests are measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import msgspec

from benchmarks.scale.filled import make_filled
from benchmarks.scale.measured import Cost, measure_here, run_apart
from benchmarks.scale.project import write_project, write_target
from benchmarks.scale.requests import Row, measure

SIZES = (10_000, 100_000, 1_000_000)
STORES = ("sqlite", "postgresql")
MOST_JOB, MOST_REQUEST, MOST_MEMORY = 12.0, 1.5, 600.0
MOST_MILLISECONDS = 100.0
BESIDE_RUN = 100_000
"""From this size on requests are also measured while a run works."""

SMALL = 0.5
"""Seconds below which a ratio says nothing."""


def main() -> int:
    from benchmarks.scale.jobs import JOBS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=list(SIZES), help="how many items (default: %(default)s)")
    parser.add_argument("--store", choices=STORES, nargs="+", default=list(STORES), help="which databases (default: both)")
    parser.add_argument("--job", choices=[*JOBS, "requests"], nargs="+", help="only these; those before them in the list still have to run")
    parser.add_argument("--folder", type=Path, help="where to work, and to keep what was made (default: a temporary folder)")
    parser.add_argument("--statements", type=int, default=0, help="also print so many statements that took the most time in each job")
    parser.add_argument("--filled", action="store_true", help="fill the project by SQL, and measure the requests alone")
    parser.add_argument("--one", choices=list(JOBS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print("\n" + msgspec.json.encode(measure_here(options.one, options.folder, options.statements)).decode())
        return 0
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    above = []
    with nullcontext(str(options.folder)) if options.folder else tempfile.TemporaryDirectory() as root:
        for store in options.store:
            above += _run_store(store, Path(root), options)
    for line in above:
        print(f"above the goal: {line}")
    return 1 if above else 0


def _run_store(store: str, root: Path, options: argparse.Namespace) -> list[str]:
    from benchmarks.scale.jobs import JOBS

    above: list[str] = []
    before: dict[str, Cost] = {}
    asked: dict[str, Row] = {}
    last = max((list(JOBS).index(job) for job in options.job or JOBS if job in JOBS), default=len(JOBS) - 1)
    with _server(store) as server:
        for items in sorted(options.items):
            folder = root / f"{store}-{items}"
            print(f"\n{store}, {items:,} items", flush=True)
            if options.filled:
                make_filled(folder, items, server.database(f"scale_{items}", folder))
                asked = _requests(store, items, folder, server.process, asked, above, beside_run=False)
                continue
            print(f"  {'job':<20}{'CPU s':>9}{'server s':>9}{'wall s':>9}{'peak MB':>9}{'longest s':>10}{'ratio':>7}", flush=True)
            write_project(folder, items, server.database(f"scale_{items}", folder))
            write_target(folder / "restored", server.database(f"restored_{items}", folder / "restored"))
            costs = {}
            for job in list(JOBS)[: last + 1]:
                cost = costs[job] = run_apart(job, folder, server=server.process, statements=options.statements)
                if options.job and job not in options.job:
                    continue
                ratio = _ratio(cost.cpu + cost.server_cpu, before[job].cpu + before[job].server_cpu) if job in before else None
                shown = f"{ratio:>7.1f}" if ratio is not None else f"{'':>7}"
                figures = f"{cost.cpu:>9.2f}{cost.server_cpu:>9.2f}{cost.wall:>9.2f}{cost.memory:>9.0f}{cost.longest_write:>10.2f}"
                print(f"  {job:<20}{figures}{shown}", flush=True)
                for took, times, text in cost.statements:
                    print(f"      {took:8.2f} s {times:>7} x  {text[:400]}", flush=True)
                if ratio is not None and ratio > MOST_JOB:
                    above.append(f"{store}, {items:,} items: {job} takes {ratio:.1f} times as much")
                if cost.memory > MOST_MEMORY:
                    above.append(f"{store}, {items:,} items: {job} needs {cost.memory:.0f} MB")
            before = costs
            if not options.job or "requests" in options.job:
                asked = _requests(store, items, folder, server.process, asked, above, beside_run=items >= BESIDE_RUN)
    return above


def _requests(
    store: str, items: int, folder: Path, database: int | None, before: dict[str, Row], above: list[str], *, beside_run: bool
) -> dict[str, Row]:
    print(f"  {'request':<54}{'median ms':>10}{'p95 ms':>9}{'CPU ms':>9}{'ratio':>7}" + (f"{'beside a run':>14}" if beside_run else ""))
    found = {row.request: row for row in measure(folder, database=database, beside_run=beside_run)}
    for name, row in found.items():
        ratio = row.ratio(before[name]) if name in before else None
        told = f"{ratio:>7.2f}" if ratio is not None else f"{'':>7}"
        beside = f"{row.beside:>14.1f}" if row.beside is not None else ""
        print(f"  {name:<54}{row.median:>10.1f}{row.p95:>9.1f}{row.cpu:>9.1f}{told}{beside}", flush=True)
        if ratio is not None and ratio > MOST_REQUEST:
            above.append(f"{store}, {items:,} items: {name} takes {ratio:.2f} times the CPU")
        for took, when in ((row.median, ""), (row.beside or 0.0, " while a run works")):
            if took > MOST_MILLISECONDS:
                above.append(f"{store}, {items:,} items: {name} takes {took:.0f} ms{when}")
    return found


def _ratio(now: float, before: float) -> float | None:
    return now / before if now >= SMALL and before > 0 else None


class _Sqlite:
    process = None

    def database(self, name: str, folder: Path) -> str:
        return "sqlite:///labelwright.db"


class _Postgresql:
    def __init__(self, url: str) -> None:
        import psycopg

        self.url = url
        with psycopg.connect(url) as connection:
            shown = connection.execute("SHOW data_directory").fetchone()
        assert shown is not None
        self.process = int((Path(shown[0]) / "postmaster.pid").read_text().split()[0])

    def database(self, name: str, folder: Path) -> str:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url.replace("/postgres", f"/{name}")


@contextmanager
def _server(store: str) -> Iterator[_Sqlite | _Postgresql]:
    if store == "sqlite":
        yield _Sqlite()
        return
    from tests import private_postgresql

    with private_postgresql.server() as url:
        yield _Postgresql(url)


if __name__ == "__main__":
    sys.exit(main())
