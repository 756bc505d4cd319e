"""Finds a required question without an answer.

Why that is bad: the item would count as done, and the dataset would have a hole that nobody sees before training. A question that may
stay open is declared with `required: false`; for spans, boxes and segments an empty list is an answer. A question whose `when` does not
hold is not asked, and so has no answer to miss.

Example: a ticket is submitted with its entities marked and without its intent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.schema import Schema, Severity

SEVERITY: Severity = "error"
ALWAYS = True


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has none of its own."""


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Return what looks for required questions without an answer."""
    required = {name: question.title or name for name, question in schema.questions.items() if question.required}

    def run(case: Case) -> Iterator[Found]:
        for name in case.asked:
            # An answer of another kind is a finding of its own.
            if name in required and name not in case.values and name not in case.problems:
                yield Found(f"The question '{required[name]}' has no answer.", name)

    return run
