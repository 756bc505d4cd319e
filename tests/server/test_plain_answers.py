"""Answers over HTTP in their plain form, of every kind that has one number, text or list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelwright.store import tables
from tests.server.site import Site, served

PIPELINE = """
name: NAME
schema:
  data: {body: text}
  questions:
    days: {kind: number, of: body, min: 0}
    reply: {kind: text, of: body}
    topics: {kind: choices, of: body, options: [late, lost], min: 0}
    stars: {kind: rating, of: body, options: ["1", "2", "3"]}
    tone: {kind: choice, of: body, options: ["0", "1"]}
tasks: {overlap: 1, gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    def every(text: str) -> str:
        found = re.search(r"^name: (\w+)", text, re.MULTILINE)
        assert found
        return PIPELINE.replace("NAME", found[1])

    with served(tmp_path, f"sqlite:///{tmp_path}/labelwright.db", pipeline=every) as site:
        site.add_texts("It has not come.")
        yield site


def test_plain_answers_are_taken_of_every_kind(site: Site) -> None:
    """A number, a text, a list, and a label that is a digit given as one: each is the answer, and a wrong one names its question."""
    browser = site.browser(site.person())
    task = site.held(browser)
    values = {"days": 3, "reply": "Soon.", "topics": ["lost"], "stars": 2, "tone": 1}
    for wrong, name in (({"days": "soon"}, "days"), ({"reply": 7}, "reply"), ({"topics": "lost"}, "topics"), ({"stars": 9}, "stars")):
        refused = browser.post(
            f"/api/tasks/{task['id']}/submit",
            json={"values": {**values, **wrong}, "lease": task["lease"]},
            headers={"Idempotency-Key": name},
        )
        assert refused.status_code in (400, 422), refused.text
        assert name in refused.text
    taken = browser.post(
        f"/api/tasks/{task['id']}/submit", json={"values": values, "lease": task["lease"]}, headers={"Idempotency-Key": "right"}
    )
    assert taken.status_code == 200, taken.text
    shown = browser.get(f"/api/tasks/{task['id']}").json()["values"]
    assert shown == {
        "days": {"kind": "number", "value": 3},
        "reply": {"kind": "text", "value": "Soon."},
        "topics": {"kind": "choices", "labels": ["lost"]},
        "stars": {"kind": "rating", "point": "2"},
        "tone": {"kind": "choice", "label": "1"},
    }
    assert site.rows(tables.annotations) == 1
