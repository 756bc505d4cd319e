"""The list of items: pages by keyset that look at few rows, filters that go by the label as it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, event

from labelwright.analytics.labeled import read_labels
from labelwright.api.items import ItemPage, ItemQuery
from labelwright.quality import QualityPolicy, refresh
from labelwright.store import listing, log, tables
from labelwright.store.database import Database
from labelwright.store.listing import read_items
from labelwright.store.log import Position
from labelwright.store.project import Project
from tests.analytics.test_overview import review
from tests.quality.answers import answer, choice, spans
from tests.rows import add_known, add_texts, add_users

Make = Callable[..., Project]
POLICY = QualityPolicy(label_errors=False)
SPANS = {
    "data": {"body": "text"},
    "questions": {
        "intent": {"kind": "choice", "of": "body", "options": ["refund", "bug", "other"]},
        "parts": {"kind": "spans", "of": "body", "options": ["DATE", "NAME"], "required": False},
    },
}


def page(project: Project, *, limit: int = 50, after: str | None = None, **query: Any) -> ItemPage:
    with project.database.read() as connection:
        return read_items(connection, project.id, project.schema, ItemQuery(**query), limit=limit, after=after)


def walk(project: Project, **options: Any) -> list[str]:
    """The keys of all pages, one after the other."""
    keys, after = [], None
    while True:
        found = page(project, after=after, **options)
        keys += [one.key for one in found.items]
        after = found.next
        if after is None:
            return keys


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Note what is read within the block."""
    noted: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        noted.append((statement, parameters))

    engine = database._backend._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plans(database: Database, noted: list[tuple[str, Any]]) -> list[str]:
    """How the database reads these statements; on PostgreSQL as it would with many rows, where passing over all of them is never cheap."""
    found: list[str] = []
    with database.read() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in noted:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                prefix = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
                rows = connection.exec_driver_sql(prefix + statement, parameters)
                found += [str(row[-1]) for row in rows]
    return found


def whole(project: Project) -> tuple[list[int], int, int]:
    """Forty items: 30 labeled by turns, 4 of these reviewed (one fixed, one rejected), two gold, one duplicate."""
    ann, bob, rev = add_users(project, "ann", "bob", "rev")
    ids = add_texts(project, [f"text {index}" for index in range(40)])
    labels = ("refund", "bug", "other")
    rows: list[tuple[int, int, dict[str, Any]]] = []
    for index, item in enumerate(ids[:30]):
        values: dict[str, Any] = {"intent": choice(labels[index % 3])}
        if "parts" in project.schema.questions:
            values["parts"] = spans((0, 4, "NAME")) if index % 5 == 0 else spans()
        rows += [(item, user, values) for user in (ann, bob)]
    answer(project, rows)
    for item in ids[30:32]:
        add_known(project, item, {"intent": choice("refund")})
    refresh(project, POLICY)
    review(project, ids[0], choice("refund"), reviewer=rev)
    review(project, ids[1], choice("bug"), choice("other"), reviewer=rev)
    review(project, ids[2], choice("other"), reviewer=rev, verdict="reject")

    def twin(connection: Connection) -> None:
        connection.execute(sa.update(tables.items).where(tables.items.c.id == ids[39]).values(state="duplicate", duplicate_of=ids[0]))

    project.database.write(twin)
    refresh(project, POLICY)
    return ids, ann, rev


@pytest.mark.parametrize("sort", ["id", "newest", "key", "confidence", "agreement"])
@pytest.mark.parametrize("limit", [1, 7, 200])
def test_pages_give_every_item_once(make_project: Make, sort: str, limit: int) -> None:
    """Whatever the sort and the size of a page, all pages together have every active item once."""
    project = make_project(SPANS)
    whole(project)
    keys = walk(project, sort=sort, limit=limit)
    assert sorted(keys) == sorted(f"t{number}" for number in range(39))
    if sort in ("id", "newest"):
        numbers = [int(key[1:]) for key in keys]
        assert numbers == sorted(numbers, reverse=sort == "newest")


@pytest.mark.parametrize("sort", ["id", "newest", "key", "confidence"])
def test_a_label_finds_the_items_that_show_it(make_project: Make, sort: str) -> None:
    """The filter goes by the label as it is shown, review before gold before consensus, and finds as many as are counted."""
    project = make_project(SPANS)
    whole(project)
    with project.database.read() as connection:
        counted = read_labels(connection, project.id, project.schema)
    for question, names in (("intent", ("refund", "bug", "other")), ("parts", ("NAME", "DATE"))):
        for name in names:
            found = walk(project, question=question, label=name, sort=sort, limit=3)
            assert len(found) == len(set(found)) == counted.questions[question].with_label[name]
    assert "t1" in walk(project, label="other")
    assert "t1" not in walk(project, label="bug")


