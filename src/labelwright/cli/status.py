"""Tell where each project stands: what was collected, what waits, what lies in quarantine and why."""

from __future__ import annotations

import argparse

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.pipeline.status import read_status

    with _output.opened_workspace(options.dir) as workspace, workspace.database.read() as connection:
        found = [read_status(connection, opened.project) for opened in workspace.projects.values()]
    if options.json:
        _output.print_json(found)
        return 0
    header = [
        "project",
        "collected",
        "in quarantine",
        "duplicates",
        "gold",
        "to label",
        "labeled",
        "suggested",
        "open",
        "done",
        "answers",
        "to review",
    ]
    rows = [
        (
            one.project,
            one.collected,
            one.quarantined,
            one.duplicates,
            one.gold,
            one.asked,
            one.labeled,
            one.suggested,
            one.remaining,
            one.tasks.get("done", 0),
            one.annotations,
            one.reviews_waiting,
        )
        for one in found
    ]
    print(_output.table(rows, header=header))
    for one in found:
        if one.trouble:
            print(f"{one.project}: what follows people's answers fails: {one.trouble}")
        if one.gone:
            print(f"{one.project}: {one.gone:,} {'item is' if one.gone == 1 else 'items are'} no longer in their source (kept)")
        for broken in one.quarantine:
            what = "could not be suggested for:" if broken.stage == "suggest" else f"in quarantine ({broken.stage})"
            print(f"{one.project}: {what} {broken.place}: {broken.reason}")
        if (more := one.quarantined + one.failed_suggestions - len(one.quarantine)) > 0:
            print(f"{one.project}: … and {more:,} more")
    return 0
