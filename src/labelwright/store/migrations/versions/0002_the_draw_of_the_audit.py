"""When each item was drawn for the audit or passed over, whether its label changed since, and the secret that the draw depends on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("seed", sa.Text, nullable=False, server_default=""))
    op.add_column("items", sa.Column("drawn_at", sa.Double))
    op.add_column("items", sa.Column("drawn_label", sa.Text))
    op.add_column("items", sa.Column("changed_at", sa.Double))
    # Items that have a label were drawn for by now; the draws of old projects stay as they are, new ones get a secret of their own.
    op.execute(
        "UPDATE items SET drawn_at = (SELECT max(annotations.created_at) FROM annotations WHERE annotations.item_id = items.id)"
        " WHERE EXISTS (SELECT 1 FROM consensus WHERE consensus.item_id = items.id)"
    )


def downgrade() -> None:
    op.drop_column("items", "changed_at")
    op.drop_column("items", "drawn_label")
    op.drop_column("items", "drawn_at")
    op.drop_column("projects", "seed")
