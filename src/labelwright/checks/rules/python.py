"""Finds what a Python file of one's own looks for.

Why: some rules need a table, a calculation or a library, and are no expression. Every function of the file that is marked `@check` gets
the answers in plain form and the item, and returns None, or what is wrong. The file is the project's own code and runs with all rights.
A check that raises is reported as a warning, so that its mistake stops nobody from working.

Example: `{python: checks.py}`, and in checks.py

    from labelwright import check

    @check(severity="warning", question="intent")
    def refunds_have_an_order(values, item):
        \"\"\"A refund without an order number: is it meant so?\"\"\"
        return values.get("intent") != "refund" or "order" in item.meta
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from labelwright import plugins
from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.checks.decorator import Mark, mark_of
from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema import Finding, Schema, Severity

SEVERITY: Severity = "error"
ALWAYS = False
SHORT = "file"


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`file`: the Python file, relative to the pipeline file."""

    file: str


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

    def run(case: Case) -> Iterator[Found]:
        for name, (function, mark) in found.items():
            # Each check gets values of its own: what one does to them, the next does not see.
            yield from _ask(name, function, mark, case)

    return run


def _ask(name: str, function: Callable[..., Any], mark: Mark, case: Case) -> list[Found]:
    try:
        values = {question: answer.plain() for question, answer in case.values.items()}
        return list(_read(function(values, case.item), name, function.__doc__, mark))
    except Exception as error:
        # Whatever a project's own code raises, the annotator can do nothing about it and goes on working.
        reason = f"{type(error).__name__}: {error}"[:300]
        return [Found(f"The check '{name}' failed with {reason}", mark.question, severity="warning")]


def _read(result: Any, name: str, document: str | None, mark: Mark) -> Iterator[Found]:
    if result is None or result is True:
        return
    if isinstance(result, Finding):
        yield Found(result.message, result.question or mark.question, result.unit, result.severity)
    elif isinstance(result, Found):
        yield result._replace(question=result.question or mark.question, severity=result.severity or mark.severity)
    elif isinstance(result, str):
        yield Found(result, mark.question, severity=mark.severity)
    elif result is False:
        text = (document or "").strip().partition("\n")[0]
        yield Found(text or f"The check '{name}' does not hold.", mark.question, severity=mark.severity)
    elif isinstance(result, Iterable):
        for one in result:
            yield from _read(one, name, document, mark)
    else:
        raise TypeError(f"a check returns None, True, False, a message, Found or a list of these, and not {type(result).__name__}")
