"""Show what the newest version of the guidelines changes, clause by clause, and declare a change editorial.

Audits given by a clause that has changed since do not count until they are given anew. A change that means what was meant before, such as
a mended typing error, is declared editorial: then they count as they did.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from labelwright.cli import _output

if TYPE_CHECKING:
    from labelwright.pipeline.workspace import OpenProject


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_folder(parser)
    _output.add_project(parser)
    _output.add_json(parser)
    parser.add_argument("--editorial", action="store_true", help="declare that the newest changes mean what was meant before")
    parser.add_argument("--clause", metavar="TITLE", help="with --editorial: only this clause")


def run(options: argparse.Namespace) -> int:
    from labelwright.errors import InvalidInput
    from labelwright.pipeline import events

    if options.clause and not options.editorial:
        raise InvalidInput("A clause is named to declare its change editorial.", where="--clause", hint="Add --editorial.")
    with _output.opened_workspace(options.dir) as workspace:
        chosen = [workspace.project(options.project)] if options.project else list(workspace.projects.values())
        declared = {}
        if options.editorial:
            for one in chosen:
                declaring = partial(events.declare_editorial, opened=one, clause=options.clause)
                declared[one.name] = workspace.database.write(declaring)
        changes = {one.name: _changes(one) for one in chosen}
    if options.json:
        _output.print_json({"declared": declared, "changes": changes} if options.editorial else changes)
        return 0
    for name, titles in declared.items():
        print(f"{name}: declared editorial: {', '.join(titles)}")
    for name, questions in changes.items():
        print(name)
        for question, clauses in questions.items():
            said = "; ".join(f"{clause} ({audits:,} audits to be given anew)" for clause, audits in clauses.items())
            print(f"  {question}: {said or 'no audit rests on a clause that has changed'}")
    return 0


def _changes(opened: OpenProject) -> dict[str, dict[str, int]]:
    """For each question the clauses that changed since drawn labels were audited, and how many audits each concerns."""
    from labelwright.store.audit import audit

    project = opened.project
    with project.database.read() as connection:
        return {name: found.clauses for name, found in audit(connection, project.id, project.schema).items()}
