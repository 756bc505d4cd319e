"""When a row was found to be no longer in its source."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("raw_items", sa.Column("gone_at", sa.Double))
    vanished = sa.text("gone_at IS NOT NULL")
    op.create_index("ix_raw_items_gone", "raw_items", ["project_id"], sqlite_where=vanished, postgresql_where=vanished)


def downgrade() -> None:
    op.drop_index("ix_raw_items_gone", "raw_items")
    op.drop_column("raw_items", "gone_at")
