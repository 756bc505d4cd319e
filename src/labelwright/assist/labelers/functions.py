"""Functions of one's own: a Python file whose functions marked `@labeling_function` take an item and return an answer or None.

Each function is a labeler of its own. Its version is the digest of its source together with what the file says outside of other labeling
functions, so that a change of one does not touch what the others suggested. A function that raises, or answers what the question does
not allow, abstains on that item; how often that happened, and first why, stands in its report, and each item with its error in quarantine
under the stage `suggest` until the function is mended.

Example: `{functions: rules.py}`, and in rules.py

    from labelwright import labeling_function

    @labeling_function(question="intent")
    def mentions_refund(item):
        return "refund" if "money back" in item.data["body"].text.lower() else None
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from labelwright import plugins
from labelwright.assist.decorator import mark_of
from labelwright.assist.labelers.base import Failed, Labeler, Progress
from labelwright.assist.proposal import Proposal
from labelwright.assist.versions import record
from labelwright.errors import InvalidInput, InvalidPipeline, LabelwrightError, nearest
from labelwright.schema import Answer, Item, content_hash
from labelwright.schema.kinds import Question
from labelwright.store.project import Project

SHORT = "file"


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`file`: the Python file, relative to the pipeline file."""

    file: str


def called(options: Options) -> str:
    """Return how the names of the functions begin: with the file's."""
    return f"{Path(options.file).stem}."


def open_labelers(options: Options, project: Project, place: str, progress: Progress) -> list[Labeler]:
    """Run the file and return a labeler for each function that is marked."""
    try:
        module, _ = plugins.load_file(project.folder, options.file)
    except InvalidPipeline as error:
        raise InvalidPipeline(error.message, where=f"{place}, {error.where or 'functions'}", hint=error.hint) from error
    source = Path(str(module.__file__)).read_text("utf-8")
    marked = {name: (value, mark) for name, value in vars(module).items() if (mark := mark_of(value))}
    if not marked:
        hint = "Write `from labelwright import labeling_function` and @labeling_function before each function."
        raise InvalidPipeline(f"'{options.file}' has no function marked @labeling_function.", where=place, hint=hint)
    found: list[Labeler] = []
    for name, (function, mark) in marked.items():
        question = mark.question or (next(iter(project.schema.questions)) if len(project.schema.questions) == 1 else None)
        if question not in project.schema.questions or question is None:
            message = f"There is no question '{question}'." if question else "Which question does it answer?"
            hint = nearest(question or "", project.schema.questions) or ""
            raise InvalidPipeline(message, where=f"{place}, {options.file}, {name}", hint=f"Write @labeling_function(question=…). {hint}")
        version = content_hash([_source_of(source, function.__name__, set(marked)), question, _asked(project.schema.questions[question])])[
            :16
        ]
        found.append(_Function(f"{called(options)}{name}", question, version, function, project, options.file))
    return found


class _Function:
    def __init__(self, name: str, question: str, version: str, function: Callable[..., Any], project: Project, file: str) -> None:
        self.name = name
        self.question = question
        self.version = version
        self._function = function
        self._project = project
        self._file = file
        self._asked = project.schema.questions[question]
        self._arguments: tuple[Any, ...] = (project.blobs,) if len(inspect.signature(function).parameters) > 1 else ()
        self._failed = 0
        self._answered = 0
        self._error: str | None = None

    def propose(self, items: Sequence[Item]) -> list[Proposal | Failed | None]:
        return [self._one(item) for item in items]

    def close(self) -> None:
        report = {"question": self.question, "file": self._file, "answered": self._answered, "failed": self._failed, "error": self._error}
        record(self._project, self.name, self.version, report=report)

    def _one(self, item: Item) -> Proposal | Failed | None:
        try:
            proposal = _read(self._function(item, *self._arguments), self._asked)
            if proposal is None:
                return None
            problems = self._asked.problems(proposal.answer, item.data)
            if problems:
                raise InvalidInput(problems[0].message)
        except BaseException as error:
            # Whatever a project's own code raises on one item, the other items are labeled all the same.
            reason = self._why(error)
            self._failed += 1
            self._error = self._error or f"At item {item.key}: {reason}"[:500]
            return Failed(reason)
        self._answered += 1
        return proposal

    def _why(self, error: BaseException) -> str:
        reason = plugins.caught(error)
        if isinstance(error, LabelwrightError):
            return reason
        line = plugins.line_within(error, self._project.folder / self._file)
        return f"{reason} ({self._file}{f' line {line}' if line else ''})"


def _read(result: Any, question: Question) -> Proposal | None:
    score = None
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], int | float):
        result, score = result[0], float(result[1])
        if not 0 <= score <= 1:
            raise InvalidInput(f"A score lies between 0 and 1, and {score} does not.")
    if result is None:
        return None
    answer = result if isinstance(result, Answer) else question.from_plain(result)
    if not question.is_answered_by(answer):
        raise InvalidInput(f"The question asks for {question.kind} and the answer is {answer.kind}.")
    return Proposal(answer, score)


def _source_of(source: str, name: str, marked: set[str]) -> str:
    """The file's text without its other labeling functions; formatting and comments do not matter."""
    kept = [
        ast.unparse(node)
        for node in ast.parse(source).body
        if not (isinstance(node, ast.FunctionDef) and node.name in marked and node.name != name)
    ]
    return "\n".join(kept)


def _asked(question: Question) -> list[Any]:
    return [question.kind, question.of, list(question.labels)]
