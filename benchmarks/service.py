"""A real server for benchmarks and chaos: a project on disk, `labelwright serve` in a process of its own, people with tokens."""

from __future__ import annotations

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psycopg
from sqlalchemy import Connection

from benchmarks.tickets import LABELS, NAME, TEXTS, row, write_pipeline
from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import Workspace
from labelwright.store import people

__all__ = ["Service", "write_text_project"]

SECTIONS = """\
tasks: {{overlap: {overlap}, gold: 0%, lease: {lease}}}
quality: {{label_errors: false}}
review: {{sample: 0%, always: []}}
"""


def write_text_project(folder: Path, items: int, *, overlap: int = 1, lease: str = "15m", store: str = "sqlite:///labelwright.db") -> None:
    """Write a project of short texts, collect them and open their tasks."""
    write_pipeline(folder, store, SECTIONS.format(overlap=overlap, lease=lease))
    rng = random.Random(0)
    with (folder / TEXTS).open("w") as texts:
        texts.writelines(row(rng, f"t{number}", rng.choice(list(LABELS)), number) for number in range(items))
    workspace = Workspace.open(folder)
    try:
        advance(workspace.projects[NAME])
    finally:
        workspace.close()


class Service:
    """`labelwright serve` as a user runs it; `kill` ends it like a power cut."""

    project = NAME

    def __init__(self, folder: Path, *, workers: int = 1, store: str = "sqlite") -> None:
        self.folder = folder
        self.postgresql = server_of(store)
        self.workers = workers
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [sys.executable, "-m", "labelwright", "serve", str(self.folder), "--port", str(self.port), "--workers", str(self.workers)]
        log = (self.folder / "serve.log").open("ab")
        self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"The server did not start:\n{(self.folder / 'serve.log').read_text(errors='replace')[-3000:]}")

    def kill(self) -> None:
        """Kill the server and its worker at once, without a word."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Stop the server as Ctrl+C does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def add_people(self, number: int) -> list[str]:
        """Add annotators and return a token for each."""
        workspace = Workspace.open(self.folder)
        try:
            project_id = workspace.projects[self.project].project.id
            tokens = []
            for _ in range(number):
                name = f"person {secrets.token_hex(8)}"

                def work(connection: Connection, name: str = name) -> str:
                    user_id = people.create_user(connection, name)
                    people.set_role(connection, project_id, user_id, "annotator")
                    return people.create_token(connection, user_id, "load", role="annotator")

                tokens.append(workspace.database.write(work))
            return tokens
        finally:
            workspace.close()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server, its worker and PostgreSQL have taken so far, ended processes too."""
        assert self._process is not None
        group = self._process.pid
        return _cpu_seconds(lambda process, parent, leads: leads == group or self.postgresql in (process, parent))


def _cpu_seconds(counts: Callable[[int, int, int], bool]) -> float:
    """Add up the CPU time of the processes that `counts` picks by number, parent and group, and of their children that ended."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if counts(int(stat.parent.name), int(fields[1]), int(fields[2])):
            total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")


def server_of(store: str) -> int | None:
    """Return the number of the local PostgreSQL process whose children serve `store`; None for SQLite."""
    if not store.startswith("postgresql"):
        return None
    with psycopg.connect(store) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        return int(Path(f"/proc/{row[0]}/stat").read_text().rpartition(")")[2].split()[1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
