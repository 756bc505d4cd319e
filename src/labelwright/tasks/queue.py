"""The queue: who gets which task next, at a cost that grows neither with the items nor with a person's answers.

A task is one hand-out. An item whose overlap is three has three rows, so it can never be with more than three people, whatever the
timing. A task is found and leased by one statement: on SQLite within the only writing transaction, on PostgreSQL with
`FOR UPDATE SKIP LOCKED`. Nobody gets an item twice: a unique index says so.

Tasks lie in lanes: 0 holds what came back, 1 the first answers, 2 the second ones. Each person goes through a lane once: all tasks behind
the person's cursor were taken, or are about items that the person has seen. Cursors live in memory; losing them costs one longer search.
"""

from __future__ import annotations

import random
import time
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.store import tables
from labelwright.store.statement import Statement
from labelwright.tasks.leases import new_lease
from labelwright.tasks.policy import TaskPolicy

__all__ = ["Leased", "Queue"]

RESCAN_SECONDS = 30.0
"""How often a person whose queue is empty is searched for anew from the start of each lane, unless tasks were added meanwhile."""

REPEAT_SECONDS = 3 * 24 * 3600.0
"""So long after their own answer at the earliest somebody who reviews own answers is asked it again, blind."""

PASSED_ON_SECONDS = 600.0
"""A review that somebody passed on comes back to the same person after this time at the earliest, and goes to others meanwhile."""

MOST_HELD = 20
"""So many tasks of a project one person may hold at once."""

_tasks = tables.tasks
_clock = sa.select(tables.clock.c.seconds).scalar_subquery()


class Leased(Struct, frozen=True):
    """A task in somebody's hands."""

    id: int
    item_id: int
    purpose: str
    lease: str
    annotation_id: int | None


_columns = (_tasks.c.id, _tasks.c.item_id, _tasks.c.purpose, _tasks.c.lease, _tasks.c.annotation_id)


def _held_statement(purposes: tuple[str, ...]) -> Statement:
    return Statement(
        sa.select(*_columns)
        .where(
            _tasks.c.user_id == sa.bindparam("holder"),
            _tasks.c.project_id == sa.bindparam("is_project"),
            # Written into the statement, not bound: the planner must see that the partial index fits.
            _tasks.c.state == sa.literal_column("'leased'"),
            _tasks.c.purpose.in_([sa.literal_column(f"'{purpose}'") for purpose in purposes]),
        )
        .order_by(_tasks.c.leased_at, _tasks.c.id)
    )


def _take(chosen: Any) -> Statement:
    return Statement(
        sa.update(_tasks)
        .where(_tasks.c.id == chosen.limit(1).with_for_update(skip_locked=True).scalar_subquery())
        .values(
            state="leased",
            user_id=sa.bindparam("holder"),
            lease=sa.bindparam("token"),
            lease_ends=_clock + sa.bindparam("seconds"),
            leased_at=sa.bindparam("now"),
        )
        .returning(*_columns, _tasks.c.rank)
    )


def _open_statement(purpose: str, *, own: bool = False) -> Statement:
    candidate, mine, skips = _tasks.alias("candidate"), _tasks.alias("mine"), tables.skips
    seen = sa.select(sa.literal(1)).where(mine.c.item_id == candidate.c.item_id, mine.c.user_id == sa.bindparam("holder"))
    if purpose == "review":
        seen = seen.where(mine.c.purpose.in_([sa.literal_column("'label'"), sa.literal_column("'redo'")]))
    skipped = sa.select(sa.literal(1)).where(skips.c.item_id == candidate.c.item_id, skips.c.user_id == sa.bindparam("holder"))
    chosen = (
        sa.select(candidate.c.id)
        .where(
            candidate.c.project_id == sa.bindparam("is_project"),
            candidate.c.purpose == sa.literal_column(f"'{purpose}'"),
            candidate.c.state == sa.literal_column("'open'"),
            candidate.c.lane == sa.bindparam("is_lane"),
            candidate.c.rank >= sa.bindparam("from_rank"),
        )
        .order_by(candidate.c.rank)
    )
    if not own:
        chosen = chosen.where(~sa.exists(seen))
    if purpose == "review" and not own:
        # What a reviewer put right is the reviewer's own answer.
        given = tables.annotations
        chosen = chosen.where(
            ~sa.exists(
                sa.select(sa.literal(1)).where(
                    given.c.item_id == candidate.c.item_id,
                    given.c.user_id == sa.bindparam("holder"),
                    given.c.state.in_([sa.literal_column("'submitted'"), sa.literal_column("'accepted'")]),
                )
            )
        )
    if purpose == "review":
        # Every review of the random sample has to be given in the end: it is put off, and never put away.
        skipped = skipped.where(skips.c.created_at > sa.bindparam("now") - PASSED_ON_SECONDS)
    return _take(chosen.where(~sa.exists(skipped)))


