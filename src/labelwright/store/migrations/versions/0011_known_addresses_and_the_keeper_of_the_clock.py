"""From which addresses each person has signed in, so that guesses from elsewhere keep nobody out; and who advances the clock."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_addresses",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.Double, nullable=False),
    )
    op.add_column("clock", sa.Column("keeper", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("clock", "keeper")
    op.drop_table("known_addresses")
