"""Runs the server of a workspace: the listener, and the worker beside it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from labelwright.errors import InvalidInput
from labelwright.pipeline.workspace import Workspace
from labelwright.server.alone import alone, ensure_not_served
from labelwright.store import people

__all__ = ["app", "free_port", "listening_options", "serve"]

FOLDER = "LABELWRIGHT_SERVED_FOLDER"
ADDRESS = "LABELWRIGHT_SERVED_ADDRESS"

IDLE_SECONDS = 30.0
"""A connection that asks for nothing for so long is closed."""

STOPPING_SECONDS = 10
"""So long may what is asked and sent at the moment take once the server is told to stop."""

MOST_CONNECTIONS = 8192
"""Connections that are open at once, at most."""

logger = logging.getLogger("labelwright.server")


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    worker: bool = True,
    started: Callable[[str, str | None], None] = lambda address, link: None,
) -> None:
    """Serve a workspace until the process is told to stop.

    Args:
        folder: the workspace.
        host: the address to listen on.
        port: the port; 0 picks a free one.
        workers: processes that answer requests; more than one needs PostgreSQL.
        worker: whether to run the background worker too.
        started: called with the page's address, and with a one-time sign-in link while nobody can sign in.

    Raises:
        InvalidInput: several workers on SQLite, or the port cannot be had.
        Conflict: another server serves this SQLite store. It goes on as before, and nothing was changed.
    """
    try:
        chosen = free_port(host, port)
    except InvalidInput:
        # It may well be this folder's own server that has the port.
        ensure_not_served(folder)
        raise
    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0', '::') else host}:{chosen}"
    with alone(folder, address) as first:
        workspace = Workspace.open(folder)
        try:
            database = workspace.database
            if database.file and workers > 1:
                raise InvalidInput(
                    "SQLite has one writer, so it is served by one process.",
                    where="--workers",
                    hint="Set run.store to a PostgreSQL for more.",
                )
            # A new link makes those before it void, so there is none while the server that printed one is at work.
            projects = [opened.project.id for opened in workspace.projects.values()]
            secret = database.write(partial(people.first_sign_in, projects=projects)) if first else None
            started(address, f"{address}/#/welcome/{secret}" if secret else None)
            if workers == 1:
                _listen(workspace, folder, host, chosen, address, worker=worker)
            else:
                _listen_in_many(folder, host, chosen, address, workers)
        finally:
            workspace.close()


def app() -> Any:
    """Make the application in a process of a larger server, told by the environment what to serve."""
    from labelwright.server.app import create_app

    return create_app(Workspace.open(Path(os.environ[FOLDER])), address=os.environ[ADDRESS])


def free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0.

    Raises:
        InvalidInput: there is no such port, or it is taken.
    """
    if not 0 <= port <= 65535:
        raise InvalidInput(f"There is no port {port}.", where="--port", hint="Ports go from 1 to 65535; 0 takes any that is free.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise InvalidInput(
                f"The port {port} of {host} is taken." if taken else f"The port {port} of {host} cannot be had: {error.strerror}.",
                where="--port",
                hint="Choose another, or 0 for any that is free.",
            ) from error
        return int(probe.getsockname()[1])


def listening_options() -> dict[str, Any]:
    """Return how connections are taken, whichever way the server runs.

    A connection on which nothing is asked for a while is closed. That needs HTTP/1 by name: a listener that first finds out which version
    it hears waits for ever where it hears nothing. And so many connections are open at once as the system lets a process have: at the
    listener's own limit it takes no further ones, not even from others.
    """
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings

    return {
        "interface": Interfaces.ASGI,
        "http": HTTPModes.http1,
        "http1_settings": HTTP1Settings(header_read_timeout=int(1000 * IDLE_SECONDS)),
        "backlog": 1024,
        "backpressure": _most_connections(),
        "websockets": False,
        "log_enabled": False,
    }


def _most_connections() -> int:
    try:
        import resource
    except ImportError:
        return MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    # The other half is for files and the database.
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(64, min(MOST_CONNECTIONS, soft // 2))


def _listen(workspace: Workspace, folder: Path, host: str, port: int, address: str, *, worker: bool) -> None:
    from granian.server.embed import Server

    from labelwright.server.app import create_app

    application = create_app(workspace, address=host)
    server = Server(application, address=host, port=port, **listening_options())

    async def run() -> None:
        import signal

        loop = asyncio.get_running_loop()
        too_late = asyncio.Event()

        def stop() -> None:
            server.stop()  # type: ignore[no-untyped-call]  # Granian types none of it
            # The listener would wait for readers who take nothing, for ever.
            loop.call_later(STOPPING_SECONDS, too_late.set)

        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop)
        beside = asyncio.create_task(_keep_working(folder, address)) if worker else None
        serving, waiting = asyncio.create_task(server.serve()), asyncio.create_task(too_late.wait())
        try:
            ended, _ = await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if serving in ended:
                await serving
        finally:
            if beside:
                beside.cancel()
                await asyncio.gather(beside, return_exceptions=True)

    asyncio.run(run())


async def _keep_working(folder: Path, address: str) -> None:
    """Keep a worker process alive; one that dies at once is not started again in a hurry."""
    rest = 1.0
    while True:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "labelwright.server.worker", str(folder), address, stdin=subprocess.DEVNULL
        )
        try:
            await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
            raise
        rest = 1.0 if time.monotonic() - began > 60 else min(2 * rest, 60.0)
        logger.error("the worker ended with code %s; another starts in %.0f s", process.returncode, rest)
        await asyncio.sleep(rest)


def _listen_in_many(folder: Path, host: str, port: int, address: str, workers: int) -> None:
    from granian import Granian

    os.environ[FOLDER], os.environ[ADDRESS] = str(folder), host
    loop = asyncio.new_event_loop()
    keeping = loop.create_task(_keep_working(folder, address))
    beside = threading.Thread(target=_run_until_done, args=(loop, keeping), name="worker", daemon=True)
    beside.start()
    try:
        Granian(
            "labelwright.server.run:app",
            address=host,
            port=port,
            workers=workers,
            factory=True,
            respawn_failed_workers=True,
            workers_kill_timeout=STOPPING_SECONDS,
            **listening_options(),
        ).serve()
    finally:
        loop.call_soon_threadsafe(keeping.cancel)
        beside.join(10)


def _run_until_done(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
