"""Runs steps of one's own: every function of a Python file that is marked `@step`, in the file's order.

A step gets the row as a dict of its columns and returns the row, changed or not; None drops the row; a list of rows makes pieces of it.
The file is the project's own code and runs with all rights. Items are prepared anew when its code changes; comments and layout do not
count. A row for which a step raises goes to the quarantine with the error. Results are kept: while the code and what comes in stay, other
steps may change without this one running again.

Example: `{python: steps.py}`, and in steps.py

    from labelwright import step

    @step
    def without_signature(row):
        row["body"] = row["body"].partition("-- ")[0]
        return row
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from labelwright import plugins
from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.prepare.decorator import is_step
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.schema import Field, Schema
from labelwright.schema.item import content_hash

__all__ = ["REMEMBERS", "SHORT", "Options", "apply", "check", "digest"]

REMEMBERS = True

SHORT = "file"
"""`{python: steps.py}` is short for `{python: {file: steps.py}}`."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`file`: the Python file, relative to the pipeline file."""

    file: str
    functions: tuple[Any, ...] = ()


def check(options: Options, schema: Schema, folder: Path) -> Options:
    """Run the file once and remember its steps."""
    module, _ = plugins.load_file(folder, options.file)
    found = tuple(value for value in vars(module).values() if is_step(value))
    if not found:
        hint = "Write `from labelwright import step` and @step before each function."
        raise InvalidPipeline(f"'{options.file}' has no function marked @step.", where="python", hint=hint)
    return structs.replace(options, functions=found)


def digest(options: Options, folder: Path) -> str:
    """Return the hash of the file's code, without comments and layout."""
    source = (folder / options.file).read_bytes()
    try:
        return content_hash(_code(ast.parse(source)))
    except (SyntaxError, RecursionError, ValueError):
        return content_hash(source)


def _code(node: Any) -> Any:
    """Return what a syntax tree says, in lists; `ast.dump` writes the same tree differently from one Python to the next."""
    if isinstance(node, ast.AST):
        said = ([name, _code(value)] for name, value in ast.iter_fields(node) if value is not None and value != [])
        return [type(node).__name__, *said]
    return [_code(one) for one in node] if isinstance(node, list) else repr(node)


def apply(draft: ItemDraft, options: Options, context: Context) -> Iterator[ItemDraft]:
    """Hand the row through each function."""
    rows = [{name: copy.deepcopy(value) if type(value) in (dict, list) else value for name, value in draft.columns.items()}]
    pieces = False
    for function in options.functions:
        made: list[dict[str, Any]] = []
        for row in rows:
            outcome = _call(function, row)
            pieces = pieces or isinstance(outcome, list)
            made += outcome if isinstance(outcome, list) else [] if outcome is None else [outcome]
        rows = made
    for number, row in enumerate(rows, 1):
        _check_row(row)
        # A text that a step has rewritten has no positions in the raw text any more.
        same = {field: normal for field, normal in draft.positions.items() if row.get(field) == draft.columns.get(field)}
        yield structs.replace(draft, columns=row, positions=same, number=number if pieces and len(rows) > 1 else draft.number)


def _call(function: Callable[..., Any], row: dict[str, Any]) -> Any:
    try:
        return function(row)
    except BaseException as error:
        raise InvalidInput(f"The step '{function.__name__}' failed: {plugins.caught(error).rstrip('.')}.") from error


def _check_row(row: Any) -> None:
    if not isinstance(row, dict) or not all(isinstance(name, str) for name in row):
        raise InvalidInput(f"A step returned {type(row).__name__} instead of a row.", hint="Return the row, None, or a list of rows.")
    try:
        plain = {name: value for name, value in row.items() if not isinstance(value, Field)}
        msgspec.json.encode(plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"A step returned what cannot be kept as JSON: {error}.") from error
