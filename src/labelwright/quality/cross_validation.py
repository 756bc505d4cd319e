"""Report `cross_validation`: the labels beside an existing dataset's, where both speak of the same items."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.reports import CrossValidationReport, QuestionCrossValidation
from labelwright.quality.gold import cells, share_of
from labelwright.quality.policy import CrossValidate
from labelwright.schema import Schema
from labelwright.schema.figure import Figure
from labelwright.store import tables
from labelwright.store.codec import decode_values
from labelwright.store.labels import final_labels

__all__ = ["compare"]

MOST_CONFLICTS = 10_000
"""Items that differ named in the report."""


def compare(connection: Connection, project_id: int, schema: Schema, policy: CrossValidate | None) -> CrossValidationReport:
    """Compare the labels as they stand with the imported reference answers."""
    known, items = tables.known_answers, tables.items
    query = (
        sa.select(known.c.item_id, items.c.key, known.c["values"])
        .join(items, items.c.id == known.c.item_id)
        .where(known.c.project_id == project_id, known.c.use == "reference", items.c.state == "active")
        .order_by(known.c.item_id, known.c.id)
    )
    reference: dict[int, dict[str, Any]] = {}
    keys: dict[int, str] = {}
    for item_id, key, values in connection.execute(query):
        reference.setdefault(item_id, {}).update(decode_values(values))
        keys[item_id] = key
    against = policy.against if policy else None
    if not reference:
        reason = (
            "No item of the existing dataset was found in this project." if against else "No existing dataset is named to compare with."
        )
        return CrossValidationReport(against=against, reason=reason)
    alike: dict[str, dict[int, float]] = defaultdict(dict)
    exact: dict[str, dict[int, float]] = defaultdict(dict)
    matrix: dict[str, dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    for label in final_labels(connection, project_id, schema, item_ids=list(reference)):
        truth = reference[label.item_id].get(label.question)
        question = schema.questions[label.question]
        if truth is None or type(truth) is not type(label.answer):
            continue
        alike[label.question][label.item_id] = question.similarity(truth, label.answer)
        exact[label.question][label.item_id] = float(question.alike(truth, label.answer))
        one, other = question.vote(truth), question.vote(label.answer)
        if one is not None and other is not None:
            matrix[label.question][one, other].append(label.item_id)
    questions = []
    for name, question in schema.questions.items():
        # The clearest conflict is the one whose answers have the least in common.
        conflicts = sorted((item for item, same in exact[name].items() if not same), key=lambda item: (alike[name][item], item))
        nothing = Figure.missing("No item has a label here and there.")
        questions.append(
            QuestionCrossValidation(
                question=name,
                kind=question.kind,
                compared=len(exact[name]),
                agreement=share_of(list(exact[name].values())) if exact[name] else nothing,
                similarity=(share_of(list(alike[name].values())) if exact[name] else nothing) if question.graded else None,
                labels=list(question.labels) if matrix[name] else [],
                matrix=cells(matrix[name], keys),
                conflicts=conflicts[:MOST_CONFLICTS],
                conflicts_total=len(conflicts),
            )
        )
    return CrossValidationReport(against=against, known=len(reference), questions=questions)
