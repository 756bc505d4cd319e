"""What an installed package adds to the page: its modules draw a modality and a kind of answer of their own, under the page's policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labelwright.server.gate import session_cookie
from tests.strangers.site import PALETTES, SCENE, Site, eventually, served
from tests.ui.visiting import needs_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def palettes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The project of palettes, served with the package installed."""
    needs_page()
    with served(tmp_path_factory.mktemp("palettes"), "sqlite:///labelwright.db") as site:
        yield site


class Seen:
    """A page with somebody signed in, which remembers what went wrong on it."""

    def __init__(self, browser: Any, site: Site, name: str) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 800})
        self.context.add_cookies([{"name": session_cookie(site.address), "value": site.people[name][1], "url": site.address}])
        self.page = self.context.new_page()
        self.address = site.address
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)

    def get(self, path: str) -> Any:
        """Read what the server says to them."""
        answer = self.context.request.get(f"{self.address}/api/{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def open(self, path: str, wait_for: str) -> Any:
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/#/p/palettes/{path}")
        self.page.locator(wait_for).first.wait_for()
        return self.page


def test_a_strangers_modality_and_kind_are_labeled_reviewed_and_listed_in_the_browser(browser: Any, palettes: Site, tmp_path: Path) -> None:
    """Colors are drawn, stars are suggested and given by a click, and reviews, lists and the item show both; nothing breaks the policy."""
    ada = Seen(browser, palettes, "Ada")
    page = ada.open("label", ".palette")
    for number in range(len(PALETTES)):
        assert page.locator(".host .palette [role=img]").count() in {len(colors) for colors in PALETTES.values()}
        assert page.locator(".stars button").count() == 5
        page.get_by_role("button", name="4 of 5 stars").click()
        page.locator('.stars button[aria-pressed="true"]').wait_for()
        if number == 0:
            page.screenshot(path=tmp_path / "label.png")
        page.locator(".label", has_text="summer").click()
        before = page.locator(".about span").first.inner_text()
        page.keyboard.press("Control+Enter")
        if number + 1 < len(PALETTES):
            eventually(lambda before=before: page.locator(".about span").first.inner_text() != before)
    page.get_by_text("Nothing waits for you here").wait_for()
    assert ada.complaints == []

    olga = Seen(browser, palettes, "Olga")
    page = olga.open("items", ".palette")
    assert page.locator("td.content .palette").count() == len(PALETTES)
    page.screenshot(path=tmp_path / "items.png")
    page.locator("tbody a").first.click()
    page.get_by_text("★★★★☆").first.wait_for()
    page.screenshot(path=tmp_path / "item.png")
    assert olga.complaints == []


def test_a_strangers_outlines_are_drawn_corrected_and_shown_in_the_browser(browser: Any, palettes: Site, tmp_path: Path) -> None:
    """A polygon is drawn corner by corner, one of its corners dragged, another polygon made and moved by keys; the item shows both."""
    grace = Seen(browser, palettes, "Grace")
    page = grace.open("label", ".palette")
    shown = page.locator(".about span").first.inner_text()
    page.get_by_role("button", name="4 of 5 stars").click()
    page.locator(".label", has_text="winter").click()
    page.locator(".image-viewer").wait_for()
    place = page.locator(".image-viewer").bounding_box()
    scale = 0.98 * min(place["width"] / SCENE[0], place["height"] / SCENE[1], 8)
    left, top = (place[x] + (place[side] - scale * size) / 2 for x, side, size in (("x", "width", SCENE[0]), ("y", "height", SCENE[1])))

    def on_screen(x: float, y: float) -> tuple[float, float]:
        return left + scale * x, top + scale * y

    for corner in ((40, 40), (140, 60), (120, 160), (60, 150), (40, 40)):
        page.mouse.click(*on_screen(*corner))
    page.mouse.move(*on_screen(140, 60))
    page.mouse.down()
    page.mouse.move(*on_screen(160, 50), steps=3)
    page.mouse.up()
    page.screenshot(path=tmp_path / "drawn.png")
    page.keyboard.press("n")
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")
    page.screenshot(path=tmp_path / "two.png")
    page.keyboard.press("Control+Enter")
    eventually(lambda: page.locator(".about span").first.inner_text() != shown)

    oskar = Seen(browser, palettes, "Oskar")
    (row,) = [row for row in oskar.get("projects/palettes/items")["items"] if row["key"] == shown]
    (given,) = [one for one in oskar.get(f"projects/palettes/items/{row['id']}")["annotations"] if one["annotator"] == "Grace"]
    first, second = given["values"]["leaves"]["outlines"]
    assert first["points"] == pytest.approx([40, 40, 160, 50, 120, 160, 60, 150], abs=1)
    assert second["points"] == pytest.approx([180, 160, 260, 160, 220, 80], abs=1)
    page = oskar.open(f"items/{row['id']}", "svg.picture path")
    assert [one.inner_text() for one in page.locator(".main h3").all()] == ["seen", "scene"], "as the file names them"
    page.screenshot(path=tmp_path / "item.png")
    assert grace.complaints == oskar.complaints == []
