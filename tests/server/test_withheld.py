"""A blind audit is blind: who may give it is told nothing of the label before, on no page and by no route."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from labelwright.pipeline import events
from labelwright.pipeline.run import catch_up
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from labelwright.store.codec import encode
from tests.rows import add_known
from tests.server.site import Site, served, submit

BUG = {"intent": {"kind": "choice", "label": "bug"}}


def audited(file: str) -> str:
    return file.replace("overlap: 2", "overlap: 1") + "review: {sample: 100%, always: [], planted: 2}\n"


@pytest.fixture
def site(tmp_path: Path, store_url: str) -> Iterator[Site]:
    """A workspace in which every label is audited, and two errors are planted."""
    with served(tmp_path / "audited", store_url, pipeline=audited) as site:
        yield site


def labeled(site: Site, *texts: str) -> tuple[list[int], httpx.Client]:
    """Let Ann call every text a bug, and comment on it; return the items and Ann's browser."""
    items = site.add_texts(*texts)
    ann = site.browser(site.person())
    while tasks := ann.post("/api/projects/tickets/tasks/next", json={"count": 1}).json()["tasks"]:
        ann.post(f"/api/items/{tasks[0]['item']['id']}/comments", json={"text": "It is a bug."})
        submit(ann, tasks[0], BUG)
    catch_up(site.tickets)
    return items, ann


def told(page: dict[str, Any]) -> list[str]:
    """The parts of an item's page that tell anything of its label."""
    return [
        name for name in ("suggestions", "annotations", "consensus", "labels", "reviews", "findings", "comments", "events") if page[name]
    ]


def test_who_may_audit_an_item_sees_its_label_after_the_verdict(site: Site) -> None:
    """The item's page, the lists, comments, events and reports tell nothing of it before, of one in hand neither; afterwards all."""
    items, _ = labeled(site, "a", "b", "c")
    rita = site.browser(site.person("reviewer"))
    task = rita.post("/api/projects/tickets/tasks/next", json={"count": 1, "purpose": "review"}).json()["tasks"][0]
    assert task["purpose"] == "audit"

    def page(item: int) -> dict[str, Any]:
        return rita.get(f"/api/projects/tickets/items/{item}").json()  # type: ignore[no-any-return]

    def listed(**query: str) -> list[dict[str, Any]]:
        return rita.get("/api/projects/tickets/items", params=query).json()["items"]  # type: ignore[no-any-return]

    for item in items:
        assert (page(item)["withheld"], told(page(item))) == (True, [])
        assert rita.get(f"/api/items/{item}/comments").json() == []
    assert [(row["withheld"], row["labels"], row["answers"]) for row in listed()] == [(True, {}, 0)] * 3
    for query in ({"label": "bug"}, {"sort": "confidence"}, {"sort": "agreement"}, {"state": "reviewed"}, {"state": "findings"}):
        assert listed(**query) == []
    happened = rita.get("/api/projects/tickets/events").json()["events"]
    assert not [event for event in happened if event["item_id"] in items]

    body = {"values": {"intent": "other"}, "seconds_active": 1.0}
    shown = rita.post(f"/api/tasks/{task['id']}/audit", json=body, headers={"Idempotency-Key": "blind"}).json()["task"]
    item = task["item"]["id"]
    # Beside the label of the item, an error planted about it would be seen to be one.
    assert page(item)["withheld"]
    verdict = {"verdict": "accept", "seen": shown["audit"]["seen"]}
    assert rita.post(f"/api/tasks/{task['id']}/review", json=verdict, headers={"Idempotency-Key": "v"}).status_code == 200
    assert not page(item)["withheld"]
    assert page(item)["labels"]["intent"]["answer"] == BUG["intent"]
    assert [row["key"] for row in listed(label="bug")] == [task["item"]["key"]]


def test_a_planted_error_is_kept_like_a_label(site: Site) -> None:
    """Nothing on its page, in the lists or in the reports tells the gold item about which an error is planted from a label that waits."""
    items, _ = labeled(site, "a", "b", "c")
    for item in items[:2]:
        add_known(site.tickets.project, item, {"intent": Choice("other")})
    error = {"item_id": items[2], "question": "intent", "project_id": site.tickets.project.id, "score": 0.1, "updated_at": 0.0}
    values = {"given": encode(Choice("bug")), "proposed": encode(Choice("other"))}
    site.workspace.database.write(lambda connection: connection.execute(sa.insert(tables.label_errors).values(**error, **values)))
    catch_up(site.tickets, everything=True)
    assert site.rows(tables.tasks, tables.tasks.c.purpose == "audit", tables.tasks.c.annotation_id.is_not(None)) == 2
    rita = site.browser(site.person("reviewer"))
    pages = [rita.get(f"/api/projects/tickets/items/{item}").json() for item in items]
    assert [(one["withheld"], told(one)) for one in pages] == [(True, [])] * 3
    rows = rita.get("/api/projects/tickets/items").json()["items"]
    assert [(row["withheld"], row["labels"], row["answers"], row["findings"]) for row in rows] == [(True, {}, 0, 0)] * 3
    assert rita.get("/api/projects/tickets/quality").json()["suspects"] == []


def test_a_label_is_kept_from_nobody_who_cannot_audit_it(site: Site) -> None:
    """Whoever answered the item, or reviewed it with the label in view, sees it as before."""
    items, _ = labeled(site, "a")
    own = site.person("reviewer")
    database = site.workspace.database
    row = {"project_id": site.tickets.project.id, "item_id": items[0], "user_id": own, "pipeline_version": 1, "created_at": 0.0}
    values = encode({"intent": Choice("bug")})
    number = site.tickets.project.pipeline_version
    database.write(
        lambda connection: connection.execute(sa.insert(tables.annotations).values({**row, "pipeline_version": number, "values": values}))
    )
    assert not site.browser(own).get(f"/api/projects/tickets/items/{items[0]}").json()["withheld"]

    looked = site.person("reviewer")
    browser = site.browser(looked)
    assert browser.get(f"/api/projects/tickets/items/{items[0]}").json()["withheld"]
    database.write(lambda connection: events.request_review(connection, site.tickets, looked, items[0]))
    review = sa.insert(tables.reviews).values(
        project_id=site.tickets.project.id, item_id=items[0], reviewer_id=looked, verdict="accept", label_before=values, created_at=0.0
    )
    database.write(lambda connection: connection.execute(review))
    assert not browser.get(f"/api/projects/tickets/items/{items[0]}").json()["withheld"]
