"""A way to PostgreSQL that breaks off at a COMMIT: after the server has answered it, or before it arrives."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.engine import make_url


class Way:
    """Where it begins, and how many COMMITs it still breaks off at. With `arrives` the server has answered them before."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.url = ""
        self.cutting = 0
        self.cut = 0
        self.arrives = True
        self._lock = threading.Lock()

    def cuts(self) -> bool:
        """Tell whether to break off now."""
        with self._lock:
            if not self.cutting:
                return False
            self.cutting -= 1
            self.cut += 1
            return True


@contextmanager
def way_to(url: str) -> Iterator[Way]:
    """Listen in front of the server at `url`."""
    parsed = make_url(url)
    way = Way((str(parsed.host), int(parsed.port or 5432)))
    listener = socket.create_server(("127.0.0.1", 0))
    way.url = parsed.set(port=listener.getsockname()[1]).render_as_string(hide_password=False)

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_pass_on, args=(way, near), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield way
    finally:
        # What wakes the thread that waits for somebody is `shutdown`; `close` does not.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _pass_on(way: Way, near: socket.socket) -> None:
    far = socket.create_connection(way.target)

    def back() -> None:
        with suppress(OSError):
            while part := far.recv(65536):
                if not broken.is_set():
                    near.sendall(part)
                answered.set()
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)

    broken, answered = threading.Event(), threading.Event()
    threading.Thread(target=back, daemon=True).start()
    with suppress(OSError):
        while part := near.recv(65536):
            if b"COMMIT\0" in part and way.cuts():
                broken.set()
                if not way.arrives:
                    # The server learns nothing, and its side stays open.
                    near.shutdown(socket.SHUT_RDWR)
                    near.close()
                    return
                answered.clear()
                far.sendall(part)
                answered.wait(30)
                break
            far.sendall(part)
    for end in (near, far):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
