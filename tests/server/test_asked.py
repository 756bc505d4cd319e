"""Questions with a condition over HTTP, from the answer to the dataset: not asked is neither answered nor missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from labelwright import analytics, datasets, plugins, quality
from labelwright.errors import InvalidInput
from labelwright.pipeline.run import catch_up
from labelwright.store import tables
from tests.server.site import Site, served, submit

PIPELINE = """
name: {name}
schema:
  data: {{body: text}}
  questions:
    intent: {{kind: choice, of: body, options: [refund, bug]}}
    amount: {{kind: choice, of: body, options: [small, large], when: "intent == 'refund'"}}
    parts: {{kind: spans, of: body, options: [DATE], when: "amount == 'large' and len(body) > 3"}}
tasks: {{overlap: 3, gold: 0%}}
review: {{sample: 0%}}
requirements: ["labeled >= 100%", "labeled(amount) >= 100%", "count(amount) >= 1"]
"""
REFUND, BUG = {"kind": "choice", "label": "refund"}, {"kind": "choice", "label": "bug"}
SMALL, LARGE = {"kind": "choice", "label": "small"}, {"kind": "choice", "label": "large"}
NO_PARTS: dict[str, Any] = {"kind": "spans", "spans": []}


@pytest.fixture
def site(tmp_path: Path, store_url: str) -> Iterator[Site]:
    folder = tmp_path / "workspace"
    folder.mkdir()
    with served(folder, store_url, pipeline=lambda text: PIPELINE.format(name=text.split()[1])) as site:
        yield site


def answer(browser: httpx.Client, site: Site, answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Answer everything that comes, by what stands for each text, and return the last response."""
    done: dict[str, Any] = {}
    task = site.held(browser)
    while task is not None:
        response = submit(browser, task, answers[task["item"]["data"]["body"]["text"]])
        assert response.status_code == 200, response.text
        done = response.json()
        task = done["next"]
    return done


def labels(site: Site, **parameters: str) -> dict[str, dict[str, Any]]:
    """The rows of an export by their text."""
    found = site.browser(site.person("manager")).get("/api/projects/tickets/export", params={"format": "jsonl", **parameters})
    assert found.status_code == 200, found.text
    return {row["body"]: row for row in map(json.loads, found.text.splitlines())}


def test_what_is_not_asked_is_refused_and_never_missing(site: Site) -> None:
    """The server alone decides what is asked, and says in a sentence what is wrong with an answer that has too much or too little."""
    site.add_texts("text")
    browser = site.browser(site.person())
    task = site.held(browser)
    for values, question, message in (
        ({"intent": BUG, "amount": SMALL}, "amount", "The question 'amount' is asked only when intent == 'refund'. Leave its answer out."),
        ({"intent": REFUND}, "amount", "The question 'amount' has no answer."),
        ({"intent": REFUND, "amount": LARGE}, "parts", "The question 'parts' has no answer."),
        # An answer that is not asked does not lead on to further questions.
        ({"intent": BUG, "amount": LARGE, "parts": NO_PARTS}, "amount", "asked only when"),
    ):
        refused = submit(browser, task, values)
        assert refused.status_code == 422, refused.text
        finding = refused.json()["findings"][0]
        assert finding["question"] == question
        assert message in finding["message"]
    assert submit(browser, task, {"intent": BUG}).status_code == 200


def test_what_is_not_asked_is_absent_from_consensus_figures_and_dataset(site: Site) -> None:
    """Where the labels say so, a follow-up has no label, no gap, and no share in what is required."""
    more = {f"more {number}": {"intent": BUG} for number in range(20)}
    site.add_texts("torn", "late", "lost", *more)
    first, second, third = (site.browser(site.person()) for _ in range(3))
    refund, large = {"intent": REFUND, "amount": SMALL}, {"intent": REFUND, "amount": LARGE, "parts": NO_PARTS}
    answer(first, site, {"torn": {"intent": BUG}, "late": refund, "lost": large, **more})
    answer(second, site, {"torn": {"intent": BUG}, "late": refund, "lost": large, **more})
    opened = site.tickets
    torn, late, lost = (_item(site, text) for text in ("torn", "late", "lost"))
    of_interest = [(torn, "intent"), (late, "intent"), (late, "amount"), (lost, "intent"), (lost, "amount"), (lost, "parts")]
    catch_up(opened, everything=True)
    assert _agreed(site, torn, late, lost) == of_interest
    # A third person is of another opinion about one item: what follows from it is in the minority, too.
    task = site.held(third)
    assert task["item"]["data"]["body"]["text"] == "torn"
    assert submit(third, task, refund).status_code == 200
    assert not quality.refresh(opened.project, opened.pipeline.quality).deep
    assert _agreed(site, torn, late, lost) == of_interest
    assert quality.refresh(opened.project, opened.pipeline.quality, full=True).deep
    assert _agreed(site, torn, late, lost) == of_interest
    with site.workspace.database.read() as connection:
        counted = analytics.overview(connection, opened.project)
        outcomes = analytics.check_requirements(connection, opened.project, opened.pipeline.requirements)
    assert (counted.funnel.labeled, counted.funnel.asked) == (23, 23)
    assert {one.question: (one.labeled, one.asked) for one in counted.questions} == {"intent": (23, 23), "amount": (2, 2), "parts": (1, 1)}
    assert [one.holds for one in outcomes] == [True, True, True], outcomes
    rows = labels(site)
    assert rows["torn"]["intent"] == "bug"
    assert rows["torn"].get("amount") is None
    assert rows["torn"].get("parts") is None
    assert (rows["late"]["amount"], rows["lost"]["parts"]) == ("small", [])
    frozen = datasets.freeze(opened.project)
    assert (frozen.items, frozen.unfinished) == (23, 0)
    assert frozen.labels["amount"] == {"small": 1, "large": 1}


