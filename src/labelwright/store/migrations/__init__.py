"""The tables' history: Alembic migrations, run by `Database.migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from labelwright.store.database import Database

__all__ = ["move", "upgrade"]


def upgrade(database: Database) -> None:
    """Bring the tables to the newest version, in one transaction."""
    database.write(lambda connection: move(connection, "head"))


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
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision() or ""
    (command.downgrade if revision < present else command.upgrade)(config, revision)
