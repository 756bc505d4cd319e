"""Comments on an item, one of its annotations, a question or a single span, box or segment."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import InvalidInput, NotFound
from labelwright.schema.kinds.base import MOST_ID
from labelwright.store import tables

__all__ = ["add_comment", "resolve_comment"]

MOST_CHARACTERS = 10_000

MOST_COMMENTS = 50
"""So many comments one person may write about one item: all of them come with every task about it."""

_comments = tables.comments


def add_comment(
    connection: Connection,
    project_id: int,
    item_id: int,
    user_id: int,
    text: str,
    *,
    annotation_id: int | None = None,
    question: str | None = None,
    part: str | None = None,
) -> int:
    """Add a comment and return its number.

    Raises:
        InvalidInput: the text is empty or too long, or the person has said all that one may about the item.
        NotFound: the item has no such annotation.
    """
    if not text.strip() or len(text) > MOST_CHARACTERS:
        raise InvalidInput(f"A comment has 1 to {MOST_CHARACTERS:,} characters.", where="text")
    if part is not None and len(part) > MOST_ID:
        raise InvalidInput(f"The id of a part has at most {MOST_ID} characters.", where="part")
    mine = sa.select(sa.func.count()).where(_comments.c.item_id == item_id, _comments.c.user_id == user_id)
    if (connection.scalar(mine) or 0) >= MOST_COMMENTS:
        raise InvalidInput(f"One person writes at most {MOST_COMMENTS} comments about one item.", where="text")
    given = tables.annotations
    if annotation_id is not None and connection.scalar(sa.select(given.c.item_id).where(given.c.id == annotation_id)) != item_id:
        raise NotFound("The item has no such annotation.", where=f"annotation {annotation_id}")
    row = connection.execute(
        sa.insert(_comments).values(
            project_id=project_id,
            item_id=item_id,
            user_id=user_id,
            annotation_id=annotation_id,
            question=question,
            part=part,
            text=text.strip(),
            created_at=time.time(),
        )
    )
    return int(row.inserted_primary_key[0])  # type: ignore[index]  # an INSERT of one row always has a key


def resolve_comment(connection: Connection, comment_id: int) -> bool:
    """Mark a comment as settled, and tell whether it was open."""
    change = sa.update(_comments).where(_comments.c.id == comment_id, _comments.c.resolved_at.is_(None)).values(resolved_at=time.time())
    return bool(connection.execute(change).rowcount)
