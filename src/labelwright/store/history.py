"""What happened in a project, page by page, for people to read."""

from __future__ import annotations

import base64

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.projects import Event, EventPage
from labelwright.errors import InvalidInput
from labelwright.store import log
from labelwright.store.log import Position
from labelwright.store.tables import users

__all__ = ["read_history"]


def read_history(connection: Connection, project_id: int, *, after: str | None, most: int) -> EventPage:
    """Return up to so many events behind the place `after`, which an earlier page told as `next`, or the newest where there is none.

    Raises:
        InvalidInput: `after` is no place in the log.
    """
    start = _place(after) if after else log.before(connection, project_id, most)
    found = log.follow(connection, project_id, start, most)
    people = {event.user_id for event in found if event.user_id is not None}
    names = dict(connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(people))).all())
    events = [
        Event(event.kind, names.get(event.user_id or 0), event.item_id, event.subject_id, event.payload, event.created_at)
        for event in found
    ]
    last = found[-1].position if found else start
    return EventPage(events, base64.urlsafe_b64encode(msgspec.json.encode(last)).decode())


def _place(text: str) -> Position:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Position)
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidInput("This is no place in the log.", where="after", hint="Send back what `next` said.") from error
