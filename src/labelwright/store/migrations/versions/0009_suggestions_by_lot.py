"""In which arm an answer was given: with suggestions shown, or hidden by lot, and with which chance."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DRAWN = sa.text("hide_chance IS NOT NULL AND replaces IS NULL")


def upgrade() -> None:
    op.add_column("annotations", sa.Column("arm", sa.Text))
    op.add_column("annotations", sa.Column("hide_chance", sa.Double))
    op.create_index("ix_annotations_lot", "annotations", ["project_id", "purpose", "id"], sqlite_where=DRAWN, postgresql_where=DRAWN)


def downgrade() -> None:
    op.drop_index("ix_annotations_lot", "annotations")
    op.drop_column("annotations", "hide_chance")
    op.drop_column("annotations", "arm")
