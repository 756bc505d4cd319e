"""What is unchanged is not done again: a run without changes, and a version after it, rest on what the last run derived."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from benchmarks.scale.project import ANSWERS
from benchmarks.scale.project import write_project as write_large_project
from benchmarks.tickets import NAME

from labelwright import checks, review
from labelwright.checks import dataset
from labelwright.datasets import import_labels
from labelwright.pipeline.run import advance, catch_up, freeze
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.review import picks
from labelwright.store import tables
from tests.sent import statements

DEEP = ("reading answers", "consensus on intent", "searching for label errors")


def test_a_second_run_and_a_version_do_no_deep_work(store_url: str, tmp_path: Path) -> None:
    """Answers are read, models fitted and label errors searched for in the run after the answers came, and again only after more came."""
    write_large_project(tmp_path, 60, store_url)
    workspace = Workspace.open(tmp_path)
    try:
        opened = workspace.project(NAME)
        told: list[str] = []

        def progress(done: int, total: int | None, what: str) -> None:
            told.append(what)

        advance(opened)
        import_labels(opened.project, tmp_path / ANSWERS, None, "annotations")
        advance(opened, progress=progress)
        assert set(DEEP) <= set(told)
        told.clear()
        advance(opened, progress=progress)
        assert freeze(opened, progress=progress).version.items == 60
        assert not set(DEEP) & set(told)
        more = tmp_path / "more.jsonl"
        more.write_text(json.dumps({"key": "t1", "intent": "bug", "annotator": "somebody else"}) + "\n")
        import_labels(opened.project, more, None, "annotations")
        freeze(opened, progress=progress)
        assert set(DEEP) <= set(told)
    finally:
        workspace.close()


def test_an_unchanged_run_and_version_read_no_page_of_the_project(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ten times the items, a run and a version after which nothing happened send as many statements, but for a handful."""
    monkeypatch.setattr(dataset, "PAGE", 5)
    monkeypatch.setattr(picks, "PAGE", 5)
    write_large_project(tmp_path, 20, store_url)
    workspace = Workspace.open(tmp_path)
    sent: list[tuple[int, int]] = []
    try:
        for items in (20, 120):
            if items > 20:
                write_large_project(tmp_path, items, store_url)
            opened = workspace.project(NAME)
            advance(opened)
            import_labels(opened.project, tmp_path / ANSWERS, None, "annotations")
            advance(opened)
            assert freeze(opened).version.new
            with statements(workspace.database, tmp_path / "run") as run:
                advance(opened)
            with statements(workspace.database, tmp_path / "version") as version:
                assert not freeze(opened).version.new
            sent.append((len(run), len(version)))
    finally:
        workspace.close()
    (few_run, few_version), (many_run, many_version) = sent
    assert many_run <= few_run + 10
    assert many_version <= few_version + 10


CHECKED = """\
name: tickets
sources: [{{uri: tickets.jsonl, id: id}}]
schema:
  data: {{body: text}}
  questions: {{intent: {{kind: choice, of: body, options: [refund, bug, other]}}}}
prepare: [{prepare}]
checks: [{checks}]
review: {{sample: 0%, always: [{rules}]}}
"""


@contextmanager
def opened_project(
    write: Callable[..., Path], *, rules: str = "failed_check", checks: str = "meta.customer != 1", prepare: str = "deduplicate"
) -> Iterator[OpenProject]:
    """The small project, whose answers are checked."""
    folder = write(CHECKED.format(rules=rules, checks=checks, prepare=prepare), [])
    workspace = Workspace.open(folder)
    try:
        yield workspace.project("tickets")
    finally:
        workspace.close()


def collect(opened: OpenProject, *rows: tuple[str, str, int]) -> None:
    """Let the source have these rows: their number, text and customer."""
    listed = [json.dumps({"id": key, "body": body, "customer": customer}) for key, body, customer in rows]
    (opened.project.folder / "tickets.jsonl").write_text("\n".join(listed) + "\n")


def answer(opened: OpenProject, **labels: str) -> None:
    """Import an answer of one annotator about each item that is named."""
    file = opened.project.folder / "answers.jsonl"
    file.write_text("".join(json.dumps({"key": key, "intent": label, "annotator": "ada"}) + "\n" for key, label in labels.items()))
    # Nobody else is asked, so that the items have all their answers.
    done = sa.update(tables.tasks).where(tables.tasks.c.purpose == "label").values(state="done")
    opened.project.database.write(lambda connection: connection.execute(done))
    import_labels(opened.project, file, None, "annotations")


