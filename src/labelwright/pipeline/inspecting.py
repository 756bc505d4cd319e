"""What the checks say about an answer, before it is written.

Checks run within no transaction: one that takes its time holds up nobody who writes. So an answer is inspected first, and the event that
takes it makes sure, in its transaction, that the task asks about the same item, unchanged, under the same pipeline version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import checks
from labelwright.errors import Blocked, Conflict, InvalidInput, LabelwrightError, NeedsConfirmation, NotFound
from labelwright.pipeline.workspace import OpenProject
from labelwright.schema import Finding, Item, Values
from labelwright.store import tables
from labelwright.store.codec import decode, decode_fields
from labelwright.store.statement import Statement

__all__ = ["Inspected", "OutdatedInspection", "accept", "inspect"]

_tasks, _items = tables.tasks, tables.items
_asked = Statement(
    sa.select(_tasks.c.purpose, _items.c.id, _items.c.key, _items.c.revision, _items.c.data, _items.c.meta)
    .join(_items, _items.c.id == _tasks.c.item_id)
    .where(_tasks.c.id == sa.bindparam("task"), _tasks.c.project_id == sa.bindparam("is_project"))
)
_revision = Statement(sa.select(_items.c.revision).where(_items.c.id == sa.bindparam("item")))


class OutdatedInspection(Conflict):
    """The item or the pipeline changed after the answer was inspected; nothing was written."""


@dataclass(frozen=True)
class Inspected:
    """What was found in an answer, and what it was looked for in; `refused` is why the answer fits no question, where it does not."""

    item_id: int
    item_key: str
    revision: str
    pipeline_version: int
    values: Values
    findings: list[Finding]
    refused: LabelwrightError | None = None


def inspect(opened: OpenProject, task_id: int, given: Mapping[str, Any], *, seconds_active: float | None = None) -> Inspected:
    """Run the checks on the answers that somebody gives to a task. It may take seconds: call it within no transaction.

    Raises:
        NotFound: the project has no such task.
    """
    # One statement belongs to one moment by itself, and needs no transaction.
    with opened.project.database.session() as connection:
        row = _asked.one(connection, task=task_id, is_project=opened.project.id)
    if row is None:
        raise NotFound("There is no such task.", where="task")
    purpose, item_id, key, revision, data, meta = row
    schema, version = opened.project.schema, opened.project.pipeline_version
    try:
        values = schema.read_given(given)
    except InvalidInput as error:
        # An answer that was taken under an older schema is acknowledged again all the same, so the event decides.
        return Inspected(item_id, key, revision, version, {}, [], error)
    findings = checks.inspect(
        schema,
        values,
        Item(id=item_id, key=key, revision=revision, data=decode_fields(data), meta=decode(meta)),
        rules=opened.rules,
        seconds_active=None if purpose in ("review", "audit") else seconds_active,
    )
    return Inspected(item_id, key, revision, version, values, findings)


def accept(connection: Connection, opened: OpenProject, inspected: Inspected, item_id: int, *, confirmed: bool) -> None:
    """Make sure that an answer about an item may be written, as it was inspected.

    Raises:
        OutdatedInspection: what was inspected is not what is there now.
        InvalidInput: the answers do not fit the questions.
        Blocked: a check found an error.
        NeedsConfirmation: checks warn, and `confirmed` is not set.
    """
    now = _revision.one(connection, item=item_id)
    then = (inspected.item_id, inspected.revision, inspected.pipeline_version)
    if now is None or then != (item_id, now[0], opened.project.pipeline_version):
        raise OutdatedInspection(
            "The item changed while the answer was checked.", where=f"item {inspected.item_key}", hint="Send it again."
        )
    if inspected.refused is not None:
        raise inspected.refused
    findings, where = inspected.findings, f"item {inspected.item_key}"
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise Blocked(errors[0].message, findings, where=where)
    if findings and not confirmed:
        raise NeedsConfirmation(findings[0].message, findings, where=where, hint="Send it again, confirmed, if it is meant so.")
