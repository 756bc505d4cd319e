"""The dataset's card: what it holds, how it came to be and what is proved about it, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.schema.markdown import escaped, quoted
from labelwright.store.project import Project

if TYPE_CHECKING:
    from labelwright.api.datasets import Version

__all__ = ["card"]


def card(project: Project, version: Version) -> str:
    """Return the card in Markdown; it leaves out the number, which a version gets only when it is written down."""
    lines = [
        f"# {escaped(project.name)}",
        "",
        f"{version.items:,} labeled items. Version `{version.digest[:12]}`, frozen by Labelwright.",
        "",
    ]
    if version.unfinished:
        lines += [f"{version.unfinished:,} items without all required labels are left out.", ""]
    lines += ["## Certificate", "", version.certificate.markdown()]
    if version.requirements:
        lines += ["## Requirements", ""]
        for outcome in version.requirements:
            holds = {True: "holds", False: "does not hold", None: "not enough evidence"}[outcome.holds]
            lines.append(f"- {quoted(outcome.requirement)} {holds}. {escaped(outcome.reason)}".rstrip())
        lines.append("")
    if version.splits:
        lines += [
            "## Splits",
            "",
            "| split | items |",
            "|---|---|",
            *(f"| {escaped(name)} | {count:,} |" for name, count in version.splits.items()),
        ]
        lines += ["", "Exact duplicates, pieces of one text, and rows of one group lie in one split.", ""]
    lines += ["## Labels", ""]
    for name, question in project.schema.questions.items():
        what = "item" if question.shape is None else "place marked"
        origins = ", ".join(f"{count:,} by {escaped(origin)}" for origin, count in version.origins.get(name, {}).items())
        lines += [
            f"### {escaped(name)}: {question.kind} of {escaped(question.of)}",
            "",
            escaped(question.description or question.title or ""),
            "",
        ]
        lines += [
            f"Answers: {origins or 'none'}.",
            "",
            f"| label | {what}s |" if what == "item" else "| label | places marked |",
            "|---|---|",
        ]
        counts = version.labels.get(name, {})
        lines += [f"| {escaped(label)} | {counts.get(label, 0):,} |" for label in question.labels]
        lines.append("")
    if project.guidelines:
        lines += ["## Guidelines", "", project.guidelines.strip(), ""]
    return "\n".join(lines)
