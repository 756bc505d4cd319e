"""Finds what a Python file of one's own looks for.

Why: some rules need a table, a calculation or a library, and are no expression. Every function of the file that is marked `@check` gets
the answers in plain form and the item, and returns None, or what is wrong. The file is the project's own code and runs with all rights,
in a process beside the server's. A check that raises, or takes more than 5 seconds, is reported as a warning, so that its mistake stops
nobody from working: the process of one that does not come back is ended, and another is started for the next answer. What a check keeps
in a variable of its file is therefore not kept for long.

Example: `{python: checks.py}`, and in checks.py

    from labelwright import check

    @check(severity="warning", question="intent")
    def refunds_have_an_order(values, item):
        \"\"\"A refund without an order number: is it meant so?\"\"\"
        return values.get("intent") != "refund" or "order" in item.meta
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from labelwright import plugins
from labelwright.checks import case
from labelwright.checks.case import Case, Found, NotMade, Run
from labelwright.checks.child import Children, Unanswered
from labelwright.checks.decorator import mark_of
from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema import Schema, Severity

SEVERITY: Severity = "error"
ALWAYS = False
SHORT = "file"


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`file`: the Python file, relative to the pipeline file."""

    file: str

    @property
    def files(self) -> Sequence[str]:
        return (self.file,)


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Run the file once and return what asks each of its checks."""
    module, _ = plugins.load_file(folder, options.file)
    found = {name: (value, mark) for name, value in vars(module).items() if (mark := mark_of(value))}
    if not found:
        hint = "Write `from labelwright import check` and @check before each function."
        raise InvalidPipeline(f"'{options.file}' has no function marked @check.", hint=hint)
    for name, (_, mark) in found.items():
        if mark.question is not None and mark.question not in schema.questions:
            hint = nearest(mark.question, schema.questions) or ""
            raise InvalidPipeline(f"There is no question '{mark.question}'.", where=f"{options.file}, {name}", hint=hint)

    children = Children(folder, options.file, list(found))

    def run(case: Case) -> Iterator[Found]:
        try:
            answers = children.ask(case)
        except Unanswered as error:
            answers = error.answered
            (stopped, (_, mark)), *rest = list(found.items())[len(answers) :]
            yield from (one for answer in answers for one in answer)
            yield NotMade(f"The check '{stopped}' could not be made: {error}.", mark.question, severity="warning")
            for name, (_, other) in rest:
                yield NotMade(f"Because of '{stopped}', '{name}' could not be made either.", other.question, severity="warning")
        else:
            yield from (one for answer in answers for one in answer)

    return run
