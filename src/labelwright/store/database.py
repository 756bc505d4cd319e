"""The database: connections, transactions and locks, on SQLite and on PostgreSQL.

SQLite runs in WAL mode with `synchronous=FULL`: what is acknowledged survives a power loss. One thread owns the writing connection and
commits what people wait for as one group, each piece of work in a savepoint of its own: 32 people cost little more than one. What nobody
waits for (a run, an import) comes after it, one piece at a time, in whichever process it is done. On PostgreSQL, too, what people wait
for is committed in groups; all else has a transaction of its own. What the server asks to repeat is repeated.
"""

from __future__ import annotations

import asyncio
import hashlib
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
from labelwright.store.committing import transaction
from labelwright.store.precedence import Precedence, open_lock, try_lock
from labelwright.store.statement import driver
from labelwright.store.unavailable import explain, explained

__all__ = ["Connection", "Database", "Work", "located_in"]

T = TypeVar("T")

Work = Callable[[Connection], T]
"""What is done in one transaction. It may be run again from the start, so it must change nothing but the database."""

GROUP = 256
"""At most so many pieces of work share one commit."""

ATTEMPTS = 8
"""How often PostgreSQL may ask to repeat a transaction before its error is passed on."""

_REPEATED = {
    "40001": "serialization failure",
    "40P01": "deadlock",
    "55P03": "another transaction held a lock for longer than the connection waits",
    "57P01": "the server closed the connection before it did anything",
}
"""The states in which PostgreSQL asks to repeat a transaction."""

SHARED = 2
"""So many transactions of PostgreSQL are shared by groups at once: while one waits for the disk, the other one goes on."""

LOCK_MILLISECONDS = 50
"""How long what shares a transaction waits for a lock of another one."""

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

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Hold the store's lock called `name` within the block unless another process does; give whether it is held.

        It ends with the process at the latest. On SQLite it is a file beside the database, on PostgreSQL an advisory lock.

        Raises:
            StoreUnavailable: the file cannot be written.
        """
        with self._backend.lock(name) as held:
            yield held

    @property
    def file(self) -> Path | None:
        """The file of a store on SQLite, which one server at a time can serve; None for PostgreSQL."""
        return self._backend.file

    @property
    def label(self) -> str:
        """The store's address without its password, for messages."""
        return make_url(self.url).render_as_string(hide_password=True)

    def migrate(self) -> None:
        """Bring the tables to the newest version; does nothing where they are."""
        from labelwright.store.migrations import upgrade

        self.write(lambda connection: upgrade(connection, self.label))

    def reconnect(self) -> None:
        """Open connections for reading anew from here on: SQLite reads once for each what is known of the tables."""
        self._backend.reconnect()

    def close(self) -> None:
        """Finish the waiting work and close all connections."""
        self._backend.close()


def located_in(folder: Path, url: str) -> str:
    """Return the address of a store with the file of SQLite in `folder`, unless the address says where it is from the root on."""
    relative = "sqlite:///"
    if not url.startswith(relative) or url.startswith(f"{relative}/"):
        return url
    return f"{relative}{folder / url.removeprefix(relative)}"


_Outcome = tuple[Future[Any], Any, BaseException | None]
"""Who waits for a piece of work, its result, and why it failed, if it did."""


class _Waiting(NamedTuple):
    """A piece of work, who waits for it, and whether that is a person."""

    work: Work[Any]
    future: Future[Any]
    people: bool


class _Writing:
    """Threads that commit what waits to be written, group by group: all that people wait for as one, other work piece by piece.

    `commit` does a group and returns what each piece came to; those that it leaves out, it tells by itself.
    """

    def __init__(self, label: str, commit: Callable[[list[_Waiting]], list[_Outcome]], *, threads: int) -> None:
        self._label = label
        self._commit = commit
        self._most = threads
        self._people: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, work: Work[T], *, people: bool) -> Future[T]:
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise StoreUnavailable("The store is closed.", where=self._label)
            if len(self._threads) < self._most:
                self._threads.append(threading.Thread(target=self._write_all, name="labelwright-write", daemon=True))
                self._threads[-1].start()
            (self._people if people else self._others).append(_Waiting(work, future, people))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Finish what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _write_all(self) -> None:
        """Commit what waits, group by group. Whatever happens, those who wait are told, and the next group begins anew."""
        while group := self._next_group():
            # Whoever asked may have gone meanwhile, as a request that was broken off. From here on it is done, and nobody can cancel it.
            group = [one for one in group if one.future.set_running_or_notify_cancel()]
            for future, result, failure in self._commit(group) if group else []:
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(explain(failure, self._label) or failure)

    def _next_group(self) -> list[_Waiting]:
        """Wait for work and return what is done next: all that people wait for, else one piece of other work; nothing once closed."""
        with self._changed:
            while not (self._people or self._others or self._closed):
                self._changed.wait()
            if not self._people:
                return [self._others.popleft()] if self._others else []
            return [self._people.popleft() for _ in range(min(GROUP, len(self._people)))]


