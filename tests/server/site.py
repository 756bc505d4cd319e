"""A served workspace for tests: two projects, a real listener on a free port, and people who come in with a session or a token."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from labelwright import analytics, tasks
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.server.access import OUTSIDE
from labelwright.server.gate import session_cookie
from labelwright.server.numbers import Numbers
from labelwright.settings import Settings
from labelwright.store import people, tables
from tests.rows import add_texts

PIPELINE = """
name: {name}
schema:
  data: {{body: text}}
  questions:
    intent: {{kind: choice, of: body, options: [refund, bug, other]}}
    parts: {{kind: spans, of: body, options: [PRODUCT, DATE], required: false}}
tasks: {{overlap: 2, gold: 0%}}
"""

MOST_BYTES = 200_000

_numbers = itertools.count(1)


@dataclass
class Site:
    """The workspace that is served, and its address."""

    workspace: Workspace
    address: str
    _open: list[httpx.Client] = field(default_factory=list)

    @property
    def tickets(self) -> OpenProject:
        return self.workspace.projects["tickets"]

    @property
    def secret(self) -> OpenProject:
        return self.workspace.projects["secret"]

    def keep_figures(self) -> None:
        """Make the figures that the pages read, as the worker does that is not here."""
        for opened in self.workspace.projects.values():
            analytics.keep(opened.project, opened.pipeline.requirements)

    def person(self, role: str | None = "annotator", project: str = "tickets", *, name: str | None = None) -> int:
        """Add somebody with a role in a project and return the number."""
        called = name or f"person {next(_numbers)}"

        def work(connection: sa.Connection) -> int:
            user_id = people.create_user(connection, called)
            if role is not None:
                people.set_role(connection, self.workspace.projects[project].project.id, user_id, role)  # type: ignore[arg-type]
            return user_id

        return self.workspace.database.write(work)

    def browser(self, user_id: int | None = None, *, csrf: bool = True) -> httpx.Client:
        """A browser, in which `user_id` is signed in; without `csrf` it does not send the session's token."""
        client = self.http()
        if user_id is not None:
            secret = self.workspace.database.write(lambda connection: people.create_session(connection, user_id, 1.0))
            client.cookies.set(session_cookie(self.address), secret)
            if csrf:
                client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        return client

    def program(self, user_id: int, role: str = "owner", project: str | None = None, seconds: float = 60.0) -> httpx.Client:
        """A program with a token of `user_id`'s."""
        number = self.workspace.projects[project].project.id if project else None
        secret = self.workspace.database.write(
            lambda connection: people.create_token(connection, user_id, "test", role=role, project_id=number, seconds=seconds)  # type: ignore[arg-type]
        )
        client = self.http()
        client.headers["Authorization"] = f"Bearer {secret}"
        return client

    def http(self) -> httpx.Client:
        # Reading the certificates that nobody needs here would be most of the work.
        client = httpx.Client(base_url=self.address, timeout=30, verify=False)
        self._open.append(client)
        return client

    def add_texts(self, *texts: str, project: str = "tickets") -> list[int]:
        """Add items, open their tasks, and return the items' numbers."""
        opened = self.workspace.projects[project]
        found = add_texts(opened.project, texts, key=f"k{next(_numbers)}-")
        tasks.open_tasks(opened.project, opened.pipeline.tasks)
        return found

    def held(self, browser: httpx.Client, project: str = "tickets") -> dict[str, Any]:
        """A task that is handed to the person in `browser`; there is one."""
        answer = browser.post(f"/api/projects/{project}/tasks/next", json={"count": 1})
        assert answer.status_code == 200, answer.text
        (task,) = answer.json()["tasks"]
        return task  # type: ignore[no-any-return]

    def inside(self, number: int) -> int:
        """The number in the store of a task that has this one outside."""
        with self.workspace.database.read() as connection:
            secret = connection.scalar(sa.select(tables.secrets.c.value))
        return Numbers(secret or "", "task").inside(number)

    def outside(self, item_id: int) -> int:
        """The number by which annotators know an item."""
        with self.workspace.database.read() as connection:
            secret = connection.scalar(sa.select(tables.secrets.c.value))
        return OUTSIDE + Numbers(secret or "", "item").outside(item_id)

    def rows(self, table: sa.Table, *where: Any) -> int:
        """Count rows of a table."""
        with self.workspace.database.read() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0)

    def close(self) -> None:
        for client in self._open:
            client.close()


CHOICE = {"intent": {"kind": "choice", "label": "refund"}}


def submit(browser: httpx.Client, task: dict[str, Any], values: Any = None, *, key: str = "", **more: Any) -> httpx.Response:
    """Submit an answer as the page does, confirmed against warnings."""
    body = {"values": CHOICE if values is None else values, "seconds_active": 9.0, "confirmed": True, **more}
    return browser.post(f"/api/tasks/{task['id']}/submit", json=body, headers={"Idempotency-Key": key or f"key {next(_numbers)}"})


@contextmanager
def served(
    folder: Path, store: str, *, pipeline: Callable[[str], str] = str, guidelines: str = "", secret: str = "", **options: Any
) -> Iterator[Site]:
    """Serve a fresh workspace with two projects out of `folder` for the length of the block; `pipeline` alters their files.

    With `secret`, numbers outside are the same in every run.
    """
    for name in ("tickets", "secret"):
        (folder / name).mkdir(parents=True)
        declared = pipeline(PIPELINE.format(name=name))
        if guidelines:
            declared = declared.replace("schema:\n", "schema:\n  guidelines: guidelines.md\n")
            (folder / name / "guidelines.md").write_text(guidelines, "utf-8")
        (folder / name / "labelwright.yaml").write_text(declared, "utf-8")
    (folder / "workspace.yaml").write_text(f"run: {{store: '{store}'}}\n", "utf-8")
    workspace = Workspace.open(folder)
    if secret:
        workspace.database.write(lambda connection: connection.execute(sa.update(tables.secrets).values(value=secret)))
    try:
        with listening(workspace, Settings(**{"max_body_bytes": MOST_BYTES, "max_stream_bytes": 2 * MOST_BYTES, **options})) as address:
            site = Site(workspace, address)
            try:
                yield site
            finally:
                site.close()
    finally:
        workspace.close()


@contextmanager
def listening(workspace: Workspace, settings: Settings, **more: Any) -> Iterator[str]:
    """Listen with granian in a thread of this process and give the address; `more` are options of the listener."""
    from granian.server.embed import Server

    from labelwright.server.app import create_app
    from labelwright.server.run import listening_options

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    application = create_app(workspace, options=settings, address="127.0.0.1")
    server = Server(application, address="127.0.0.1", port=port, **{**listening_options(), **more})
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="served", daemon=True)
    thread.start()
    _wait_for(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loops[0].call_soon_threadsafe(server.stop)
        thread.join(10)


def _wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the server does not listen")
