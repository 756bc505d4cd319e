"""Try it: text, pictures and sound that come with Labelwright, ready to label in the browser.

With --simulate, annotators and reviewers are played through the real HTTP API and the pipeline goes to its end: frozen datasets with
their certificates, and a summary that compares with the truth, which is known here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.cli import _output

if TYPE_CHECKING:
    from labelwright.pipeline.workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", nargs="?", default="labelwright-demo", help="where to write it (default: ./labelwright-demo)")
    parser.add_argument("--simulate", action="store_true", help="play annotators and reviewers, and finish the pipeline")
    parser.add_argument("--no-serve", action="store_true", help="do not open the page at the end")
    parser.add_argument("--annotators", type=int, default=5, metavar="N", help="how many are played (default: 5)")
    parser.add_argument("--accuracy", type=float, default=0.85, metavar="A", help="how often they are right (default: 0.85)")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is left to chance")
    parser.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port (default: 8000; 0 picks a free one)")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright import demo
    from labelwright.pipeline.run import advance
    from labelwright.pipeline.turn import turn

    folder = Path(options.dir)
    _ensure_it_can_be_served(options, folder)
    demo.write(folder, seed=options.seed)
    with _output.opened_workspace(options.dir) as workspace:
        with turn(workspace.database, wait_seconds=60):
            for opened in workspace.projects.values():
                report = advance(opened, progress=_output.progress())
                if not options.json:
                    set_aside = report.collected.quarantined + report.prepared.quarantined
                    print(
                        f"{report.project}: {report.collected.collected:,} rows and files collected, {set_aside:,} in quarantine, "
                        f"{report.caught_up.suggested:,} suggestions, {report.caught_up.tasks_opened:,} tasks opened"
                    )
        if options.simulate:
            _simulate(options, workspace, folder)
    if options.no_serve:
        return 0
    from labelwright.cli import serve

    parser = argparse.ArgumentParser()
    serve.arguments(parser)
    words = [options.dir, *(["--host", options.host] if options.host else [])]
    return serve.run(parser.parse_args([*words, *(["--port", str(options.port)] if options.port is not None else [])]))


def _ensure_it_can_be_served(options: argparse.Namespace, folder: Path) -> None:
    """Say now, and not after all is loaded, that the page could not be opened."""
    from labelwright.server.alone import ensure_not_served
    from labelwright.server.run import free_port
    from labelwright.settings import settings

    if (options.simulate or not options.no_serve) and any(folder.glob("*/labelwright.yaml")):
        ensure_not_served(folder)
    if not options.no_serve:
        free_port(options.host or settings().host, settings().port if options.port is None else options.port)


def _simulate(options: argparse.Namespace, workspace: Workspace, folder: Path) -> None:
    from labelwright.demo.simulate import simulate
    from labelwright.demo.summary import summarise
    from labelwright.pipeline.run import freeze
    from labelwright.pipeline.turn import turn
    from labelwright.server.process import running_server

    with running_server(folder, worker=False) as address:
        simulate(
            workspace,
            address,
            annotators=options.annotators,
            accuracy=options.accuracy,
            seed=options.seed,
            progress=_output.progress(),
        )
    with turn(workspace.database, wait_seconds=60):
        for opened in workspace.projects.values():
            freeze(opened, progress=_output.progress())
    summary = summarise(workspace)
    if options.json:
        _output.print_json(summary)
    else:
        print(summary.text())
