"""Reads the comments on an item."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.tasks import Comment
from labelwright.store import tables
from labelwright.store.statement import Statement

__all__ = ["read_comments"]

_comments, _users = tables.comments, tables.users
_read = Statement(
    sa.select(
        _comments.c.id,
        _comments.c.user_id,
        _users.c.name,
        _comments.c.annotation_id,
        _comments.c.question,
        _comments.c.part,
        _comments.c.text,
        _comments.c.resolved_at,
        _comments.c.created_at,
    )
    .join(_users, _users.c.id == _comments.c.user_id)
    .where(_comments.c.item_id == sa.bindparam("item"))
    .order_by(_comments.c.id)
)


def read_comments(connection: Connection, item_id: int) -> list[Comment]:
    """Return the comments on an item, the oldest first."""
    return [Comment(*row) for row in _read.all(connection, item=item_id)]
