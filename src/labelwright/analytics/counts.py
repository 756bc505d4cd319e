"""How many items, tasks, answers and reviews there are: counted here once for every page, command and report that shows them."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics.labeled import Labels, known_items, read_labels, settled
from labelwright.api.figures import Counts, Funnel
from labelwright.store import tables
from labelwright.store.items import count_gone
from labelwright.store.project import Project
from labelwright.store.standing import GIVEN

__all__ = ["count_remaining", "count_waiting", "read_counts"]

_annotations, _items, _tasks = tables.annotations, tables.items, tables.tasks


def read_counts(connection: Connection, project: Project, labels: Labels | None = None) -> Counts:
    """Count a project at this moment; `labels` are those of the same moment, where they were read already."""
    labels = labels or read_labels(connection, project.id, project.schema)
    number = project.id
    labeling = _tasks.c.purpose.in_(("label", "redo"))
    by_state = sa.select(_tasks.c.state, sa.func.count()).where(_tasks.c.project_id == number, labeling).group_by(_tasks.c.state)
    quarantine = tables.quarantine
    return Counts(
        at=time.time(),
        funnel=_funnel(connection, number, labels),
        failed_suggestions=_count(connection, quarantine, number, quarantine.c.stage == "suggest"),
        gone=count_gone(connection, number),
        tasks=dict(connection.execute(by_state).all()),
        remaining=count_remaining(connection, number),
        answers=_count_answers(connection, number),
        reviews_waiting=count_waiting(connection, number),
        reviews_given=_count(connection, tables.reviews, number),
    )


def _count_answers(connection: Connection, project_id: int) -> int:
    """Count what annotators and files answered, without what their authors corrected; the same as all people's answers together."""
    # All are counted in the index of states, and what the few reviews wrote is taken off again.
    given = _annotations.c.state.in_(GIVEN)
    fixes = sa.select(tables.reviews.c.fixed_annotation_id).where(tables.reviews.c.project_id == project_id)
    written = sa.and_(_annotations.c.id.in_(fixes), _annotations.c.origin == "review")
    return _count(connection, _annotations, project_id, given) - _count(connection, _annotations, project_id, written, given)


def count_remaining(connection: Connection, project_id: int) -> int:
    """Count the answers that are asked for and not given yet."""
    return _count_waiting(connection, project_id, "label", "redo")


def count_waiting(connection: Connection, project_id: int) -> int:
    """Count the audits and reviews that are asked for and not given yet."""
    return _count_waiting(connection, project_id, "audit", "review")


def _count_waiting(connection: Connection, project_id: int, *purposes: str) -> int:
    # Each state is named by itself and as it stands in the indexes of open and of leased tasks, so that these alone are read.
    return sum(
        _count(connection, _tasks, project_id, _tasks.c.purpose.in_(purposes), _tasks.c.state == sa.literal_column(state))
        for state in ("'open'", "'leased'")
    )


def _count(connection: Connection, table: sa.Table, project_id: int, *where: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.project_id == project_id, *where)
    return connection.scalar(query) or 0


def _funnel(connection: Connection, project_id: int, labels: Labels) -> Funnel:
    raw, quarantine, suggestions = tables.raw_items, tables.quarantine, tables.suggestions

    def items(*where: sa.ColumnElement[bool]) -> int:
        return _count(connection, _items, project_id, _items.c.state == "active", *where)

    # Gold is left out by what the item is and not by the purpose of the answer: an item may have become gold after people answered it.
    asked = _items.c.id.not_in(known_items(project_id))
    answered = sa.select(_annotations.c.id).where(
        _annotations.c.item_id == _items.c.id, _annotations.c.state.in_(("submitted", "accepted", "fixed"))
    )
    suggested = sa.select(suggestions.c.id).where(suggestions.c.item_id == _items.c.id)
    return Funnel(
        # Written as the index of current rows has it, which is then all that is read.
        raw=_count(connection, raw, project_id, raw.c.state == sa.literal_column("'current'")),
        quarantined=_count(connection, quarantine, project_id, quarantine.c.stage != "suggest"),
        duplicates=_count(connection, _items, project_id, _items.c.state == "duplicate"),
        prepared=labels.prepared,
        gold=labels.gold,
        asked=labels.asked,
        suggested=items(sa.exists(suggested)),
        answered=items(sa.exists(answered), asked),
        reviewed=items(_items.c.id.in_(settled(project_id)), asked),
        labeled=labels.labeled,
    )
