"""Finds a span, box or segment that does not lie within what is labeled, or that is empty.

Why that is bad: training code cuts such places at the border, shifts them or stops; a place outside mostly means that it was made for
another version of the picture, clip or text, and that the remaining places are wrong as well.

Example: a box from 620 to 660 pixels in a picture 640 pixels wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.schema import Schema, Severity

SEVERITY: Severity = "error"
ALWAYS = True

PROBLEMS = frozenset({"out_of_bounds", "empty_box"})
"""What the kinds of answers call it."""


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has none of its own."""


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Return what passes on the problems of bounds that a question's kind has with its answer."""

    def run(case: Case) -> Iterator[Found]:
        for name, problems in case.problems.items():
            for problem in problems:
                if problem.rule in PROBLEMS:
                    yield Found(problem.message, name, problem.part)

    return run
