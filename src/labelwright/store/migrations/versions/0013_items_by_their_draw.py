"""Indexes by which an audit finds the shares that items were drawn at, and the items that no draw says anything about."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DRAWN = sa.text("drawn_share IS NOT NULL")
UNPROVED = sa.text("drawn_at IS NULL OR changed_at IS NOT NULL")


def upgrade() -> None:
    drawn = ["project_id", "state", "drawn_share"]
    op.create_index("ix_items_drawn_share", "items", drawn, sqlite_where=DRAWN, postgresql_where=DRAWN)
    op.create_index("ix_items_unproved", "items", ["project_id", "id"], sqlite_where=UNPROVED, postgresql_where=UNPROVED)


def downgrade() -> None:
    op.drop_index("ix_items_unproved", "items")
    op.drop_index("ix_items_drawn_share", "items")
