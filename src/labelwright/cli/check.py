"""Check the requirements of the model to be trained; exit code 0 where all hold, 1 where one does not or lacks evidence."""

from __future__ import annotations

import argparse
import sys

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.analytics import advise, check_requirements
    from labelwright.pipeline.run import catch_up_alone

    with _output.opened_workspace(options.dir) as workspace:
        chosen = [workspace.project(options.project)] if options.project else list(workspace.projects.values())
        behind = [one.name for one in chosen if not catch_up_alone(one, progress=_output.progress(), anew=True)]
        with workspace.database.read() as connection:
            found = {one.name: check_requirements(connection, one.project, one.pipeline.requirements) for one in chosen}
            advice = {
                one.name: advise(
                    connection,
                    one.project,
                    one.pipeline.requirements,
                    sample=one.pipeline.review.sample_share,
                    own=one.pipeline.review.own,
                )
                for one in chosen
            }
    for name in behind:
        print(f"{name}: another process is at work, so that the newest answers may not be counted; check again later.", file=sys.stderr)
    if options.json:
        _output.print_json(found)
    else:
        for name, outcomes in found.items():
            print(name)
            if not outcomes:
                print("  The pipeline file states no requirements.")
            for outcome in outcomes:
                sign = {True: "holds", False: "DOES NOT HOLD", None: "not enough evidence"}[outcome.holds]
                said = outcome.reason.removeprefix("Not enough evidence: ") if outcome.holds is None else outcome.reason
                print(f"  {outcome.requirement}: {sign}{f' ({said})' if said else ''}")
            for line in advice[name]:
                print(f"  To do: {line}")
    return 0 if all(outcome.holds for outcomes in found.values() for outcome in outcomes) else 1
