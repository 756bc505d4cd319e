"""The first tables, as they were, and the guard that keeps the log append-only.

Written out in full: what `tables.py` says later must not change what this migration did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _tables()
    op.execute("INSERT INTO clock (id, seconds) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
                "BEGIN SELECT RAISE(ABORT, 'the log of events is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the log of events is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()"
        )


def _tables() -> None:
    op.create_table(
        "annotator_quality",
        sa.Column("project_id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("gold_answers", sa.Integer(), nullable=False),
        sa.Column("gold_accuracy", sa.Double(), nullable=True),
        sa.Column("agreement", sa.Double(), nullable=True),
        sa.Column("skill", sa.Double(), nullable=True),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "user_id", "question", name=op.f("pk_annotator_quality")),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_table(
        "cursors",
        sa.Column("project_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_cursors")),
    )
    op.create_table(
        "events",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("transaction", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", Key, nullable=True),
        sa.Column("item_id", Key, nullable=True),
        sa.Column("subject_id", Key, nullable=True),
        sa.Column("payload", sa.Text(), server_default="{}", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_item_id"), "events", ["item_id"], unique=False)
    op.create_index(op.f("ix_events_project_id_transaction_id"), "events", ["project_id", "transaction", "id"], unique=False)
    op.create_table(
        "features",
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("vector", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("extractor", "content", name=op.f("pk_features")),
    )
    op.create_table(
        "projects",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
    )
    op.create_table(
        "quality_reports",
        sa.Column("project_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_quality_reports")),
    )
    op.create_table(
        "source_files",
        sa.Column("project_id", Key, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "uri", name=op.f("pk_source_files")),
    )
    op.create_table(
        "submissions",
        sa.Column("user_id", Key, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_submissions")),
    )
    op.create_table(
        "users",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), server_default="{}", nullable=False),
        sa.Column("arguments", sa.Text(), server_default="{}", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_jobs_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_project_id_state"), "jobs", ["project_id", "state"], unique=False)
    op.create_table(
        "labeler_versions",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("labeler", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("trained_on", sa.Integer(), server_default="0", nullable=False),
        sa.Column("report", sa.Text(), server_default="{}", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_labeler_versions_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labeler_versions")),
        sa.UniqueConstraint("project_id", "labeler", "version", name=op.f("uq_labeler_versions_project_id_labeler_version")),
    )
    op.create_table(
        "memberships",
        sa.Column("project_id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'manager', 'reviewer', 'annotator')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_memberships_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_table(
        "pipeline_versions",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("declaration", sa.Text(), nullable=False),
        sa.Column("guidelines", sa.Text(), server_default="", nullable=False),
        sa.Column("guidelines_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_pipeline_versions_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline_versions")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_pipeline_versions_project_id_number")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sample", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_quarantine_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "project_id", "stage", "source", "place", "reason", name=op.f("uq_quarantine_project_id_stage_source_place_reason")
        ),
    )
    op.create_table(
        "raw_items",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="current", nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_raw_items_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_items")),
    )
    op.create_index(
        "ix_raw_items_to_prepare",
        "raw_items",
        ["project_id", "prepared_by", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    )
    op.create_index(
        "uq_raw_items_current",
        "raw_items",
        ["project_id", "key"],
        unique=True,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), server_default="program", nullable=False),
        sa.Column("project_id", Key, nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_tokens_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("pipeline_version", Key, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["pipeline_version"], ["pipeline_versions.id"], name=op.f("fk_dataset_versions_pipeline_version")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_dataset_versions_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_versions")),
        sa.UniqueConstraint("project_id", "digest", name=op.f("uq_dataset_versions_project_id_digest")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_dataset_versions_project_id_number")),
    )
    op.create_table(
        "items",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("raw_id", Key, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("meta", sa.Text(), server_default="{}", nullable=False),
        sa.Column("offset", sa.Integer(), nullable=True),
        sa.Column("twin", sa.Text(), nullable=True),
        sa.Column("duplicate_of", Key, nullable=True),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("tasks_opened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["duplicate_of"], ["items.id"], name=op.f("fk_items_duplicate_of")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_items_project_id")),
        sa.ForeignKeyConstraint(["raw_id"], ["raw_items.id"], name=op.f("fk_items_raw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
    )
    op.create_index(op.f("ix_items_project_id_key"), "items", ["project_id", "key"], unique=False)
    op.create_index(op.f("ix_items_project_id_state_id"), "items", ["project_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_items_raw_id"), "items", ["raw_id"], unique=False)
    op.create_index(
        "ix_items_twin",
        "items",
        ["project_id", "twin"],
        unique=False,
        sqlite_where=sa.text("twin IS NOT NULL"),
        postgresql_where=sa.text("twin IS NOT NULL"),
    )
    op.create_table(
        "comments",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("annotation_id", Key, nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_comments_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_comments_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_comments_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_item_id"), "comments", ["item_id"], unique=False)
    op.create_table(
        "consensus",
        sa.Column("item_id", Key, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("agreement", sa.Double(), nullable=True),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("annotation_ids", sa.Text(), server_default="[]", nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_consensus_item_id")),
        sa.PrimaryKeyConstraint("item_id", "question", name=op.f("pk_consensus")),
    )
    op.create_index(
        op.f("ix_consensus_project_id_question_confidence"), "consensus", ["project_id", "question", "confidence"], unique=False
    )
    op.create_table(
        "findings",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("annotation_id", Key, nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_findings_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_findings_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(op.f("ix_findings_annotation_id"), "findings", ["annotation_id"], unique=False)
    op.create_index(op.f("ix_findings_item_id"), "findings", ["item_id"], unique=False)
    op.create_index(op.f("ix_findings_project_id_rule"), "findings", ["project_id", "rule"], unique=False)
    op.create_table(
        "known_answers",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_known_answers_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_known_answers_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_answers")),
        sa.UniqueConstraint("item_id", "use", "origin", name=op.f("uq_known_answers_item_id_use_origin")),
    )
    op.create_index(op.f("ix_known_answers_project_id_use_id"), "known_answers", ["project_id", "use", "id"], unique=False)
    op.create_table(
        "label_errors",
        sa.Column("item_id", Key, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_label_errors_item_id")),
        sa.PrimaryKeyConstraint("item_id", "question", name=op.f("pk_label_errors")),
    )
    op.create_index(op.f("ix_label_errors_project_id_score"), "label_errors", ["project_id", "score"], unique=False)
    op.create_table(
        "review_picks",
        sa.Column("item_id", Key, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("random", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), server_default="[]", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_review_picks_item_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_review_picks")),
    )
    op.create_index(op.f("ix_review_picks_project_id_random"), "review_picks", ["project_id", "random"], unique=False)
    op.create_table(
        "skips",
        sa.Column("item_id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_skips_item_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_skips_user_id")),
        sa.PrimaryKeyConstraint("item_id", "user_id", name=op.f("pk_skips")),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("labeler", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_suggestions_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_suggestions_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
        sa.UniqueConstraint("item_id", "question", "labeler", name=op.f("uq_suggestions_item_id_question_labeler")),
    )
    op.create_index(op.f("ix_suggestions_project_id_labeler_item_id"), "suggestions", ["project_id", "labeler", "item_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("for_user_id", Key, nullable=True),
        sa.Column("annotation_id", Key, nullable=True),
        sa.Column("user_id", Key, nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_ends", sa.Double(), nullable=True),
        sa.Column("leased_at", sa.Double(), nullable=True),
        sa.Column("done_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_tasks_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_tasks_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(
        "ix_tasks_held",
        "tasks",
        ["user_id", "project_id"],
        unique=False,
        sqlite_where=sa.text("state = 'leased'"),
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.create_index("ix_tasks_item", "tasks", ["item_id", "user_id"], unique=False)
    op.create_index(
        "ix_tasks_leased",
        "tasks",
        ["lease_ends"],
        unique=False,
        sqlite_where=sa.text("state = 'leased'"),
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["project_id", "purpose", "lane", "rank"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_tasks_open_for",
        "tasks",
        ["for_user_id", "project_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open' AND for_user_id IS NOT NULL"),
        postgresql_where=sa.text("state = 'open' AND for_user_id IS NOT NULL"),
    )
    op.create_index(
        "uq_tasks_person",
        "tasks",
        ["item_id", "user_id"],
        unique=True,
        sqlite_where=sa.text("purpose IN ('label', 'gold') AND user_id IS NOT NULL AND state IN ('leased', 'done')"),
        postgresql_where=sa.text("purpose IN ('label', 'gold') AND user_id IS NOT NULL AND state IN ('leased', 'done')"),
    )
    op.create_table(
        "annotations",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("task_id", Key, nullable=True),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("pipeline_version", Key, nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="submitted", nullable=False),
        sa.Column("origin", sa.Text(), server_default="person", nullable=False),
        sa.Column("purpose", sa.Text(), server_default="label", nullable=False),
        sa.Column("assisted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seconds_active", sa.Double(), server_default="0", nullable=False),
        sa.Column("replaces", Key, nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_annotations_item_id")),
        sa.ForeignKeyConstraint(["pipeline_version"], ["pipeline_versions.id"], name=op.f("fk_annotations_pipeline_version")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_annotations_project_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_annotations_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_annotations_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
    op.create_index(op.f("ix_annotations_item_id"), "annotations", ["item_id"], unique=False)
    op.create_index(op.f("ix_annotations_project_id_state_id"), "annotations", ["project_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_annotations_project_id_user_id_id"), "annotations", ["project_id", "user_id", "id"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("task_id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_drafts_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_drafts_user_id")),
        sa.PrimaryKeyConstraint("task_id", "user_id", name=op.f("pk_drafts")),
    )
    op.create_table(
        "reviews",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("project_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("task_id", Key, nullable=True),
        sa.Column("reviewer_id", Key, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("annotation_id", Key, nullable=True),
        sa.Column("fixed_annotation_id", Key, nullable=True),
        sa.Column("label_before", sa.Text(), nullable=True),
        sa.Column("random", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("seconds_active", sa.Double(), server_default="0", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_reviews_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reviews_project_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_reviews_reviewer_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_reviews_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_item_id"), "reviews", ["item_id"], unique=False)
    op.create_index(op.f("ix_reviews_project_id_random"), "reviews", ["project_id", "random"], unique=False)
