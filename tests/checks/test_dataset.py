"""The rules over the whole dataset."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.checks import Rules, compile_rules, dataset, findings_mark, inspect_all, store_findings
from labelwright.schema import Finding
from labelwright.schema.kinds.choice import Choice
from labelwright.store import log, tables
from labelwright.store.codec import encode
from labelwright.store.project import Project
from tests.rows import add_texts, add_users, count
from tests.sent import statements


def annotate(project: Project, item_id: int, user_id: int, values: dict[str, Any], **more: Any) -> int:
    row = {"project_id": project.id, "item_id": item_id, "user_id": user_id, "pipeline_version": project.pipeline_version}

    def work(connection: sa.Connection) -> int:
        made = connection.execute(sa.insert(tables.annotations).values(**row, values=encode(values), created_at=time.time(), **more))
        number = int(made.inserted_primary_key[0])
        log.append(connection, project.id, "annotation_submitted", user_id=user_id, item_id=item_id, subject_id=number)
        return number

    return project.database.write(work)


def set_state(project: Project, item_id: int, state: str) -> None:
    """Give all answers about an item another state, as a review does."""

    def work(connection: sa.Connection) -> None:
        table = tables.annotations
        connection.execute(sa.update(table).where(table.c.item_id == item_id).values(state=state))
        log.append(connection, project.id, "review_given", item_id=item_id)

    project.database.write(work)


def stored(project: Project) -> list[tuple[Any, ...]]:
    found = tables.findings
    with project.database.read() as connection:
        query = sa.select(found.c.id, found.c.annotation_id, found.c.rule, found.c.stage).order_by(found.c.annotation_id, found.c.id)
        return [tuple(row) for row in connection.execute(query)]


def messages(project: Project) -> list[str]:
    with project.database.read() as connection:
        return list(connection.scalars(sa.select(tables.findings.c.message).order_by(tables.findings.c.id)))


def marked(project: Project) -> str:
    with project.database.read() as connection:
        return findings_mark(connection, project.id)


def test_the_dataset_is_looked_at_again(make_project: Callable[..., Project]) -> None:
    """Findings of all answers that stand are written once; a second look reads none; a changed rule or answer changes them."""
    project = make_project()
    (person,) = add_users(project, "ada")
    first, second, third = add_texts(project, ["refund me", "it breaks", "hello"])
    good = annotate(project, first, person, {"intent": Choice("refund")}, seconds_active=5.0)
    empty = annotate(project, second, person, {})
    annotate(project, third, person, {}, state="rejected")
    rules = compile_rules(project.schema, (), Path())
    assert inspect_all(project, rules) == 2
    once = stored(project)
    assert [row[1:] for row in once] == [(empty, "missing_answer", "dataset")]
    assert inspect_all(project, rules) == 0
    assert stored(project) == once
    stricter = compile_rules(project.schema, ("intent == 'bug'", {"missing_answer": False}), Path())
    assert inspect_all(project, stricter) == 2
    assert [row[1:3] for row in stored(project)] == [(good, "expression"), (empty, "expression")]
    set_state(project, first, "rejected")
    assert inspect_all(project, stricter) == 0
    assert [row[1:3] for row in stored(project)] == [(empty, "expression")]
    assert inspect_all(project, rules) == 1
    assert inspect_all(project, stricter) == 1
    assert [row[1:3] for row in stored(project)] == [(empty, "expression")]


def test_only_what_something_happened_to_is_looked_at(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """Of a thousand answers an unchanged look sends as few statements as of three, and one after an answer looks at its item alone."""
    project = make_project()
    people = add_users(project, "ada", "bea")
    rules = compile_rules(project.schema, (), Path())
    few = add_texts(project, ["a", "b", "c"])
    for item in few:
        annotate(project, item, people[0], {})
    assert inspect_all(project, rules) == 3
    with statements(project.database, tmp_path / "few") as after_few:
        assert inspect_all(project, rules) == 0
    for item in add_texts(project, ["x"] * 1000, key="more"):
        annotate(project, item, people[0], {})
    assert inspect_all(project, rules) == 1000
    with statements(project.database, tmp_path / "many") as after_many:
        assert inspect_all(project, rules) == 0
    assert len(after_many) == len(after_few) <= 10
    late = annotate(project, few[1], people[1], {})
    assert inspect_all(project, rules) == 2
    assert len(stored(project)) == 1004
    assert late in [row[1] for row in stored(project)]


def test_a_changed_file_of_checks_looks_at_everything(make_project: Callable[..., Project]) -> None:
    """Where the Python file of a check says something else, all answers are looked at; where it stays the same, none is."""
    project = make_project()
    (person,) = add_users(project, "ada")
    for item in add_texts(project, ["refund me", "it breaks"]):
        annotate(project, item, person, {"intent": Choice("refund")})
    file = project.folder / "checks.py"

    def say(message: str) -> Rules:
        file.write_text(f"from labelwright import check\n\n@check\ndef one(values, item):\n    return {message!r}\n")
        return compile_rules(project.schema, ({"python": "checks.py"},), project.folder)

    assert [inspect_all(project, say("Sure?")) for _ in range(2)] == [2, 0]
    assert messages(project) == ["Sure?"] * 2
    assert inspect_all(project, say("Really?")) == 2
    assert messages(project) == ["Really?"] * 2


def test_a_check_that_could_not_be_made_is_tried_again(make_project: Callable[..., Project]) -> None:
    """The answers of which a check ended its process are looked at again and no others, until it has something to say about them."""
    project = make_project()
    (person,) = add_users(project, "ada")
    items = add_texts(project, ["refund me", "it breaks", "hello"])
    for item in items:
        annotate(project, item, person, {"intent": Choice("refund")})
    (project.folder / "ends").write_text("")
    (project.folder / "checks.py").write_text(
        "import os\nfrom pathlib import Path\nfrom labelwright import check\n\n@check\ndef ends(values, item):\n"
        "    if item.key == 't1':\n"
        "        return os._exit(1) if Path(__file__).with_name('ends').exists() else 'Sure?'\n"
    )
    rules = compile_rules(project.schema, ({"python": "checks.py"},), project.folder)
    assert inspect_all(project, rules) == 3
    assert messages(project) == ["The check 'ends' could not be made: it ended its process."]
    mark = marked(project)
    assert inspect_all(project, rules) == 1
    assert marked(project) == mark
    (project.folder / "ends").unlink()
    assert inspect_all(project, rules) == 1
    assert messages(project) == ["Sure?"]
    assert marked(project) != mark
    assert inspect_all(project, rules) == 0


def test_a_look_that_was_broken_off_is_done_again(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it ends amid everything or amid the items that something happened to, the next look comes to all findings."""
    monkeypatch.setattr(dataset, "PAGE", 2)
    monkeypatch.setattr(dataset, "ITEMS", 2)
    project = make_project()
    people = add_users(project, "ada", "bea")
    items = add_texts(project, ["a", "b", "c", "d", "e"])
    rules = compile_rules(project.schema, (), Path())

    def stop(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    for round, person in enumerate(people, 1):
        for item in items:
            annotate(project, item, person, {})
        with pytest.raises(KeyboardInterrupt):
            inspect_all(project, rules, progress=stop)
        assert 5 * (round - 1) < len(stored(project)) < 5 * round
        assert inspect_all(project, rules) == 5 * round
        assert len(stored(project)) == 5 * round
    # Under other rules and back again: what was found under them is found to be no more.
    other = compile_rules(project.schema, ({"missing_answer": False},), Path())
    with pytest.raises(KeyboardInterrupt):
        inspect_all(project, other, progress=stop)
    assert len(stored(project)) < 10
    assert inspect_all(project, rules) == 10
    assert len(stored(project)) == 10


def test_what_was_confirmed_is_not_said_again(make_project: Callable[..., Project]) -> None:
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


def test_many_pages_are_read(make_project: Callable[..., Project]) -> None:
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
