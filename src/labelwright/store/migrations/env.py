"""Alembic's entry: migrations run on the connection that they are given."""

from alembic import context

from labelwright.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=False)
context.run_migrations()
