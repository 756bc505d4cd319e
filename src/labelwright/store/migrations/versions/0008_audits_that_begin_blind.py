"""Audits that begin blind, errors planted to measure the auditors, and the criteria that a review judged by."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("pipeline_versions", sa.Column("criteria", sa.Text))
    op.add_column("reviews", sa.Column("pipeline_version", KEY))
    op.create_table(
        "blind_answers",
        sa.Column("task_id", KEY, sa.ForeignKey("tasks.id", name=op.f("fk_blind_answers_task_id")), nullable=False),
        sa.Column("user_id", KEY, sa.ForeignKey("users.id", name=op.f("fk_blind_answers_user_id")), nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("values", sa.Text, nullable=False),
        sa.Column("seconds_active", sa.Double, nullable=False, server_default="0"),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "user_id", name=op.f("pk_blind_answers")),
    )
    op.create_table(
        "planted_audits",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("task_id", KEY, nullable=False),
        sa.Column("annotation_id", KEY, nullable=False),
        sa.Column("auditor_id", KEY, nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planted_audits")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_planted_audits_project_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_planted_audits_item_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_planted_audits_task_id")),
        sa.ForeignKeyConstraint(["annotation_id"], ["annotations.id"], name=op.f("fk_planted_audits_annotation_id")),
        sa.ForeignKeyConstraint(["auditor_id"], ["users.id"], name=op.f("fk_planted_audits_auditor_id")),
    )
    op.create_index(op.f("ix_planted_audits_project_id"), "planted_audits", ["project_id"])
    _headlines(op.get_bind())
    # A review judged by the pipeline version that stood when it was given.
    op.execute(
        "UPDATE reviews SET pipeline_version = (SELECT max(v.id) FROM pipeline_versions v"
        " WHERE v.project_id = reviews.project_id AND v.created_at <= reviews.created_at)"
    )
    # What waits of the random sample is audited blind from now on; what somebody has in hand stays as it was shown.
    op.execute("UPDATE tasks SET purpose = 'audit' WHERE purpose = 'review' AND state = 'open' AND lane = 1")


def _headlines(connection: sa.Connection) -> None:
    """Let what older versions of a dataset say first hold at all looks, as everything shown does: their bound for one look goes."""
    versions = sa.table("dataset_versions", sa.column("id", sa.Integer), sa.column("summary", sa.Text))
    for number, summary in connection.execute(sa.select(versions.c.id, versions.c.summary)).all():
        found: dict[str, Any] = json.loads(summary)
        for one in found.get("certificate", {}).get("questions", {}).values():
            if "bound_at_any_look" in one:
                one["bound"] = one["remaining"] = one.pop("bound_at_any_look")
        connection.execute(sa.update(versions).where(versions.c.id == number).values(summary=json.dumps(found)))


def downgrade() -> None:
    # A planted error is no review of what it stands for.
    op.execute("UPDATE tasks SET state = 'cancelled' WHERE purpose = 'audit' AND annotation_id IS NOT NULL AND state IN ('open', 'leased')")
    op.execute("UPDATE tasks SET purpose = 'review' WHERE purpose = 'audit'")
    op.drop_table("planted_audits")
    op.drop_table("blind_answers")
    op.drop_column("reviews", "pipeline_version")
    op.drop_column("pipeline_versions", "criteria")
