"""What is acknowledged was written once, and what was not is not, however the way to PostgreSQL breaks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from labelwright.store.database import Database
from tests.store.cut import Way, way_to

pytestmark = pytest.mark.postgresql


@pytest.fixture
def way(postgresql_url: str) -> Iterator[Way]:
    with way_to(postgresql_url) as found:
        yield found


@pytest.fixture
def store(way: Way) -> Iterator[Database]:
    database = Database(way.url)
    yield database
    database.close()


def add(connection: Connection, number: int) -> int:
    """Write something that nothing keeps from being written twice."""
    connection.exec_driver_sql("INSERT INTO told (number) VALUES (%(number)s)", {"number": number})
    return number


def rows(store: Database) -> list[int]:
    with store.read() as connection:
        return sorted(connection.exec_driver_sql("SELECT number FROM told").scalars())


def prepare(store: Database) -> None:
    store.write(lambda connection: connection.exec_driver_sql("CREATE TABLE told (number integer)"))
    # Both connections that groups share are open from here on.
    asyncio.run(together(store, range(0)))


async def together(store: Database, numbers: range, work: Callable[[Connection, int], int] = add) -> list[Any]:
    """Write in one group, by waiting until everybody has come."""
    gate = threading.Event()
    held = [asyncio.create_task(store.write_soon(lambda connection: gate.wait(30))) for _ in range(2)]
    await asyncio.sleep(0.2)
    many = [asyncio.create_task(store.write_soon(partial(work, number=number))) for number in numbers]
    await asyncio.sleep(0.2)
    gate.set()
    await asyncio.gather(*held)
    return await asyncio.gather(*many, return_exceptions=True)


@pytest.mark.parametrize("arrives", [True, False])
def test_a_commit_whose_answer_is_lost_is_done_once(way: Way, store: Database, *, arrives: bool) -> None:
    """Each piece of work is there once and acknowledged, whether the COMMIT arrived before the connection broke or did not."""
    prepare(store)
    way.arrives = arrives
    way.cutting = 1
    assert store.write(partial(add, number=1)) == 1
    way.cutting = 1
    assert asyncio.run(store.write_soon(partial(add, number=2))) == 2
    way.cutting = 3
    assert asyncio.run(together(store, range(3, 23))) == list(range(3, 23))
    assert way.cut == 5
    assert rows(store) == list(range(1, 23))


def test_a_connection_that_is_ended_in_the_middle_of_a_group_loses_nothing(way: Way, store: Database) -> None:
    """Where PostgreSQL ends the connection of a group, or fails while it commits it, each piece is done once, or fails by itself."""
    prepare(store)
    store.write(
        lambda connection: connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN IF NEW.number = 7 THEN RAISE 'not seven'; END IF; RETURN NULL; END $$ "
            "LANGUAGE plpgsql; CREATE CONSTRAINT TRIGGER late AFTER INSERT ON told DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
            "EXECUTE FUNCTION refuse()"
        )
    )
    found = asyncio.run(together(store, range(20)))
    assert [one for one in found if isinstance(one, int)] == [number for number in range(20) if number != 7]
    assert "not seven" in str(found[7])
    ended: list[int] = []

    def end(connection: Connection, number: int) -> int:
        if number == 25 and not ended:
            ended.append(number)
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return add(connection, number)

    assert asyncio.run(together(store, range(20, 40), end)) == list(range(20, 40))
    assert rows(store) == [number for number in range(40) if number != 7]
