"""Whoever sends slowly, half, or nothing at all holds nothing up, and fills no log."""

from __future__ import annotations

import logging
import socket

import pytest
from granian.http import HTTP1Settings

from labelwright.settings import Settings
from tests.server.site import Site, listening

HALF = (
    "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/{kind}\r\nAuthorization: {who}\r\nContent-Length: 100\r\n\r\n{{"
)


def connection(address: str) -> socket.socket:
    host, _, port = address.removeprefix("http://").partition(":")
    made = socket.create_connection((host, int(port)))
    made.settimeout(60)
    return made


def whole_answer(made: socket.socket) -> str:
    received = b""
    while part := made.recv(65536):
        received += part
    return received.decode()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/sign-in", "json"), ("/api/projects/tickets/tasks/next", "json"), ("/api/projects/tickets/items", "x-ndjson")],
)
def test_a_body_that_comes_too_slowly_is_ended(site: Site, caplog: pytest.LogCaptureFixture, path: str, kind: str) -> None:
    """The answer is 408 in the one shape of errors, the connection is closed, and the log stays empty."""
    who = site.program(site.person("owner")).headers["Authorization"]
    with listening(site.workspace, Settings(body_seconds=0.2)) as address, connection(address) as made:
        made.sendall(HALF.format(path=path, kind=kind, who=who).encode())
        answer = whole_answer(made)
    assert answer.startswith("HTTP/1.1 408")
    assert '"too_slow"' in answer
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("path", ["/api/sign-in", "/api/projects/tickets/tasks/next"])
def test_half_a_request_leaves_no_traceback(site: Site, caplog: pytest.LogCaptureFixture, path: str) -> None:
    """Whoever goes away in the middle of a body leaves nothing in the log."""
    who = site.program(site.person("owner")).headers["Authorization"]
    with connection(site.address) as made:
        made.sendall(HALF.format(path=path, kind="json", who=who).encode())
        made.shutdown(socket.SHUT_WR)
        whole_answer(made)
    assert site.http().get("/api/session", headers={"Authorization": who}).status_code == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_connections_on_which_nothing_is_asked_are_closed(site: Site) -> None:
    """However many connections somebody opens and leaves, others get through: those that ask for nothing are closed."""
    soon = HTTP1Settings(header_read_timeout=500)
    with listening(site.workspace, Settings(), http1_settings=soon, backpressure=4) as address:
        idle = [connection(address) for _ in range(8)]
        behind = Site(site.workspace, address)
        assert behind.http().get("/").status_code == 200
        for one in idle:
            one.close()
        behind.close()
