"""Counting again reads what is new, and comes to the same as counting all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics import answered, keep, kept_counts, kept_overview, kept_requirements
from labelwright.quality import QualityPolicy, refresh
from labelwright.store import tables
from labelwright.store.audit import audit
from labelwright.store.project import Project
from tests.analytics.test_overview import pick, review, suggest
from tests.quality.answers import answer, choice
from tests.rows import add_known, add_texts, add_users
from tests.store.test_listing import plans, statements

Make = Callable[..., Project]
POLICY = QualityPolicy(label_errors=False)
REQUIREMENTS = ["labeled >= 10%", "count(intent='bug') >= 1", "label_error(intent) <= 5% at 95%"]
LABELS = ("refund", "bug", "other")


def kept(project: Project) -> object:
    """All figures that are kept, without the time at which they were read."""
    with project.database.read() as connection:
        counts, found = kept_counts(connection, project), kept_overview(connection, project)
        return msgspec.structs.replace(counts, at=0.0), msgspec.structs.replace(found, at=0.0), kept_requirements(connection, project)


@pytest.mark.parametrize("seed", range(4))
def test_counting_what_is_new_comes_to_the_same_as_counting_all(make_project: Make, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """After any history of answers, replaced answers, reviews, rejections, gold, duplicates and replaced rows."""
    # One moment for both, so that no bucket of time moves between them.
    now = float(int(time.time()))
    monkeypatch.setattr("labelwright.analytics.counts.time.time", lambda: now)
    rng = random.Random(seed)
    project = make_project()
    users = add_users(project, "ann", "bob", "rev")
    ids = add_texts(project, [f"text {number}" for number in range(30)])
    annotations, items = tables.annotations, tables.items

    def change(table: sa.Table, number: int, **values: object) -> None:
        project.database.write(lambda connection: connection.execute(sa.update(table).where(table.c.id == number).values(**values)))

    given: list[int] = []

    def answers() -> None:
        for _ in range(rng.randint(1, 6)):
            made = answer(project, [(rng.choice(ids), rng.choice(users), {"intent": choice(rng.choice(LABELS))})])
            # Some are older than what is read anew each time on PostgreSQL, some were left open in a pause.
            change(
                annotations, made[0], created_at=now - rng.uniform(0, 3 * answered.DAY), seconds_active=rng.choice((0.5, 7.25, 30, 4000))
            )
            given.extend(made)

    def reviews() -> None:
        item = rng.choice(ids)
        suggest(project, item, "bug", labeler=f"labeler {len(given)}")
        if item not in picked and rng.random() < 0.5:
            picked.add(item)
            pick(project, item)
        fixed = choice(rng.choice(LABELS)) if rng.random() < 0.3 else None
        review(project, item, choice("bug"), fixed, reviewer=users[2], verdict=rng.choice(("accept", "reject")))

    def states() -> None:
        if given:
            change(annotations, rng.choice(given), state=rng.choice(("replaced", "rejected", "accepted")))
        change(items, rng.choice(ids), state=rng.choice(("replaced", "duplicate", "active", "active")))
        change(items, rng.choice(ids), drawn_at=now, drawn_share=rng.choice((0.1, 0.2)), changed_at=rng.choice((None, now)))

    def gold() -> None:
        if (item := rng.choice(ids)) not in known:
            known.add(item)
            add_known(project, item, {"intent": choice(rng.choice(LABELS))})

    known: set[int] = set()
    picked: set[int] = set()
    for _ in range(6):
        for step in rng.sample((answers, answers, reviews, states, gold), 4):
            step()
        refresh(project, POLICY, full=rng.random() < 0.3)
        keep(project, REQUIREMENTS)
        again = kept(project)
        keep(project, REQUIREMENTS, anew=True)
        assert again == kept(project)


def test_answers_that_were_counted_are_not_read_again(make_project: Make) -> None:
    """Behind the last answer that was counted, the next count reads one; what comes late on PostgreSQL is found nevertheless."""
    project = make_project()
    ann, bob = add_users(project, "ann", "bob")
    ids = add_texts(project, [f"text {number}" for number in range(10)])
    answer(project, [(item, ann, {"intent": choice("bug")}) for item in ids])

    def old(connection: Connection) -> None:
        connection.execute(sa.update(tables.annotations).values(created_at=time.time() - 2 * answered.SETTLED_SECONDS))

    project.database.write(old)
    with project.database.read() as connection:
        _, settled = answered.read_answered(connection, project.id)
    last = settled.upto
    assert sum(person.answers for person in settled.people.values()) == 10
    answer(project, [(ids[0], bob, {"intent": choice("other")})])
    with statements(project.database) as noted, project.database.read() as connection:
        found, settled = answered.read_answered(connection, project.id, settled)
        assert answered.read_states(connection, project.id, "replaced") == {}
    assert {user: person.answers for user, person in found.people.items()} == {ann: 10, bob: 1}
    # An answer of this hour is settled where the database numbers answers as they come.
    assert settled.upto == (found.upto if project.database.dialect == "sqlite" else last)
    assert not [plan for plan in plans(project.database, noted) if plan.startswith("SCAN annotations") or "Seq Scan" in plan]


def test_an_audit_finds_shares_and_unproved_items_in_their_indexes(make_project: Make) -> None:
    """Neither the shares that items were drawn at nor the items without a draw cost a walk through all items or labels."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, [f"text {number}" for number in range(10)])
    answer(project, [(item, ann, {"intent": choice("bug")}) for item in ids])
    refresh(project, POLICY)

    def draw(connection: Connection) -> None:
        connection.execute(sa.update(tables.items).where(tables.items.c.id.in_(ids[:8])).values(drawn_at=1.0, drawn_share=0.1))

    project.database.write(draw)
    with statements(project.database) as noted, project.database.read() as connection:
        found = audit(connection, project.id, project.schema)["intent"]
    assert (found.population, found.unproved) == (10, 2)
    shares = [one for one in noted if "items.drawn_share" in one[0]]
    moved = [one for one in noted if "items.drawn_at IS NULL" in one[0]]
    assert (len(shares), len(moved)) == (2, 1)
    if project.database.dialect == "sqlite":
        assert all("ix_items_drawn_share" in plan for plan in plans(project.database, shares))
        assert any("ix_items_unproved" in plan for plan in plans(project.database, moved))
