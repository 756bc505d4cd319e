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
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.api.tasks import Withheld
from labelwright.store import auditors, tables
from labelwright.store.codec import encode
from labelwright.store.portable import listed, take_turns
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

MOST_WITHHELD = 100
"""So many open audits are looked at to tell which of them a person may not give."""

MOST_LANES = 1000
"""More lanes than any overlap makes."""

_tasks = tables.tasks
_clock = sa.select(tables.clock.c.seconds).scalar_subquery()
# Written into the statement: a planner that does not see how small a limit is expects a tenth of all rows.
_NONE: sa.ColumnElement[int] = sa.literal_column("0")
_ONE: sa.ColumnElement[int] = sa.literal_column("1")


class Leased(Struct, frozen=True):
    """A task in somebody's hands."""

    id: int
    item_id: int
    purpose: str
    lease: str
    annotation_id: int | None
    lane: int


_columns = (_tasks.c.id, _tasks.c.item_id, _tasks.c.purpose, _tasks.c.lease, _tasks.c.annotation_id, _tasks.c.lane)


_GROUPS = {"label": ("label", "gold", "redo"), "review": ("audit", "review")}
"""What somebody holds at once and goes on with, by what is asked for."""


def _is_held(tasks: Any, purpose: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        tasks.c.user_id == sa.bindparam("holder"),
        tasks.c.project_id == sa.bindparam("is_project"),
        # Written into the statement, not bound: the planner must see that the partial index fits.
        tasks.c.state == sa.literal_column("'leased'"),
        tasks.c.purpose.in_([sa.literal_column(f"'{one}'") for one in _GROUPS[purpose]]),
    )


_GROUP_OF = {one: group for group, purposes in _GROUPS.items() for one in purposes}


def _holds_few(purpose: str) -> sa.ColumnElement[bool]:
    held = _tasks.alias("held")
    return sa.select(sa.func.count()).select_from(held).where(_is_held(held, purpose)).scalar_subquery() < sa.literal_column(str(MOST_HELD))


def _found(query: Any) -> sa.ColumnElement[bool]:
    """EXISTS that is looked up for one row at a time: OFFSET keeps planners from joining all tasks of the project instead."""
    return sa.exists(query.offset(_NONE))


def _take(purpose: str, *, own: bool = False) -> Statement:
    """Return the statement that finds the next open task of a person, whichever lane it is in, and leases it."""
    found = _first_open(purpose, own=own)
    return Statement(
        sa.update(_tasks)
        .where(_tasks.c.id == (sa.func.coalesce(_sent_back, found) if purpose == "label" else found), _holds_few(_GROUP_OF[purpose]))
        .values(
            state=sa.literal_column("'leased'"),
            user_id=sa.bindparam("holder"),
            lease=sa.bindparam("token"),
            lease_ends=_clock + sa.bindparam("seconds"),
            leased_at=sa.bindparam("now"),
        )
        .returning(*_columns, _tasks.c.rank)
    )


def _first_open(purpose: str, *, own: bool) -> Any:
    """The first task of the first lane that has one for the person, searched from the person's place in each lane."""
    reached = listed("places")
    places = sa.select(
        sa.cast(reached.c.key, sa.Integer).label("lane"), sa.cast(sa.cast(reached.c.value, sa.Text), sa.BigInteger).label("from_rank")
    ).subquery("places")
    candidate = _tasks.alias("candidate")
    first = (
        sa.select(candidate.c.id)
        .where(
            candidate.c.project_id == sa.bindparam("is_project"),
            candidate.c.purpose == sa.literal_column(f"'{purpose}'"),
            candidate.c.state == sa.literal_column("'open'"),
            candidate.c.lane == places.c.lane,
            candidate.c.rank >= places.c.from_rank,
            *_may_have(candidate, purpose, own=own),
        )
        .order_by(candidate.c.rank)
        .limit(_ONE)
        .with_for_update(skip_locked=True)
        .correlate(places)
        .scalar_subquery()
    )
    # The limit keeps it apart, so that a lane is searched once, and only while none before it had anything.
    by_lane = sa.select(first.label("id")).select_from(places).limit(sa.literal_column(str(MOST_LANES))).subquery("by_lane")
    return sa.select(by_lane.c.id).where(by_lane.c.id.is_not(None)).limit(_ONE).scalar_subquery()


