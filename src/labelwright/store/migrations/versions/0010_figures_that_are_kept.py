"""The figures that requests read as they are kept, and the indexes by which lists of items are read page by page."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SHORT = sa.text("length(answer) <= 200")
COMPARED = sa.text("agreement IS NOT NULL")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "figures",
        sa.Column("project_id", number, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_figures")),
    )
    op.drop_index(op.f("ix_consensus_project_id_question_confidence"), "consensus")
    op.create_index("ix_consensus_confidence", "consensus", ["project_id", "question", "confidence", "item_id"])
    agreement, answer = ["project_id", "question", "agreement", "item_id"], ["project_id", "question", "answer", "item_id"]
    op.create_index("ix_consensus_agreement", "consensus", agreement, sqlite_where=COMPARED, postgresql_where=COMPARED)
    op.create_index("ix_consensus_answer", "consensus", answer, sqlite_where=SHORT, postgresql_where=SHORT)
    op.create_index("ix_findings_of_items", "findings", ["project_id", "item_id"])
    op.create_index("ix_reviews_of_items", "reviews", ["project_id", "item_id"])
    op.create_index("ix_known_answers_of_items", "known_answers", ["project_id", "use", "item_id"])


def downgrade() -> None:
    op.drop_index("ix_known_answers_of_items", "known_answers")
    op.drop_index("ix_reviews_of_items", "reviews")
    op.drop_index("ix_findings_of_items", "findings")
    op.drop_index("ix_consensus_answer", "consensus")
    op.drop_index("ix_consensus_agreement", "consensus")
    op.drop_index("ix_consensus_confidence", "consensus")
    op.create_index(op.f("ix_consensus_project_id_question_confidence"), "consensus", ["project_id", "question", "confidence"])
    op.drop_table("figures")