class _Sqlite:
    """One thread writes, any number read."""

    def __init__(self, url: sa.URL) -> None:
        self._label = url.render_as_string(hide_password=True)
        self.file = Path(url.database or "")
        self._engine = sa.create_engine(url, pool_size=8, max_overflow=24, connect_args={"timeout": 60, "check_same_thread": False})
        event.listen(self._engine, "connect", partial(_prepare_sqlite, path=self.file))
        # The driver must not begin transactions on its own; each side here says which kind it wants.
        event.listen(self._engine, "begin", lambda connection: None)
        self.readers = ThreadPoolExecutor(4, thread_name_prefix="labelwright-read")
        self._connection: Connection | None = None
        self._writing = _Writing(self._label, self._commit, threads=1)
        self._precedence = Precedence(Path(f"{url.database}.people.lock"))

    def submit(self, work: Work[T], *, people: bool) -> Future[T]:
        return self._writing.submit(work, people=people)

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

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        path = self.file.with_name(f"{self.file.name}.{name}.lock")
        try:
            file = open_lock(path)
        except OSError as error:
            raise StoreUnavailable(f"The file of the lock cannot be written: {error.strerror}.", where=str(path)) from error
        with file:
            yield try_lock(file.fileno())

    def reconnect(self) -> None:
        self._engine.dispose(close=False)

    def close(self) -> None:
        self._writing.close()
        self._disconnect()
        self._precedence.close()
        self.readers.shutdown()
        self._engine.dispose()

    def _commit(self, group: list[_Waiting]) -> list[_Outcome]:
        try:
            connection = self._connection = self._connection or self._engine.connect()
            with self._precedence.taken() if group[0].people else self._precedence.given():
                return _commit_group(connection, group)
        except BaseException as error:
            if self._connection is not None:
                self._connection.invalidate()
                self._disconnect()
            return [(one.future, None, error) for one in group]

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _commit_group(connection: Connection, group: list[_Waiting]) -> list[_Outcome]:
    """Run each work in its savepoint, commit once, and return what each came to, to be told only now."""
    outcomes: list[_Outcome] = []
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
    """What people wait for shares transactions, each piece in a savepoint of its own; all else has a connection and a transaction each.

    A piece that has to wait for another transaction's lock, or that PostgreSQL asks to repeat, leaves its group and is done by itself, so
    that nobody waits for it but whoever sent it.
    """

    file = None

    def __init__(self, url: sa.URL) -> None:
        self._label = url.set(drivername="postgresql").render_as_string(hide_password=True)
        given = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
        self._engine = sa.create_engine(url, pool_size=16, max_overflow=0, pool_pre_ping=False, connect_args=given)
        self._shared = sa.create_engine(url, pool_size=SHARED, max_overflow=0, connect_args=given)
        event.listen(self._shared, "connect", _be_impatient)
        self.readers = ThreadPoolExecutor(4, thread_name_prefix="labelwright-read")
        self._writers = ThreadPoolExecutor(8, thread_name_prefix="labelwright-write-alone")
        self._writing = _Writing(self._label, self._commit, threads=SHARED)

    def submit(self, work: Work[T], *, people: bool) -> Future[T]:
        return self._writing.submit(work, people=True) if people else self._writers.submit(self._run, work)

    def _commit(self, group: list[_Waiting]) -> list[_Outcome]:
        """Do a group in one transaction; what cannot be done in it is done beside it, and told from there."""
        outcomes: list[_Outcome | None]
        try:
            with transaction(self._shared, self._label) as connection:
                if len(group) == 1:
                    outcomes = [(group[0].future, group[0].work(connection), None)]
                else:
                    driver(connection).execute("SAVEPOINT work")
                    outcomes = [_in_savepoint(connection, one) for one in group]
        except BaseException as error:
            # Nothing of it was written, or nobody knows: then it must not be done again.
            if isinstance(error, StoreUnavailable) or (len(group) == 1 and not _may_be_repeated(error)):
                return [(one.future, None, error) for one in group]
            outcomes = [None] * len(group)
        for one, outcome in zip(group, outcomes, strict=True):
            if outcome is None:
                self._writers.submit(self._tell, one)
        return [outcome for outcome in outcomes if outcome is not None]

    def _tell(self, one: _Waiting) -> None:
        try:
            one.future.set_result(self._run(one.work))
        except BaseException as error:
            one.future.set_exception(error)

    def _run(self, work: Work[T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                with transaction(self._engine, self._label) as connection:
                    return work(connection)
            except Exception as error:
                if _may_be_repeated(error) and attempt < ATTEMPTS - 1:
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

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        number = int.from_bytes(hashlib.blake2b(f"labelwright {name}".encode(), digest_size=7).digest(), "big")
        with self.session() as connection:
            held = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
            try:
                yield held
            finally:
                if held:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))

    def reconnect(self) -> None:
        """PostgreSQL tells all connections by itself."""

    def close(self) -> None:
        self._writing.close()
        self._writers.shutdown()
        self.readers.shutdown()
        self._shared.dispose()
        self._engine.dispose()


def _be_impatient(raw: Any, _record: Any) -> None:
    raw.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
    raw.commit()


def _in_savepoint(connection: Connection, one: _Waiting) -> _Outcome | None:
    """Do one piece of a shared transaction, or undo it, and return what it came to; None where it has to be done once more by itself."""
    cursor = driver(connection)
    try:
        result = one.work(connection)
    except Exception as error:
        cursor.execute("ROLLBACK TO work")
        return None if _may_be_repeated(error) else (one.future, None, error)
    cursor.execute("RELEASE work; SAVEPOINT work")
    return one.future, result, None


def _may_be_repeated(error: BaseException) -> bool:
    """Tell whether the same work may succeed if it is done again from the start."""
    # Prepared statements and bulk inserts use the driver itself, whose errors come as they are.
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state in _REPEATED or getattr(error, "connection_invalidated", False)