def _may_have(candidate: Any, purpose: str, *, own: bool) -> Iterator[sa.ColumnElement[bool]]:
    """A person gets no item twice, none that the person passed on, and reviews no own answer unless that is allowed."""
    if purpose == "audit":
        yield from _may_audit(candidate, own=own)
        return
    mine, skips, given = _tasks.alias("mine"), tables.skips, tables.annotations
    seen = sa.select(_ONE).where(mine.c.item_id == candidate.c.item_id, mine.c.user_id == sa.bindparam("holder"))
    skipped = sa.select(_ONE).where(skips.c.item_id == candidate.c.item_id, skips.c.user_id == sa.bindparam("holder"))
    if purpose == "review":
        seen = seen.where(mine.c.purpose.in_([sa.literal_column("'label'"), sa.literal_column("'redo'")]))
        # Every review has to be given in the end: it is put off, and never put away.
        skipped = skipped.where(skips.c.created_at > sa.bindparam("now") - PASSED_ON_SECONDS)
        if not own:
            # What a reviewer put right is the reviewer's own answer.
            answered = sa.select(_ONE).where(
                given.c.item_id == candidate.c.item_id,
                given.c.user_id == sa.bindparam("holder"),
                given.c.state.in_([sa.literal_column("'submitted'"), sa.literal_column("'accepted'")]),
            )
            yield ~_found(answered)
        yield ~_in_hand(candidate)
    if not own:
        yield ~_found(seen)
    yield ~_found(skipped)


def _in_hand(candidate: Any) -> sa.ColumnElement[bool]:
    """Whether the person holds another review or audit of the item, beside which an error planted about it would be seen to be one."""
    mine = _tasks.alias("in_hand")
    return _found(
        sa.select(_ONE).where(
            mine.c.item_id == candidate.c.item_id,
            mine.c.user_id == sa.bindparam("holder"),
            mine.c.state == sa.literal_column("'leased'"),
            mine.c.purpose.in_([sa.literal_column(f"'{one}'") for one in _GROUPS["review"]]),
        )
    )


def _may_audit(candidate: Any, *, own: bool) -> Iterator[sa.ColumnElement[bool]]:
    """Nobody audits an item with an own answer; with `own`, its author may repeat that once, blind and long after it.

    Answers that a file holds under a person's name are the person's. Who reviewed an item with its label in view cannot answer it blind
    any more. Who reviewed an item knows what is planted about it. Who judged what was planted may audit the item's label afterwards:
    otherwise it would wait for ever where there is one auditor.
    """
    given, skips = tables.annotations, tables.skips
    item = candidate.c.item_id
    holder: sa.BindParameter[int] = sa.bindparam("holder")
    reviewed = _found(auditors.reviewed(item, holder))
    allowed = ~_found(auditors.answered(item, holder)) & ~_found(auditors.answered_in_a_file(item, holder))
    allowed = allowed & (candidate.c.annotation_id.is_(None) | ~reviewed)
    if own:
        lately = _found(auditors.answered(item, holder).where(given.c.created_at > sa.bindparam("now") - REPEAT_SECONDS))
        allowed = allowed | (~lately & ~reviewed & candidate.c.annotation_id.is_(None))
    yield allowed
    yield ~_found(auditors.saw_label(item, holder))
    yield ~_in_hand(candidate)
    # Every audit has to be given in the end: it is put off, and never put away.
    skipped = sa.select(_ONE).where(skips.c.item_id == item, skips.c.user_id == holder)
    yield ~_found(skipped.where(skips.c.created_at > sa.bindparam("now") - PASSED_ON_SECONDS))


