"""Do every automated step that can go forward: collect, prepare, suggest, check, assure.

Run it as often as you like: what is done is not done again, and a run that was stopped anywhere goes on where it was. The exit code is 1
where rows came and none of them could become an item, or a labeler fails at every item.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from labelwright.cli import _output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labelwright.prepare import PrepareReport


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.pipeline.run import advance
    from labelwright.pipeline.turn import turn

    with _output.opened_workspace(options.dir) as workspace:
        chosen = [workspace.project(options.project)] if options.project else list(workspace.projects.values())
        with turn(workspace.database, wait_seconds=600):
            reports = [advance(opened, progress=_output.progress()) for opened in chosen]
    nothing = [report.project for report in reports if report.nothing]
    failing = [labeler for report in reports for labeler in report.failing]
    if options.json:
        _output.print_json(reports)
        return 1 if nothing or failing else 0
    for report in reports:
        collected, prepared = report.collected, report.prepared
        print(f"{report.project}")
        print(
            f"  collected  {collected.new:,} new, {collected.changed:,} changed, {collected.unchanged:,} unchanged, "
            f"{collected.quarantined:,} in quarantine"
        )
        print(f"  prepared   {prepared.prepared:,} items, {prepared.duplicates:,} duplicates, {prepared.quarantined:,} in quarantine")
        for line in _moved(prepared):
            print(f"  {line}")
        if report.gone:
            print(f"  vanished   {report.gone:,} {'item is' if report.gone == 1 else 'items are'} no longer in their source (kept)")
        after = report.caught_up
        print(f"  suggested  {after.suggested:,}; tasks opened: {after.tasks_opened:,}; reviews opened: {after.reviews_opened:,}")
        for outcome in report.requirements:
            sign = {True: "holds", False: "does not hold", None: "not enough evidence"}[outcome.holds]
            print(f"  required   {outcome.requirement}: {sign}")
        for outdated in report.outdated:
            follows = "asked anew: of their authors, and what came from a file or a review, of others" if outdated.anew else "not counted"
            print(f"  outdated   {outdated}; {follows}")
        for line in _output.set_aside_lines(report.set_aside):
            print(f"  {line}")
    if any(report.set_aside for report in reports):
        print(f"All of these: {_output.command('status', options.dir)}")
    if nothing:
        print(f"No row of {', '.join(nothing)} could become an item. Mend the pipeline file or the data, then run it again.")
        return 1
    if failing:
        print(f"Failed at every item: {', '.join(failing)}. Mend it, and run again.")
    print(f"Next: {_output.command('serve', options.dir)}")
    return 1 if failing else 0


def _moved(prepared: PrepareReport) -> Iterator[str]:
    """Say how many items left and came back, and how many answers with them."""
    if prepared.left or prepared.replaced:
        how = [f"{_many(prepared.left, 'item')} left"] if prepared.left else []
        how += [f"{_many(prepared.replaced, 'item')} replaced by what their rows show now"] if prepared.replaced else []
        answers = _many(prepared.answers_left, "answer")
        yield f"gone       {', '.join(how)}, with {answers}; all are kept, and return if the rows show the same again"
    if prepared.returned:
        answers = _many(prepared.answers_returned, "answer")
        yield f"returned   {_many(prepared.returned, 'item')}, with {answers}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
