"""Which suggestions an author had in view, and which of them were taken."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("annotations", sa.Column("suggested", sa.Text))


def downgrade() -> None:
    op.drop_column("annotations", "suggested")