_sent_back = (
    sa.select(_tasks.c.id)
    .where(
        _tasks.c.for_user_id == sa.bindparam("holder"),
        _tasks.c.project_id == sa.bindparam("is_project"),
        _tasks.c.state == sa.literal_column("'open'"),
        _tasks.c.for_user_id.is_not(None),
    )
    .order_by(_tasks.c.rank)
    .limit(_ONE)
    .with_for_update(skip_locked=True)
    .correlate(None)
    .scalar_subquery()
)
_held = {
    purpose: Statement(sa.select(*_columns).where(_is_held(_tasks, purpose)).order_by(_tasks.c.leased_at, _tasks.c.id))
    for purpose in _GROUPS
}
_open = {(purpose, own): _take(purpose, own=own) for purpose in ("label", "audit", "review") for own in (False, True)}
_unseen_gold = Statement(
    sa.select(tables.known_answers.c.item_id)
    .distinct()
    .join(tables.items, tables.items.c.id == tables.known_answers.c.item_id)
    .where(
        tables.known_answers.c.project_id == sa.bindparam("is_project"),
        tables.known_answers.c.use == "gold",
        tables.items.c.state == "active",
        ~sa.exists(sa.select(_ONE).where(_tasks.c.item_id == tables.known_answers.c.item_id, _tasks.c.user_id == sa.bindparam("holder"))),
        ~sa.exists(
            sa.select(_ONE).where(
                tables.skips.c.item_id == tables.known_answers.c.item_id, tables.skips.c.user_id == sa.bindparam("holder")
            )
        ),
    )
)


def _count_withheld() -> Statement:
    skips = tables.skips
    audits = (
        sa.select(_tasks.c.item_id)
        .where(
            _tasks.c.project_id == sa.bindparam("is_project"),
            _tasks.c.purpose == sa.literal_column("'audit'"),
            _tasks.c.state == sa.literal_column("'open'"),
        )
        .order_by(_tasks.c.lane, _tasks.c.rank)
        .limit(sa.literal_column(str(MOST_WITHHELD)))
        .subquery("audits")
    )
    holder: sa.BindParameter[int] = sa.bindparam("holder")
    item = audits.c.item_id
    own = sa.exists(auditors.answered(item, holder)) | sa.exists(auditors.answered_in_a_file(item, holder))
    seen = sa.exists(auditors.saw_label(item, holder))
    lately = skips.c.created_at > sa.bindparam("now") - PASSED_ON_SECONDS
    skipped = sa.exists(sa.select(_ONE).where(skips.c.item_id == audits.c.item_id, skips.c.user_id == holder, lately))
    why = sa.select(
        sa.case((own, "own"), (seen, "seen"), (skipped, "skipped"), else_="").label("why"),
    ).select_from(audits)
    found = why.subquery("found")
    return Statement(sa.select(*(sa.func.sum(sa.case((found.c.why == one, 1), else_=0)) for one in ("own", "seen", "skipped"))))


_withheld = _count_withheld()
_newest = Statement(sa.select(sa.func.max(_tasks.c.id)))
_given = sa.select(_ONE).where(_tasks.c.item_id == sa.bindparam("item"), _tasks.c.user_id == sa.bindparam("holder"))
_is_gold = (
    sa.select(_ONE)
    .select_from(tables.known_answers.join(tables.items, tables.items.c.id == tables.known_answers.c.item_id))
    .where(tables.known_answers.c.item_id == sa.bindparam("item"), tables.known_answers.c.use == "gold", tables.items.c.state == "active")
)
_next = _tasks.alias("next")
# Gold takes the place of a first answer: where there is none, or something comes back, gold would be known by coming instead.
_first_answer_is_next = (
    sa.select(_next.c.lane).where(_next.c.id == sa.func.coalesce(_sent_back, _first_open("label", own=False))).scalar_subquery() > _NONE
)
# One statement that looks for what comes next, as the one that leases it does: by the time that it takes, gold is not to be told either.
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
        ).where(~sa.exists(_given), sa.exists(_is_gold), _holds_few("label"), _first_answer_is_next),
    )
    .returning(*_columns, _tasks.c.rank)
)


