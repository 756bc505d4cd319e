"""A statement that is compiled once and run on the driver's own connection: for the few that every hand-out and submission runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ClauseElement, Connection

__all__ = ["Statement", "driver"]


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
