"""Who answered how much, and when: counted once, for answers are only ever added and what these figures are made of never changes.

Only what comes behind the last answer that was counted is read. What does change, that an answer was replaced or rejected, is counted
anew each time: an index finds these few.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.portable import numbered_in_order, whole_number

__all__ = ["DAY", "HOUR", "Answered", "Person", "read_answered", "read_states"]

HOUR, DAY = 3600, 86400

SETTLED_SECONDS = 3600.0
"""On PostgreSQL answers are not seen in the order of their numbers: those of the last hour are read anew each time."""

_annotations = tables.annotations


class Person(Struct):
    """All answers of one person, those to reviews left out, and the time of the newest."""

    answers: int = 0
    newest: float = 0.0


class Timed(Struct):
    """Answers that took as many whole seconds, and what they took together."""

    answers: int = 0
    seconds: float = 0.0


class Answered(Struct, kw_only=True):
    """What was answered up to the annotation `upto`.

    `hours` counts the answers by people in each hour since 1970, `seconds` sorts them by the whole seconds that they took, a day at most,
    and `people` counts those of each person, reviews left out, by number.
    """

    upto: int = 0
    hours: dict[int, int]
    seconds: dict[int, Timed]
    people: dict[int, Person]

    @classmethod
    def nothing(cls) -> Answered:
        return cls(hours={}, seconds={}, people={})

    def spent(self, most: float) -> float:
        """Return the active seconds of all answers by people; of each one `most`, rounded up to a whole second, at most."""
        limit = math.ceil(most)
        return math.fsum(one.seconds if whole < limit else limit * one.answers for whole, one in self.seconds.items())


def read_answered(connection: Connection, project_id: int, known: Answered | None = None) -> tuple[Answered, Answered]:
    """Return what is answered now, and what of it may be handed in as `known` the next time.

    `known` is of the same project, from before; without it all answers are read.
    """
    settled = known or Answered.nothing()
    newest = _newest(connection, project_id, settled.upto)
    if newest <= settled.upto:
        return settled, settled
    last = newest
    if not numbered_in_order(connection):
        last = _newest(connection, project_id, settled.upto, _annotations.c.created_at < time.time() - SETTLED_SECONDS)
    settled = _with(connection, project_id, settled, last)
    return _with(connection, project_id, settled, newest), settled


def read_states(connection: Connection, project_id: int, state: str) -> dict[int, int]:
    """Count each person's answers, those to reviews left out, that have come into a rare state."""
    # Found in the index of states, in a query of its own: with most answers in one state, SQLite would read them all.
    found = sa.select(_annotations.c.id).where(_annotations.c.project_id == project_id, _annotations.c.state == state)
    rows = sa.select(_annotations.c.user_id, sa.func.count()).where(_annotations.c.id.in_(found), _annotations.c.origin != "review")
    return dict(connection.execute(rows.group_by(_annotations.c.user_id)).all())


def _newest(connection: Connection, project_id: int, after: int, *where: Any) -> int:
    query = sa.select(sa.func.max(_annotations.c.id)).where(_behind(project_id, after), *where)
    return int(connection.scalar(query) or 0)


def _behind(project_id: int, after: int) -> sa.ColumnElement[bool]:
    # Annotations are found by their number: what others than the project have added since is passed over.
    return sa.and_(beside(_annotations.c.project_id) == project_id, _annotations.c.id > after)


def _with(connection: Connection, project_id: int, known: Answered, upto: int) -> Answered:
    """Add the answers up to this one."""
    if upto <= known.upto:
        return known
    new = sa.and_(_behind(project_id, known.upto), _annotations.c.id <= upto)
    by_people = sa.and_(new, _annotations.c.origin == "person")
    count = sa.func.count()

    def grouped(key: Any, where: Any, *sums: Any) -> Iterable[Any]:
        return connection.execute(sa.select(key.label("key"), count, *sums).where(where).group_by(sa.literal_column("1")))

    hours = defaultdict(int, known.hours)
    for hour, answers in grouped(whole_number(_annotations.c.created_at / HOUR), by_people):
        hours[hour] += answers
    seconds = dict(known.seconds)
    took = sa.case((_annotations.c.seconds_active > DAY, DAY), else_=_annotations.c.seconds_active)
    for whole, answers, total in grouped(whole_number(took), by_people, sa.func.sum(took)):
        old = seconds.get(whole, Timed())
        seconds[whole] = Timed(old.answers + answers, old.seconds + total)
    people = dict(known.people)
    for user_id, answers, newest in grouped(
        _annotations.c.user_id, sa.and_(new, _annotations.c.origin != "review"), sa.func.max(_annotations.c.created_at)
    ):
        before = people.get(user_id, Person())
        people[user_id] = Person(before.answers + answers, max(before.newest, newest))
    return Answered(upto=upto, hours=dict(hours), seconds=seconds, people=people)
