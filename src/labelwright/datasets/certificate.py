"""The certificate of a dataset: what the random audit proves about its labels, question by question.

What is audited, what the bounds are about and what they do not hide stands in [labelwright.store.audit][]; this is the value that leaves
with a version.
"""

from __future__ import annotations

from sqlalchemy import Connection

from labelwright.api.datasets import Certificate
from labelwright.store.audit import Method, audit
from labelwright.store.project import Project

__all__ = ["certificate"]


def certificate(connection: Connection, project: Project, *, confidence: float = 0.95, method: Method = "hypergeometric") -> Certificate:
    """Return what the random audit proves at `confidence` (see `labelwright.store.audit.audit`, and the errors it raises)."""
    questions = audit(connection, project.id, project.schema, confidence=confidence, method=method)
    return Certificate(project=project.name, confidence=confidence, questions=questions)
