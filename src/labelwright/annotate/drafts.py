"""Drafts: what the page saves while somebody is still at work, so that a closed tab loses nothing."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import TooLarge
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.statement import Statement

__all__ = ["save_draft"]

MOST_BYTES = 4_000_000
"""A draft larger than this is refused."""

_drafts = tables.drafts
_kept = Statement(
    sa.select(_drafts.c.sequence).where(_drafts.c.task_id == sa.bindparam("task"), _drafts.c.user_id == sa.bindparam("author"))
)
_newer = Statement(
    sa.update(_drafts)
    .where(
        _drafts.c.task_id == sa.bindparam("task"),
        _drafts.c.user_id == sa.bindparam("author"),
        _drafts.c.sequence < sa.bindparam("new_sequence"),
    )
    .values(body=sa.bindparam("new_body"), sequence=sa.bindparam("new_sequence"), updated_at=sa.bindparam("now"))
)


def save_draft(connection: Connection, task_id: int, user_id: int, *, sequence: int, body: Any) -> int:
    """Keep a draft unless a newer one is there, and return the sequence of the one that is kept.

    Raises:
        TooLarge: the draft has more bytes than the limit.
    """
    text = encode(body)
    if len(text) > MOST_BYTES:
        raise TooLarge(f"A draft may have {MOST_BYTES:,} bytes; this one has {len(text):,}.", where="task")
    now = time.time()
    if _newer.run(connection, task=task_id, author=user_id, new_sequence=sequence, new_body=text, now=now):
        return sequence
    row = _kept.one(connection, task=task_id, author=user_id)
    if row:
        return int(row[0])
    connection.execute(sa.insert(_drafts).values(task_id=task_id, user_id=user_id, body=text, sequence=sequence, updated_at=now))
    return sequence
