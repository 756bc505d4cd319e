"""How far each machine's suggestions agree with the labels as they stand."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics.figures import mean
from labelwright.api.figures import LabelerFigures
from labelwright.schema import Answer
from labelwright.store import tables
from labelwright.store.codec import decode_answer
from labelwright.store.labels import final_labels
from labelwright.store.project import Project

__all__ = ["read_labelers"]

SAMPLE = 1000
"""So many labeled items, evenly spread, are looked at for each labeler."""

_annotations = tables.annotations


def read_labelers(connection: Connection, project: Project) -> list[LabelerFigures]:
    """Compare each labeler's suggestions with the labels as they stand, on evenly spread labeled items."""
    suggestions = tables.suggestions
    counts = connection.execute(
        sa.select(suggestions.c.labeler, suggestions.c.question, sa.func.count(), sa.func.max(suggestions.c.version))
        .where(suggestions.c.project_id == project.id, suggestions.c.question.in_(list(project.schema.questions)))
        .group_by(suggestions.c.labeler, suggestions.c.question)
        .order_by(suggestions.c.labeler, suggestions.c.question)
    ).all()
    if not counts:
        return []
    items = _spread(connection, project.id)
    labels = _labels(connection, project, set(items))
    unseen = _independent(connection, items)
    everywhere: dict[tuple[str, str], list[float]] = defaultdict(list)
    independent: dict[tuple[str, str], list[float]] = defaultdict(list)
    for start in range(0, len(items), 500):
        part = suggestions.c.item_id.in_(items[start : start + 500])
        query = sa.select(suggestions.c.item_id, suggestions.c.labeler, suggestions.c.question, suggestions.c.answer).where(part)
        for item_id, labeler, question, body in connection.execute(query):
            label, answer = labels.get(item_id, {}).get(question), decode_answer(body)
            if label is not None and type(label) is type(answer):
                alike = round(project.schema.similarity(question, answer, label), 9)
                everywhere[labeler, question].append(alike)
                if item_id in unseen:
                    independent[labeler, question].append(alike)
    nothing = "No item with its suggestion has a label."
    return [
        LabelerFigures(
            labeler=labeler,
            question=question,
            suggestions=count,
            version=version,
            agreement=mean(everywhere[labeler, question], nothing),
            independent=mean(independent[labeler, question], "No such item was answered without suggestions in view."),
        )
        for labeler, question, count, version in counts
    ]


def _labels(connection: Connection, project: Project, item_ids: set[int]) -> dict[int, dict[str, Answer]]:
    """The labels of these items."""
    found: dict[int, dict[str, Answer]] = defaultdict(dict)
    for label in final_labels(connection, project.id, project.schema, item_ids=sorted(item_ids)):
        found[label.item_id][label.question] = label.answer
    return found


def _spread(connection: Connection, project_id: int) -> list[int]:
    """At most about `SAMPLE` labeled items, evenly spread over all."""
    consensus = tables.consensus
    total = int(connection.scalar(sa.select(sa.func.count()).select_from(consensus).where(consensus.c.project_id == project_id)) or 0)
    step = max(1, total // SAMPLE)
    query = sa.select(consensus.c.item_id).distinct().where(consensus.c.project_id == project_id, consensus.c.item_id % step == 0)
    return sorted(connection.scalars(query))


def _independent(connection: Connection, items: list[int]) -> set[int]:
    """Those items that nobody answered with a suggestion in view."""
    found = set(items)
    for start in range(0, len(items), 500):
        part = _annotations.c.item_id.in_(items[start : start + 500])
        found.difference_update(connection.scalars(sa.select(_annotations.c.item_id).where(part, _annotations.c.assisted == 1)))
    return found
