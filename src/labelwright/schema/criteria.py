"""What a question asks people to judge by, clause by clause, so that a change of one clause is told from a change of all.

The guidelines are one Markdown document. Each heading begins a clause. A clause below a heading that is the name or the title of a
question, alone or before a colon, belongs to that question; every other clause belongs to all of them. What the pipeline file itself
says about a question (its kind, labels, titles and descriptions) is a clause, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from labelwright.schema.item import content_hash
from labelwright.schema.kinds import Question
from labelwright.schema.schema import Schema

__all__ = ["DECLARED", "Criteria", "criteria"]

Criteria = dict[str, dict[str, str]]
"""For each question the clauses that people judge it by, and a digest of what each says."""

DECLARED = "pipeline file"
"""The clause that holds what the pipeline file says about a question."""

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_LOOKS = ("key", "color")


def criteria(schema: Schema, guidelines: str) -> Criteria:
    """Return what each question is judged by.

    White space and the order of the clauses make no difference.

    Args:
        schema: the questions.
        guidelines: the Markdown text of the guidelines; may be empty.

    >>> from labelwright.schema.kinds.choice import ChoiceQuestion
    >>> schema = Schema(data={"body": "text"}, questions={"intent": ChoiceQuestion(of="body", options=("refund", "bug"))})
    >>> sorted(criteria(schema, "# Tickets\\nBe kind.\\n## Refunds\\nMoney back.")["intent"])
    ['Refunds', 'Tickets', 'pipeline file']
    """
    names = {spelling.casefold(): name for name, one in schema.questions.items() for spelling in (name, one.title) if spelling}
    found: Criteria = {name: {DECLARED: _declared(question)} for name, question in schema.questions.items()}
    for path, text in _clauses(guidelines):
        about = {names[heading] for heading in map(_begins, path) if heading in names}
        title = path[-1] if path else "introduction"
        for name in about or found:
            found[name][_unused(title, found[name])] = content_hash(" ".join(text.split()).encode())
    return found


def _begins(heading: str) -> str:
    return heading.partition(":")[0].strip().casefold()


def _declared(question: Question) -> str:
    """The digest of what the pipeline file says about a question; how a label looks and which key sets it is no criterion."""
    said = msgspec.to_builtins(question)
    said["options"] = [_option(option) for option in said.get("options", ())]
    return content_hash(said)


def _option(option: str | Mapping[str, object]) -> dict[str, object]:
    given = {"label": option} if isinstance(option, str) else option
    return {key: value for key, value in given.items() if key not in _LOOKS and value is not None}


def _clauses(guidelines: str) -> list[tuple[tuple[str, ...], str]]:
    """Return each clause with the headings above it, its own last; headings inside a block of code are none."""
    found: list[tuple[tuple[str, ...], str]] = []
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    fence: str | None = None

    def end() -> None:
        if any(line.strip() for line in lines):
            found.append((tuple(title for _, title in path), "\n".join(lines)))
        lines.clear()

    for line in guidelines.splitlines():
        mark = _FENCE.match(line)
        if mark:
            fence = None if fence == mark[1] else fence or mark[1]
        heading = None if fence or mark else _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        end()
        depth = len(heading[1])
        path = [one for one in path if one[0] < depth] + [(depth, heading[2].strip())]
    end()
    return found


def _unused(title: str, taken: Mapping[str, str]) -> str:
    """A title that no clause has yet: the second `Refunds` is `Refunds (2)`."""
    if title not in taken:
        return title
    number = 2
    while f"{title} ({number})" in taken:
        number += 1
    return f"{title} ({number})"
