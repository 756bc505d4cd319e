"""Comments name a part of an answer by its id; by its number, counted from 0, until then, and from 1 where a part has no id of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("comments", sa.Column("part", sa.Text))
    comments = sa.table("comments", sa.column("unit", sa.Integer), sa.column("part", sa.Text))
    op.execute(sa.update(comments).values(part=sa.cast(comments.c.unit + 1, sa.Text)).where(comments.c.unit.is_not(None)))
    op.drop_column("comments", "unit")


def downgrade() -> None:
    op.add_column("comments", sa.Column("unit", sa.Integer))
    comments = sa.table("comments", sa.column("unit", sa.Integer), sa.column("part", sa.Text))
    numbers = comments.c.part.in_([str(number) for number in range(1, 501)])
    op.execute(sa.update(comments).values(unit=sa.cast(comments.c.part, sa.Integer) - 1).where(numbers))
    op.drop_column("comments", "part")