def test_items_without_a_label_are_asked_too(tmp_path: Path, store_url: str) -> None:
    """Where one item of many has its label, a share of labels says so, whether the condition looks at answers or at the item."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    text = PIPELINE.replace("intent == 'refund'", "len(body) > 3").replace("amount == 'large' and len(body) > 3", "intent != 'bug'")
    text = text.replace('"count(amount) >= 1"', '"labeled(parts) >= 50%"')
    with served(folder, store_url, pipeline=lambda given: text.format(name=given.split()[1])) as site:
        site.add_texts("torn", "late", "off", "out", "broken")
        browser = site.browser(site.person())
        task = site.held(browser)
        assert submit(browser, task, {"intent": BUG, "amount": SMALL} if len(_text(task)) > 3 else {"intent": BUG}).status_code == 200
        opened = site.tickets
        catch_up(opened, everything=True)
        quality.refresh(opened.project, opened.pipeline.quality, full=True)
        with site.workspace.database.read() as connection:
            labels = analytics.overview(connection, opened.project)
            outcomes = analytics.check_requirements(connection, opened.project, opened.pipeline.requirements)
    found = {one.question: (one.labeled, one.asked) for one in labels.questions}
    assert found == {"intent": (1, 5), "amount": (int(len(_text(task)) > 3), 3), "parts": (0, 4)}
    assert [one.holds for one in outcomes] == [False, False, False], outcomes


def test_a_review_that_changes_what_is_asked_takes_the_old_answers_away(site: Site) -> None:
    """A reviewer's correction is held to the same rule, and a label to a question that is not asked any more is gone."""
    site.add_texts("late")
    values = {"late": {"intent": REFUND, "amount": SMALL}}
    answer(site.browser(site.person()), site, values)
    answer(site.browser(site.person()), site, values)
    catch_up(site.tickets, everything=True)
    assert labels(site)["late"]["amount"] == "small"
    item = _item(site, "late")
    reviewer = site.browser(site.person("reviewer"))
    assert reviewer.post(f"/api/projects/tickets/items/{item}/review", json={}).status_code == 200
    (task,) = reviewer.post("/api/projects/tickets/tasks/next", json={"count": 1, "purpose": "review"}).json()["tasks"]
    fix = {"verdict": "fix", "values": {"intent": BUG, "amount": SMALL}, "seconds_active": 3.0, "seen": task["review"]["seen"]}
    refused = reviewer.post(f"/api/tasks/{task['id']}/review", json=fix, headers={"Idempotency-Key": "a"})
    assert refused.status_code == 422
    assert "asked only when" in refused.text
    taken = reviewer.post(f"/api/tasks/{task['id']}/review", json={**fix, "values": {"intent": BUG}}, headers={"Idempotency-Key": "b"})
    assert taken.status_code == 200, taken.text
    catch_up(site.tickets)
    row = labels(site)["late"]
    assert row["intent"] == "bug"
    assert row.get("amount") is None


def test_a_condition_that_comes_later_hides_what_was_answered_before(site: Site, tmp_path: Path) -> None:
    """Answers from before the condition stay in the store; they count no more, and are named as outdated."""
    from labelwright import tasks
    from labelwright.pipeline.workspace import Workspace

    site.add_texts("torn")
    path = tmp_path / "workspace" / "tickets" / "labelwright.yaml"
    path.write_text(path.read_text("utf-8").replace(""", when: "intent == 'refund'\"""", ""), "utf-8")
    browser = site.browser(site.person())
    workspace = Workspace.open(tmp_path / "workspace")
    try:
        number = submit_under(workspace, site, browser)
    finally:
        workspace.close()
    path.write_text(PIPELINE.format(name="tickets"), "utf-8")
    workspace = Workspace.open(tmp_path / "workspace")
    try:
        opened = workspace.projects["tickets"]
        (outdated,) = tasks.read_outdated(opened.project)
        assert str(outdated) == "1 answer holds one to 'amount', which is not asked any more"
        assert not outdated.anew
        quality.refresh(opened.project, opened.pipeline.quality, full=True)
        with workspace.database.read() as connection:
            assert list(connection.scalars(sa.select(tables.consensus.c.question))) == ["intent"]
        assert number
    finally:
        workspace.close()