def test_states_and_search(make_project: Make) -> None:
    """Reviewed is what a review settled; a rejected item is not. Other states and searches find what they say."""
    project = make_project()
    whole(project)
    assert walk(project, state="reviewed", limit=1) == ["t0", "t1"]
    assert {row.key for row in page(project).items if row.reviewed} == {"t0", "t1"}
    assert walk(project, state="duplicate") == ["t39"]
    assert len(walk(project, state="labeled", limit=9)) == 30
    assert len(walk(project, state="unlabeled", limit=9)) == 9
    assert walk(project, search="TEXT 12", sort="newest") == ["t12"]
    assert page(project, search="text 3").total == 10
    assert page(project, limit=5).total is None


def test_a_page_looks_at_few_items_however_few_fit(make_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing fits, a page ends after a bounded number of items and the next goes on behind them."""
    monkeypatch.setattr(listing, "ROUNDS", 2)
    monkeypatch.setattr(listing, "MOST_AT_ONCE", 10)
    project = make_project()
    add_texts(project, [f"text {index}" for index in range(60)])
    found = page(project, search="no such words", limit=5)
    assert (found.items, found.total) == ([], None)
    assert found.next is not None
    assert walk(project, search="text 59", limit=5) == ["t59"]


def test_a_page_asks_as_often_however_much_it_looks_at(make_project: Make) -> None:
    """Each round of a page is two statements, with all its items in one of them; three more tell of what was found."""
    project = make_project()
    add_texts(project, [f"text {index}" for index in range(2000)])
    with statements(project.database) as noted:
        assert page(project, search="no such words").next is None
    assert len([one for one, _ in noted if one.startswith("SELECT")]) <= 2 * listing.ROUNDS + 3


ASKED: list[dict[str, Any]] = [
    {},
    {"sort": "newest"},
    {"sort": "key"},
    {"sort": "confidence"},
    {"sort": "agreement"},
    {"label": "bug"},
    {"label": "bug", "sort": "newest"},
    {"state": "reviewed"},
    {"state": "findings"},
    {"state": "labeled"},
    {"state": "unlabeled"},
    {"search": "text 1"},
    {"question": "parts", "label": "NAME"},
]


@pytest.mark.parametrize("options", ASKED, ids=str)
def test_no_page_reads_a_whole_table(make_project: Make, options: dict[str, Any]) -> None:
    """Every statement of a page, the first and the next, is answered through an index, and none sorts what it reads."""
    project = make_project(SPANS)
    whole(project)
    with statements(project.database) as noted:
        first = page(project, limit=3, **options)
        page(project, limit=3, after=first.next, **options)
    for plan in plans(project.database, noted):
        assert "Seq Scan" not in plan
        assert not any(read in plan for read in ("Hash Cond", "Hash Join", "Hash Semi", "Hash Anti", "hashed SubPlan")), plan
        assert not any(plan.startswith(f"SCAN {name}") for name in ("items", "annotations", "consensus", "reviews", "findings")), plan
        assert "COUNT" not in plan.upper() or project.database.dialect == "postgresql"


def test_the_log_is_read_from_where_it_was_left(make_project: Make) -> None:
    """Following the log, and finding the newest events, reads the index from a place on and never passes over what is behind it."""
    project = make_project()
    database = project.database
    for number in range(30):
        database.write(lambda connection, number=number: log.append(connection, project.id, "tried", subject_id=number))
    with database.read() as connection:
        newest = log.before(connection, project.id, 4)
        assert [one.subject_id for one in log.follow(connection, project.id, newest)] == [26, 27, 28, 29]
        assert log.before(connection, project.id, 100) == Position()
        assert [one.subject_id for one in log.follow(connection, project.id, Position(), 3)] == [0, 1, 2]
    with statements(database) as noted, database.read() as connection:
        log.follow(connection, project.id, newest)
        log.before(connection, project.id, 4)
    found = plans(database, noted)
    if database.dialect == "sqlite":
        assert any("project_id=? AND transaction=? AND id>?" in plan for plan in found), found
        assert not any("TEMP B-TREE" in plan for plan in found)
    else:
        assert any("Index Cond" in plan and "id >" in plan for plan in found), found
