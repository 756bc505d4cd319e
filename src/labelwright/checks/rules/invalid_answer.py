"""Finds an answer that its question does not allow: an unknown label, another kind of answer, a question that is no longer asked.

Why that is bad: a label that the schema does not name is a typing error or stems from another version of the schema; a model would learn
it as a class of its own. Everything after the checks relies on this one, so it always blocks.

Example: 'refnd' where the labels are refund, bug and other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.checks.rules.out_of_bounds import PROBLEMS as BOUNDS
from labelwright.schema import Schema, Severity

SEVERITY: Severity = "error"
ALWAYS = True
BINDING = True


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has none of its own."""


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Return what passes on the problems, other than those of bounds, that a question's kind has with its answer."""

    def run(case: Case) -> Iterator[Found]:
        for name, problems in case.problems.items():
            for problem in problems:
                if problem.rule not in BOUNDS:
                    yield Found(problem.message, name, problem.part)

    return run
