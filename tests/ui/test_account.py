"""The account page in a real browser: password, sessions, colors, keys, and what of it stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labelwright.server.gate import session_cookie
from labelwright.store import people
from tests.ui.conftest import Desk, Site

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def account(desk: Desk) -> Any:
    """Go from the projects to the account page by the link in the header."""
    desk.page.goto(f"{desk.site.address}/#/")
    desk.page.get_by_role("link", name="Your account").click()
    desk.page.get_by_text("Your account", exact=True).wait_for()
    return desk.page


def other_browser(site: Site, browser: Any, user_id: int) -> Any:
    """A page of another browser in which the same person is signed in."""
    secret = site.workspace.database.write(lambda connection: people.create_session(connection, user_id, 1.0))
    context = browser.new_context()
    context.add_cookies([{"name": session_cookie(site.address), "value": secret, "url": site.address}])
    page = context.new_page()
    page.goto(f"{site.address}/#/account")
    page.get_by_role("heading", name="Keys").wait_for()
    return page


def test_the_account_page_tells_who_one_is_and_what_one_may_do(desk: Desk) -> None:
    """The name is the heading; each project stands with the role in it; the keys of every modality one has are listed."""
    page = account(desk)
    assert page.get_by_role("heading", level=1).inner_text() == f"person {desk.site.people}"
    assert page.locator(".parts li").count() == len(desk.site.workspace.projects)
    assert set(page.locator(".parts li > span").all_inner_texts()) == {"annotator"}
    for caption in ("Labeling", "In texts", "In pictures", "In recordings"):
        assert page.locator("caption", has_text=caption).count() == 1
    assert page.locator("caption", has_text="Reviewing").count() == 0  # the person annotates everywhere
    assert page.get_by_text("Find a label by typing").count() == 1


def test_a_password_is_chosen_and_changed(desk: Desk, browser: Any) -> None:
    """The first password needs no other, the second needs the first, a wrong one is refused, and other browsers are signed out."""
    page = account(desk)
    page.get_by_label("New password").fill("a few long words")
    page.get_by_label("Once more").fill("a few long word")
    assert page.get_by_text("The two passwords differ.").count() == 1
    assert page.get_by_role("button", name="Set the password").is_disabled()
    page.get_by_label("Once more").fill("a few long words")
    page.keyboard.press("Enter")
    page.get_by_text("The password is set.").first.wait_for()
    other = other_browser(desk.site, browser, desk.user_id)
    page.get_by_label("Current password").fill("something else")
    page.get_by_label("New password").fill("other long words")
    page.get_by_label("Once more").fill("other long words")
    page.keyboard.press("Enter")
    page.get_by_text("The current password is wrong.").wait_for()
    page.get_by_label("Current password").fill("a few long words")
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("alert").wait_for(state="hidden")
    page.get_by_label("Current password").and_(page.locator(":invalid")).wait_for()  # emptied again: it is set
    other.reload()
    other.get_by_role("heading", name="Sign in").wait_for()
    other.get_by_label("Name").fill(f"person {desk.site.people}")
    other.get_by_label("Password", exact=True).fill("other long words")
    other.keyboard.press("Enter")
    other.get_by_role("heading", name="Keys").wait_for()  # back where one was
    other.context.close()


def test_signing_out_everywhere_ends_every_session(desk: Desk, browser: Any) -> None:
    """The button asks nothing more: this browser and the other one both have to sign in again."""
    other = other_browser(desk.site, browser, desk.user_id)
    page = account(desk)
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    other.reload()
    other.get_by_role("heading", name="Sign in").wait_for()
    other.context.close()


def test_the_colors_that_were_chosen_stay(desk: Desk) -> None:
    """Dark on a light system is dark at once and after a reload, and the system decides again when it is asked to."""
    desk.page.emulate_media(color_scheme="light")
    page = account(desk)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_label("Dark").check()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    page.get_by_label("Dark").wait_for()
    assert page.get_by_label("Dark").is_checked()
    assert page.evaluate(ground) == dark
    page.get_by_label("As the system").check()
    assert page.evaluate(ground) == light


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_on_the_account_page(desk: Desk, theme: str) -> None:
    """In the colors chosen against the system, and at 400 pixels, where nothing is wider than the page, axe finds nothing."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in ui/")
    desk.page.emulate_media(color_scheme="light" if theme == "Dark" else "dark")
    page = account(desk)
    page.get_by_label(theme).check()
    desk.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]] == []
        assert page.evaluate("document.querySelector('main').scrollWidth") <= width
