"""Finds answers for which an expression of the pipeline file does not hold.

Why: answers to several questions often constrain each other, and only the project knows how. An expression says it in one line, is
checked when the pipeline is loaded, and can do nothing but look at the answers and the item.

Example: `intent == 'refund' implies any(entities, label == 'AMOUNT')`, or with a message of its own
`{expression: {that: "len(body) > 0 implies count(entities) <= 50", message: "More than 50 entities?", severity: warning}}`.

Names are the questions, the fields of the data, and `meta.column`. A choice is its label, or none; spans, boxes and segments are lists.
`any(list, condition)`, `all`, `count`, `sum`, `min` and `max` look at each place of a list, whose `label`, `text`, `start`, `end`,
`length`, `x`, `y`, `width`, `height` and `area` the condition may name; `any(a in entities, …)` calls the place `a`. Further functions:
`len`, `words`, `lower`, `upper`, `strip`, `starts_with`, `ends_with`, `matches(text, 'regular expression')`, `number`, `abs`, `round`,
`labels(list)`. What is missing compares as false.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.checks import case
from labelwright.checks.case import Case, Found, NotMade, Run
from labelwright.expressions import CannotTell, OutOfTime, Steps, Subject, compile_expression
from labelwright.schema import Schema, Severity

SEVERITY: Severity = "error"
ALWAYS = False
SHORT = "that"


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`that` is what has to hold, `message` what the annotator is told where it does not."""

    that: str
    message: str | None = None


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    expression = compile_expression(options.that, schema.names())
    line = " ".join(options.that.split())
    message = options.message or f"This does not hold: {line}"
    question = expression.questions[0] if len(expression.questions) == 1 else None

    def run(case: Case) -> Iterator[Found]:
        item = case.item
        try:
            if not expression.holds(Subject(case.values, item.data, item.meta, item.key), steps=Steps(ends=case.ends)):
                yield Found(message, question)
        except CannotTell as error:
            # The annotator can do nothing about it, so it asks and does not block.
            kind = NotMade if isinstance(error, OutOfTime) else Found
            yield kind(f"This could not be checked: {line} ({error})", question, severity="warning")

    return run
