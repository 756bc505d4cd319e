"""What the audit proves, read once for all who ask at one moment."""

from __future__ import annotations

from sqlalchemy import Connection

from labelwright.api.datasets import QuestionAudit
from labelwright.store.audit import audit
from labelwright.store.project import Project

__all__ = ["Audits"]


class Audits:
    """The audits of a project at one moment, by their confidence: each is read when it is first asked for."""

    def __init__(self, connection: Connection, project: Project) -> None:
        self._connection, self._project = connection, project
        self._found: dict[float, dict[str, QuestionAudit]] = {}

    def at(self, confidence: float) -> dict[str, QuestionAudit]:
        """Return the audit of each question at this confidence."""
        if confidence not in self._found:
            self._found[confidence] = audit(self._connection, self._project.id, self._project.schema, confidence=confidence)
        return self._found[confidence]
