"""The store keeps its promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from labelwright.errors import InvalidInput, NotFound, StoreUnavailable
from labelwright.store import bulk, log, tables
from labelwright.store.blobs import Blobs
from labelwright.store.database import Database
from labelwright.store.precedence import try_lock, unlock
from labelwright.store.project import Project
from labelwright.store.statement import Statement
from labelwright.store.statistics import renew


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    """What a failing transaction wrote is undone, and its error reaches the caller."""

    def work(connection: Connection) -> None:
        connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(work)
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.users)) == 0


def test_one_failing_transaction_does_not_harm_those_beside_it(database: Database) -> None:
    """Of forty transactions written at once, only those that fail are undone."""

    def write(number: int) -> bool:
        def work(connection: Connection) -> None:
            connection.execute(sa.insert(tables.users).values(name=f"user {number}", created_at=0.0))
            if number % 4 == 0:
                raise ValueError(number)

        try:
            database.write(work)
        except ValueError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(write, range(40)))
    assert outcomes.count(True) == 30
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.users)) == 30


def test_of_what_people_wait_for_only_that_which_fails_is_undone(database: Database) -> None:
    """Works that share a transaction are kept or undone each by itself, also where one breaks a rule of the database."""
    going, go_on = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        going.set()
        go_on.wait(30)

    def add(number: int, connection: Connection) -> int:
        # A fourth of the names is taken already, and a fourth is refused after it was written.
        connection.execute(sa.insert(tables.users).values(name=f"user {number % 30}", created_at=0.0))
        if number % 4 == 0:
            raise ValueError(number)
        return number

    async def work() -> list[int | BaseException]:
        # While these are at work, all others gather behind them.
        first = [asyncio.create_task(database.write_soon(hold)) for _ in range(2)]
        await asyncio.to_thread(going.wait, 30)
        together = [asyncio.create_task(database.write_soon(partial(add, number))) for number in range(40)]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*first)
        return await asyncio.gather(*together, return_exceptions=True)

    outcomes = asyncio.run(work())
    kept = [found for found in outcomes if isinstance(found, int)]
    assert all(isinstance(outcomes[number], ValueError) for number in range(0, 28, 4))
    with database.read() as connection:
        names = set(connection.scalars(sa.select(tables.users.c.name)))
    assert names == {f"user {number % 30}" for number in kept}
    assert len(names) == len(kept) >= 22


@pytest.mark.postgresql
def test_whoever_waits_for_a_lock_waits_alone(postgresql_url: str) -> None:
    """A write that another transaction holds up does not hold up those that came with it, and is done in the end."""
    database = Database(postgresql_url)
    go_on, held = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        connection.execute(sa.select(tables.clock.c.id).with_for_update())
        held.set()
        go_on.wait(30)

    def lock(connection: Connection) -> str:
        connection.execute(sa.select(tables.clock.c.id).with_for_update())
        return "had the lock"

    async def work() -> None:
        holding = asyncio.create_task(asyncio.to_thread(database.write, hold))
        await asyncio.to_thread(held.wait, 30)
        blocked = [asyncio.create_task(database.write_soon(lock)) for _ in range(3)]
        beside = [asyncio.create_task(database.write_soon(lambda connection: "done")) for _ in range(20)]
        assert await asyncio.wait_for(asyncio.gather(*beside), 30) == ["done"] * 20
        assert not any(one.done() for one in blocked)
        go_on.set()
        assert await asyncio.wait_for(asyncio.gather(holding, *blocked), 30) == [None, *["had the lock"] * 3]

    try:
        asyncio.run(work())
    finally:
        go_on.set()
        database.close()


def test_a_caller_who_goes_away_harms_nobody(database: Database) -> None:
    """A request that is broken off before its turn is not carried out, one at work is finished, and those behind it are served."""
    going, go_on = threading.Event(), threading.Event()

    def first(connection: Connection) -> None:
        going.set()
        go_on.wait(30)
        connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0))

    async def leave() -> None:
        at_work = asyncio.create_task(database.write_soon(first))
        await asyncio.to_thread(going.wait, 30)
        waiting = asyncio.create_task(database.write_soon(lambda connection: None))
        await asyncio.sleep(0)
        at_work.cancel()
        waiting.cancel()
        await asyncio.gather(at_work, waiting, return_exceptions=True)
        go_on.set()
        assert await asyncio.wait_for(database.write_soon(lambda connection: "served"), 30) == "served"

    asyncio.run(leave())
    with ThreadPoolExecutor(1) as pool:
        pool.submit(database.write, lambda connection: None).result(timeout=30)
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.users)) == 1


@pytest.mark.postgresql
def test_two_that_wait_for_each_other_are_both_served(postgresql_url: str) -> None:
    """A deadlock that a prepared statement runs into is resolved by PostgreSQL and repeated here, as any other is."""
    database = Database(postgresql_url)
    clock = Statement(sa.select(tables.clock.c.id).with_for_update())
    secret = Statement(sa.select(tables.secrets.c.name).with_for_update())
    both = threading.Barrier(2, timeout=2)

    def work(first: Statement, second: Statement, connection: Connection) -> int:
        first.all(connection)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        return len(second.all(connection))

    try:
        with ThreadPoolExecutor(2) as pool:
            crossed = [pool.submit(database.write, partial(work, *pair)) for pair in ((clock, secret), (secret, clock))]
            assert [one.result(timeout=60) for one in crossed] == [1, 1]
    finally:
        database.close()


def test_the_log_of_events_cannot_be_changed(database: Database) -> None:
    """The database itself refuses to change or delete an event."""
    database.write(lambda connection: log.append(connection, 1, "task_skipped", payload={"reason": "blurred"}))
    for statement in (sa.update(tables.events).values(kind="x"), sa.delete(tables.events)):
        with pytest.raises(DBAPIError, match="append-only"):
            database.write(lambda connection, statement=statement: connection.execute(statement))


def test_a_follower_reads_every_event_once_though_many_write(database: Database) -> None:
    """A follower that reads while eight writers append sees each event exactly once."""

    def write(number: int) -> None:
        def work(connection: Connection) -> None:
            log.append(connection, 7, "annotation_submitted", subject_id=number)
            if number % 5 == 0:
                time.sleep(0.002)

        database.write(work)

    seen: list[int | None] = []
    reached = log.Position()

    def read() -> None:
        nonlocal reached
        with database.read() as connection:
            for event in log.follow(connection, 7, reached, limit=17):
                seen.append(event.subject_id)
                reached = event.position

    with ThreadPoolExecutor(8) as pool:
        pending = [pool.submit(write, number) for number in range(200)]
        while not all(future.done() for future in pending):
            read()
    while len(seen) < 200:
        before = len(seen)
        read()
        if len(seen) == before:
            break
    assert sorted(number for number in seen if number is not None) == list(range(200))


def test_migrating_twice_changes_nothing(database: Database) -> None:
    """A second migration finds everything in place."""
    database.migrate()
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.clock)) == 1


def test_the_migrations_make_the_tables_that_the_code_declares(database: Database) -> None:
    """Alembic finds no difference between a migrated database and the declared tables."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert [difference for difference in differences if "alembic_version" not in str(difference)] == []


