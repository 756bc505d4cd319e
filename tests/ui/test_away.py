"""When the server, the network or the person is away: what is said is true, and what was interrupted goes on without a reload."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.store import tables
from labelwright.tasks.leases import GRACE_SECONDS
from tests.ui.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AWAY = "The server does not answer."
AGAIN = "The page tries again by itself."


def cut(desk: Desk, pattern: str = "**/api/**") -> None:
    """Let nobody answer, without the browser knowing that it has no network."""
    desk.page.route(pattern, lambda route: route.abort("connectionrefused"))


@pytest.mark.parametrize("pattern", ["**/api/**", "**/api/projects/**", "**/tasks/next", "**/api/projects/notes"])
def test_a_page_that_was_opened_without_the_server_comes_by_itself(desk: Desk, pattern: str) -> None:
    """Whatever of it did not answer, the page says that it tries again, and does: with the server back the first task is there."""
    cut(desk, pattern)
    desk.page.goto(f"{desk.site.address}/#/p/notes/label")
    desk.page.get_by_text(AWAY).wait_for()
    assert desk.page.get_by_text(AGAIN).count() == 1
    desk.page.wait_for_timeout(1500)
    desk.page.unroute(pattern)
    desk.page.locator(".bench").wait_for()
    assert desk.page.get_by_text(AWAY).count() == 0


def test_try_again_asks_for_everything_that_is_missing(desk: Desk) -> None:
    """The button reads the project as well as the next tasks."""
    # No timer rings: nothing is tried again by itself.
    desk.page.add_init_script("window.setTimeout = () => 0")
    cut(desk, "**/api/projects/**")
    desk.page.goto(f"{desk.site.address}/#/p/notes/label")
    button = desk.page.get_by_role("button", name="Try again")
    button.wait_for()
    desk.page.unroute("**/api/projects/**")
    button.click()
    desk.page.locator(".bench").wait_for()


@pytest.mark.parametrize("kind", ["css", "js"])
def test_a_part_of_the_page_is_loaded_again_with_its_style(desk: Desk, kind: str) -> None:
    """A page whose part did not come says so in words, loads it when the network is back, and looks as it ought to."""
    desk.open("notes")
    pattern = f"**/assets/*.{kind}"
    cut(desk, pattern)
    desk.page.route(f"{desk.site.address}/", lambda route: route.abort("connectionrefused"))
    desk.page.evaluate("location.hash = '#/account'")
    desk.page.get_by_text(AWAY).wait_for()
    assert desk.page.get_by_text(AGAIN).count() == 1
    assert "preload" not in desk.page.locator("main").inner_text()
    desk.page.unroute(pattern)
    desk.page.unroute(f"{desk.site.address}/")
    desk.page.get_by_role("heading", name="Colors").wait_for()
    bare = "[...document.querySelectorAll('link[rel=stylesheet]')].filter((one) => !one.sheet).map((one) => one.href)"
    assert desk.page.evaluate(bare) == []
    assert desk.page.locator("link[href*='Account-'][rel=stylesheet]").count() == 1


def test_a_part_that_the_server_no_longer_has_is_not_waited_for(desk: Desk) -> None:
    """Where the server has a newer page the old part never comes: the page says so and offers to load itself anew."""
    desk.open("notes")
    desk.page.route("**/assets/Account-*.js", lambda route: route.fulfill(status=404, body="gone"))
    desk.page.evaluate("location.hash = '#/account'")
    desk.page.get_by_text("the page is probably newer by now").wait_for()
    desk.page.unroute("**/assets/Account-*.js")
    desk.page.get_by_role("button", name="Load the page anew").click()
    desk.page.get_by_role("heading", name="Colors").wait_for()
    desk.complaints.clear()  # the browser complains about a script that is no script


def test_a_draft_that_did_not_reach_the_server_is_sent_again(desk: Desk) -> None:
    """With the server back the draft is saved without another edit, and the mark says so."""
    desk.open("notes")
    cut(desk, "**/draft")
    desk.press("1")
    desk.page.get_by_text("Not saved").wait_for()
    desk.page.unroute("**/draft")
    desk.page.get_by_text("Saved", exact=True).wait_for()


def held(desk: Desk) -> set[int]:
    """The tasks that the person holds."""
    tasks = tables.tasks
    with desk.site.workspace.database.read() as connection:
        return set(connection.scalars(sa.select(tasks.c.id).where(tasks.c.user_id == desk.user_id, tasks.c.state == "leased")))


def gone(desk: Desk) -> None:
    """Wait until everything that the person held is back in the queue, and the page says so. No grace is given where a lease is over."""
    tasks, now = tables.tasks, sa.select(tables.clock.c.seconds).scalar_subquery()
    over = sa.and_(tasks.c.user_id == desk.user_id, tasks.c.state == "leased", tasks.c.lease_ends < now)
    ended = sa.update(tasks).where(over).values(lease_ends=tasks.c.lease_ends - GRACE_SECONDS)
    end = time.monotonic() + 40
    while held(desk) and time.monotonic() < end:
        desk.page.wait_for_timeout(200)
        desk.site.workspace.database.write(lambda connection: connection.execute(ended))
    assert not held(desk)
    desk.page.get_by_text("You were away, and this task went back to the others.").wait_for()


def test_an_abandoned_tab_holds_nothing_and_goes_on_with_the_draft(desk: Desk) -> None:
    """Without a sign of life the leases end, which is said; whoever comes back first goes on with the same task and its draft."""
    desk.open("brief")
    key = desk.page.locator(".about span").first.inner_text()
    desk.press("2")
    assert held(desk)
    gone(desk)
    desk.page.mouse.move(300, 300)
    desk.page.locator(".toast", has_text="The task is yours again, and so is your draft.").wait_for()
    assert desk.page.locator(".about span").first.inner_text() == key
    assert desk.page.locator(".label.chosen").inner_text().startswith("bad")
    desk.press("Control+Enter")
    assert desk.answered(1)[0]["mood"]["label"] == "bad"


def test_a_task_that_somebody_else_took_meanwhile_is_said_to_be_gone(desk: Desk) -> None:
    """Who comes back too late is told that the task went to somebody else, keeps the draft, and has another task in hand."""
    desk.open("brief")
    key = desk.page.locator(".about span").first.inner_text()
    desk.press("2")
    mine = held(desk)
    gone(desk)
    other, _ = desk.site.person()
    tasks = tables.tasks
    taken = {"state": "leased", "user_id": other, "lease": "another", "lease_ends": 1e9}
    desk.site.workspace.database.write(lambda connection: connection.execute(sa.update(tasks).where(tasks.c.id.in_(mine)).values(**taken)))
    desk.press("Shift")
    desk.page.locator(".toast", has_text=f"The time for {key} ran out and it went to somebody else.").wait_for()
    assert desk.page.locator(".about span").first.inner_text() != key
    assert desk.page.locator(".label.chosen").count() == 0


@pytest.mark.parametrize("sign", ["pointer", "keys"])
def test_whoever_is_at_work_keeps_the_task(desk: Desk, sign: str) -> None:
    """As long as pointer or keys move, the leases are prolonged, however long the task takes."""
    desk.open("brief")
    mine = held(desk)
    for step in range(30):
        desk.page.wait_for_timeout(500)
        desk.page.mouse.move(300 + step, 300) if sign == "pointer" else desk.press("Shift")
    assert held(desk) == mine
    assert desk.page.get_by_text("You were away").count() == 0


def test_whoever_listens_is_at_work(desk: Desk) -> None:
    """While a recording plays the task is kept, though neither hand moves."""
    desk.open("long_sounds")
    mine = held(desk)
    desk.page.wait_for_timeout(500)
    desk.press(" ")
    desk.page.wait_for_timeout(14_000)
    assert held(desk) == mine


def test_a_second_tab_keeps_what_the_first_one_shows(desk: Desk) -> None:
    """A tab that is left alone does not say that its task went back while the person works on it in another tab."""
    desk.open("brief")
    other: Any = desk.context.new_page()
    other.goto(f"{desk.site.address}/#/p/brief/label")
    other.locator(".bench").wait_for()
    for step in range(40):
        other.wait_for_timeout(500)
        other.mouse.move(300 + step, 300)
    assert desk.page.get_by_text("You were away").count() == 0
