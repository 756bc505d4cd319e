"""What SQLite and PostgreSQL spell or do differently, each as one function, so that other packages write portable SQLAlchemy Core.

Expressions are compiled for whichever database runs them. Functions with a connection do what the one database needs and the other, which
has one writer, does not.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from labelwright.store.statement import Statement

__all__ = [
    "MOST",
    "fits",
    "insert_if_new",
    "listed",
    "lock_row",
    "numbered_in_order",
    "random_below",
    "take_turns",
    "transaction_number",
    "whole_number",
]


MOST = 2**63 - 1
"""No column holds a greater whole number, and no row reaches it."""


def fits(*values: str | int | None) -> bool:
    """Tell whether texts and numbers can stand in columns of either database, be it only to look for them.

    PostgreSQL takes no null character in a text, and neither takes a whole number of more than 64 bits. JSON in a column has them escaped.

    >>> fits("key", 7, None), fits("nu\\0ll"), fits(2**63)
    (True, False, False)
    """
    return not any("\0" in value if isinstance(value, str) else value is not None and abs(value) > MOST for value in values)


class whole_number(FunctionElement[int]):
    """The greatest whole number that is not above a positive number."""

    inherit_cache = True
    type = sa.BigInteger()


@compiles(whole_number, "sqlite")
def _cut(element: Any, compiler: Any, **how: Any) -> str:
    # A cast cuts off what follows the point.
    return str(compiler.process(sa.cast(next(iter(element.clauses)), sa.BigInteger), **how))


@compiles(whole_number, "postgresql")
def _floor(element: Any, compiler: Any, **how: Any) -> str:
    # A cast alone would round.
    return str(compiler.process(sa.cast(sa.func.floor(*element.clauses), sa.BigInteger), **how))


class _Random(FunctionElement[int]):
    inherit_cache = True
    type = sa.BigInteger()


def random_below(limit: int) -> sa.ColumnElement[int]:
    """A whole number at random from 0 to below `limit`, a power of two; another one for each row."""
    if limit < 1 or limit & (limit - 1):
        raise ValueError(f"{limit} is no power of two")
    return _Random(sa.literal(limit, sa.BigInteger), sa.literal(limit - 1, sa.BigInteger))


@compiles(_Random, "sqlite")
def _random_bits(element: Any, compiler: Any, **how: Any) -> str:
    # Its random() is a whole number of 64 bits.
    _, mask = element.clauses
    return f"({compiler.process(sa.func.random().op('&')(mask), **how)})"


@compiles(_Random, "postgresql")
def _random_share(element: Any, compiler: Any, **how: Any) -> str:
    limit, _ = element.clauses
    share = sa.cast(sa.func.floor(sa.func.random() * limit), sa.BigInteger)
    return str(compiler.process(share, **how))


class transaction_number(FunctionElement[int]):
    """PostgreSQL's number of the running transaction; 0 on SQLite, whose transactions are ordered as their rows are."""

    inherit_cache = True
    type = sa.BigInteger()


@compiles(transaction_number, "sqlite")
def _no_number(_element: Any, _compiler: Any, **_how: Any) -> str:
    return "0"


@compiles(transaction_number, "postgresql")
def _current_number(_element: Any, compiler: Any, **how: Any) -> str:
    number = sa.cast(sa.cast(sa.func.pg_current_xact_id(), sa.Text), sa.BigInteger)
    return str(compiler.process(number, **how))


def insert_if_new(table: sa.Table) -> Any:
    """Return an INSERT that writes no row where one with the same key is there."""
    # SQLite's compiler writes PostgreSQL's clause as it is; the other way round it does not work.
    return postgresql.insert(table).on_conflict_do_nothing()


def listed(parameter: str) -> Any:
    """Return a table with the columns `key` and `value`: what a bound JSON object holds, in its order."""
    return sa.func.json_each(sa.bindparam(parameter, type_=NullType())).table_valued("key", "value")


def numbered_in_order(connection: Connection) -> bool:
    """Tell whether rows become visible in the order of their numbers. On PostgreSQL a transaction may commit after a later one."""
    return connection.dialect.name == "sqlite"


_turn = Statement(
    sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("first", type_=sa.Integer), sa.bindparam("second", type_=sa.Integer)))
)


def take_turns(connection: Connection, first: int, second: int) -> None:
    """Wait until no other transaction holds this pair of numbers, and hold it until this one ends.

    SQLite has one writer, so nothing is asked there. Of larger numbers the lowest 31 bits count.
    """
    if connection.dialect.name == "postgresql":
        _turn.all(connection, first=first % 2**31, second=second % 2**31)


def lock_row(connection: Connection, table: sa.Table, number: int) -> None:
    """Keep other transactions that lock this row waiting until this one ends; rows that refer to it may still be written.

    SQLite has one writer, so nothing is asked there.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(table.c.id).where(table.c.id == number).with_for_update(key_share=True))
