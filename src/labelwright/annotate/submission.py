"""Keeps what people answer: once, whatever the network does."""

from __future__ import annotations

import hashlib
import time
from typing import Any, NotRequired, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import KeyReused
from labelwright.schema import Help
from labelwright.store import log, tables
from labelwright.store.codec import encode
from labelwright.store.portable import insert_if_new
from labelwright.store.standing import STANDING
from labelwright.store.statement import Insertion, Statement

__all__ = ["add_annotation", "already_done", "answer_task", "digest", "remember"]

_annotations, _submissions = tables.annotations, tables.submissions

_columns = ("project_id", "item_id", "task_id", "user_id", "pipeline_version", "values", "origin", "purpose", "seconds_active", "replaces")
_insertion = (
    sa.insert(_annotations)
    .values({name: sa.bindparam(name) for name in (*_columns, "arm", "hide_chance", "assisted", "suggested", "state", "created_at")})
    .returning(_annotations.c.id)
)
_insert = Statement(_insertion)
_known = Statement(
    sa.select(_submissions.c.body_digest, _submissions.c.subject_id).where(
        _submissions.c.user_id == sa.bindparam("author"), _submissions.c.key == sa.bindparam("is_key")
    )
)
_remembered = ("user_id", "key", "body_digest", "subject_id", "created_at")
_remember = Statement(sa.insert(_submissions).values({name: sa.bindparam(name) for name in _remembered}))


def _what_follows(annotation: Any) -> list[Any]:
    """What is written besides an annotation that answers a task: its key, the event, the task that is done, the draft that is not needed.

    `annotation` stands for its number. The key comes first: it writes no row where it was used before.
    """
    drafts, tasks = tables.drafts, tables.tasks
    return [
        insert_if_new(_submissions)
        .values({**{name: sa.bindparam(name) for name in _remembered}, "subject_id": annotation})
        .returning(_submissions.c.user_id),
        log.insertion(kind=sa.literal_column("'annotation_submitted'"), subject_id=annotation),
        sa.update(tasks)
        .where(tasks.c.id == sa.bindparam("task_id"))
        .values(state=sa.literal_column("'done'"), user_id=sa.bindparam("user_id"), lease_ends=None, done_at=sa.bindparam("created_at")),
        sa.delete(drafts).where(drafts.c.task_id == sa.bindparam("task_id"), drafts.c.user_id == sa.bindparam("user_id")),
    ]


_answer = Insertion(_insertion, _what_follows)


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
        raise _reused()
    return int(row[1])


def remember(connection: Connection, user_id: int, key: str, body_digest: str, subject_id: int) -> None:
    """Note what an idempotency key made, in the same transaction."""
    _remember.run(connection, user_id=user_id, key=key, body_digest=body_digest, subject_id=subject_id, created_at=time.time())


class GivenAnswers(TypedDict):
    """What an annotation says, about what, and whose it is; `help` is what its author had, where somebody was asked."""

    project_id: int
    item_id: int
    task_id: int
    user_id: int
    pipeline_version: int
    values: dict[str, Any]
    origin: NotRequired[str]
    purpose: NotRequired[str]
    help: NotRequired[Help | None]
    seconds_active: NotRequired[float]
    replaces: NotRequired[int | None]
    state: NotRequired[str]


def add_annotation(connection: Connection, **given: Unpack[GivenAnswers]) -> int:
    """Write an annotation and return its number; the one that it replaces stays, marked as replaced."""
    (number,) = _insert.one(connection, **_row(given))
    _mark_replaced(connection, given)
    return int(number)


def answer_task(connection: Connection, *, key: str, body_digest: str, **given: Unpack[GivenAnswers]) -> int:
    """Write an annotation that answers its task, the idempotency key it came with, and the event; the task is done, its draft forgotten.

    Return the annotation's number. The one that it replaces stays, marked as replaced.

    Raises:
        KeyReused: the key came with another body before.
    """
    replaces = given.get("replaces")
    payload = {"purpose": given.get("purpose", "label"), **({"replaces": replaces} if replaces else {})}
    row = {**_row(given), "key": key, "body_digest": body_digest, "payload": encode(payload)}
    number, kept = _answer.run(connection, **row)
    if not kept:
        raise _reused()
    _mark_replaced(connection, given)
    return number


def _row(given: GivenAnswers) -> dict[str, Any]:
    help = given.get("help")
    defaults = {"origin": "person", "purpose": "label", "seconds_active": 0.0, "replaces": None, "state": "submitted"}
    return {
        **defaults,
        **{name: value for name, value in given.items() if name != "help"},
        "values": encode(given["values"]),
        "arm": help.arm if help else None,
        "hide_chance": help.chance if help else None,
        "assisted": int(help is not None and help.in_view),
        "suggested": encode(help.suggestions) if help and help.suggestions else None,
        "created_at": time.time(),
    }


def _mark_replaced(connection: Connection, given: GivenAnswers) -> None:
    replaces = given.get("replaces")
    if replaces is not None:
        standing = (_annotations.c.id == replaces) & _annotations.c.state.in_(STANDING)
        connection.execute(sa.update(_annotations).where(standing).values(state="replaced"))


def _reused() -> KeyReused:
    return KeyReused("This idempotency key was used for another submission.", where="Idempotency-Key", hint="Make a new key for each.")
