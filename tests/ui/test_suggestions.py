"""Suggestions at the workbench: taken up one by one or all at once, turned down, and brought back by undo."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.store import tables
from labelwright.store.codec import encode
from tests.ui.conftest import Desk, still

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
BOXES = [{"x": 10 + 60 * n, "y": 20, "width": 40, "height": 30, "label": "flower"} for n in range(3)]


def suggest(desk: Desk, project: str, answers: dict[str, dict[str, Any]]) -> None:
    """Suggest answers for the items that are in hand, and open the workbench."""
    desk.open(project)
    opened = desk.site.workspace.projects[project]
    held = sa.select(tables.tasks.c.item_id).where(tables.tasks.c.user_id == desk.user_id, tables.tasks.c.state == "leased")

    def work(connection: sa.Connection) -> None:
        for item in connection.scalars(held).all():
            for question, answer in answers.items():
                row = {"project_id": opened.project.id, "item_id": item, "question": question, "answer": encode(answer)}
                connection.execute(
                    sa.insert(tables.suggestions).values(**row, labeler="machine", version="1", score=0.9, created_at=time.time())
                )

    desk.site.workspace.database.write(work)
    desk.open(project)
    desk.page.locator(".suggestion").first.wait_for()


def shown(desk: Desk) -> tuple[int, list[str]]:
    """How many boxes are marked, and what the panel suggests."""
    return desk.page.locator(".marks li:not(.none)").count(), desk.page.locator(".suggestion .what").all_inner_texts()


def test_a_suggested_choice_is_taken_up_like_the_key_of_its_label(desk: Desk) -> None:
    """Enter takes the suggested choice up and goes on to the next question; undo brings the suggestion back as it was."""
    suggest(desk, "scenes", {"place": {"kind": "choice", "label": "meadow"}, "things": {"kind": "boxes", "boxes": BOXES}})
    before = shown(desk)
    assert len(before[1]) == 2
    desk.press("Enter")
    assert desk.page.locator(".label.chosen").all_inner_texts() == ["meadow"]
    assert desk.page.locator("section.active .suggestion").inner_text().startswith("flower 40 × 30 at 10, 20")
    desk.press("Control+z")
    assert desk.page.locator(".label.chosen").count() == 0
    assert shown(desk) == before


def test_suggested_boxes_are_taken_up_one_by_one(desk: Desk) -> None:
    """Enter takes up the next box, Backspace turns one down, undo brings each back, and what was taken up is what is stored."""
    suggest(desk, "scenes", {"place": {"kind": "choice", "label": "meadow"}, "things": {"kind": "boxes", "boxes": BOXES}})
    desk.press("Enter", "Enter")
    boxes, suggested = shown(desk)
    assert (boxes, suggested[0].split("\n")[0], "the next of 2" in suggested[0]) == (1, "flower 40 × 30 at 70, 20", True)
    desk.press("Backspace")
    assert shown(desk)[1][0].startswith("flower 40 × 30 at 130, 20")
    desk.press("Control+z")
    assert shown(desk) == (1, suggested)
    desk.press("Control+z")
    assert shown(desk)[0] == 0
    desk.press("Control+Shift+z", "Backspace", "Enter", "Enter")
    (answer,) = desk.answered(1)
    assert answer["place"]["label"] == "meadow"
    assert [box["x"] for box in answer["things"]["boxes"]] == [10, 130]


def test_everything_that_is_suggested_is_taken_up_at_once(desk: Desk) -> None:
    """Shift+Enter takes up all that is suggested, for every question, but overrules no answer that was given."""
    suggest(desk, "scenes", {"place": {"kind": "choice", "label": "meadow"}, "things": {"kind": "boxes", "boxes": BOXES}})
    desk.press("1", "Shift+Enter")
    assert shown(desk) == (3, [])
    desk.press("Control+Enter")
    (answer,) = desk.answered(1)
    assert answer["place"]["label"] == "wood"
    assert answer["things"]["boxes"] == BOXES


def test_a_held_enter_takes_up_one_suggestion(desk: Desk) -> None:
    """However long Enter is held, one suggestion is taken up, and nothing is submitted."""
    suggest(desk, "scenes", {"things": {"kind": "boxes", "boxes": BOXES}})
    desk.press("1")
    for _ in range(10):
        desk.page.keyboard.down("Enter")
        desk.page.wait_for_timeout(40)
    desk.page.keyboard.up("Enter")
    assert shown(desk)[0] == 1
    assert desk.site.answers(desk.user_id) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_something_is_suggested_asked_or_refused(desk: Desk, scheme: str) -> None:
    """With suggestions, with a missing answer, with the question whether there is nothing, and with a refused answer, axe finds nothing."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in ui/")
    desk.page.emulate_media(color_scheme=scheme)
    suggest(desk, "scenes", {"place": {"kind": "choice", "label": "meadow"}, "things": {"kind": "boxes", "boxes": BOXES}})
    desk.context.new_cdp_session(desk.page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
    found: list[str] = []

    def look() -> None:
        still(desk.page)
        violations = desk.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        found.extend(f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in violations)

    look()
    desk.press("Backspace", "Control+Enter")
    look()
    desk.press("1", "Backspace", "Backspace", "Backspace", "Control+Enter")
    look()
    refusal = {"error": {"code": "conflict", "message": "It was reviewed."}}
    desk.page.route("**/submit", lambda route: route.fulfill(status=409, json=refusal))
    desk.page.wait_for_timeout(300)
    desk.press("Enter")
    desk.page.get_by_role("button", name="1 answer not taken").click()
    look()
    desk.press("Escape")
    look()
    assert found == []