def test_a_blob_is_found_by_its_content_alone(tmp_path: Path) -> None:
    """Equal bytes are one blob; a name that is no digest never becomes a path."""
    blobs = Blobs(tmp_path)
    digest = blobs.put(b"waves")
    assert blobs.put(b"waves") == digest
    assert list(blobs) == [digest]
    with pytest.raises(InvalidInput):
        blobs.get("../../etc/passwd")
    with pytest.raises(NotFound):
        blobs.get("0" * 64)


def test_a_blob_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    """A file that cannot be read or written to its end is no blob, and takes no room."""

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= 1 << 20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().read(size)

    blobs = Blobs(tmp_path / "blobs")
    with pytest.raises(OSError, match="No space"):
        blobs.put_file(Cut(b"x" * (3 << 20)))
    assert [path for path in blobs.folder.rglob("*") if path.is_file()] == []


def test_the_first_migration_is_written_out_and_equals_the_tables(tmp_path: Path) -> None:
    """On SQLite a migrated database has, statement by statement, the tables and indexes that the code declares."""
    database = Database(f"sqlite:///{tmp_path}/migrated.db")
    database.migrate()
    declared = sa.create_engine(f"sqlite:///{tmp_path}/declared.db")
    tables.metadata.create_all(declared)
    query = sa.text(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL AND name != 'alembic_version'"
    )

    def statements(connection: Connection) -> dict[str, list[str]]:
        # The order of columns' clauses within a statement is the renderer's own affair.
        return {name: sorted(sql.replace('"', "").replace(",", " ").split()) for name, sql in connection.execute(query)}

    with database.read() as one, declared.connect() as other:
        assert statements(one) == statements(other)
    database.close()
    declared.dispose()


