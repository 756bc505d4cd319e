"""An index by which the noted look at an audit is found, however long the log is."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

IS_LOOK = sa.text("kind = 'audit_looked_at'")


def upgrade() -> None:
    op.create_index("ix_events_looks", "events", ["project_id", "id"], sqlite_where=IS_LOOK, postgresql_where=IS_LOOK)


def downgrade() -> None:
    op.drop_index("ix_events_looks", "events")