def _audit_statement(*, own: bool = False) -> Statement:
    """Find an audit for somebody who has not answered about the item; with `own`, also for who did long ago and has not repeated it yet."""
    candidate, given, skips, reviews = _tasks.alias("candidate"), tables.annotations, tables.skips, tables.reviews

    def exists(table: Any, *which: Any) -> Any:
        return sa.exists(sa.select(sa.literal(1)).where(table.c.item_id == candidate.c.item_id, *which))

    by_holder = given.c.user_id == sa.bindparam("holder"), given.c.origin != sa.literal_column("'review'")
    answered = exists(given, *by_holder)
    reviewed = exists(reviews, reviews.c.reviewer_id == sa.bindparam("holder"))
    allowed = ~answered & (candidate.c.annotation_id.is_(None) | ~reviewed)
    if own:
        lately = exists(given, *by_holder, given.c.created_at > sa.bindparam("now") - REPEAT_SECONDS)
        allowed = allowed | (~lately & ~reviewed & candidate.c.annotation_id.is_(None))
    # Every audit has to be given in the end: it is put off, and never put away.
    skipped = exists(skips, skips.c.user_id == sa.bindparam("holder"), skips.c.created_at > sa.bindparam("now") - PASSED_ON_SECONDS)
    return _take(
        sa.select(candidate.c.id)
        .where(
            candidate.c.project_id == sa.bindparam("is_project"),
            candidate.c.purpose == sa.literal_column("'audit'"),
            candidate.c.state == sa.literal_column("'open'"),
            candidate.c.lane == sa.bindparam("is_lane"),
            candidate.c.rank >= sa.bindparam("from_rank"),
            allowed,
            ~skipped,
        )
        .order_by(candidate.c.rank)
    )


_held = {"label": _held_statement(("label", "gold", "redo")), "review": _held_statement(("review", "audit"))}
_open = {
    "label": _open_statement("label"),
    "review": _open_statement("review"),
    "own_review": _open_statement("review", own=True),
    "audit": _audit_statement(),
    "own_audit": _audit_statement(own=True),
}
_redo = _take(
    sa.select(_tasks.c.id)
    .where(
        _tasks.c.for_user_id == sa.bindparam("holder"),
        _tasks.c.project_id == sa.bindparam("is_project"),
        _tasks.c.state == sa.literal_column("'open'"),
        _tasks.c.for_user_id.is_not(None),
    )
    .order_by(_tasks.c.rank)
)
_unseen_gold = Statement(
    sa.select(tables.known_answers.c.item_id)
    .distinct()
    .join(tables.items, tables.items.c.id == tables.known_answers.c.item_id)
    .where(
        tables.known_answers.c.project_id == sa.bindparam("is_project"),
        tables.known_answers.c.use == "gold",
        tables.items.c.state == "active",
        ~sa.exists(
            sa.select(sa.literal(1)).where(_tasks.c.item_id == tables.known_answers.c.item_id, _tasks.c.user_id == sa.bindparam("holder"))
        ),
        ~sa.exists(
            sa.select(sa.literal(1)).where(
                tables.skips.c.item_id == tables.known_answers.c.item_id, tables.skips.c.user_id == sa.bindparam("holder")
            )
        ),
    )
)
_newest = Statement(sa.select(sa.func.max(_tasks.c.id)))
_given = sa.select(sa.literal(1)).where(_tasks.c.item_id == sa.bindparam("item"), _tasks.c.user_id == sa.bindparam("holder"))
_lease_gold = Statement(
    sa.insert(_tasks)
    .from_select(
        ["project_id", "item_id", "purpose", "state", "lane", "rank", "user_id", "lease", "lease_ends", "leased_at"],
        sa.select(
            sa.bindparam("is_project", type_=tables.Key),
            sa.bindparam("item", type_=tables.Key),
            sa.literal_column("'gold'"),
            sa.literal_column("'leased'"),
            sa.literal_column("0"),
            sa.literal_column("0"),
            sa.bindparam("holder", type_=tables.Key),
            sa.bindparam("token", type_=sa.Text),
            tables.clock.c.seconds + sa.bindparam("seconds"),
            sa.bindparam("now", type_=sa.Double),
        ).where(~sa.exists(_given)),
    )
    .returning(*_columns, _tasks.c.rank)
)


