"""A server that is told to stop does, whoever holds on to it, and leaves nothing behind."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import Workspace
from labelwright.store import people, tables
from tests.datasets.labeling import agree

PIPELINE = """
name: big
sources: [{uri: rows.jsonl, id: id}]
schema: {data: {body: text}, questions: {intent: {kind: choice, of: body, options: [refund, bug]}}}
"""


def test_a_reader_who_takes_nothing_does_not_keep_the_server(tmp_path: Path) -> None:
    """While a download is sent to somebody who does not read it, the server ends when it is told to, and with it what it has begun."""
    token = prepared(tmp_path / "big")
    aside = tmp_path / "aside"
    aside.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "labelwright", "serve", str(tmp_path / "big"), "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(aside)}, **quiet)  # type: ignore[call-overload]  # what it is told stands in a dict
    try:
        assert until(lambda: reached(port))
        with socket.create_connection(("127.0.0.1", port)) as reader:
            asked = "GET /api/projects/big/export?format=hugging_face HTTP/1.1"
            reader.sendall(f"{asked}\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            assert reader.recv(100).startswith(b"HTTP/1.1 200")
            assert list(aside.glob("labelwright-export-*"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0
            assert until(lambda: not list(aside.glob("labelwright-export-*")))
    finally:
        process.kill()


def prepared(folder: Path) -> str:
    """Make a project of 30 MB that cannot be packed smaller, all labeled, and return a token of its owner's."""
    folder.mkdir()
    (folder / "labelwright.yaml").write_text(PIPELINE, "utf-8")
    source = random.Random(1)
    texts = (base64.b64encode(source.randbytes(150_000)).decode() for _ in range(200))
    (folder / "rows.jsonl").write_text("".join(json.dumps({"id": str(n), "body": text}) + "\n" for n, text in enumerate(texts)), "utf-8")
    workspace = Workspace.open(folder)
    opened = workspace.projects["big"]
    advance(opened)
    with workspace.database.read() as connection:
        items = list(connection.scalars(sa.select(tables.items.c.id)))
    agree(opened.project, dict.fromkeys(items, "bug"))

    def owner(connection: Connection) -> str:
        user = people.create_user(connection, "mia")
        people.set_role(connection, opened.project.id, user, "owner")
        return people.create_token(connection, user, "test", role="owner", project_id=opened.project.id, seconds=600.0)

    token = workspace.database.write(owner)
    workspace.close()
    return token


def reached(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def until(holds: Callable[[], bool]) -> bool:
    """Wait until something holds, and tell whether it came to that."""
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
