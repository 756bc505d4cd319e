"""Statements that are compiled once and run on the driver's own connection: for the few that every hand-out and submission runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ClauseElement, Connection

__all__ = ["Insertion", "Statement", "driver"]


class Statement:
    """A SQLAlchemy statement, compiled for each dialect at first use.

    Running it skips SQLAlchemy's result layer, which costs more than SQLite itself. Rows are plain tuples, so columns must be of
    types that the drivers know: numbers and text. Missing parameters take the values that stand in the statement.
    """

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def all(self, connection: Connection, **parameters: Any) -> list[Any]:
        """Run it and return all rows."""
        return self._run(connection, parameters).fetchall()  # type: ignore[no-any-return]

    def one(self, connection: Connection, **parameters: Any) -> Any:
        """Run it and return the first row, or None."""
        return self._run(connection, parameters).fetchone()

    def run(self, connection: Connection, **parameters: Any) -> int:
        """Run it and return the number of rows that it changed."""
        return int(self._run(connection, parameters).rowcount)

    def _run(self, connection: Connection, parameters: dict[str, Any]) -> Any:
        name = connection.dialect.name
        known = self._compiled.get(name)
        if known is None:
            compiled: Any = self._clause.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
            order = tuple(compiled.positiontup) if compiled.positional else None
            known = self._compiled[name] = (str(compiled), order, dict(compiled.params))
        text, order, defaults = known
        values = {**defaults, **parameters}
        if order is not None:
            return driver(connection).execute(text, [values[key] for key in order])
        # These few are run again and again: PostgreSQL reads each once for a connection, from the first time on.
        return driver(connection).execute(text, values, prepare=True)


class Insertion:
    """An INSERT of one row and the statements that follow from it.

    On PostgreSQL, where each statement is a message there and back, one statement writes everything.
    """

    def __init__(self, insert: sa.sql.dml.ReturningInsert[Any], follow: Callable[[Any], Sequence[Any]]) -> None:
        """Prepare them: `insert` returns the new row's number, and `follow` gives the statements that come after it.

        `follow` gets what stands for the number in them. The first of them returns a row only where it wrote one; the others, none.
        """
        self._insert = Statement(insert)
        first, *others = follow(sa.bindparam("_number"))
        self._first, self._others = Statement(first), [Statement(other) for other in others]
        self._whole = Statement(_all_at_once(insert, follow))

    def run(self, connection: Connection, **parameters: Any) -> tuple[int, bool]:
        """Run everything; return the new row's number and whether the first statement after it wrote a row."""
        if connection.dialect.name == "postgresql":
            number, kept = self._whole.one(connection, **parameters)
            return int(number), bool(kept)
        (number,) = self._insert.one(connection, **parameters)
        kept = self._first.one(connection, _number=number, **parameters)
        for statement in self._others:
            statement.run(connection, _number=number, **parameters)
        return int(number), kept is not None


def _all_at_once(insert: sa.sql.dml.ReturningInsert[Any], follow: Callable[[Any], Sequence[Any]]) -> Any:
    made = insert.cte("made")
    (number,) = made.c
    first, *others = follow(sa.select(number).scalar_subquery())
    kept = first.cte("kept")
    query = sa.select(number, sa.select(sa.func.count()).select_from(kept).scalar_subquery())
    return query.add_cte(*(other.cte(f"other_{place}") for place, other in enumerate(others)))


def driver(connection: Connection) -> Any:
    """The driver's connection, or on PostgreSQL, where making one costs, its cursor, which serves statement after statement.

    Finding it takes three steps through the pool, so it is noted on the first.
    """
    noted = connection.__dict__.get("_labelwright_driver")
    if noted is None or noted[0] is not connection._dbapi_connection:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            driver = driver.cursor()
        noted = connection.__dict__["_labelwright_driver"] = (connection._dbapi_connection, driver)
    return noted[1]
