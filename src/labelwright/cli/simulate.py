"""Let simulated annotators and reviewers work through the real HTTP API, against the truth as far as it is known.

The truth is the file truth.jsonl beside the pipeline file, or else gold and the dataset to compare with. It tells what a project's
workflow is worth before people spend their time on it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    parser.add_argument("--annotators", type=int, default=5, metavar="N", help="how many label (default: 5)")
    parser.add_argument("--reviewers", type=int, default=1, metavar="N", help="how many review besides (default: 1)")
    parser.add_argument("--accuracy", type=float, default=0.85, metavar="A", help="how often they are right, on average (default: 0.85)")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is left to chance")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.demo.simulate import simulate
    from labelwright.server.alone import ensure_not_served
    from labelwright.server.process import running_server

    # They work through a server of their own, and a folder has one.
    ensure_not_served(Path(options.dir))
    with _output.opened_workspace(options.dir) as workspace, running_server(Path(options.dir), worker=False) as address:
        done = simulate(
            workspace,
            address,
            projects=[options.project] if options.project else None,
            annotators=options.annotators,
            reviewers=options.reviewers,
            accuracy=options.accuracy,
            seed=options.seed,
            progress=_output.progress(),
        )
    if options.json:
        _output.print_json(done)
    else:
        print(done.text())
    return 0
