"""The database: the only place that knows the dialect.

SQLite runs in WAL mode with `synchronous=FULL`: what is acknowledged survives a power loss. One thread owns the writing connection and
commits what people wait for as one group, each piece of work in a savepoint of its own: 32 people cost little more than one. What nobody
waits for (a run, an import) comes after it, one piece at a time, in whichever process it is done. PostgreSQL runs each piece of work in a
transaction of its own and repeats it when the server asks for that.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from labelwright.errors import InvalidInput, StoreUnavailable
from labelwright.store.blobs import owners_only
from labelwright.store.precedence import Precedence
from labelwright.store.unavailable import explain, explained

__all__ = ["Connection", "Database", "Work"]

T = TypeVar("T")

Work = Callable[[Connection], T]
"""What is done in one transaction. It may be run again from the start, so it must change nothing but the database."""

GROUP = 256
"""At most so many pieces of work share one commit."""

ATTEMPTS = 8
"""How often PostgreSQL may ask to repeat a transaction before its error is passed on."""

CONNECT_SECONDS = 10
"""How long PostgreSQL may take to answer a new connection."""


class Database:
    """A connection to the store, shared by all threads of a process.

    >>> import tempfile
    >>> database = Database(f"sqlite:///{tempfile.mkdtemp()}/labelwright.db")
    >>> database.write(lambda connection: connection.exec_driver_sql("SELECT 1 + 1").scalar())
    2
    >>> database.close()
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError) as error:
            # The address may hold a password, so it is not repeated here.
            raise InvalidInput(
                "The store's address cannot be read.",
                where="run.store or LABELWRIGHT_STORE",
                hint="Use sqlite:///file.db or postgresql://user@host/name.",
            ) from error
        self.dialect = parsed.get_backend_name()
        if self.dialect == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise InvalidInput(
                    "A store in memory would be lost with the process.", where=url, hint="Name a file: sqlite:///labelwright.db"
                )
            try:
                Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailable(f"The store's folder cannot be made: {error.strerror}.", where=url) from error
            self._backend: _Sqlite | _Postgresql = _Sqlite(parsed)
        elif self.dialect == "postgresql":
            self._backend = _Postgresql(parsed.set(drivername="postgresql+psycopg"))
        else:
            raise InvalidInput(
                f"The store '{url.partition('://')[0]}' is not known.",
                where="run.store",
                hint="Use sqlite:///file.db or postgresql://user@host/name.",
            )
        self.url = url

    def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction and return its result once it is safely on disk.

        Writes of requests (`write_soon`) go first, in this and in any other process. So keep it short: people wait until it ends.
        Any exception of `work` undoes all that it did, and is raised here.

        Raises:
            StoreUnavailable: the database cannot be opened or written.
        """
        return self._backend.submit(work, people=False).result()

    async def write_soon(self, work: Work[T]) -> T:
        """Do what `write` does for a person who waits: without holding up the event loop, and before the writes of background work."""
        return await asyncio.wrap_future(self._backend.submit(work, people=True))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading; all that is read within the block belongs to one moment."""
        with self._backend.reader() as connection:
            yield connection

    async def read_soon(self, work: Work[T]) -> T:
        """Run a reading `work` in a thread, off the event loop."""

        def reading() -> T:
            with self.read() as connection:
                return work(connection)

        return await asyncio.wrap_future(self._backend.readers.submit(reading))

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """Give a connection that commits each statement by itself, for locks that last as long as the block."""
        with self._backend.session() as connection:
            yield connection

    @property
    def label(self) -> str:
        """The store's address without its password, for messages."""
        return make_url(self.url).render_as_string(hide_password=True)

    def migrate(self) -> None:
        """Bring the tables to the newest version; does nothing where they are."""
        from labelwright.store.migrations import upgrade

        upgrade(self)

    def reconnect(self) -> None:
        """Open connections for reading anew from here on: SQLite reads once for each what is known of the tables."""
        self._backend.reconnect()

    def close(self) -> None:
        """Finish the waiting work and close all connections."""
        self._backend.close()


_Outcome = tuple[Future[Any], Any, BaseException | None]
"""Who waits for a piece of work, its result, and why it failed, if it did."""


class _Waiting(NamedTuple):
    """A piece of work, who waits for it, and whether that is a person."""

    work: Work[Any]
    future: Future[Any]
    people: bool


