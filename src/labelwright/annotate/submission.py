"""Keeps what people answer: once, whatever the network does."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.errors import KeyReused
from labelwright.schema import Help
from labelwright.schema.kinds import AnswerUnion
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.statement import Statement

__all__ = ["Submission", "add_annotation", "already_done", "digest", "remember"]

_annotations, _submissions = tables.annotations, tables.submissions

_columns = ("project_id", "item_id", "task_id", "user_id", "pipeline_version", "values", "origin", "purpose", "seconds_active", "replaces")
_insert = Statement(
    sa.insert(_annotations)
    .values({name: sa.bindparam(name) for name in (*_columns, "arm", "hide_chance", "assisted", "suggested", "state", "created_at")})
    .returning(_annotations.c.id)
)
_known = Statement(
    sa.select(_submissions.c.body_digest, _submissions.c.subject_id).where(
        _submissions.c.user_id == sa.bindparam("author"), _submissions.c.key == sa.bindparam("is_key")
    )
)
_remember = Statement(
    sa.insert(_submissions).values({name: sa.bindparam(name) for name in ("user_id", "key", "body_digest", "subject_id", "created_at")})
)


class Submission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers of one person about one item, tagged with their kind or in the plain form that exports carry: `{"intent": "refund"}`.

    `seconds_active` is the time spent, without pauses; None where nobody measured it. `lease` is the token that came with the task. With
    `confirmed`, warnings of the checks have been seen and do not hold it back any more.
    """

    values: dict[str, AnswerUnion | str | list[Any]]
    seconds_active: float | None = None
    lease: str | None = None
    confirmed: bool = False


def digest(task_id: int, body: Any) -> str:
    """Return a short hash of what was sent, to tell a repetition from a key used twice."""
    return hashlib.blake2b(f"{task_id}:{encode(body)}".encode(), digest_size=16).hexdigest()


def already_done(connection: Connection, user_id: int, key: str, body_digest: str) -> int | None:
    """Return the annotation or review that this idempotency key made, or None where it is new.

    Raises:
        KeyReused: the key came with another body before.
    """
    row = _known.one(connection, author=user_id, is_key=key)
    if row is None:
        return None
    if row[0] != body_digest:
        raise KeyReused("This idempotency key was used for another submission.", where="Idempotency-Key", hint="Make a new key for each.")
    return int(row[1])


def remember(connection: Connection, user_id: int, key: str, body_digest: str, subject_id: int) -> None:
    """Note what an idempotency key made, in the same transaction."""
    _remember.run(connection, user_id=user_id, key=key, body_digest=body_digest, subject_id=subject_id, created_at=time.time())


def add_annotation(
    connection: Connection,
    *,
    project_id: int,
    item_id: int,
    task_id: int | None,
    user_id: int,
    pipeline_version: int,
    values: dict[str, Any],
    origin: str = "person",
    purpose: str = "label",
    help: Help | None = None,
    seconds_active: float = 0.0,
    replaces: int | None = None,
    state: str = "submitted",
) -> int:
    """Write an annotation and return its number; the one that it replaces stays, marked as replaced.

    `help` is what its author had, where that was somebody who was asked.
    """
    rows = _insert.all(
        connection,
        project_id=project_id,
        item_id=item_id,
        task_id=task_id,
        user_id=user_id,
        pipeline_version=pipeline_version,
        values=encode(values),
        origin=origin,
        purpose=purpose,
        arm=help.arm if help else None,
        hide_chance=help.chance if help else None,
        assisted=int(help is not None and help.in_view),
        suggested=encode(help.suggestions) if help and help.suggestions else None,
        seconds_active=seconds_active,
        replaces=replaces,
        state=state,
        created_at=time.time(),
    )
    if replaces is not None:
        connection.execute(
            sa.update(_annotations)
            .where(_annotations.c.id == replaces, _annotations.c.state.in_(("submitted", "accepted")))
            .values(state="replaced")
        )
    return int(rows[0][0])
