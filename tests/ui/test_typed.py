"""Numbers, texts and sets of labels in a real browser: typed, chosen, undone, reviewed, and accessible in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.pipeline.run import catch_up
from labelwright.store import tables
from labelwright.store.codec import decode
from tests.server.site import Site, served, submit
from tests.ui.conftest import eventually, still
from tests.ui.visiting import AXE, Visit, needs_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PIPELINE = """\
name: NAME
schema:
  data: {body: text}
  questions:
    days: {kind: number, of: body, title: How many days, min: 0, max: 100, step: 1, unit: days, same: 0.95}
    reply: {kind: text, of: body, title: Reply, max_length: 220, same: 0.75}
    tone: {kind: choice, of: body, options: [warm, cool]}
    topics: {kind: choices, of: body, options: [late, lost, price], min: 0, max: 2}
tasks: {overlap: 2, gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A few texts that two people have answered otherwise, and which wait for a review; and more that nobody has answered."""
    needs_page()
    folder = tmp_path_factory.mktemp("typed")

    def typed(text: str) -> str:
        found = re.search(r"^name: (\w+)", text, re.MULTILINE)
        assert found
        return PIPELINE.replace("NAME", found[1])

    with served(folder, f"sqlite:///{folder}/labelwright.db", pipeline=typed) as site:
        items = site.add_texts(*(f"It has not come yet, order {number}." for number in range(24)))
        first, second = site.browser(site.person(name="Ada")), site.browser(site.person(name="Grace"))
        for _ in items:
            submit(first, site.held(first), answer(4, "It comes tomorrow, we are sorry."))
            submit(second, site.held(second), answer(6, "No idea."))
        owner = site.browser(site.person("owner", name="Olga"))
        for item in items:
            assert owner.post(f"/api/projects/tickets/items/{item}/review").json() == {"opened": True}
        site.add_texts(*(f"Where is it: {number}?" for number in range(24)))
        catch_up(site.tickets)
        site.keep_figures()
        yield site


def answer(days: float, reply: str, *topics: str) -> dict[str, Any]:
    return {
        "days": {"kind": "number", "value": days},
        "reply": {"kind": "text", "value": reply},
        "tone": {"kind": "choice", "label": "warm"},
        "topics": {"kind": "choices", "labels": list(topics)},
    }


@pytest.fixture
def visits(site: Site, browser: Any) -> Iterator[Any]:
    """Opens a page for somebody new; whatever the browser complains about fails the test."""
    made: list[Visit] = []

    def visit(role: str = "annotator", **options: Any) -> tuple[int, Visit]:
        user_id = site.person(role)
        made.append(Visit(browser, site, user_id, **options))
        return user_id, made[-1]

    yield visit
    for one in made:
        one.close()
    assert [one.complaints for one in made if one.complaints] == []


def answered(site: Site, user_id: int, page: Any, count: int = 1) -> dict[str, Any]:
    """Wait until somebody has given so many answers, and return the newest."""
    rows = tables.annotations

    def found() -> list[Any]:
        with site.workspace.database.read() as connection:
            return list(connection.scalars(sa.select(rows.c["values"]).where(rows.c.user_id == user_id).order_by(rows.c.id)))

    eventually(page, lambda: len(found()) == count)
    return dict(decode(found()[-1]))


def test_answers_are_typed_without_touching_the_mouse(site: Site, visits: Any) -> None:
    """The field of the question in hand has the focus; Enter goes on from a number, begins a line in a text, and Ctrl+Enter submits."""
    user_id, visit = visits()
    page = visit.open("/p/tickets/label", ".bench")
    days, reply = page.get_by_role("spinbutton", name="How many days"), page.get_by_role("textbox", name="Reply")
    page.keyboard.type("12")
    assert days.input_value() == "12"
    page.keyboard.press("Enter")
    page.keyboard.type("Dear Q,")
    page.keyboard.press("Enter")
    page.keyboard.type("it comes /soon/?")
    assert reply.input_value() == "Dear Q,\nit comes /soon/?"
    assert page.get_by_role("dialog").count() == 0
    page.keyboard.press("Escape")
    page.keyboard.press("PageDown")
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    assert answered(site, user_id, page) == answer(12, "Dear Q,\nit comes /soon/?", "price", "late")
    eventually(page, lambda: page.get_by_role("spinbutton", name="How many days").input_value() == "")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.keyboard.type("Soon.")
    page.get_by_role("button", name="warm").click()
    page.get_by_role("button", name="None of these").click()
    page.keyboard.press("Control+Enter")
    assert answered(site, user_id, page, 2) == answer(3, "Soon.")


def test_what_is_typed_in_one_go_is_one_step(site: Site, visits: Any) -> None:
    """Undo takes the whole text back, redo brings it again; a draft of it outlives the tab."""
    _, visit = visits()
    page = visit.open("/p/tickets/label", ".bench")
    reply = page.get_by_role("textbox", name="Reply")
    reply.click()
    page.keyboard.type("We  are ")
    assert reply.input_value() == "We  are "
    page.keyboard.type("sorry.")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    assert reply.input_value() == ""
    page.keyboard.press("Control+y")
    assert reply.input_value() == "We  are sorry."
    eventually(page, lambda: site.rows(tables.drafts, tables.drafts.c.body.contains('"value":"We  are sorry."')) == 1)
    page = visit.open("/p/tickets/label", ".bench")
    assert page.get_by_role("textbox", name="Reply").input_value() == "We  are sorry."


def test_labels_are_set_and_taken_back_one_by_one(site: Site, visits: Any) -> None:
    """A key sets a label and takes it back, 0 says that none applies, undo goes step by step, and too many come back with the reason."""
    _, visit = visits()
    page = visit.open("/p/tickets/label", ".bench")
    page.get_by_role("button", name="topics").click()
    labels = page.get_by_role("group", name="Labels of topics").locator("[aria-pressed=true]")

    def are(*chosen: str) -> None:
        eventually(page, lambda: [one.split("\n")[0] for one in labels.all_inner_texts()] == list(chosen))

    none = page.get_by_role("button", name="None of these")
    for keys, chosen in (("12", ["late", "lost"]), ("1", ["lost"]), ("2", []), ("0", [])):
        for key in keys:
            page.keyboard.press(key)
        are(*chosen)
    eventually(page, lambda: none.get_attribute("aria-pressed") == "true")
    page.keyboard.press("Control+z")
    eventually(page, lambda: none.get_attribute("aria-pressed") == "false")
    page.keyboard.press("Control+z")
    are("lost")
    for key in "13":
        page.keyboard.press(key)
    page.get_by_role("spinbutton", name="How many days").fill("1")
    page.get_by_role("textbox", name="Reply").fill("Yes.")
    page.get_by_role("button", name="warm").click()
    page.keyboard.press("Control+Enter")
    page.get_by_role("alert").filter(has_text="3 labels are chosen, and at most 2 are asked for").wait_for()


def test_what_is_no_answer_is_not_sent(site: Site, visits: Any) -> None:
    """Blanks are no text and a letter is no number, and it is said what lacks. What is out of bounds comes back with the reason."""
    user_id, visit = visits()
    page = visit.open("/p/tickets/label", ".bench")
    page.get_by_role("textbox", name="Reply").click()
    page.keyboard.type("   ")
    page.get_by_role("spinbutton", name="How many days").click()
    page.keyboard.type("e")
    page.get_by_role("button", name="warm").click()
    page.keyboard.press("Control+Enter")
    page.get_by_role("alert").filter(has_text="'How many days' has no answer yet").wait_for()
    page.get_by_role("button", name="late").click()
    page.get_by_role("spinbutton", name="How many days").fill("300")
    page.get_by_role("textbox", name="Reply").fill("x" * 221)
    page.get_by_text("1 characters too many").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_role("alert").filter(has_text="300 is above 100").wait_for()
    page.get_by_role("alert").filter(has_text="220 at most are asked for").wait_for()
    assert site.rows(tables.annotations, tables.annotations.c.user_id == user_id) == 0


def test_a_review_shows_both_texts_and_no_numbers_that_are_the_same(visits: Any) -> None:
    """Two days of a hundred more are no difference with `same: 0.95`; the replies differ, and each is read as it was written."""
    _, visit = visits("reviewer")
    page = visit.open("/p/tickets/review", ".columns article")
    assert page.locator(".differences span").first.inner_text().startswith("Difference 1 of 1: ")
    for text in ("It comes tomorrow, we are sorry.", "No idea."):
        assert page.locator(".columns article", has_text=text).count() >= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_answers_are_typed_and_shown(visits: Any, scheme: str) -> None:
    """The workbench, the review, the items and the figures are accessible by axe's rules."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in ui/")
    _, visit = visits("owner", color_scheme=scheme)
    found = {}
    for path, wait_for in [
        ("label", ".bench"),
        ("review", ".columns article"),
        ("items", "tbody tr"),
        ("items/1", "dd"),
        ("quality", "section h2"),
    ]:
        page = visit.open(f"/p/tickets/{path}", wait_for)
        still(page)
        found[path] = visit.violations()
    assert {path: one for path, one in found.items() if one} == {}
