"""When each item was drawn for the audit or passed over, whether its label changed since, the secret that the draw depends on; and how
often a job was taken up."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("projects", sa.Column("seed", sa.Text, nullable=False, server_default=""))
    op.add_column("items", sa.Column("drawn_at", sa.Double))
    op.add_column("items", sa.Column("drawn_share", sa.Double))
    op.add_column("items", sa.Column("drawn_label", sa.Text))
    op.add_column("items", sa.Column("changed_at", sa.Double))
    projects = sa.table("projects", sa.column("id", sa.Integer), sa.column("seed", sa.Text))
    connection = op.get_bind()
    for number in list(connection.scalars(sa.select(projects.c.id))):
        connection.execute(sa.update(projects).where(projects.c.id == number).values(seed=secrets.token_hex(16)))
    # Items that have a label were drawn or passed over by now.
    op.execute(
        "UPDATE items SET drawn_at = (SELECT max(annotations.created_at) FROM annotations WHERE annotations.item_id = items.id)"
        " WHERE EXISTS (SELECT 1 FROM consensus WHERE consensus.item_id = items.id)"
    )


def downgrade() -> None:
    op.drop_column("items", "changed_at")
    op.drop_column("items", "drawn_label")
    op.drop_column("items", "drawn_share")
    op.drop_column("items", "drawn_at")
    op.drop_column("projects", "seed")
    op.drop_column("jobs", "attempts")