def test_every_format_writes_and_reads_what_is_asked(site: Site, tmp_path: Path) -> None:
    """What a format holds of an item that was not asked everything is read again as it was, and nothing of it is set aside."""
    site.add_texts("torn", "late", "lost")
    refund, large = {"intent": REFUND, "amount": SMALL}, {"intent": REFUND, "amount": LARGE, "parts": NO_PARTS}
    answer(site.browser(site.person()), site, {"torn": {"intent": BUG}, "late": refund, "lost": large})
    project = site.tickets.project
    quality.refresh(project, site.tickets.pipeline.quality, full=True)
    said = {"torn": {"intent"}, "late": {"intent", "amount"}, "lost": {"intent", "amount", "parts"}}
    held = 0
    for format in plugins.names("formats"):
        try:
            datasets.export(project, format, tmp_path / format)
        except InvalidInput:
            continue
        module = plugins.load("formats", format)
        files = [path for path in sorted((tmp_path / format).rglob("*")) if path.is_file() and path.suffix not in (".md", ".yaml")]
        try:
            report = datasets.import_labels(project, tmp_path / format, format, "annotations", annotator=f"of {format}")
        except InvalidInput:
            report = datasets.import_labels(project, files[0], format, "annotations", annotator=f"of {format}")
        assert (module.__name__, report.quarantined) == (module.__name__, 0)
        held += 1
        table, items = tables.annotations, tables.items
        query = sa.select(items.c.data, table.c["values"]).join(items, items.c.id == table.c.item_id).where(table.c.origin == "import")
        with site.workspace.database.read() as connection:
            for data, values in connection.execute(query):
                assert set(json.loads(values)) == said[json.loads(data)["body"]["text"]], format
    assert held >= 4


def test_imported_answers_are_held_to_the_same_rule(site: Site, tmp_path: Path) -> None:
    """An imported answer with too much is set aside with the sentence; what says that nothing is marked is left out."""
    site.add_texts("torn", "late")
    keys = _keys(site)
    rows = [
        {"key": keys["torn"], "intent": "bug", "amount": "small"},
        {"key": keys["late"], "intent": "bug", "parts": []},
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    report = datasets.import_labels(site.tickets.project, path, "jsonl", "annotations", annotator="Ada")
    assert (report.stored, report.quarantined) == (1, 1)
    with site.workspace.database.read() as connection:
        (reason,) = connection.scalars(sa.select(tables.quarantine.c.reason))
        (values,) = connection.scalars(sa.select(tables.annotations.c["values"]))
    assert "asked only when intent == 'refund'" in reason
    assert "parts" not in values


def submit_under(workspace: Any, site: Site, browser: httpx.Client) -> int:
    """Write what somebody answered under the declaration of another workspace, which has no condition."""
    from tests.quality.answers import answer as write
    from tests.quality.answers import choice

    opened = workspace.projects["tickets"]
    (number,) = write(opened.project, [(_item(site, "torn"), site.person(), {"intent": choice("bug"), "amount": choice("small")})])
    return number


def _item(site: Site, text: str) -> int:
    table = tables.items
    with site.workspace.database.read() as connection:
        return int(connection.scalar(sa.select(table.c.id).where(table.c.data.contains(f'"{text}"'))) or 0)


def _text(task: dict[str, Any]) -> str:
    return str(task["item"]["data"]["body"]["text"])


def _keys(site: Site) -> dict[str, str]:
    with site.workspace.database.read() as connection:
        rows = connection.execute(sa.select(tables.items.c.data, tables.items.c.key)).all()
    return {json.loads(data)["body"]["text"]: key for data, key in rows}


def _agreed(site: Site, *items: int) -> list[tuple[int, str]]:
    """The questions about these items on which there is a consensus, in the order of both."""
    table = tables.consensus
    with site.workspace.database.read() as connection:
        rows = connection.execute(sa.select(table.c.item_id, table.c.question).where(table.c.item_id.in_(items))).all()
    order = list(site.tickets.project.schema.questions)
    return sorted(((row.item_id, row.question) for row in rows), key=lambda row: (row[0], order.index(row[1])))