def found(opened: OpenProject) -> list[Any]:
    """The keys of the items about whose answers there is a finding."""
    query = sa.select(tables.items.c.key).join(tables.findings, tables.findings.c.item_id == tables.items.c.id)
    with opened.project.database.read() as connection:
        return sorted(connection.scalars(query))


def test_findings_follow_answers_and_what_items_show(write_project: Callable[..., Path]) -> None:
    """An imported answer, one that replaces another, a changed column and a replaced text: each changes the findings in the next run, and
    nothing is left to be looked at then.
    """
    with opened_project(write_project, checks="meta.customer != 1 or intent == 'bug'") as opened:
        rows = [("a", "refund me", 1), ("b", "it breaks", 0), ("c", "hello", 1)]
        collect(opened, *rows)
        advance(opened)
        answer(opened, a="refund", b="refund")
        advance(opened)
        assert found(opened) == ["a"]
        answer(opened, c="other")
        advance(opened)
        assert found(opened) == ["a", "c"]
        answer(opened, c="bug")
        advance(opened)
        assert found(opened) == ["a"]
        collect(opened, ("a", "refund me", 0), ("b", "it breaks", 1), rows[2])
        advance(opened)
        assert found(opened) == ["b"]
        collect(opened, ("a", "refund me", 0), ("b", "it broke", 1), rows[2])
        advance(opened)
        assert found(opened) == []
        answer(opened, b="refund")
        advance(opened)
        assert found(opened) == ["b"]
        assert checks.inspect_all(opened.project, opened.rules) == 0


def test_a_duplicate_has_no_findings_until_it_takes_the_place_of_its_original(write_project: Callable[..., Path]) -> None:
    """An answered item that becomes the duplicate of another one loses its findings, and has them again when the other one goes."""
    with opened_project(write_project, prepare="") as opened:
        collect(opened, ("a", "refund me", 0), ("b", "refund me", 1))
        advance(opened)
        answer(opened, a="refund", b="refund")
        advance(opened)
        assert found(opened) == ["b"]
    with opened_project(write_project) as opened:
        collect(opened, ("a", "refund me", 0), ("b", "refund me", 1))
        advance(opened)
        assert found(opened) == []
        collect(opened, ("a", "it breaks", 0), ("b", "refund me", 1))
        advance(opened)
        assert found(opened) == ["b"]
        with opened.project.database.read() as connection:
            changed = tables.events.c.kind == "items_changed"
            assert connection.scalar(sa.select(sa.func.count()).where(changed)) == 2


def test_reviews_follow_whatever_they_rest_on(write_project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """All items are looked at for reviews after an answer, after a rule or the policy changed, and where a run ended between the findings
    and the reviews; not where nothing happened.
    """
    looked: list[int] = []
    pick = review.pick

    def watched(project: Any, policy: Any, item_ids: Any, **more: Any) -> int:
        looked.append(len(item_ids))
        return pick(project, policy, item_ids, **more)

    monkeypatch.setattr(review, "pick", watched)
    with opened_project(write_project) as opened:
        collect(opened, ("a", "refund me", 1), ("b", "it breaks", 0))
        advance(opened)
        answer(opened, a="refund", b="refund")
        looked.clear()
        assert advance(opened).caught_up.reviews_opened == 1
        assert looked == [2]
        assert advance(opened).caught_up.reviews_opened == 0
        freeze(opened)
        advance(opened)
        assert looked == [2]
        assert catch_up(opened).reviews_opened == 0
    with opened_project(write_project, checks="meta.customer != 0") as opened:
        collect(opened, ("a", "refund me", 1), ("b", "it breaks", 0))
        checks.inspect_all(opened.project, opened.rules)
        looked.clear()
        assert advance(opened).caught_up.reviews_opened == 1
        assert looked == [2]
    with opened_project(write_project, rules="failed_check, low_confidence") as opened:
        collect(opened, ("a", "refund me", 1), ("b", "it breaks", 0))
        looked.clear()
        advance(opened)
        advance(opened)
        assert looked == [2]
