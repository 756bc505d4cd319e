"""What expensive steps made of each row, so that other steps may change without their work being done again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "step_results",
        sa.Column("project_id", Key, sa.ForeignKey("projects.id", name="fk_step_results_project_id"), nullable=False),
        sa.Column("row", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "row", "key", name="pk_step_results"),
    )


def downgrade() -> None:
    op.drop_table("step_results")
