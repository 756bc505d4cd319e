"""A server in a process of its own, for commands that need one for a while."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelwright.errors import LabelwrightError
from labelwright.server.run import free_port

__all__ = ["running_server"]

START_SECONDS = 60.0


@contextmanager
def running_server(folder: Path, *, worker: bool = True) -> Iterator[str]:
    """Serve a workspace on a free port of this machine for the length of the block, and give its address.

    Raises:
        LabelwrightError: the server does not start; the message has the end of what it said.
    """
    port = free_port("127.0.0.1", 0)
    command = [sys.executable, "-m", "labelwright", "serve", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*command, *([] if worker else ["--no-worker"])], stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}"
        except _NotStarted as error:
            said.seek(0)
            raise LabelwrightError(
                "The server did not start.", where=str(folder), hint=said.read()[-2000:].decode(errors="replace").strip()
            ) from error
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class _NotStarted(Exception):
    pass


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise _NotStarted