def _random_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(1, 256)) * 20)


def _another_program(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
        connection.commit()


def _newer(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.write(lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    database.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_random_bytes, "no database"),
        (Path.mkdir, "cannot be opened"),
        (_another_program, "another program's"),
        (_newer, "this Labelwright is older"),
    ],
)
def test_a_file_that_is_no_store_is_refused_and_nobody_waits_for_ever(tmp_path: Path, spoil: Callable[[Path], None], said: str) -> None:
    """Whatever lies where the database should be, whoever writes or reads gets one clear error."""
    path = tmp_path / "labelwright.db"
    spoil(path)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable, match=said) as caught:
        database.migrate()
    assert str(path) in str(caught.value.where)
    database.close()


def test_a_full_disk_is_told_and_the_next_work_goes_on(tmp_path: Path) -> None:
    """When the database cannot grow, that work is refused as a whole, and smaller work is done afterwards."""
    database = Database(f"sqlite:///{tmp_path}/labelwright.db")
    database.migrate()

    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")

    def fill(connection: Connection) -> None:
        connection.execute(sa.insert(tables.users), [{"name": f"{number} {'x' * 1000}", "created_at": 0.0} for number in range(200)])

    database.write(limit)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        database.write(fill)
    database.write(lambda connection: connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0)))
    with database.read() as connection:
        assert list(connection.scalars(sa.select(tables.users.c.name))) == ["ann"]
    database.close()


def test_a_server_out_of_reach_is_told_without_its_password() -> None:
    """A PostgreSQL that does not answer is one sentence with the address, and the password is not in it."""
    database = Database("postgresql://nobody:secret@localhost:1/x")
    with pytest.raises(StoreUnavailable, match="does not answer") as caught:
        database.migrate()
    assert "localhost:1" in str(caught.value)
    assert "secret" not in str(caught.value)
    database.close()


@pytest.mark.postgresql
def test_a_database_that_there_is_not_is_told(postgresql_url: str) -> None:
    """PostgreSQL's own refusals become sentences that say what to do."""
    database = Database(postgresql_url.rpartition("/")[0] + "/nowhere")
    with pytest.raises(StoreUnavailable):
        database.migrate()
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "postgresql://ann@host:port/x", "mysql://ann@host/x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A store's address that cannot be read is wrong input."""
    with pytest.raises(InvalidInput):
        Database(url)


def test_a_waiting_person_writes_before_the_next_batch_of_a_run(tmp_path: Path) -> None:
    """A run in another process has many writes ready; one that a person waits for comes right after the one that is at work."""
    url = f"sqlite:///{tmp_path}/labelwright.db"
    server, run = Database(url), Database(url)
    server.migrate()
    at_work, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def batch(number: int, connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.clock).values(seconds=number))
        if number == 0:
            at_work.set()
            go_on.wait(60)
        order.append(f"batch {number}")

    def answer(connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.clock).values(seconds=0))
        order.append("a person's")

    with ThreadPoolExecutor(4) as pool:
        batches = [pool.submit(run.write, partial(batch, 0))]
        at_work.wait(60)
        batches += [pool.submit(run.write, partial(batch, number)) for number in (1, 2)]
        while len(run._backend._writing._others) < 2:  # type: ignore[union-attr]  # it is SQLite
            time.sleep(0.001)
        person = pool.submit(asyncio.run, server.write_soon(answer))
        with Path(f"{tmp_path}/labelwright.db.people.lock").open("ab") as lock:
            while try_lock(lock.fileno()):
                # The person's write is not on its way yet.
                unlock(lock.fileno())
                time.sleep(0.001)
        go_on.set()
        for waiting in (*batches, person):
            waiting.result()
    server.close()
    run.close()
    assert order[:2] == ["batch 0", "a person's"]
    assert len(order) == 4


