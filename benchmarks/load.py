"""People at work over HTTP: the smallest client that speaks enough of it, so that the server and not the client is measured."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Connection", "Person", "Refused", "work_together"]


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Connection:
    """One kept-alive HTTP/1.1 connection with a bearer token."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        """Send JSON and return the JSON answered.

        Raises:
            Refused: the server answered with an error.
            OSError: the connection broke; the request may or may not have been done.
        """
        try:
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**22)
            payload = json.dumps(body).encode()
            extra = f"Idempotency-Key: {key}\r\n" if key else ""
            self._writer.write(f"POST {path} HTTP/1.1\r\n{self._head}{extra}Content-Length: {len(payload)}\r\n\r\n".encode() + payload)
            assert self._reader is not None
            status, answer = await _read(self._reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise OSError(f"the connection broke: {error}") from error
        if status >= 400:
            raise Refused(status, answer)
        return answer

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def _read(reader: asyncio.StreamReader) -> tuple[int, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    if "transfer-encoding: chunked" in head:
        body = b""
        while size := int((await reader.readline()).strip() or b"0", 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        length = next((int(line.partition(":")[2]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
        body = await reader.readexactly(length)
    return status, json.loads(body) if body else None


@dataclass
class Person:
    """Somebody who takes tasks and answers them, and remembers what the server acknowledged.

    `acknowledged` has the task, the idempotency key and the annotation of each submission that came back; `handed` each task got.
    """

    project: str
    connection: Connection
    answer: Callable[[dict[str, Any]], dict[str, Any]]
    acknowledged: list[tuple[int, str, int]] = field(default_factory=list)
    handed: list[tuple[int, int]] = field(default_factory=list)
    next_seconds: list[float] = field(default_factory=list)
    submit_seconds: list[float] = field(default_factory=list)
    pending: tuple[dict[str, Any], str] | None = None

    async def work(self, until: Callable[[], bool], *, ask_each_time: bool = False) -> None:
        """Answer tasks until `until` says so or none is left; the next task comes with the answer unless `ask_each_time`."""
        task = self.pending[0] if self.pending else None
        while not until():
            if task is None:
                task = await self._next()
                if task is None:
                    return
            key = self.pending[1] if self.pending else secrets.token_hex(16)
            # Remembered before it is sent: after a broken connection the same submission is sent again.
            self.pending = (task, key)
            started = time.perf_counter()
            body = {"values": self.answer(task), "seconds_active": 3.0, "lease": task["lease"], "confirmed": True}
            answered = await self.connection.post(f"/api/tasks/{task['id']}/submit", body, key=key)
            self.submit_seconds.append(time.perf_counter() - started)
            self.acknowledged.append((task["id"], key, answered["annotation_id"]))
            self.pending = None
            task = None if ask_each_time else answered["next"]
            if task is not None:
                self.handed.append((task["id"], task["item"]["id"]))

    async def _next(self) -> dict[str, Any] | None:
        started = time.perf_counter()
        found = (await self.connection.post(f"/api/projects/{self.project}/tasks/next", {"count": 1}))["tasks"]
        self.next_seconds.append(time.perf_counter() - started)
        if found:
            self.handed.append((found[0]["id"], found[0]["item"]["id"]))
        return found[0] if found else None


def work_together(people: list[Person], seconds: float, *, ask_each_time: bool = False) -> float:
    """Let all work at once for some seconds, and return how long it took."""
    started = time.perf_counter()
    deadline = started + seconds

    async def run() -> None:
        await asyncio.gather(*(person.work(lambda: time.perf_counter() >= deadline, ask_each_time=ask_each_time) for person in people))

    asyncio.run(run())
    return time.perf_counter() - started
