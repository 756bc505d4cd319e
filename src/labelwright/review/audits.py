"""An audit in two steps: the auditor answers blind, and decides with the label in view only where the two differ."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import Conflict, InvalidInput
from labelwright.schema import Schema, Values, Verdict
from labelwright.store import tables
from labelwright.store.codec import decode_values, encode
from labelwright.store.evidence import differs
from labelwright.store.standing import STANDING

__all__ = ["agrees", "audited_annotation", "blind_answer", "check_audit", "keep_blind"]

_blind = tables.blind_answers


def keep_blind(connection: Connection, project_id: int, task_id: int, user_id: int, values: Values, seconds: float) -> None:
    """Keep what an auditor answers before the label is shown. The same answer a second time changes nothing.

    Raises:
        Conflict: the auditor has given another answer, and has seen the label since.
    """
    before = blind_answer(connection, task_id, user_id)
    if before is None:
        row = {"task_id": task_id, "user_id": user_id, "project_id": project_id, "values": encode(values)}
        connection.execute(sa.insert(_blind).values(**row, seconds_active=seconds, created_at=time.time()))
    elif encode(before) != encode(values):
        raise Conflict("You have answered this blind already, and seen the label since.", where="task", hint="Decide between them.")


def blind_answer(connection: Connection, task_id: int, user_id: int) -> Values | None:
    """Return what an auditor answered blind; None where that is still to come."""
    values = connection.scalar(sa.select(_blind.c["values"]).where(_blind.c.task_id == task_id, _blind.c.user_id == user_id))
    return decode_values(values) if values is not None else None


def agrees(schema: Schema, label: Values, blind: Values) -> bool:
    """Tell whether a blind answer says what the label says, in every question; one that is left out says what nothing marked says."""
    both = {**blind, **label}
    return not any(differs(schema, name, answer, blind.get(name) if name in label else None) for name, answer in both.items())


def audited_annotation(connection: Connection, schema: Schema, item_id: int, label: Values) -> sa.Row[int, int, str] | None:
    """Return the annotation `(id, user_id, origin)` that an audited label is.

    There is none where several made the label, where it is not what its author says by now, or where the item was reviewed before.
    """
    reviews, annotations = tables.reviews, tables.annotations
    if connection.scalar(sa.select(reviews.c.id).where(reviews.c.item_id == item_id).limit(1)) is not None:
        return None
    standing = sa.select(annotations.c.id, annotations.c.user_id, annotations.c.origin, annotations.c["values"]).where(
        annotations.c.item_id == item_id, annotations.c.state.in_(STANDING)
    )
    found = connection.execute(standing.limit(2)).all()
    if len(found) != 1 or not agrees(schema, label, decode_values(found[0][3])):
        return None
    return found[0]  # type: ignore[return-value]  # its values come along


def check_audit(verdict: Verdict, seen: str) -> None:
    """Refuse a verdict that does not end an audit.

    Raises:
        InvalidInput: it rejects, names one annotation, lacks its values, or does not say what was seen.
        Conflict: something else stands by now than the auditor has seen.
    """
    if verdict.verdict == "reject" or verdict.annotation_id is not None:
        raise InvalidInput("An audit is about the label: accept it, or fix it.", where="verdict")
    if verdict.verdict == "fix" and not verdict.values:
        raise InvalidInput("A fix brings the corrected values.", where="values")
    if verdict.seen is None:
        raise InvalidInput("Who decides says what was seen.", where="seen", hint="Send back the `seen` of the audit.")
    if verdict.seen != seen:
        raise Conflict("The answers have changed since you were shown them.", where="seen", hint="Look at them again, then decide.")
