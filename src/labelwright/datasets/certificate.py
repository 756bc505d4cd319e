"""The certificate of a dataset: what the random audit proves about its labels, question by question.

What is audited, what the bounds are about and what they do not hide stands in [labelwright.store.audit][]; this is the value that leaves
with a version.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from labelwright.schema.markdown import escaped
from labelwright.store.audit import Method, QuestionAudit, audit
from labelwright.store.project import Project

__all__ = ["Certificate", "certificate"]


class Certificate(Struct, frozen=True, kw_only=True):
    """The certificate of a dataset: one proof, or the lack of it, a question."""

    project: str
    confidence: float
    questions: dict[str, QuestionAudit]

    @property
    def enough(self) -> bool:
        """Tell whether there is enough evidence about every question."""
        return all(question.enough for question in self.questions.values())

    @property
    def assumes_perfect_auditors(self) -> bool:
        """Tell whether the bound of a question rests on auditors who find every error, because how many they find was not measured."""
        return any(question.enough and not question.planted for question in self.questions.values())

    def markdown(self) -> str:
        """Return the certificate as a table with its statements. What it assumes about the auditors comes first."""
        lines = []
        if self.assumes_perfect_auditors:
            lines += ["This certificate assumes auditors who find every error: how many they find was not measured.", ""]
        columns = ("question", "wrong at most", "after repairs", "looks", "confidence", "labels", "audited", "errors", "pending")
        lines += [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
        for one in self.questions.values():
            bound = f"{one.bound:.2%} | {one.remaining:.2%} | {one.looks}" if one.enough else "not enough evidence | |"
            counts = " | ".join("" if count is None else f"{count:,}" for count in (one.population, one.audited, one.errors, one.pending))
            lines.append(f"| {escaped(one.question)} | {bound} | {one.confidence:.4g} | {counts} |")
        return "\n".join([*lines, "", *(f"- **{escaped(one.question)}**: {escaped(one.statement)}" for one in self.questions.values()), ""])


def certificate(connection: Connection, project: Project, *, confidence: float = 0.95, method: Method = "hypergeometric") -> Certificate:
    """Return what the random audit proves at `confidence` (see `labelwright.store.audit.audit`, and the errors it raises)."""
    questions = audit(connection, project.id, project.schema, confidence=confidence, method=method)
    return Certificate(project=project.name, confidence=confidence, questions=questions)
