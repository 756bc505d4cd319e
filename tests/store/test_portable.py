"""Only the store knows which database it is on; what it offers for that means the same on both."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

import labelwright
from labelwright.store import tables
from labelwright.store.database import Database, located_in
from labelwright.store.portable import insert_if_new, lock_row, random_below, take_turns, whole_number
from labelwright.store.statement import Insertion

HERE = Path(labelwright.__file__).parent

_ATTRIBUTES = {"dialect", "exec_driver_sql"}
_MODULES = ("sqlite3", "psycopg", "sqlalchemy.dialects", "sqlalchemy.ext.compiler")
_FUNCTIONS = ("pg_", "json_", "jsonb_", "random", "floor", "julianday", "greatest", "least")


def _tells(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The lines of a module that name a database or speak its own SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr in _ATTRIBUTES:
                yield node.lineno, node.attr
            if node.attr == "text" and isinstance(node.value, ast.Name) and node.value.id in ("sa", "sqlalchemy"):
                yield node.lineno, "sa.text"
            if isinstance(node.value, ast.Attribute) and node.value.attr == "func" and node.attr.startswith(_FUNCTIONS):
                yield node.lineno, f"func.{node.attr}"
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        for name in names:
            if name == "sqlalchemy.text" or any(name == module or name.startswith(f"{module}.") for module in _MODULES):
                yield node.lineno, name


@pytest.mark.parametrize("package", sorted(entry.name for entry in HERE.iterdir() if entry.is_dir() and entry.name not in ("store", "web")))
def test_no_other_package_knows_the_database(package: str) -> None:
    """Outside of `store`, no module asks for the dialect, sends SQL as text, or uses what one of the two databases has alone."""
    found = [
        f"{path.relative_to(HERE)}:{line}: {what}"
        for path in sorted((HERE / package).rglob("*.py"))
        for line, what in _tells(ast.parse(path.read_text("utf-8")))
    ]
    assert not found, "Give labelwright.store a function for it: " + ", ".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "connection.dialect.name",
        "connection.exec_driver_sql('SELECT 1')",
        "sa.text('1')",
        "import sqlite3",
        "from sqlalchemy.dialects import postgresql",
        "from sqlalchemy import text",
        "import psycopg.errors",
        "sa.func.pg_advisory_xact_lock(1)",
    ],
)
def test_what_tells_a_database_is_found(code: str) -> None:
    """The search above finds each of the ways in which a module could know its database."""
    assert list(_tells(ast.parse(code)))


def test_a_whole_number_is_cut_off_and_not_rounded(database: Database) -> None:
    """2.9 has 2 whole ones on both databases."""
    with database.read() as connection:
        found = connection.execute(sa.select(*(whole_number(sa.literal(value, sa.Double)) for value in (2.0, 2.5, 2.9)))).one()
    assert tuple(found) == (2, 2, 2)


def test_random_numbers_stay_below_their_limit(database: Database) -> None:
    """Each row has another number, from 0 to below the limit, and every one of four turns up."""
    rows = sa.select(sa.literal(1).label("n")).cte("rows", recursive=True)
    rows = rows.union_all(sa.select(rows.c.n + 1).where(rows.c.n < 200))
    with database.read() as connection:
        few = set(connection.scalars(sa.select(10 + random_below(4)).select_from(rows)))
        many = set(connection.scalars(sa.select(random_below(2**40)).select_from(rows)))
    assert few == {10, 11, 12, 13}
    assert len(many) == 200
    assert 0 <= min(many) <= max(many) < 2**40
    with pytest.raises(ValueError, match="power of two"):
        random_below(3)


def test_a_row_that_is_there_is_not_written_again(database: Database) -> None:
    """Inserted twice, a row stands once and as it was."""

    def add(connection: Connection, created_at: float) -> int:
        statement = insert_if_new(tables.users).values(name="ann", created_at=created_at).returning(tables.users.c.id)
        return len(connection.execute(statement).all())

    assert [database.write(lambda connection, at=at: add(connection, at)) for at in (1.0, 2.0)] == [1, 0]
    with database.read() as connection:
        assert connection.scalar(sa.select(tables.users.c.created_at)) == 1.0


def test_what_follows_an_insertion_gets_its_number(database: Database) -> None:
    """An insertion and the statements after it are written together, and tell whether the first of these wrote a row."""
    users, secrets = tables.users, tables.secrets
    add = Insertion(
        sa.insert(users).values(name=sa.bindparam("name"), created_at=0.0).returning(users.c.id),
        lambda number: [
            insert_if_new(secrets).values(name=sa.bindparam("key"), value=sa.bindparam("value")).returning(secrets.c.name),
            sa.update(tables.clock).values(seconds=sa.cast(number, sa.Double) + 0.5),
        ],
    )
    made = [database.write(lambda connection, name=name: add.run(connection, name=name, key="key", value=name)) for name in ("ann", "bob")]
    with database.read() as connection:
        numbers = list(connection.scalars(sa.select(users.c.id).order_by(users.c.name)))
        value = connection.scalar(sa.select(secrets.c.value).where(secrets.c.name == "key"))
        seconds = connection.scalar(sa.select(tables.clock.c.seconds))
    assert made == [(numbers[0], True), (numbers[1], False)]
    assert (value, seconds) == ("ann", numbers[1] + 0.5)


@pytest.mark.parametrize("lock", ["pair", "row"])
def test_transactions_that_hold_the_same_take_turns(database: Database, lock: str) -> None:
    """Of two transactions that hold the same pair of numbers, or the same row, the second goes on when the first has ended."""
    user = database.write(
        lambda connection: connection.execute(sa.insert(tables.users).values(name="ann", created_at=0.0)).inserted_primary_key[0]  # type: ignore[index]
    )
    holds, asks, order = threading.Event(), threading.Event(), []
    if database.file:
        # One connection writes: the second transaction does not even begin before the first has ended.
        asks.set()

    def hold(connection: Connection) -> None:
        if lock == "pair":
            take_turns(connection, 3, 2**40 + 5)
        else:
            lock_row(connection, tables.users, user)

    def first(connection: Connection) -> None:
        hold(connection)
        holds.set()
        asks.wait(20)
        order.append("first")

    def second(connection: Connection) -> None:
        asks.set()
        hold(connection)
        order.append("second")

    one = threading.Thread(target=database.write, args=(first,))
    one.start()
    holds.wait(20)
    database.write(second)
    one.join()
    assert order == ["first", "second"]


def test_a_lock_of_the_store_is_held_once(database: Database) -> None:
    """Another connection does not get a lock that is held, gets one of another name, and gets it once it is free."""
    other = Database(database.url)
    try:
        with database.lock("test") as held, other.lock("test") as again, other.lock("test two") as apart:
            assert (held, again, apart) == (True, False, True)
        with other.lock("test") as held:
            assert held
    finally:
        other.close()


def test_a_relative_file_of_sqlite_lies_in_the_workspace(tmp_path: Path) -> None:
    """Only an address of SQLite that is relative depends on the folder."""
    assert located_in(tmp_path, "sqlite:///a/b.db") == f"sqlite:///{tmp_path}/a/b.db"
    assert located_in(tmp_path, "sqlite:////a/b.db") == "sqlite:////a/b.db"
    assert located_in(tmp_path, "postgresql://host/name") == "postgresql://host/name"
