"""Ratings in a real browser: given by key, mouse and finger, reviewed, listed, and accessible in light and dark."""

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
from tests.ui.visiting import AXE, PAGE, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PIPELINE = """\
name: NAME
schema:
  data: {body: text}
  questions:
    likely: {kind: rating, of: body, title: How likely, options: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"], same: 0.8}
    tone: {kind: rating, of: body, options: [hostile, cool, {label: warm, title: Warm and kind}, glowing]}
    why: {kind: choice, of: body, options: [price, quality], when: "likely <= 3"}
tasks: {overlap: 2, gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A dozen texts that two people have rated otherwise, and which wait for a review; and more that nobody has rated."""
    if not PAGE.is_file():
        pytest.skip("the page is not built: make page")
    folder = tmp_path_factory.mktemp("ratings")

    def rated(text: str) -> str:
        found = re.search(r"^name: (\w+)", text, re.MULTILINE)
        assert found
        return PIPELINE.replace("NAME", found[1])

    with served(folder, f"sqlite:///{folder}/labelwright.db", pipeline=rated) as site:
        items = site.add_texts(*(f"It arrived on day {number}, and works." for number in range(12)))
        first, second = site.browser(site.person(name="Ada")), site.browser(site.person(name="Grace"))
        for _ in items:
            submit(first, site.held(first), answer("8", "warm"))
            submit(second, site.held(second), answer("9", "glowing"))
        owner = site.browser(site.person("owner", name="Olga"))
        for item in items:
            assert owner.post(f"/api/projects/tickets/items/{item}/review").json() == {"opened": True}
        site.add_texts(*(f"It never came: {number}." for number in range(24)))
        catch_up(site.tickets)
        site.keep_figures()
        yield site


def answer(likely: str, tone: str) -> dict[str, Any]:
    return {"likely": {"kind": "rating", "point": likely}, "tone": {"kind": "rating", "point": tone}}


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


def answered(site: Site, user_id: int, page: Any) -> dict[str, Any]:
    """Wait until somebody has answered, and return the answer."""
    rows = tables.annotations

    def found() -> list[Any]:
        with site.workspace.database.read() as connection:
            return list(connection.scalars(sa.select(rows.c["values"]).where(rows.c.user_id == user_id)))

    eventually(page, lambda: bool(found()))
    return dict(decode(found()[0]))


def test_ratings_are_given_by_keys(site: Site, visits: Any) -> None:
    """Points that are digits have their own digit as key, named ones 1 to 4; a condition counts with the number, and undo takes it back."""
    user_id, visit = visits()
    page = visit.open("/p/tickets/label", ".bench")
    scale = page.get_by_role("group", name="Scale of How likely")
    for key in ("0", "3", "7"):
        page.keyboard.press(key)  # and the next question comes
        assert scale.locator("[aria-pressed=true] span").inner_text() == key
        assert page.get_by_role("group", name="Labels of why").count() == (key != "7")
        page.keyboard.press("PageUp")
    page.keyboard.press("Control+z")
    assert scale.locator("[aria-pressed=true] span").inner_text() == "3"
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Label").wait_for()
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("group", name="Scale of tone").locator("kbd").first.wait_for()
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    assert answered(site, user_id, page) == answer("10", "warm")


def test_ratings_are_given_by_mouse_and_by_finger(site: Site, visits: Any) -> None:
    """A click gives a point, whichever question is in hand; a finger has room enough for each."""
    user_id, visit = visits()
    page = visit.open("/p/tickets/label", ".bench")
    page.get_by_role("button", name="Warm and kind").click()
    page.get_by_role("group", name="Scale of How likely").get_by_role("button", name=re.compile("^6")).click()
    page.keyboard.press("Control+Enter")
    assert answered(site, user_id, page) == answer("6", "warm")
    user_id, visit = visits(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = visit.open("/p/tickets/label", ".bench")
    for button in page.locator(".scale button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    page.get_by_role("button", name="glowing").tap()
    page.get_by_role("button", name="10", exact=True).tap()
    page.get_by_role("button", name="Submit").tap()
    assert answered(site, user_id, page) == answer("10", "glowing")


def test_a_review_shows_only_ratings_that_are_not_the_same(visits: Any) -> None:
    """A point of eleven more or less is no difference with `same: 0.8`; the tone differs, and both ratings are shown on their scale."""
    _, visit = visits("reviewer")
    page = visit.open("/p/tickets/review", ".columns article")
    assert page.locator(".differences span").first.inner_text().startswith("Difference 1 of 1: ")
    assert page.locator(".columns article .rating").count() >= 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_ratings_are_given_and_shown(site: Site, visits: Any, scheme: str) -> None:
    """The workbench with an answer, the review, the items and the figures are accessible by axe's rules."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in ui/")
    _, visit = visits("owner", color_scheme=scheme)
    found = {}
    for path, wait_for in [
        ("label", ".bench"),
        ("review", ".columns article"),
        ("items", "tbody tr"),
        ("items/1", "dd"),
        ("overview", "h1"),
        ("quality", "section h2"),
    ]:
        page = visit.open(f"/p/tickets/{path}", wait_for)
        if path == "label":
            page.keyboard.press("4")
        still(page)
        found[path] = visit.violations()
    assert {path: one for path, one in found.items() if one} == {}