def test_within_a_process_what_people_wait_for_goes_first(tmp_path: Path) -> None:
    """Writes of requests overtake those of background work that came before them, and share one commit."""
    database = Database(f"sqlite:///{tmp_path}/labelwright.db")
    database.migrate()
    at_work, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def first(connection: sa.Connection) -> None:
        at_work.set()
        go_on.wait(60)

    async def people() -> None:
        writes = [asyncio.ensure_future(database.write_soon(lambda connection: order.append("a person's"))) for _ in range(3)]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*writes)

    with ThreadPoolExecutor(4) as pool:
        running = pool.submit(database.write, first)
        at_work.wait(60)
        others = [pool.submit(database.write, lambda connection: order.append("a batch")) for _ in range(2)]
        while len(database._backend._writing._others) < 2:  # type: ignore[union-attr]  # it is SQLite
            time.sleep(0.001)
        asyncio.run(people())
        for waiting in (running, *others):
            waiting.result()
    database.close()
    assert order == ["a person's"] * 3 + ["a batch"] * 2


def test_a_bulk_load_leaves_statistics_behind_it(database: Database, make_project: Callable[..., Project]) -> None:
    """After thousands of rows were loaded, the planner knows of about as many, and looks again only when there are four times more."""
    project = make_project()
    columns = ("source", "key", "revision", "place", "data", "created_at")

    def load(first: int, connection: sa.Connection) -> None:
        rows = [("test", f"{number}", "r", f"test:{number}", "{}", 0.0) for number in range(first, first + 2000)]
        bulk.insert(connection, tables.raw_items, columns, rows, {"project_id": project.id})

    def known(connection: sa.Connection) -> int:
        if database.dialect == "sqlite":
            stats = connection.exec_driver_sql("SELECT stat FROM sqlite_stat1 WHERE tbl = 'raw_items'")
            return max(int(stat.split()[0]) for (stat,) in stats)
        return int(connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'raw_items'").scalar_one())

    database.write(partial(load, 0))
    renew(database)
    with database.read() as connection:
        assert 1000 <= known(connection) <= 4000
    assert renew(database) == []
    for first in range(2000, 10_000, 2000):
        database.write(partial(load, first))
    renew(database)
    with database.read() as connection:
        assert 5000 <= known(connection) <= 20_000


def test_nothing_is_written_by_a_reading(database: Database) -> None:
    """Whatever writes within a reading leaves nothing behind: PostgreSQL, where a reading ends with a commit, refuses it."""
    with contextlib.suppress(StoreUnavailable), database.read() as connection:
        connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0))
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.users)) == 0
    database.write(lambda connection: connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0)))


def test_a_large_array_leaves_no_hole() -> None:
    """What arrays of many sizes took is given back when they are gone, though a small one lies behind each."""
    script = """
import ctypes
import numpy as np
from labelwright.store.memory import give_back_large


def taken() -> int:
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))


print(give_back_large())
before, kept = taken(), []
for size in (2, 4, 8, 16, 30):
    for _ in range(4):
        large = [np.ones(size << 17) for _ in range(3)]
        kept.append([np.ones(1000) for _ in range(3)])
        del large
print((taken() - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    able, megabytes = done.stdout.split()
    if able == "False":
        pytest.skip("Another C library than that of GNU: it has its own way to give memory back.")
    assert int(megabytes) < 16
