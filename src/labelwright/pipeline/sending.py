"""What programs send into a project: items, which are made ready at once, and suggestions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import prepare, sources, tasks
from labelwright.api.items import CollectReport, NewSuggestion, RejectedSuggestion, SuggestionReport
from labelwright.errors import InvalidInput, NotFound
from labelwright.pipeline.turn import turn
from labelwright.pipeline.workspace import OpenProject
from labelwright.store import log, tables
from labelwright.store.codec import encode
from labelwright.store.portable import fits

__all__ = ["add_items", "add_suggestions"]


def add_items(opened: OpenProject, lines: Iterable[bytes], *, user_id: int, name: str) -> CollectReport:
    """Collect items from JSON lines that the user called `name` sends, make them ready and open their tasks.

    Raises:
        Conflict: other background work of the store took longer than a minute.
    """
    project = opened.project
    with turn(project.database, wait_seconds=60):
        report = sources.collect_rows(project, f"sent by {name}", lines, like=opened.pipeline.all_sources)
        prepare.prepare(project, opened.pipeline.steps)
        tasks.open_tasks(project, opened.pipeline.tasks)
        # The worker follows the log: machines have something to suggest now.
        happened = partial(log.append, project_id=project.id, kind="items_added", user_id=user_id)
        project.database.write(partial(happened, payload={"new": report.new, "changed": report.changed}))
    return report


def add_suggestions(connection: Connection, opened: OpenProject, user_id: int, suggestions: Sequence[NewSuggestion]) -> SuggestionReport:
    """Store what a program suggests; a newer suggestion of the same labeler takes the older one's place."""
    rejected: list[RejectedSuggestion] = []
    labelers: list[str] = []
    for index, one in enumerate(suggestions):
        try:
            _store(connection, opened, one)
            labelers.append(one.labeler)
        except (InvalidInput, NotFound) as error:
            rejected.append(RejectedSuggestion(index, str(error)))
    if labelers:
        happened = {"stored": len(labelers), "labelers": sorted(set(labelers))}
        log.append(connection, opened.project.id, "suggestions_added", user_id=user_id, payload=happened)
    return SuggestionReport(len(labelers), rejected)


def _store(connection: Connection, opened: OpenProject, one: NewSuggestion) -> None:
    items, table = tables.items, tables.suggestions
    for column in ("key", "item_id", "labeler", "version"):
        if not fits(getattr(one, column)):
            raise InvalidInput("It has a null character, or is too large a number.", where=column)
    named = items.c.id == one.item_id if one.item_id is not None else items.c.key == one.key
    query = sa.select(items.c.id).where(items.c.project_id == opened.project.id, items.c.state == "active", named)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such item.", where=str(one.key or one.item_id))
    values = {"version": one.version, "answer": encode(_answer(opened, one)), "score": one.score, "created_at": time.time()}
    same = sa.and_(table.c.item_id == row.id, table.c.question == one.question, table.c.labeler == one.labeler)
    if not connection.execute(sa.update(table).where(same).values(values)).rowcount:
        keys = {"project_id": opened.project.id, "item_id": row.id, "question": one.question, "labeler": one.labeler}
        connection.execute(sa.insert(table).values(**keys, **values))


def _answer(opened: OpenProject, one: NewSuggestion) -> Any:
    schema = opened.project.schema
    if one.score is not None and not 0 <= one.score <= 1:
        raise InvalidInput("A score lies between 0 and 1.", where="score")
    tagged = isinstance(one.answer, dict) and "kind" in one.answer
    values = schema.read_values({one.question: one.answer}) if tagged else schema.read_plain({one.question: one.answer})
    unknown = schema.questions[one.question].unknown_labels(values[one.question].parts())
    if unknown:
        raise InvalidInput(unknown[0].message, where=one.question)
    return values[one.question]
