"""Every table, in the order of the story.

JSON stands in text columns, encoded by msgspec (`store.codec`); times are seconds since 1970 in UTC. What is marked derived can be
rebuilt from the rest and is written by the background work only.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.sql import text

__all__ = ["metadata"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")
"""A row's number. SQLite only numbers rows by itself in a column of type INTEGER."""


def _id() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def _project() -> Column[int]:
    return Column("project_id", Key, ForeignKey("projects.id"), nullable=False)


def _some(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index that has only the rows of which `where` is true."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


# --- who and what ---------------------------------------------------------------------------------------------------

projects = Table(
    "projects",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("seed", Text, nullable=False, server_default=""),  # a secret: which items the audit draws cannot be told from outside
)

pipeline_versions = Table(
    "pipeline_versions",
    metadata,
    _id(),
    _project(),
    Column("number", Integer, nullable=False),
    Column("digest", Text, nullable=False),  # of the declaration and of the guidelines together
    Column("declaration", Text, nullable=False),  # the whole pipeline file as JSON
    Column("guidelines", Text, nullable=False, server_default=""),
    Column("guidelines_digest", Text, nullable=False, server_default=""),
    Column("criteria", Text),  # JSON {question: {clause: [digest, meaning]}}; null = from before there were clauses
    Column("created_at", Double, nullable=False),
    UniqueConstraint("project_id", "number"),
)

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text),  # argon2; null for programs and for imported annotators, who cannot sign in
    Column("active", Integer, nullable=False, server_default="1"),
    Column("created_at", Double, nullable=False),
    Column("namesake_of", Key),  # the user whose name a file's answers bear; taken for the same person
)

memberships = Table(
    "memberships",
    metadata,
    Column("project_id", Key, ForeignKey("projects.id"), primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), primary_key=True),
    Column("role", Text, nullable=False),
    CheckConstraint("role IN ('owner', 'manager', 'reviewer', 'annotator')", name="role"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the cookie
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
)

