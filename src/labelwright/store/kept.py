"""What derived work keeps about itself beside the followers' positions: how far it has come, and what it rested on when it was whole.

Some work looks at everything once, and then only at what happened since, as long as what it rests on stays the same: the rules, the
policy, the version of Labelwright. `begin` forgets every earlier look at everything before another one, so that one which was broken off
anywhere counts for nothing; `finish` notes how far the log had come when it began; `reached` tells whether such a look still stands.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.store import log
from labelwright.store.codec import decode, encode
from labelwright.store.log import Position
from labelwright.store.tables import cursors

__all__ = ["begin", "finish", "forget", "keep", "kept", "library", "names", "reached"]

T = TypeVar("T")


def kept(connection: Connection, project_id: int, name: str, form: type[T]) -> T | None:
    """Return what is kept under `name`; what has another form, as an earlier version or restore left it, counts as nothing."""
    body = connection.scalar(sa.select(cursors.c.position).where(cursors.c.project_id == project_id, cursors.c.name == name))
    try:
        found: T | None = decode(body, form) if body else None
    except msgspec.ValidationError:
        return None
    return found


def keep(connection: Connection, project_id: int, name: str, value: Any) -> None:
    """Keep `value`, an object, under `name`, in the transaction of what it tells about."""
    key = (cursors.c.project_id == project_id) & (cursors.c.name == name)
    if not connection.execute(sa.update(cursors).where(key).values(position=encode(value))).rowcount:
        connection.execute(sa.insert(cursors).values(project_id=project_id, name=name, position=encode(value)))


def forget(connection: Connection, project_id: int, name: str) -> None:
    """Keep nothing under `name` any longer."""
    connection.execute(sa.delete(cursors).where(cursors.c.project_id == project_id, cursors.c.name == name))


def names(connection: Connection, project_id: int, prefix: str) -> list[str]:
    """Return the names under which something is kept that begin with `prefix`."""
    found = connection.scalars(sa.select(cursors.c.name).where(cursors.c.project_id == project_id))
    return sorted(name for name in found if name.startswith(prefix))


def reached(connection: Connection, project_id: int, work: str, basis: str) -> Position | None:
    """Return up to where in the log `work` has looked at everything, resting on `basis`; None where that is not so."""
    name = f"{work}: {basis}"
    return log.position(connection, project_id, name) if name in names(connection, project_id, name) else None


def begin(connection: Connection, project_id: int, work: str) -> None:
    """Forget that `work` has looked at everything, before it does so again."""
    for name in names(connection, project_id, f"{work}: "):
        forget(connection, project_id, name)


def finish(connection: Connection, project_id: int, work: str, basis: str, position: Position) -> None:
    """Note that `work` has looked at everything that happened up to `position`, resting on `basis`."""
    log.remember(connection, project_id, f"{work}: {basis}", position)


@cache
def library() -> str:
    """Return the version of Labelwright: another one may derive something else from the same answers."""
    from importlib.metadata import version

    return version("labelwright")
