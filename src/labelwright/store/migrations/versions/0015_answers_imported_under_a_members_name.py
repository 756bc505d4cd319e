"""Whose name the answers of a file bear, where that is somebody who works here: what one of them answered, the other does not audit."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("namesake_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    users = sa.table("users", sa.column("id"), sa.column("name"), sa.column("namesake_of"))
    member = users.alias("member")
    mine = sa.select(member.c.id).where(member.c.name + " (imported)" == users.c.name).scalar_subquery()
    op.execute(sa.update(users).values(namesake_of=mine).where(users.c.name.like("% (imported)")))


def downgrade() -> None:
    op.drop_column("users", "namesake_of")
