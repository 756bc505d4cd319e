"""A store of an older Labelwright that holds work is brought up to date, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import review
from labelwright.analytics import overview
from labelwright.datasets import freeze
from labelwright.datasets.policy import DatasetPolicy
from labelwright.datasets.versions import versions
from labelwright.quality import QualityPolicy, refresh
from labelwright.review import ReviewPolicy
from labelwright.store import log, migrations, tables
from labelwright.store.audit import audit
from labelwright.store.backup import backup, restore
from labelwright.store.blobs import Blobs
from labelwright.store.codec import decode, encode
from labelwright.store.database import Database
from labelwright.store.project import Project
from labelwright.tasks import Queue, TaskPolicy
from tests.datasets.labeling import review as give_review
from tests.quality.answers import answer, choice
from tests.rows import add_known, add_texts, add_users

BUG = {"intent": choice("bug")}


def test_a_store_with_work_is_brought_up_to_date_and_taken_back(make_project: Callable[..., Project]) -> None:
    """At version 0007 people have answered and reviewed, and a version was frozen: all counts afterwards, and what waits of the random
    sample is an audit; taken back to 0007 and up again, nothing is lost that 0007 can hold."""
    project = make_project()
    ann, rita = add_users(project, "ann", "rita", role="reviewer")
    items = add_texts(project, [f"text {number}" for number in range(12)])
    add_known(project, items[11], BUG)
    answer(project, [(item, ann, BUG) for item in items[:10]])
    refresh(project, QualityPolicy(label_errors=False))
    freeze(project, DatasetPolicy())
    project.database.write(lambda connection: migrations.move(connection, "0007"))
    project.database.write(lambda connection: _work_at_0007(connection, project, items, rita))
    before = _kept(project)
    project.database.migrate()
    with project.database.read() as connection:
        (version,) = versions(connection, project.id)
        assert version.certificate.questions["intent"].bound == 0.5
        judged_by = connection.scalars(sa.select(tables.reviews.c.pipeline_version)).all()
        assert list(judged_by) == [project.pipeline_version]
        waiting = connection.execute(
            sa.select(tables.tasks.c.item_id, tables.tasks.c.purpose, tables.tasks.c.state)
            .where(tables.tasks.c.purpose.in_(("review", "audit")))
            .order_by(tables.tasks.c.item_id)
        ).all()
        assert [tuple(row) for row in waiting] == [
            (items[0], "review", "done"),
            (items[1], "audit", "open"),
            (items[2], "review", "leased"),
            (items[3], "review", "open"),
        ]
        found = audit(connection, project.id, project.schema)["intent"]
        # The review of that time was given with the label in view, which is no audit: the item waits for somebody else.
        assert (found.audited, found.errors, found.pending) == (0, 0, 3)
        assert overview(connection, project).funnel.answered == 10
    # Whoever opens the project goes on, and what waits is handed out.
    review.pick(project, ReviewPolicy(sample="100%", always=()), items)
    queue = Queue(project.id, TaskPolicy(overlap=1, gold="0%"))
    held = project.database.write(lambda connection: queue.lease(connection, rita, count=20, purpose="review"))
    assert {task.item_id for task in held} == set(items[1:10])
    project.database.write(lambda connection: connection.execute(sa.update(tables.tasks).values(lease=None)))
    give_review(project, items[1], rita, BUG)
    project.database.write(lambda connection: migrations.move(connection, "0007"))
    assert not {"blind_answers", "planted_audits", "figures", "known_addresses"} & _names(project)
    back = _kept(project)
    assert {name: rows[: len(before[name])] for name, rows in back.items()} == before
    project.database.migrate()
    refresh(project, QualityPolicy(label_errors=False), full=True)
    with project.database.read() as connection:
        found = audit(connection, project.id, project.schema)["intent"]
    # 0007 cannot hold that an answer was given blind: what was reviewed stands, and proves nothing.
    assert (found.audited, found.shown) == (0, 2)


ADDED = {"0014": {"ix_events_looks"}, "0013": {"ix_items_drawn_share", "ix_items_unproved"}, "0012": {"ix_items_duplicate_of"}}
"""The indexes that came with a version."""

LATER = {("users", "namesake_of"), ("comments", "part"), ("findings", "part")}
"""The columns that came since 0011; they say nothing of this work."""


@pytest.fixture
def another_store(store_url: str, tmp_path: Path) -> Iterator[Database]:
    """A second migrated store, of the same kind as the first one."""
    url = f"sqlite:///{tmp_path}/another/labelwright.db"
    if store_url.startswith("postgresql"):
        server, _, name = store_url.rpartition("/")
        url = f"{server}/{name}_another"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}_another" TEMPLATE "template_labelwright"'.encode())
    another = Database(url)
    another.migrate()
    yield another
    another.close()


@pytest.mark.parametrize("revision", ["0013", "0012", "0011"])
def test_indexes_go_and_come_with_work_in_the_store(
    revision: str, make_project: Callable[..., Project], another_store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken back before the newest indexes, a store keeps every row, and its backup is restored whole, with the indexes."""
    project = make_project()
    first, twin, *others = add_texts(project, [f"text {number}" for number in range(8)])
    add_users(project, "ann")

    def fill(connection: Connection) -> None:
        items = tables.items
        connection.execute(sa.update(items).where(items.c.id == twin).values(duplicate_of=first, state="duplicate"))
        connection.execute(sa.update(items).where(items.c.id.in_(others[:4])).values(drawn_at=1.0, drawn_share=0.5, drawn_label="{}"))
        connection.execute(sa.update(items).where(items.c.id == others[0]).values(changed_at=2.0))
        log.append(connection, project.id, "audit_looked_at", payload={"intent": [1]})

    project.database.write(fill)
    before = _rows(project.database)
    lacking = set().union(*(indexes for version, indexes in ADDED.items() if version > revision))
    every = _indexes(project.database)
    project.database.write(lambda connection: migrations.move(connection, revision))
    assert _indexes(project.database) == every - lacking
    assert _rows(project.database) == before
    with monkeypatch.context() as then:
        # A version of that time knew the tables as they were.
        then.setattr(tables, "metadata", _earlier())
        assert backup(project.database, project.blobs, tmp_path / "backup.tar").revision == revision
    project.database.migrate()
    assert (_indexes(project.database), _rows(project.database)) == (every, before)
    assert restore(another_store, Blobs(tmp_path / "restored"), tmp_path / "backup.tar").whole
    assert _indexes(another_store) == every
    # Transactions are numbered by the server; what was restored is older than all that comes.
    assert _rows(another_store) == {**before, "events": [(row[0], 0, *row[2:]) for row in before["events"]]}


