"""Who may audit an item blind: by this the queue hands audits out, and labels are kept from people until they have answered.

Conditions are statements about an item and a person, both columns or parameters of a larger one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.store import tables
from labelwright.store.bulk import among

__all__ = ["answered", "answered_in_a_file", "kept_from", "reviewed", "saw_label"]

_ONE: sa.ColumnElement[int] = sa.literal_column("1")
_given, _reviews, _tasks = tables.annotations, tables.reviews, tables.tasks


def answered(item: Any, person: Any) -> sa.Select[Any]:
    """The person's own answers to the item; what a reviewer put right is none."""
    return sa.select(_ONE).where(_given.c.item_id == item, _given.c.user_id == person, _given.c.origin != sa.literal_column("'review'"))


def answered_in_a_file(item: Any, person: Any) -> sa.Select[Any]:
    """The answers to the item that a file holds under the person's name."""
    users = tables.users
    return (
        sa.select(_ONE)
        .select_from(_given.join(users, users.c.id == _given.c.user_id))
        .where(_given.c.item_id == item, users.c.namesake_of == person)
    )


def reviewed(item: Any, person: Any) -> sa.Select[Any]:
    """The person's reviews and audits of the item."""
    return sa.select(_ONE).where(_reviews.c.item_id == item, _reviews.c.reviewer_id == person)


def saw_label(item: Any, person: Any) -> sa.Select[Any]:
    """The person's reviews of the item with its label in view: without a blind answer first."""
    blind = tables.blind_answers
    first = sa.select(_ONE).where(blind.c.task_id == _reviews.c.task_id, blind.c.user_id == _reviews.c.reviewer_id)
    return reviewed(item, person).where(~sa.exists(first))


def kept_from(connection: Connection, user_id: int, item_ids: Collection[int], *, own: bool) -> set[int]:
    """Return those of the items whose label, and all that tells of it, is kept from a person: an audit waits that the person may give.

    What somebody has in hand is kept from them until their verdict: beside the label, an error that is planted would be seen to be one.
    Planted errors are kept in the same way. `own` tells that reviewers may repeat their own answers, blind.
    """
    if not item_ids:
        return set()
    item = _tasks.c.item_id
    a_label = _tasks.c.annotation_id.is_(None)
    known = sa.exists(reviewed(item, user_id))
    allowed = ~sa.exists(answered(item, user_id)) & ~sa.exists(answered_in_a_file(item, user_id)) & (a_label | ~known)
    if own:
        allowed = allowed | (a_label & ~known)
    in_hand = (_tasks.c.state == "leased") & (_tasks.c.user_id == user_id)
    waiting = sa.select(item).where(
        among(connection, item, item_ids),
        _tasks.c.purpose == "audit",
        _tasks.c.state.in_(("open", "leased")),
        in_hand | (allowed & ~sa.exists(saw_label(item, user_id))),
    )
    return set(connection.scalars(waiting))
