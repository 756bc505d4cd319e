"""A project filled by SQL within seconds, as the jobs would leave it: to measure requests alone."""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa

from benchmarks.scale.project import write_project
from labelwright import analytics
from labelwright.pipeline.workspace import Workspace

__all__ = ["fill", "make_filled"]

PEOPLE = 50


def make_filled(folder: Path, items: int, store: str) -> None:
    """Make a project of so many items with its figures kept; `store` is the address of an empty database."""
    write_project(folder, 0, store)
    workspace = Workspace.open(folder)
    try:
        fill(workspace, items)
        opened = next(iter(workspace.projects.values()))
        began, cpu = time.perf_counter(), time.process_time()
        for again in ("", " again"):
            analytics.keep(opened.project, opened.pipeline.requirements)
            print(f"  figures made{again}: {time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s CPU", flush=True)
            began, cpu = time.perf_counter(), time.process_time()
    finally:
        workspace.close()


def fill(workspace: Workspace, items: int, *, drawn: int = 50) -> None:
    """Fill the store: four of five items answered twice, 1 in 100 gold, half with a suggestion, 1 in `drawn` audited."""
    project = next(iter(workspace.projects.values())).project
    version = project.pipeline_version
    postgresql = workspace.database.dialect == "postgresql"

    def series(count: int) -> str:
        if postgresql:
            return f"(SELECT generate_series(1, {count}) AS i) AS n"
        return f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) AS n"

    def case(value: str) -> str:
        return f"CASE {value} % 3 WHEN 0 THEN 'refund' WHEN 1 THEN 'bug' ELSE 'other' END"

    choice, answered, reviews = '\'{"kind":"choice","label":"\' || ' + case("i") + " || '\"}'", items * 4 // 5, items // drawn
    values = "'{\"intent\":' || " + choice + " || '}'"
    now, p = time.time() - 86400, project.id
    tables = f"""
INSERT INTO users (name, active, created_at) SELECT 'person ' || i, 1, {now} FROM {series(PEOPLE)};
INSERT INTO raw_items (id, project_id, source, key, revision, place, data, prepared_by, created_at)
  SELECT i, {p}, 's', 't' || i, 'r' || i, 's:' || i, '{{"body":"the parcel ' || i || '"}}', 'x', {now} FROM {series(items)};
INSERT INTO items (id, project_id, raw_id, key, revision, drawn_at, drawn_share, tasks_opened, created_at, data)
  SELECT i, {p}, i, 't' || i, 'r' || i, CASE WHEN i <= {answered} THEN {now} END, CASE WHEN i <= {answered} THEN {1 / drawn} END, 2, {now},
    '{{"body":{{"modality":"text","text":"the parcel came late and we asked for the money ' || i || '"}}}}'
  FROM {series(items)};
INSERT INTO known_answers (project_id, item_id, "use", origin, "values", created_at)
  SELECT {p}, i * 100, 'gold', 'gold.jsonl', {values}, {now} FROM {series(items // 100)};
INSERT INTO suggestions (project_id, item_id, question, labeler, version, answer, score, created_at)
  SELECT {p}, i, 'intent', 'words', '1', {choice}, 0.9, {now} FROM {series(items // 2)};
INSERT INTO tasks (project_id, item_id, purpose, state, lane, rank)
  SELECT {p}, i, 'label', 'done', 1, i FROM {series(answered)};
INSERT INTO tasks (project_id, item_id, purpose, state, lane, rank)
  SELECT {p}, i + {answered}, 'label', 'open', 1, i FROM {series(items - answered)};
INSERT INTO annotations (project_id, item_id, user_id, pipeline_version, "values", seconds_active, created_at)
  SELECT {p}, 1 + i / 2, (SELECT min(id) FROM users) + i % {PEOPLE}, {version}, {values.replace("i %", "(i / 2) %")}, 5 + i % 7,
    {now} + i / 100.0
  FROM {series(2 * answered - 2)};
INSERT INTO consensus (item_id, question, project_id, answer, confidence, agreement, answers, annotation_ids, method, updated_at)
  SELECT i, 'intent', {p}, {choice}, CASE WHEN i % 4 = 0 THEN 1.0 ELSE 0.5 + (i % 1000) / 2000.0 END, i % 2, 2, '[' || i || ']',
    'majority', {now}
  FROM {series(answered)};
INSERT INTO reviews (project_id, item_id, reviewer_id, verdict, label_before, random, created_at)
  SELECT {p}, i * {drawn * 4 // 5} + 1, (SELECT min(id) FROM users), CASE WHEN i % 9 = 0 THEN 'reject' ELSE 'accept' END, {values}, 1, {now}
  FROM {series(reviews)};
INSERT INTO review_picks (project_id, item_id, random, created_at) SELECT {p}, i * {drawn * 4 // 5} + 1, 1, {now} FROM {series(reviews)};
INSERT INTO findings (project_id, item_id, rule, severity, message, stage, created_at)
  SELECT {p}, i * 20, 'expression', 'warning', 'Is it so?', 'dataset', {now} FROM {series(items // 200)};
INSERT INTO events (project_id, kind, user_id, item_id, created_at)
  SELECT {p}, 'annotation_submitted', 1, 1 + i / 2, {now} FROM {series(2 * answered)};
"""

    def work(connection: sa.Connection) -> None:
        for statement in tables.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%") if postgresql else statement)
        if postgresql:
            for name in ("raw_items", "items", "annotations", "tasks", "events"):
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")

    workspace.database.write(work)
    with workspace.database.session() as connection:
        connection.exec_driver_sql("ANALYZE")
