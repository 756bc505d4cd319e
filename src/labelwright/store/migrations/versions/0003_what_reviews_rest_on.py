"""What the label that a reviewer saw rested on, and a secret behind the numbers that tasks have outside."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reviews", sa.Column("sources", sa.Text, nullable=False, server_default="{}"))
    kept = op.create_table("secrets", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    op.bulk_insert(kept, [{"name": "task_numbers", "value": secrets.token_hex(16)}])


def downgrade() -> None:
    op.drop_table("secrets")
    op.drop_column("reviews", "sources")
