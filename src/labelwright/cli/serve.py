"""Serve the page and the API, with the background worker beside it.

On first start it prints a one-time link with which the owner signs in and chooses a password.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    parser.add_argument("--host", help="the address to listen on (default: 127.0.0.1, this machine alone)")
    parser.add_argument("--port", type=int, help="the port (default: 8000; 0 picks a free one)")
    parser.add_argument("--workers", type=int, default=1, help="processes that answer requests; more than one needs PostgreSQL")
    parser.add_argument("--no-worker", action="store_true", help="leave the background work to another process")


def run(options: argparse.Namespace) -> int:
    import logging

    from labelwright.server.run import serve
    from labelwright.settings import settings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    serve(
        Path(options.dir),
        host=options.host or settings().host,
        port=settings().port if options.port is None else options.port,
        workers=options.workers,
        worker=not options.no_worker,
        started=_say,
    )
    return 0


def _say(address: str, link: str | None) -> None:
    print(f"Labelwright is at {address}", flush=True)
    if link:
        print(f"Sign in, once, with this link: {link}", flush=True)
    print("Stop it with Ctrl+C.", flush=True)
