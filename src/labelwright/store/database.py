"""The database: the only place that knows the dialect.

SQLite runs in WAL mode with `synchronous=FULL`: what is acknowledged survives a power loss. One thread owns the writing connection and
commits what is waiting as one group, each piece of work in a savepoint of its own: 32 people cost little more than one. PostgreSQL runs
each piece of work in a transaction of its own and repeats it when the server asks for that.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from labelwright.errors import InvalidInput

__all__ = ["Connection", "Database", "Work"]

T = TypeVar("T")

Work = Callable[[Connection], T]
"""What is done in one transaction. It may be run again from the start, so it must change nothing but the database."""

GROUP = 256
"""At most so many pieces of work share one commit."""

ATTEMPTS = 8
"""How often PostgreSQL may ask to repeat a transaction before its error is passed on."""


class Database:
    """A connection to the store, shared by all threads of a process.

    >>> import tempfile
    >>> database = Database(f"sqlite:///{tempfile.mkdtemp()}/labelwright.db")
    >>> database.write(lambda connection: connection.exec_driver_sql("SELECT 1 + 1").scalar())
    2
    >>> database.close()
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.dialect = parsed.get_backend_name()
        if self.dialect == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise InvalidInput(
                    "A store in memory would be lost with the process.", where=url, hint="Name a file: sqlite:///labelwright.db"
                )
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
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

        Any exception of `work` undoes all that it did, and is raised here.
        """
        return self._backend.submit(work).result()

    async def write_soon(self, work: Work[T]) -> T:
        """Do what `write` does without holding up the event loop."""
        return await asyncio.wrap_future(self._backend.submit(work))

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

    def close(self) -> None:
        """Finish the waiting work and close all connections."""
        self._backend.close()


class _Sqlite:
    """One thread writes, any number read."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(url, pool_size=8, max_overflow=24, connect_args={"timeout": 60, "check_same_thread": False})
        event.listen(self._engine, "connect", _prepare_sqlite)
        # The driver must not begin transactions on its own; each side here says which kind it wants.
        event.listen(self._engine, "begin", lambda connection: None)
        self.readers = ThreadPoolExecutor(4, thread_name_prefix="labelwright-read")
        self._waiting: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._start = threading.Lock()
        self._closed = False

    def submit(self, work: Work[T]) -> Future[T]:
        if self._writer is None:
            with self._start:
                if self._writer is None:
                    self._writer = threading.Thread(target=self._write_all, name="labelwright-write", daemon=True)
                    self._writer.start()
        future: Future[T] = Future()
        self._waiting.put((work, future))
        return future

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def session(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        if self._writer is not None and not self._closed:
            self._closed = True
            self._waiting.put(None)
            self._writer.join()
        self.readers.shutdown()
        self._engine.dispose()

    def _write_all(self) -> None:
        with self._engine.connect() as connection:
            while True:
                first = self._waiting.get()
                if first is None:
                    return
                group = [first]
                while len(group) < GROUP and not self._waiting.empty():
                    more = self._waiting.get()
                    if more is None:
                        self._waiting.put(None)
                        break
                    group.append(more)
                _commit_group(connection, group)


def _commit_group(connection: Connection, group: list[tuple[Work[Any], Future[Any]]]) -> None:
    """Run each work in its savepoint, commit once, and only then tell those who wait."""
    outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for work, future in group:
            connection.exec_driver_sql("SAVEPOINT work")
            try:
                result = work(connection)
            except BaseException as error:
                connection.exec_driver_sql("ROLLBACK TO work")
                outcomes.append((future, None, error))
            else:
                outcomes.append((future, result, None))
            connection.exec_driver_sql("RELEASE work")
        connection.exec_driver_sql("COMMIT")
    except BaseException as error:
        _roll_back(connection)
        outcomes = [(future, None, error) for _, future in group]
    for future, result, failure in outcomes:
        if failure is None:
            future.set_result(result)
        else:
            future.set_exception(failure)


def _roll_back(connection: Connection) -> None:
    raw: Any = connection.connection.driver_connection
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def _prepare_sqlite(raw: Any, _record: Any) -> None:
    raw.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 60000", "cache_size = -65536"):
        raw.execute(f"PRAGMA {pragma}")


class _Postgresql:
    """Every piece of work has a connection and a transaction of its own."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=False)
        self.readers = ThreadPoolExecutor(4, thread_name_prefix="labelwright-read")
        self._writers = ThreadPoolExecutor(8, thread_name_prefix="labelwright-write")

    def submit(self, work: Work[T]) -> Future[T]:
        return self._writers.submit(self._run, work)

    def _run(self, work: Work[T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                # 40001 serialization failure, 40P01 deadlock, 57P01 the server closed the connection before it did anything
                repeat = state in ("40001", "40P01", "57P01") or error.connection_invalidated
                if not repeat or attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def session(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self._writers.shutdown()
        self.readers.shutdown()
        self._engine.dispose()
