"""The rules over the whole dataset."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from labelwright.checks import compile_rules, inspect_all, store_findings
from labelwright.schema import Finding
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.project import Project
from tests.rows import add_texts, add_users, count


def annotate(project: Project, item_id: int, user_id: int, values: dict[str, Any], **more: Any) -> int:
    row = {"project_id": project.id, "item_id": item_id, "user_id": user_id, "pipeline_version": project.pipeline_version}

    def work(connection: sa.Connection) -> int:
        made = connection.execute(sa.insert(tables.annotations).values(**row, values=encode(values), created_at=time.time(), **more))
        return int(made.inserted_primary_key[0])

    return project.database.write(work)


def stored(project: Project) -> list[tuple[Any, ...]]:
    found = tables.findings
    with project.database.read() as connection:
        query = sa.select(found.c.id, found.c.annotation_id, found.c.rule, found.c.stage).order_by(found.c.annotation_id, found.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_the_dataset_is_looked_at_again(make_project: Callable[..., Project]):
    """Findings of all answers that stand are written once; a second run writes nothing; a changed rule or answer changes them."""
    project = make_project()
    (person,) = add_users(project, "ada")
    first, second, third = add_texts(project, ["refund me", "it breaks", "hello"])
    good = annotate(project, first, person, {"intent": Choice("refund")}, seconds_active=5.0)
    empty = annotate(project, second, person, {})
    annotate(project, third, person, {}, state="rejected")
    rules = compile_rules(project.schema, (), Path())
    assert inspect_all(project, rules) == 1
    once = stored(project)
    assert [row[1:] for row in once] == [(empty, "missing_answer", "dataset")]
    assert inspect_all(project, rules) == 1
    assert stored(project) == once
    stricter = compile_rules(project.schema, ("intent == 'bug'", {"missing_answer": False}), Path())
    assert inspect_all(project, stricter) == 2
    assert [row[1:3] for row in stored(project)] == [(good, "expression"), (empty, "expression")]
    project.database.write(lambda connection: connection.execute(sa.update(tables.annotations).values(state="replaced")))
    assert inspect_all(project, stricter) == 0
    assert stored(project) == []


def test_what_was_confirmed_is_not_said_again(make_project: Callable[..., Project]):
    """A warning that the annotator confirmed stays as it was written at submission, and is not doubled."""
    project = make_project()
    (person,) = add_users(project, "ada")
    (item,) = add_texts(project, ["refund me"])
    rules = compile_rules(project.schema, ({"expression": {"that": "intent == 'bug'", "message": "Sure?", "severity": "warning"}},), Path())
    number = annotate(project, item, person, {"intent": Choice("refund")})
    said = Finding(rule="expression", severity="warning", message="Sure?", question="intent")
    project.database.write(lambda connection: store_findings(connection, project.id, item, number, [said], stage="submit"))
    inspect_all(project, rules)
    assert [row[3] for row in stored(project)] == ["submit"]


def test_many_pages_are_read(make_project: Callable[..., Project]):
    """More annotations than fit a page are all looked at, and progress is told."""
    project = make_project()
    (person,) = add_users(project, "ada")
    (item,) = add_texts(project, ["refund me"])
    row = {"project_id": project.id, "item_id": item, "user_id": person, "pipeline_version": project.pipeline_version}
    rows = [{**row, "values": "{}", "created_at": 0.0} for _ in range(2100)]
    project.database.write(lambda connection: connection.execute(sa.insert(tables.annotations), rows))
    told: list[tuple[int, int | None]] = []
    assert (
        inspect_all(project, compile_rules(project.schema, (), Path()), progress=lambda done, total, what: told.append((done, total)))
        == 2100
    )
    assert count(project, tables.findings) == 2100
    assert told[-1] == (2100, 2100)