class Queue:
    """Hands out the tasks of one project. One instance serves all threads of a process."""

    def __init__(self, project_id: int, policy: TaskPolicy, *, review_own: bool = False) -> None:
        self.project_id = project_id
        self.policy = policy
        own = "own_" if review_own else ""
        # Audits come before the reviews that rules ask for.
        self._lanes = {
            "label": [("label", lane) for lane in range(policy.most + 1)],
            "review": [(f"{own}audit", 1), (f"{own}review", 1), (f"{own}review", 2)],
        }
        self._cursors: dict[tuple[int, str, int], int] = {}
        self._rescanned: dict[tuple[int, str], tuple[float, int]] = {}
        self._gold: dict[int, list[int]] = {}
        self._gold_read: dict[int, float] = {}

    def held(self, connection: Connection, user_id: int, purpose: str) -> list[Leased]:
        """Return what the person holds already, the oldest first: what a reload or a second tab goes on with."""
        return [Leased(*row) for row in _held[purpose].all(connection, holder=user_id, is_project=self.project_id)]

    def lease(self, connection: Connection, user_id: int, *, count: int = 1, purpose: str = "label", resume: bool = True) -> list[Leased]:
        """Lease up to `count` tasks for `label` or `review`; what the person holds already comes first where `resume` is true."""
        if connection.dialect.name == "postgresql":
            # One person's requests take turns, so that two tabs never get two tasks about one item.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, %s)", (self.project_id % 2**31, user_id % 2**31))
        held = self.held(connection, user_id, purpose)
        if not resume and len(held) < MOST_HELD:
            held = []
        leased = held[:count]
        while len(leased) < min(count, MOST_HELD):
            one = self._one(connection, user_id, purpose)
            if one is None:
                break
            leased.append(one)
        return leased

    def _one(self, connection: Connection, user_id: int, purpose: str) -> Leased | None:
        if purpose == "label":
            returned = self._run(_redo, connection, user_id) or self._one_gold(connection, user_id)
            if returned:
                return returned
        found = self._search(connection, user_id, purpose)
        if found is None and self._may_rescan(connection, user_id, purpose):
            for kind, lane in self._lanes[purpose]:
                self._cursors.pop((user_id, kind, lane), None)
            found = self._search(connection, user_id, purpose)
        return found

    def _search(self, connection: Connection, user_id: int, purpose: str) -> Leased | None:
        for kind, lane in self._lanes[purpose]:
            place = (user_id, kind, lane)
            found = self._run(_open[kind], connection, user_id, is_lane=lane, from_rank=self._cursors.get(place, 0), place=place)
            if found:
                return found
        return None

    def _may_rescan(self, connection: Connection, user_id: int, purpose: str) -> bool:
        now, newest = time.monotonic(), _newest.one(connection)[0] or 0
        last, reached = self._rescanned.get((user_id, purpose), (None, 0))
        # A task that was opened since may stand before the cursor: a review of the random sample, a third answer about an early item.
        if last is not None and now - last < RESCAN_SECONDS and newest <= reached:
            return False
        self._rescanned[user_id, purpose] = now, newest
        return last is not None or any(key[0] == user_id for key in self._cursors)

    def _one_gold(self, connection: Connection, user_id: int) -> Leased | None:
        if random.random() >= self.policy.gold_share:
            return None
        unseen = self._gold.get(user_id)
        now = time.monotonic()
        if not unseen:
            if now - self._gold_read.get(user_id, -RESCAN_SECONDS) < RESCAN_SECONDS:
                return None
            self._gold_read[user_id] = now
            unseen = [row[0] for row in _unseen_gold.all(connection, is_project=self.project_id, holder=user_id)]
            random.shuffle(unseen)
            self._gold[user_id] = unseen
        if not unseen:
            return None
        # Popped only here; should the transaction be undone, the item returns with the next reading of the list.
        return self._run(_lease_gold, connection, user_id, item=unseen.pop())

    def _run(
        self, statement: Statement, connection: Connection, user_id: int, *, place: tuple[int, str, int] | None = None, **parameters: Any
    ) -> Leased | None:
        rows = statement.all(
            connection,
            holder=user_id,
            is_project=self.project_id,
            token=new_lease(user_id),
            seconds=self.policy.lease_seconds,
            now=time.time(),
            **parameters,
        )
        if not rows:
            return None
        *fields, rank = rows[0]
        if place is not None:
            self._cursors[place] = rank
        return Leased(*fields)
