"""Leases: how long a task stays with somebody, by a clock that no change of the wall clock moves.

The store's own `clock` counts seconds in which a server was running. A lease ends at a reading of it. Whoever serves advances it by its
monotonic clock and calls `sweep`; a wall clock that jumps, or a server that was down overnight, takes no task away from anybody. One
process at a time keeps the clock: what another adds, because it has not noticed that it was replaced, does not count.

Who holds a lease counts its seconds from when the answer arrives, and the clock moves in steps. So a task goes back to the queue only
`GRACE_SECONDS` after its lease ended: nobody loses one before the time that they were told.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import LeaseLost
from labelwright.store import tables
from labelwright.store.statement import Statement

__all__ = [
    "advance_clock",
    "cancel_open",
    "extend",
    "fresh_rank",
    "keep_clock",
    "release",
    "remember_skip",
    "renew",
    "seconds_left",
    "sweep",
    "was_handed",
]

GRACE_SECONDS = 30.0
"""Longer than a step of the clock and the way of an answer together."""

_tasks = tables.tasks
_now = sa.select(tables.clock.c.seconds).scalar_subquery()

_extend = Statement(
    sa.update(_tasks)
    .where(
        _tasks.c.id == sa.bindparam("task_id"),
        _tasks.c.user_id == sa.bindparam("holder"),
        _tasks.c.state == sa.bindparam("is_state"),
        _tasks.c.lease == sa.bindparam("is_lease"),
    )
    .values(lease_ends=_now + sa.bindparam("seconds"))
)


def fresh_rank() -> int:
    """Return a rank behind all tasks that came back before: microseconds since 1970."""
    return time.time_ns() // 1000


def new_lease(user_id: int) -> str:
    """Return the token of a lease, which says whose it is."""
    return f"{user_id}.{secrets.token_hex(8)}"


def held_last(kept: str | None, given: str | None, user_id: int) -> bool:
    """Tell whether the token `given` is that of the newest lease of a task, `kept` on its row, and the lease was this person's."""
    return given is not None and kept == given and given.partition(".")[0] == str(user_id)


def extend(connection: Connection, task_id: int, user_id: int, lease: str, seconds: float) -> None:
    """Let a lease run `seconds` more from now.

    Raises:
        LeaseLost: the task is not, or no longer, leased to this person under this lease.
    """
    if not _extend.run(connection, task_id=task_id, holder=user_id, is_state="leased", is_lease=lease, seconds=seconds):
        raise LeaseLost("The lease on this task has ended.", where="task", hint="Ask for the next task; your draft is kept.")


def was_handed(connection: Connection, item_id: int, user_id: int) -> bool:
    """Tell whether somebody holds or held a task about an item, or passed it on, and so has seen it."""
    skips = tables.skips
    # Of a task that went back to the queue, the token says who held it last.
    mine = sa.or_(_tasks.c.user_id == user_id, _tasks.c.lease.startswith(f"{user_id}.", autoescape=True))
    held = sa.select(sa.literal(1)).where(_tasks.c.item_id == item_id, mine).limit(1)
    passed_on = sa.select(sa.literal(1)).where(skips.c.item_id == item_id, skips.c.user_id == user_id)
    return connection.scalar(held) is not None or connection.scalar(passed_on) is not None


def renew(connection: Connection, user_id: int, task_ids: Sequence[int], seconds: float) -> None:
    """Let the leases that a person holds on some tasks run `seconds` from now, as whoever is handed them again is told.

    One whose row another transaction holds is left alone: its answer is being taken, or its lease prolonged, at this moment. To wait for
    that would end in a deadlock, for whoever answers asks for the next task as well.
    """
    mine = sa.and_(_tasks.c.id.in_(task_ids), _tasks.c.user_id == user_id, _tasks.c.state == "leased")
    free = sa.select(_tasks.c.id).where(mine).with_for_update(skip_locked=True)
    connection.execute(sa.update(_tasks).where(_tasks.c.id.in_(free)).values(lease_ends=_now + seconds))


def seconds_left(connection: Connection, task_id: int) -> float:
    """Return how long the lease on a task runs from now; 0 where there is none."""
    left = connection.scalar(sa.select(_tasks.c.lease_ends - _now).where(_tasks.c.id == task_id))
    return max(0.0, float(left or 0.0))


def release(connection: Connection, task_id: int, user_id: int) -> bool:
    """Give a leased task back unanswered and return whether it was held; a gold item waits for the same person."""
    mine = sa.and_(_tasks.c.id == task_id, _tasks.c.user_id == user_id, _tasks.c.state == "leased")
    return bool(connection.execute(_returned().where(mine)).rowcount)


def remember_skip(connection: Connection, item_id: int, user_id: int, reason: str) -> int:
    """Note that a person passed on an item, which is then never handed to that person again; return how many people have."""
    skips = tables.skips
    mine = sa.and_(skips.c.item_id == item_id, skips.c.user_id == user_id)
    if not connection.execute(sa.update(skips).where(mine).values(reason=reason, created_at=time.time())).rowcount:
        connection.execute(sa.insert(skips).values(item_id=item_id, user_id=user_id, reason=reason, created_at=time.time()))
    return connection.scalar(sa.select(sa.func.count()).select_from(skips).where(skips.c.item_id == item_id)) or 0


def cancel(connection: Connection, task_id: int) -> None:
    """Ask nobody any more for what the task asks."""
    connection.execute(sa.update(_tasks).where(_tasks.c.id == task_id).values(state="cancelled", lease_ends=None))


def cancel_open(connection: Connection, item_id: int) -> None:
    """Ask nobody further for labels of an item."""
    waiting = sa.and_(_tasks.c.item_id == item_id, _tasks.c.purpose == "label", _tasks.c.state == "open")
    connection.execute(sa.update(_tasks).where(waiting).values(state="cancelled"))


def sweep(connection: Connection) -> int:
    """Return every task whose lease has ended, and the grace after it, to the queue, and tell how many.

    The token of the lease stays on the row: whoever held it may still submit as long as nobody else took the task.
    """
    return int(connection.execute(_returned().where(_tasks.c.state == "leased", _tasks.c.lease_ends < _now - GRACE_SECONDS)).rowcount)


def keep_clock(connection: Connection, keeper: str) -> None:
    """Become the one who advances the store's clock, under a name that nobody else has."""
    connection.execute(sa.update(tables.clock).values(keeper=keeper))


def advance_clock(connection: Connection, seconds: float, *, keeper: str = "") -> bool:
    """Advance the store's clock by seconds that passed on a monotonic clock; tell whether `keeper` is still the one who may."""
    move = sa.update(tables.clock).where(tables.clock.c.keeper == keeper).values(seconds=tables.clock.c.seconds + seconds)
    return bool(connection.execute(move).rowcount)


def _returned() -> sa.Update:
    # Were a gold item to vanish where another one comes back, it would be known by that.
    gold = _tasks.c.purpose == "gold"
    # What comes back goes before everything else, for its answer is awaited.
    lane = sa.case((_tasks.c.purpose.in_(("review", "audit")), _tasks.c.lane), else_=0)
    return sa.update(_tasks).values(
        state="open",
        lane=lane,
        rank=sa.case((_tasks.c.purpose.in_(("review", "audit")), _tasks.c.rank), else_=fresh_rank()),
        for_user_id=sa.case((gold, _tasks.c.user_id), else_=_tasks.c.for_user_id),
        user_id=sa.case((gold, _tasks.c.user_id)),
        lease_ends=None,
    )