class _Sqlite:
    """One thread writes, any number read."""

    def __init__(self, url: sa.URL) -> None:
        self._label = url.render_as_string(hide_password=True)
        self._engine = sa.create_engine(url, pool_size=8, max_overflow=24, connect_args={"timeout": 60, "check_same_thread": False})
        event.listen(self._engine, "connect", partial(_prepare_sqlite, path=Path(url.database or "")))
        # The driver must not begin transactions on its own; each side here says which kind it wants.
        event.listen(self._engine, "begin", lambda connection: None)
        self.readers = ThreadPoolExecutor(4, thread_name_prefix="labelwright-read")
        self._people: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._writer: threading.Thread | None = None
        self._closed = False
        self._precedence = Precedence(Path(f"{url.database}.people.lock"))

    def submit(self, work: Work[T], *, people: bool) -> Future[T]:
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise StoreUnavailable("The store is closed.", where=self._label)
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="labelwright-write", daemon=True)
                self._writer.start()
            (self._people if people else self._others).append(_Waiting(work, future, people))
            self._changed.notify()
        return future

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        with explained(self._label), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                _roll_back(connection)

    @contextmanager
    def session(self) -> Iterator[Connection]:
        with explained(self._label), self._engine.connect() as connection:
            yield connection

    def reconnect(self) -> None:
        self._engine.dispose(close=False)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._writer is not None:
            self._writer.join()
        self._precedence.close()
        self.readers.shutdown()
        self._engine.dispose()

    def _write_all(self) -> None:
        """Commit what waits, group by group. Whatever happens, those who wait are told, and the next group begins anew."""
        connection: Connection | None = None
        while group := self._next_group():
            # Whoever asked may have gone meanwhile, as a request that was broken off. From here on it is done, and nobody can cancel it.
            group = [one for one in group if one.future.set_running_or_notify_cancel()]
            if not group:
                continue
            try:
                connection = connection or self._engine.connect()
                with self._precedence.taken() if group[0].people else self._precedence.given():
                    outcomes = _commit_group(connection, group)
            except BaseException as error:
                outcomes = [(one.future, None, error) for one in group]
                if connection is not None:
                    connection.invalidate()
                    connection.close()
                    connection = None
            for future, result, failure in outcomes:
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(explain(failure, self._label) or failure)
        if connection is not None:
            connection.close()

    def _next_group(self) -> list[_Waiting]:
        """Wait for work and return what is done next: all that people wait for, else one piece of other work; nothing once closed."""
        with self._changed:
            while not (self._people or self._others or self._closed):
                self._changed.wait()
            if not self._people:
                return [self._others.popleft()] if self._others else []
            return [self._people.popleft() for _ in range(min(GROUP, len(self._people)))]


def _commit_group(connection: Connection, group: list[_Waiting]) -> list[tuple[Future[Any], Any, BaseException | None]]:
    """Run each work in its savepoint, commit once, and return what each came to, to be told only now."""
    outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
    raw: Any = connection.connection.driver_connection
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for work, future, _ in group:
            connection.exec_driver_sql("SAVEPOINT work")
            try:
                result = work(connection)
            except BaseException as error:
                if not raw.in_transaction:
                    # SQLite has undone everything by itself, as it does where the disk is full.
                    raise
                connection.exec_driver_sql("ROLLBACK TO work")
                outcomes.append((future, None, error))
            else:
                outcomes.append((future, result, None))
            connection.exec_driver_sql("RELEASE work")
        connection.exec_driver_sql("COMMIT")
    except BaseException as error:
        _roll_back(connection)
        return [(one.future, None, error) for one in group]
    return outcomes


def _roll_back(connection: Connection) -> None:
    raw: Any = connection.connection.driver_connection
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def _prepare_sqlite(raw: Any, _record: Any, *, path: Path) -> None:
    # SQLite gives the files beside the database the rights that the database has.
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        owners_only(file, 0o600)
    raw.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 60000", "cache_size = -65536"):
        raw.execute(f"PRAGMA {pragma}")


class _Postgresql:
    """Every piece of work has a connection and a transaction of its own."""

    def __init__(self, url: sa.URL) -> None:
        self._label = url.set(drivername="postgresql").render_as_string(hide_password=True)
        given = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
        self._engine = sa.create_engine(url, pool_size=16, max_overflow=0, pool_pre_ping=False, connect_args=given)
        self.readers = ThreadPoolExecutor(4, thread_name_prefix="labelwright-read")
        self._writers = ThreadPoolExecutor(8, thread_name_prefix="labelwright-write")

    def submit(self, work: Work[T], *, people: bool) -> Future[T]:
        return self._writers.submit(self._run, work)

    def _run(self, work: Work[T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except Exception as error:
                # Prepared statements and bulk inserts use the driver itself, whose errors come as they are.
                state = getattr(getattr(error, "orig", error), "sqlstate", None)
                # 40001 serialization failure, 40P01 deadlock, 57P01 the server closed the connection before it did anything
                repeat = state in ("40001", "40P01", "57P01") or getattr(error, "connection_invalidated", False)
                if repeat and attempt < ATTEMPTS - 1:
                    continue
                found = explain(error, self._label)
                if found is None:
                    raise
                raise found from error
        raise AssertionError("unreachable")

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        with explained(self._label), self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection
            # A reading transaction that is rolled back makes the driver forget every statement that it has prepared.
            connection.commit()

    @contextmanager
    def session(self) -> Iterator[Connection]:
        with explained(self._label), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def reconnect(self) -> None:
        """PostgreSQL tells all connections by itself."""

    def close(self) -> None:
        self._writers.shutdown()
        self.readers.shutdown()
        self._engine.dispose()
