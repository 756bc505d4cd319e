"""The tables' history: Alembic migrations, run by `Database.migrate`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import StoreUnavailable

__all__ = ["move", "upgrade"]

HERE = Path(__file__).parent

_ELSEWHERE = "Name another database in run.store."


def upgrade(connection: Connection, store: str) -> None:
    """Bring the tables to the newest version; `store` is the store's address for messages.

    Raises:
        StoreUnavailable: the database holds another program's tables, or those of a newer Labelwright.
    """
    _refuse_others(connection, store)
    move(connection, "head")


def _refuse_others(connection: Connection, store: str) -> None:
    """Keep away from a database that is another program's: its tables are not ours to change."""
    from labelwright.store import tables

    present = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in present:
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if revision is not None and not any(HERE.glob(f"versions/{revision}_*.py")):
            newer = len(revision) == 4 and revision.isdigit()
            message = f"The tables have version {revision}, " + (
                "and this Labelwright is older." if newer else "which is not Labelwright's."
            )
            raise StoreUnavailable(message, where=store, hint="Upgrade Labelwright." if newer else "Name another database in run.store.")
        return
    # A schema of PostgreSQL may be shared, as extensions do; a file is one program's.
    foreign = present if connection.dialect.name == "sqlite" else present & set(tables.metadata.tables)
    if foreign:
        message = f"The database is another program's: it has a table '{sorted(foreign)[0]}' that Labelwright did not make."
        raise StoreUnavailable(message, where=store, hint=_ELSEWHERE)


def move(connection: Connection, revision: str) -> None:
    """Bring the tables to a version, newer or older, within a transaction; what an older one does not know is lost."""
    # Alembic is imported late: most commands find their tables up to date, and still have to ask.
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext

    if connection.dialect.name == "postgresql":
        # Two servers that start at once take turns.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7522983)")
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision() or ""
    (command.downgrade if revision < present else command.upgrade)(config, revision)
