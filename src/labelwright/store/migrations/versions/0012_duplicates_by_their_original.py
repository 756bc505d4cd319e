"""An index by which the duplicates of an item are found."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

IS_DUPLICATE = sa.text("duplicate_of IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_items_duplicate_of", "items", ["duplicate_of"], sqlite_where=IS_DUPLICATE, postgresql_where=IS_DUPLICATE)


def downgrade() -> None:
    op.drop_index("ix_items_duplicate_of", "items")
