"""Findings name a part of an answer by its id, as comments do; until then by its number, from 0."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("findings", sa.Column("part", sa.Text))
    findings = sa.table("findings", sa.column("unit", sa.Integer), sa.column("part", sa.Text))
    op.execute(sa.update(findings).values(part=sa.cast(findings.c.unit + 1, sa.Text)).where(findings.c.unit.is_not(None)))
    op.drop_column("findings", "unit")


def downgrade() -> None:
    op.add_column("findings", sa.Column("unit", sa.Integer))
    findings = sa.table("findings", sa.column("unit", sa.Integer), sa.column("part", sa.Text))
    numbers = findings.c.part.in_([str(number) for number in range(1, 501)])
    op.execute(sa.update(findings).values(unit=sa.cast(findings.c.part, sa.Integer) - 1).where(numbers))
    op.drop_column("findings", "part")
