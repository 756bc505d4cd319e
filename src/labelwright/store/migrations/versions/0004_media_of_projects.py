"""Which blobs the items of each project show, so that nobody has to search the items for them."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PAGE = 5000


def upgrade() -> None:
    op.create_index(
        "ix_raw_items_blob",
        "raw_items",
        ["project_id", "blob"],
        sqlite_where=sa.text("blob IS NOT NULL"),
        postgresql_where=sa.text("blob IS NOT NULL"),
    )
    media = op.create_table(
        "media",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.ForeignKey("projects.id"), primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
    )
    items = sa.table("items", sa.column("id", sa.Integer), sa.column("project_id", sa.Integer), sa.column("data", sa.Text))
    connection = op.get_bind()
    known: set[tuple[int, str]] = set()
    after = 0
    while rows := connection.execute(sa.select(items).where(items.c.id > after).order_by(items.c.id).limit(PAGE)).all():
        after = rows[-1].id
        shown = set()
        for row in rows:
            if '"blob"' in row.data:
                for field in json.loads(row.data).values():
                    shown |= {(row.project_id, field[name]) for name in ("blob", "thumbnail", "peaks") if field.get(name)}
        fresh = shown - known
        known |= fresh
        if fresh:
            op.bulk_insert(media, [{"project_id": project_id, "digest": digest} for project_id, digest in sorted(fresh)])


def downgrade() -> None:
    op.drop_table("media")
    op.drop_index("ix_raw_items_blob", "raw_items")