class Queue:
    """Hands out the tasks of one project. One instance serves all threads of a process."""

    def __init__(self, project_id: int, policy: TaskPolicy, *, review_own: bool = False) -> None:
        self.project_id = project_id
        self.policy = policy
        # Audits come before the reviews that rules ask for.
        self._lanes = {"label": {"label": range(policy.most + 1)}, "review": {"audit": range(1, 2), "review": range(1, 3)}}
        self._own = review_own
        self._cursors: dict[tuple[int, str, int], int] = {}
        self._rescanned: dict[tuple[int, str], tuple[float, int]] = {}
        self._gold: dict[int, list[int]] = {}
        self._gold_read: dict[int, float] = {}

    def held(self, connection: Connection, user_id: int, purpose: str) -> list[Leased]:
        """Return what the person holds already, the oldest first: what a reload or a second tab goes on with."""
        return [Leased(*row) for row in _held[purpose].all(connection, holder=user_id, is_project=self.project_id)]

    def lease(self, connection: Connection, user_id: int, *, count: int = 1, purpose: str = "label", resume: bool = True) -> list[Leased]:
        """Lease up to `count` tasks for `label` or `review`; what the person holds already comes first where `resume` is true."""
        # One person's requests take turns, so that two tabs never get two tasks about one item.
        take_turns(connection, self.project_id, user_id)
        leased = self.held(connection, user_id, purpose)[:count] if resume else []
        while len(leased) < count:
            one = self._one(connection, user_id, purpose)
            if one is None:
                break
            leased.append(one)
        if leased or resume:
            return leased
        # Nothing more for somebody who holds so many: these come first.
        held = self.held(connection, user_id, purpose)
        return held[:count] if len(held) >= MOST_HELD else []

    def _one(self, connection: Connection, user_id: int, purpose: str) -> Leased | None:
        if purpose == "label" and (gold := self._one_gold(connection, user_id)):
            return gold
        found = self._search(connection, user_id, purpose)
        if found is None and self._may_rescan(connection, user_id, purpose):
            self.search_anew(user_id, purpose)
            found = self._search(connection, user_id, purpose)
        return found

    def _search(self, connection: Connection, user_id: int, purpose: str) -> Leased | None:
        for kind in self._lanes[purpose]:
            statement = _open[kind, self._own and kind != "label"]
            if found := self._run(statement, connection, user_id, places=self._places(user_id, purpose, kind)):
                return found
        return None

    def _places(self, user_id: int, purpose: str, kind: str) -> str:
        """Where the person's search begins in each lane, in JSON."""
        return encode({lane: self._cursors.get((user_id, kind, lane), 0) for lane in self._lanes[purpose][kind]})

    def withheld(self, connection: Connection, user_id: int) -> Withheld:
        """Tell why open audits are not for this person; of which item each is stays untold, and so does what is planted."""
        own, seen, skipped = _withheld.one(connection, holder=user_id, is_project=self.project_id, now=time.time())
        return Withheld(own or 0, seen or 0, skipped or 0)

    def search_anew(self, user_id: int, purpose: str) -> None:
        """Search the person's lanes from their start next time, for something behind the cursors is for this person by now."""
        for kind, lanes in self._lanes[purpose].items():
            for lane in lanes:
                self._cursors.pop((user_id, kind, lane), None)

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
        # Popped only here; should it not be leased, or the transaction be undone, the item returns with the next reading of the list.
        return self._run(_lease_gold, connection, user_id, item=unseen.pop(), places=self._places(user_id, "label", "label"))

    def _run(self, statement: Statement, connection: Connection, user_id: int, **parameters: Any) -> Leased | None:
        row = statement.one(
            connection,
            holder=user_id,
            is_project=self.project_id,
            token=new_lease(user_id),
            seconds=self.policy.lease_seconds,
            now=time.time(),
            **parameters,
        )
        if row is None:
            return None
        *fields, rank = row
        leased = Leased(*fields)
        if leased.purpose in ("label", "audit", "review"):
            self._cursors[user_id, leased.purpose, leased.lane] = rank
        return leased