def test_findings_that_counted_parts_name_them(make_project: Callable[..., Project]) -> None:
    """The number of a part, from 0, becomes the id that a part without one of its own goes by, and the other way round."""
    project = make_project()
    (item,) = add_texts(project, ["a text"])
    about = {
        "project_id": project.id,
        "item_id": item,
        "rule": "r",
        "severity": "error",
        "message": "m",
        "stage": "submit",
        "created_at": 1.0,
    }
    named = [{**about, "part": part} for part in ("5", None, "own")]
    project.database.write(lambda connection: connection.execute(sa.insert(tables.findings), named))

    def of(column: str) -> list[Any]:
        query = sa.text(f"SELECT {column} FROM findings ORDER BY id")
        with project.database.read() as connection:
            return list(connection.scalars(query))

    project.database.write(lambda connection: migrations.move(connection, "0016"))
    assert of("unit") == [4, None, None]
    project.database.migrate()
    assert of("part") == ["5", None, None]


def _indexes(database: Database) -> set[str | None]:
    with database.read() as connection:
        inspected = sa.inspect(connection)
        return {index["name"] for name in inspected.get_table_names() for index in inspected.get_indexes(name)}


def _rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(*_columns(table)).order_by(*table.primary_key.columns))]
            for table in tables.metadata.sorted_tables
        }


def _earlier() -> sa.MetaData:
    """The tables without the columns that came later."""
    found = sa.MetaData()
    for table in tables.metadata.sorted_tables:
        sa.Table(table.name, found, *(column._copy() for column in _columns(table)))
    return found


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if (table.name, column.name) not in LATER]


def _work_at_0007(connection: Connection, project: Project, items: list[int], rita: int) -> None:
    """Write what an older Labelwright left: reviews in lane 1 of the random sample, others in lane 2, and a certificate of its own."""
    then = sa.MetaData()
    then.reflect(connection)
    task, picks, reviews, frozen = (then.tables[name] for name in ("tasks", "review_picks", "reviews", "dataset_versions"))
    row: dict[str, Any] = {"project_id": project.id, "purpose": "review", "rank": 0}
    done = connection.execute(sa.insert(task).values(**row, item_id=items[0], state="done", lane=1, user_id=rita)).inserted_primary_key[0]
    connection.execute(sa.insert(task).values(**row, item_id=items[1], state="open", lane=1))
    connection.execute(sa.insert(task).values(**row, item_id=items[2], state="leased", lane=1, user_id=rita, lease="x", lease_ends=1e9))
    connection.execute(sa.insert(task).values(**row, item_id=items[3], state="open", lane=2))
    for item in items[:3]:
        connection.execute(sa.insert(picks).values(item_id=item, project_id=project.id, random=1, created_at=1.0))
    given = {"project_id": project.id, "item_id": items[0], "task_id": done, "reviewer_id": rita, "verdict": "accept", "random": 1}
    connection.execute(sa.insert(reviews).values(**given, label_before=encode(BUG), created_at=2e9))
    connection.execute(sa.update(then.tables["items"]).values(drawn_at=1.0, drawn_share=1.0, drawn_label=encode(BUG)))
    summary = decode(connection.scalar(sa.select(frozen.c.summary)))
    proof = summary["certificate"]["questions"]["intent"]
    known = {"question", "kind", "confidence", "method", "population", "audited", "errors", "pending", "unproved", "enough", "statement"}
    old = {name: value for name, value in proof.items() if name in known} | {"bound": 0.1, "remaining": 0.1, "bound_at_any_look": 0.5}
    summary["certificate"]["questions"]["intent"] = old
    connection.execute(sa.update(frozen).values(summary=msgspec.json.encode(summary).decode()))


def _kept(project: Project) -> dict[str, list[Any]]:
    """What people gave, as the tables have it."""
    found = {}
    with project.database.read() as connection:
        for name in ("users", "annotations", "reviews", "items", "consensus"):
            then = sa.MetaData()
            then.reflect(connection, only=[name])
            table = then.tables[name]
            rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
            # What was drawn is noted anew by whoever picks, and nothing of it was given by people.
            found[name] = [{key: value for key, value in row.items() if not key.startswith("drawn_")} for row in rows]
    return found


def _names(project: Project) -> set[str]:
    with project.database.read() as connection:
        return set(sa.inspect(connection).get_table_names())