known_addresses = Table(
    "known_addresses",
    metadata,
    Column("user_id", Key, ForeignKey("users.id"), primary_key=True),
    Column("digest", Text, primary_key=True),  # SHA-256 of the user and an address from which a sign-in succeeded
    Column("seen_at", Double, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    _id(),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of the token, which is shown once
    Column("name", Text, nullable=False),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("role", Text, nullable=False),  # at most the role of the user
    Column("purpose", Text, nullable=False, server_default="program"),  # program, or sign_in for a one-time link
    Column("project_id", Key, ForeignKey("projects.id")),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
)

# --- the log: append-only, followed by the background work ------------------------------------------------------------

events = Table(
    "events",
    metadata,
    _id(),
    Column("transaction", BigInteger, nullable=False, server_default="0"),  # PostgreSQL's, so that followers miss nothing
    Column("project_id", Key, nullable=False),
    Column("kind", Text, nullable=False),
    Column("user_id", Key),
    Column("item_id", Key),
    Column("subject_id", Key),  # the annotation, review, version … that the event is about
    Column("payload", Text, nullable=False, server_default="{}"),
    Column("created_at", Double, nullable=False),
    Index(None, "project_id", "transaction", "id"),
    Index(None, "item_id"),
    _some("ix_events_looks", "project_id", "id", where="kind = 'audit_looked_at'"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("project_id", Key, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", Text, nullable=False),
)

# --- 1 sources --------------------------------------------------------------------------------------------------------

raw_items = Table(
    "raw_items",
    metadata,
    _id(),
    _project(),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("blob", Text),
    Column("state", Text, nullable=False, server_default="current"),  # current, or replaced by a newer revision
    Column("prepared_by", Text),  # digest of the steps that prepared it; null = still to be prepared
    Column("created_at", Double, nullable=False),
    Column("gone_at", Double),  # when it was found to be no longer in its source; it is kept
    _some("ix_raw_items_gone", "project_id", where="gone_at IS NOT NULL"),
    _some("uq_raw_items_current", "project_id", "key", where="state = 'current'", unique=True),
    _some("ix_raw_items_blob", "project_id", "blob", where="blob IS NOT NULL"),
    _some("ix_raw_items_to_prepare", "project_id", "prepared_by", "id", where="state = 'current'"),
)

source_files = Table(
    "source_files",
    metadata,
    Column("project_id", Key, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),  # size, time and the reader's options: an equal one need not be read again
    Column("rows", BigInteger, nullable=False),
    Column("seen_at", Double, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    _project(),
    Column("stage", Text, nullable=False),  # collect, prepare, import, suggest
    Column("source", Text, nullable=False),
    Column("place", Text, nullable=False),  # file and line, or key
    Column("key", Text),
    Column("reason", Text, nullable=False),
    Column("sample", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("project_id", "stage", "source", "place", "reason"),
)

# --- 2 preparation ----------------------------------------------------------------------------------------------------

items = Table(
    "items",
    metadata,
    _id(),
    _project(),
    Column("raw_id", Key, ForeignKey("raw_items.id"), nullable=False),
    Column("key", Text, nullable=False),  # the raw key; pieces have #1, #2 … behind it
    Column("revision", Text, nullable=False),  # hash of the prepared content
    Column("data", Text, nullable=False),  # fields of the schema
    Column("meta", Text, nullable=False, server_default="{}"),
    Column("offset", Integer),
    Column("twin", Text),  # the revision, where duplicates are looked for; only then is it worth an index in random order
    Column("duplicate_of", Key, ForeignKey("items.id")),
    Column("state", Text, nullable=False, server_default="active"),  # active, duplicate, replaced
    Column("tasks_opened", Integer, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
    Column("drawn_at", Double),  # when it had all its answers and was drawn into the audit, or passed over
    Column("drawn_share", Double),  # the largest share of the items that was drawn while it was complete
    Column("drawn_label", Text),  # the consensus at that moment, as JSON values
    Column("changed_at", Double),  # when its consensus was found to be another one since
    Index(None, "project_id", "state", "id"),
    Index(None, "project_id", "key"),
    _some("ix_items_twin", "project_id", "twin", where="twin IS NOT NULL"),
    _some("ix_items_duplicate_of", "duplicate_of", where="duplicate_of IS NOT NULL"),
    Index(None, "raw_id"),
    _some("ix_items_drawn_share", "project_id", "state", "drawn_share", where="drawn_share IS NOT NULL"),
    # The items that no draw of the audit says anything about.
    _some("ix_items_unproved", "project_id", "id", where="drawn_at IS NULL OR changed_at IS NOT NULL"),
)

media = Table(  # derived: what may be read through a project
    "media",
    metadata,
    Column("project_id", Key, ForeignKey("projects.id"), primary_key=True),
    Column("digest", Text, primary_key=True),  # a blob that some item of the project shows, or has shown
)

step_results = Table(  # derived
    "step_results",
    metadata,
    Column("project_id", Key, ForeignKey("projects.id"), primary_key=True),
    Column("row", Text, primary_key=True),  # the raw key, whichever its revision
    Column("key", Text, primary_key=True),  # digest of the step and of all that it looked at
    Column("result", Text, nullable=False),  # what came out, or why nothing can
)

# --- 3a assistance ----------------------------------------------------------------------------------------------------

suggestions = Table(
    "suggestions",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("question", Text, nullable=False),
    Column("labeler", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("score", Double),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("item_id", "question", "labeler"),  # the newest version of each labeler's suggestion
    Index(None, "project_id", "labeler", "item_id"),
)

labeler_versions = Table(
    "labeler_versions",
    metadata,
    _id(),
    _project(),
    Column("labeler", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("trained_on", Integer, nullable=False, server_default="0"),  # labels
    Column("report", Text, nullable=False, server_default="{}"),  # out-of-fold accuracy and the like
    Column("model", Text),  # blob with plain arrays, never a pickle
    Column("created_at", Double, nullable=False),
    UniqueConstraint("project_id", "labeler", "version"),
)

features = Table(  # derived
    "features",
    metadata,
    Column("extractor", Text, primary_key=True),  # which numbers, in which version
    Column("content", Text, primary_key=True),  # the blob that they describe
    Column("vector", Text, nullable=False),  # half-precision floats in base64
)

# --- 3b tasks: a row a hand-out that the item still needs ---------------------------------------------------------------

tasks = Table(
    "tasks",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("purpose", Text, nullable=False),  # label, gold, redo, review, audit (blind at first)
    Column("state", Text, nullable=False),  # open, leased, done, cancelled, away (open again should the item return)
    Column("lane", Integer, nullable=False),  # 0 = came back, 1 = first answers, 2 = second answers …
    Column("rank", BigInteger, nullable=False),  # order within the lane; a task that opens again gets a fresh, higher one
    Column("for_user_id", Key),  # redo: only its author may have it
    Column("annotation_id", Key),  # redo: the annotation it is about; audit: the wrong answer that is planted as the label
    Column("user_id", Key),  # who holds it or has done it
    Column("lease", Text),  # the token of the newest lease
    Column("lease_ends", Double),  # on the store's own clock, which no change of the wall clock moves
    Column("leased_at", Double),
    Column("done_at", Double),
    _some("ix_tasks_open", "project_id", "purpose", "lane", "rank", where="state = 'open'"),
    _some("ix_tasks_open_for", "for_user_id", "project_id", where="state = 'open' AND for_user_id IS NOT NULL"),
    _some("ix_tasks_leased", "lease_ends", where="state = 'leased'"),
    _some("ix_tasks_held", "user_id", "project_id", where="state = 'leased'"),
    Index("ix_tasks_item", "item_id", "user_id"),
    _some(
        "uq_tasks_person",
        "item_id",
        "user_id",
        where="purpose IN ('label', 'gold') AND user_id IS NOT NULL AND state IN ('leased', 'done')",
        unique=True,
    ),
)

skips = Table(
    "skips",
    metadata,
    Column("item_id", Key, ForeignKey("items.id"), primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), primary_key=True),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
)

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),  # one row
    Column("seconds", Double, nullable=False),  # advanced by whoever serves, by its monotonic clock
    Column("keeper", Text, nullable=False, server_default=""),  # the one process that may advance it
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),  # made with the store and never sent out
)

# --- 3c annotations -----------------------------------------------------------------------------------------------------

annotations = Table(
    "annotations",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("task_id", Key, ForeignKey("tasks.id")),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("pipeline_version", Key, ForeignKey("pipeline_versions.id"), nullable=False),
    Column("values", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="submitted"),  # submitted, accepted, fixed, rejected, replaced
    Column("origin", Text, nullable=False, server_default="person"),  # person, review, import
    Column("purpose", Text, nullable=False, server_default="label"),
    Column("assisted", Integer, nullable=False, server_default="0"),  # suggestions were in view
    Column("suggested", Text),  # which ones stood, in view or not, with labeler, version and score, and whether they were taken
    Column("arm", Text),  # shown, hidden, none, unclear; unknown for answers from before it was kept
    Column("hide_chance", Double),  # with which chance the lot hid the suggestions; none where no lot was drawn
    Column("seconds_active", Double, nullable=False, server_default="0"),
    Column("replaces", Key),
    Column("created_at", Double, nullable=False),
    Index(None, "item_id"),
    Index(None, "project_id", "user_id", "id"),
    Index(None, "project_id", "state", "id"),
    _some("ix_annotations_lot", "project_id", "purpose", "id", where="hide_chance IS NOT NULL AND replaces IS NULL"),
)

submissions = Table(
    "submissions",
    metadata,
    Column("user_id", Key, primary_key=True),
    Column("key", Text, primary_key=True),  # the idempotency key
    Column("body_digest", Text, nullable=False),
    Column("subject_id", Key, nullable=False),  # the annotation or review that it made
    Column("created_at", Double, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("task_id", Key, ForeignKey("tasks.id"), primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), primary_key=True),
    Column("body", Text, nullable=False),
    Column("sequence", Integer, nullable=False),  # the browser counts its saves; an older one never overwrites a newer one
    Column("updated_at", Double, nullable=False),
)

comments = Table(
    "comments",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("annotation_id", Key),
    Column("question", Text),
    Column("part", Text),  # the id of a part of the answer
    Column("text", Text, nullable=False),
    Column("resolved_at", Double),
    Column("created_at", Double, nullable=False),
    Index(None, "item_id"),
)

# --- 4 checks and reviews -----------------------------------------------------------------------------------------------

findings = Table(
    "findings",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("annotation_id", Key),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("question", Text),
    Column("part", Text),  # the id of the part of the answer
    Column("stage", Text, nullable=False),  # submit, or dataset (derived)
    Column("created_at", Double, nullable=False),
    Index(None, "project_id", "rule"),
    Index("ix_findings_of_items", "project_id", "item_id"),
    Index(None, "item_id"),
    Index(None, "annotation_id"),
)

reviews = Table(
    "reviews",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("task_id", Key, ForeignKey("tasks.id")),
    Column("reviewer_id", Key, ForeignKey("users.id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("annotation_id", Key),  # the one accepted, fixed or rejected
    Column("fixed_annotation_id", Key),
    Column("label_before", Text),  # what the dataset would have said without the review, as JSON values
    Column("sources", Text, nullable=False, server_default="{}"),  # what that rested on: {question: [method, annotation numbers]}
    Column("random", Integer, nullable=False, server_default="0"),  # 1 = picked uniformly at random: evidence for the certificate
    Column("reason", Text, nullable=False, server_default=""),
    Column("seconds_active", Double, nullable=False, server_default="0"),
    Column("pipeline_version", Key),  # the criteria that the reviewer judged by
    Column("created_at", Double, nullable=False),
    Index(None, "item_id"),
    Index(None, "project_id", "random"),
    Index("ix_reviews_of_items", "project_id", "item_id"),
)

blind_answers = Table(
    "blind_answers",
    metadata,
    Column("task_id", Key, ForeignKey("tasks.id"), primary_key=True),
    Column("user_id", Key, ForeignKey("users.id"), primary_key=True),
    Column("project_id", Key, nullable=False),
    Column("values", Text, nullable=False),  # what an auditor answered before seeing the label
    Column("seconds_active", Double, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
)

planted_audits = Table(  # audits of answers that are known to be wrong: how many errors auditors find
    "planted_audits",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("task_id", Key, ForeignKey("tasks.id"), nullable=False),
    Column("annotation_id", Key, ForeignKey("annotations.id"), nullable=False),  # the wrong answer that was shown as the label
    Column("auditor_id", Key, ForeignKey("users.id"), nullable=False),
    Column("found", Text, nullable=False),  # JSON {question: blind | shown | missed}, for the questions that were wrong
    Column("verdict", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Index(None, "project_id"),
)

review_picks = Table(
    "review_picks",
    metadata,
    Column("item_id", Key, ForeignKey("items.id"), primary_key=True),
    Column("project_id", Key, nullable=False),
    Column("random", Integer, nullable=False),
    Column("reasons", Text, nullable=False, server_default="[]"),
    Column("created_at", Double, nullable=False),
    Index(None, "project_id", "random"),
)

# --- 5 assurance ----------------------------------------------------------------------------------------------------------

known_answers = Table(
    "known_answers",
    metadata,
    _id(),
    _project(),
    Column("item_id", Key, ForeignKey("items.id"), nullable=False),
    Column("use", Text, nullable=False),  # gold: hidden in the queue; reference: another dataset to compare with
    Column("origin", Text, nullable=False),  # the file
    Column("values", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("item_id", "use", "origin"),
    Index(None, "project_id", "use", "id"),
    Index("ix_known_answers_of_items", "project_id", "use", "item_id"),
)

consensus = Table(  # derived
    "consensus",
    metadata,
    Column("item_id", Key, ForeignKey("items.id"), primary_key=True),
    Column("question", Text, primary_key=True),
    Column("project_id", Key, nullable=False),
    Column("answer", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("agreement", Double),  # mean pairwise agreement of the answers, 0 to 1; null with one answer
    Column("answers", Integer, nullable=False),
    Column("annotation_ids", Text, nullable=False, server_default="[]"),
    Column("method", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("ix_consensus_confidence", "project_id", "question", "confidence", "item_id"),
    _some("ix_consensus_agreement", "project_id", "question", "agreement", "item_id", where="agreement IS NOT NULL"),
    # Choices, to find the items of a label; a longer answer is more than one label, and more than an index takes.
    _some("ix_consensus_answer", "project_id", "question", "answer", "item_id", where="length(answer) <= 200"),
)

annotator_quality = Table(  # derived
    "annotator_quality",
    metadata,
    Column("project_id", Key, primary_key=True),
    Column("user_id", Key, primary_key=True),
    Column("question", Text, primary_key=True),
    Column("answers", Integer, nullable=False),
    Column("gold_answers", Integer, nullable=False),
    Column("gold_accuracy", Double),
    Column("agreement", Double),  # with the consensus
    Column("skill", Double),  # the statistical model's estimate of the accuracy
    Column("updated_at", Double, nullable=False),
)

label_errors = Table(  # derived
    "label_errors",
    metadata,
    Column("item_id", Key, ForeignKey("items.id"), primary_key=True),
    Column("question", Text, primary_key=True),
    Column("project_id", Key, nullable=False),
    Column("score", Double, nullable=False),  # how well the label is supported, 0 to 1: low is suspicious
    Column("given", Text, nullable=False),
    Column("proposed", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index(None, "project_id", "score"),
)

quality_reports = Table(  # derived
    "quality_reports",
    metadata,
    Column("project_id", Key, primary_key=True),
    Column("name", Text, primary_key=True),  # agreement, criteria, cross_validation …
    Column("report", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
)

figures = Table(  # derived
    "figures",
    metadata,
    Column("project_id", Key, primary_key=True),
    Column("name", Text, primary_key=True),  # counts, overview, requirements
    Column("body", Text, nullable=False),
    Column("position", Text, nullable=False),  # how far the log had come when they were read
    Column("at", Double, nullable=False),
)

# --- 7 datasets -----------------------------------------------------------------------------------------------------------

dataset_versions = Table(
    "dataset_versions",
    metadata,
    _id(),
    _project(),
    Column("number", Integer, nullable=False),
    Column("digest", Text, nullable=False),  # of the manifest
    Column("manifest", Text, nullable=False),  # the blob that holds it
    Column("pipeline_version", Key, ForeignKey("pipeline_versions.id"), nullable=False),
    Column("summary", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("project_id", "number"),
    UniqueConstraint("project_id", "digest"),
)

# --- background jobs ------------------------------------------------------------------------------------------------------

jobs = Table(
    "jobs",
    metadata,
    _id(),
    _project(),
    Column("kind", Text, nullable=False),  # run, simulate, export …
    Column("state", Text, nullable=False),  # open, running, done, failed
    Column("progress", Text, nullable=False, server_default="{}"),
    Column("arguments", Text, nullable=False, server_default="{}"),
    Column("error", Text),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),  # how often a worker took it up
    Index(None, "project_id", "state"),
)
