"""A proxy that loses answers: it passes each request on, and closes the connection instead of answering as often as it is told."""

from __future__ import annotations

import http.client
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit


class Lossy:
    """Where the proxy listens, how many answers it still loses or replaces by `status`, and what it passed on."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.address = ""
        self.losing = 0
        self.status: int | None = None
        self.passed: list[str] = []


@contextmanager
def lossy(target: str) -> Iterator[Lossy]:
    """Run a lossy proxy in front of `target`."""
    proxy = Lossy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if proxy.status is not None and proxy.losing > 0:
                proxy.losing -= 1
                self._answer(proxy.status, "text/html", b"<h1>not now</h1>")
                return
            behind = http.client.HTTPConnection(proxy.target.hostname or "", proxy.target.port, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            behind.request(self.command, self.path, body, {**headers, "Host": proxy.target.netloc})
            answer = behind.getresponse()
            content = answer.read()
            behind.close()
            proxy.passed.append(f"{self.command} {self.path}")
            if proxy.losing > 0:
                proxy.losing -= 1
                self.close_connection = True
                return
            self._answer(answer.status, answer.headers.get("Content-Type", ""), content, answer.headers.get("Content-Encoding"))

        def _answer(self, status: int, kind: str, content: bytes, encoding: str | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = pass_on

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
