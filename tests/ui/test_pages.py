"""The pages around the workbench, in a real browser against a real server: sign-in, lists and dashboards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.datasets import certificate, freeze
from labelwright.pipeline import jobs
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Spans
from labelwright.store import people, tables
from tests.datasets import labeling
from tests.rows import add_known
from tests.server.site import Site
from tests.ui.conftest import eventually, still
from tests.ui.visiting import AXE, Visit, disputed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with disputed(tmp_path_factory.mktemp("pages")) as site:
        yield site


@pytest.fixture
def owner(site: Site) -> int:
    with site.workspace.database.read() as connection:
        return int(connection.scalar(sa.select(tables.users.c.id).where(tables.users.c.name == "Olga")) or 0)


PAGES = [
    ("/", "h2"),
    ("/p/tickets/overview", ".stat"),
    ("/p/tickets/quality", "section h2"),
    ("/p/tickets/items", "tbody tr"),
    ("/p/tickets/items/1", "dd"),
    ("/p/tickets/review", ".columns article"),
    ("/p/tickets/versions", "h1"),
    ("/p/tickets/sources", ".stat"),
    ("/p/tickets/people", "li select"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_keeps_the_policy(site: Site, browser: Any, owner: int, scheme: str) -> None:
    """axe finds nothing on any page, in light or dark, and nothing on it is blocked or fails."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci")
    visit = Visit(browser, site, owner, color_scheme=scheme)
    found = {}
    for path, wait_for in PAGES:
        visit.open(path, wait_for)
        still(visit.page)
        found[path] = visit.violations()
    stranger = Visit(browser, site, None, color_scheme=scheme)
    stranger.open("/sign-in", "form")
    found["/sign-in"] = stranger.violations()
    complaints = visit.complaints + stranger.complaints
    visit.close()
    stranger.close()
    assert {path: one for path, one in found.items() if one} == {}
    assert complaints == []


def test_every_page_fits_a_telephone(site: Site, browser: Any, owner: int) -> None:
    """At 390 pixels no page is wider than the screen, and what can be pressed is large enough for a finger."""
    visit = Visit(browser, site, owner, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    wide, small = {}, {}
    for path, wait_for in PAGES:
        page = visit.open(path, wait_for)
        still(page)
        wide[path] = page.evaluate(
            "Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth) - innerWidth"
        )
        small[path] = page.evaluate(
            "[...document.querySelectorAll('main button:not(.link), main select')].filter(e => e.offsetHeight && e.offsetHeight < 44)"
            ".map(e => e.textContent.trim().slice(0, 30))"
        )
    visit.close()
    assert {path: more for path, more in wide.items() if more > 0} == {}
    assert {path: which for path, which in small.items() if which} == {}


def test_every_page_ends_where_its_content_ends(site: Site, browser: Any, owner: int) -> None:
    """The page scrolls within the window and nothing scrolls around it, so that nobody comes to a blank window behind the end."""
    visit = Visit(browser, site, owner, viewport={"width": 1280, "height": 500})
    longer = {}
    for path, wait_for in PAGES:
        page = visit.open(path, wait_for)
        still(page)
        longer[path] = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    visit.close()
    assert {path: more for path, more in longer.items() if more > 0} == {}


@pytest.mark.parametrize("path", [path for path, _ in PAGES if path.startswith("/p/")] + ["/p/tickets/label"])
def test_a_page_that_is_left_asks_for_nothing_more(site: Site, browser: Any, owner: int, path: str) -> None:
    """Going from a page of a project to one without a project sends no request about a project that there is not."""
    visit = Visit(browser, site, owner)
    page = visit.open(path, "main > *")
    still(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Your account").click()
    page.get_by_text("Your account", exact=True).wait_for()
    page.wait_for_timeout(300)
    visit.close()
    assert [url for url in asked if "undefined" in url or "/null" in url] == []


def test_an_address_without_a_page_says_so(site: Site, browser: Any, owner: int) -> None:
    """Behind an unknown address stands that there is no such page, and the way to the projects."""
    visit = Visit(browser, site, owner)
    for path in ("/projects/tickets", "/p/tickets/nothing", "/p"):
        page = visit.open(path, "h1")
        page.get_by_role("heading", name="There is no such page").wait_for()
    assert visit.violations() == [] if AXE.is_file() else True
    page.get_by_role("link", name="Go to the projects").click()
    page.get_by_role("heading", name="Projects").wait_for()
    visit.close()


def test_labeled_means_the_same_on_every_page(site: Site, browser: Any, owner: int) -> None:
    """The card of a project and its overview count the same labeled items, of the same number, and gold besides both."""
    with site.workspace.database.read() as connection:
        item = connection.scalar(sa.select(sa.func.max(tables.items.c.id)).where(tables.items.c.project_id == site.tickets.project.id))
    add_known(site.tickets.project, int(item or 0), {"intent": Choice("bug")})
    site.keep_figures()
    visit = Visit(browser, site, owner)
    page = visit.open("/", "h2")
    card = page.locator("li", has_text="tickets").locator(".figures").inner_text()
    assert "gold besides" in card
    page = visit.open("/p/tickets/overview", ".stat")
    stat = page.locator(".stat", has_text="Labeled").first.inner_text().split("\n")
    visit.close()
    assert card.replace(" labeled", "").split("\n") == stat[1:3]


def test_what_is_outstanding_is_said_as_it_is(site: Site, browser: Any, owner: int) -> None:
    """When every item is labeled the overview says so, and counts what is still asked for as further answers and not as work to do."""
    visit = Visit(browser, site, owner)
    page = visit.page

    def answer(route: Any) -> None:
        found = route.fetch().json()
        found["funnel"]["labeled"] = found["funnel"]["prepared"] - found["funnel"]["gold"]
        found["forecast"]["remaining"] = 3
        route.fulfill(json=found)

    page.route("**/overview", answer)
    visit.open("/p/tickets/overview", ".stat")
    finish = page.locator(".stat", has_text="Finish").inner_text().split("\n")
    still = page.get_by_text("still to give").count()
    visit.close()
    assert finish == ["Finish", "all labeled", "3 further answers asked for"]
    assert still == 0


def test_no_saving_is_claimed_where_none_is_shown(site: Site, browser: Any, owner: int) -> None:
    """Where the interval of the time saved includes none, the overview shows the interval and says that no saving is shown."""
    visit = Visit(browser, site, owner)
    page = visit.page

    def answer(route: Any) -> None:
        found = route.fetch().json()
        saved = {"value": 1.5, "low": -0.5, "high": 3.5, "count": 90, "confidence": 0.95, "reason": ""}
        found["assistance"]["shown"]["answers"], found["assistance"]["hidden"]["answers"] = 80, 10
        found["assistance"]["seconds_saved"] = saved
        found["assistance"]["said"] = ["No saving shown: −40 s to 5 min (95% interval)."]
        route.fulfill(json=found)

    page.route("**/overview", answer)
    visit.open("/p/tickets/overview", ".stat")
    panel = page.locator("section", has_text="What suggestions are worth").last
    said, row = panel.inner_text(), panel.locator("tr", has_text="Active time saved").inner_text()
    visit.close()
    assert "No saving shown: −40 s to 5 min (95% interval)." in said
    assert "−0.5" in row


def test_what_is_confused_most_is_sorted_by_what_it_shows(site: Site, browser: Any, owner: int) -> None:
    """The list of confusions goes down by the number that stands first in each line."""
    visit = Visit(browser, site, owner)
    confusion = [
        {"first": first, "second": second, "pairs": pairs, "share": share, "items": [], "keys": []} for first, second, pairs, share in PAIRS
    ]
    page = visit.page

    def answer(route: Any) -> None:
        found = route.fetch().json()
        found["reports"]["criteria"] = {
            "questions": [
                {"question": "intent", "items": 9, "confusions": confusion, "missed": [], "guidelines": [], "disagreement": FIGURE}
            ]
        }
        route.fulfill(json=found)

    page.route("**/quality", answer)
    visit.open("/p/tickets/quality", ".detail ol li")
    shown = page.locator(".detail ol li span").all_inner_texts()
    visit.close()
    assert shown == ["12 times, 9.0%", "11 times, 20.0%", "3 times, 40.0%"]


PAIRS = [("bug", "refund", 11, 0.2), ("bug", "other", 12, 0.09), ("other", "refund", 3, 0.4)]
FIGURE = {"value": 0.1, "low": 0.05, "high": 0.2, "count": 26, "reason": ""}


def test_a_sign_in_link_lets_somebody_choose_a_password_once(site: Site, browser: Any) -> None:
    """The link signs in, the password is chosen, the name and the password work afterwards, and the link does not."""
    user_id = site.person("annotator", name="newcomer")
    token = site.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", seconds=60, purpose="sign_in")
    )
    visit = Visit(browser, site, None)
    page = visit.open(f"/welcome/{token}", "input[autocomplete=new-password]")
    assert "newcomer" in page.locator("h1").inner_text()
    passwords = page.locator("input[autocomplete=new-password]")
    passwords.nth(0).fill("short")
    assert "at least 8" in page.locator("#rule").inner_text()
    passwords.nth(0).fill("a few long words")
    passwords.nth(1).fill("a few long words")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Projects").wait_for()
    visit.close()

    again = Visit(browser, site, None)
    page = again.open(f"/welcome/{token}", "[role=alert]")
    assert "used before" in page.locator("[role=alert]").inner_text()
    page.get_by_label("Name").fill("newcomer")
    page.get_by_label("Password", exact=True).fill("wrong words")
    page.keyboard.press("Enter")
    page.get_by_text("The name or the password is wrong.").wait_for()
    page.get_by_label("Password", exact=True).fill("a few long words")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Projects").wait_for()
    again.close()


def test_a_sign_in_link_is_used_once_in_a_tab_that_shows_the_sign_in(site: Site, browser: Any) -> None:
    """Pasting a link into the tab of the sign-in page uses it once, and greets without an error."""
    user_id = site.person("annotator", name="latecomer")
    token = site.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", seconds=60, purpose="sign_in")
    )
    visit = Visit(browser, site, None)
    page = visit.open("/", "form")
    used: list[str] = []
    page.on("request", lambda request: used.append(request.url) if request.url.endswith("/sign-in/link") else None)
    page.evaluate("address => (location.hash = address)", f"/welcome/{token}")
    page.locator("input[autocomplete=new-password]").first.wait_for()
    page.wait_for_timeout(500)
    assert len(used) == 1
    assert page.locator("[role=alert]").count() == 0
    assert visit.complaints == []
    visit.close()


def test_an_owner_takes_a_token_back_from_somebody(site: Site, browser: Any, owner: int) -> None:
    """Everybody's tokens stand on the page of the people, for owners; one that is revoked there works no more."""
    program = site.program(site.person(name="Robin"))
    assert program.get("/api/session").status_code == 200
    visit = Visit(browser, site, owner)
    page = visit.open("/p/tickets/people", "td:has-text('Robin')")
    page.get_by_role("button", name="Revoke test of Robin").click()
    eventually(page, lambda: page.locator("td:has-text('Robin')").count() == 0)
    assert program.get("/api/session").status_code == 401
    assert visit.complaints == []
    visit.close()
    manager = Visit(browser, site, site.person("manager"))
    page = manager.open("/p/tickets/people", "li select")
    assert page.get_by_text("Everybody's tokens").count() == 0
    manager.close()


def test_items_are_found_by_keyboard_and_by_address(site: Site, browser: Any, owner: int) -> None:
    """`/` searches, J walks the rows, Enter opens one; the filters stand in the address."""
    visit = Visit(browser, site, owner)
    page = visit.open("/p/tickets/items", "tbody tr")
    page.keyboard.press("/")
    page.keyboard.type("Order 7")
    page.get_by_text("1 item found").wait_for()
    assert "search=Order" in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_text("Where it comes from").wait_for()
    assert page.get_by_text("Ada", exact=True).count() >= 1
    assert visit.complaints == []
    visit.close()


@pytest.mark.parametrize("path", ["/p/tickets/overview", "/p/tickets/sources"])
def test_failing_background_work_is_said_until_it_works_again(site: Site, browser: Any, owner: int, path: str) -> None:
    """Why what follows from answers fails stands at the top, whatever jobs came since, and vanishes by itself when it is mended."""
    project, database = site.tickets.project.id, site.workspace.database

    def trouble(error: str | None) -> None:
        database.write(lambda connection: jobs.note_background(connection, project, error))

    trouble("The check 'too_fast' divides by zero.")
    for _ in range(jobs.MOST_LISTED + 1):
        number = database.write(lambda connection: jobs.enqueue(connection, project, "freeze", {}))
        database.write(lambda connection, number=number: jobs.finish(connection, number))  # type: ignore[misc]  # bound as it is now
    visit = Visit(browser, site, owner)
    page = visit.open(path, ".job.failed")
    line = page.locator(".job.failed")
    assert line.locator("strong").inner_text() == "Background work"
    assert line.locator(".error").inner_text() == "The check 'too_fast' divides by zero."
    assert line.bounding_box()["y"] < page.locator(".stat").first.bounding_box()["y"]
    trouble(None)
    line.wait_for(state="detached")
    assert visit.complaints == []
    visit.close()


def test_one_certificate_is_one_number(site: Site, browser: Any) -> None:
    """Overview, versions and report say the same of a question at the same moment: first the bound before the audit's own repairs."""
    opened = site.secret
    project = opened.project
    items = site.add_texts(*(f"Number {number}" for number in range(60)), project="secret")
    right = {"intent": Choice("bug"), "parts": Spans()}
    labeling.agree(project, dict.fromkeys(items, right["intent"]))
    labeling.agree(project, dict.fromkeys(items, right["parts"]), question="parts")
    withdrawn = sa.update(tables.tasks).where(tables.tasks.c.project_id == project.id).values(state="cancelled")
    site.workspace.database.write(lambda connection: connection.execute(withdrawn))
    labeling.pick(project, items[:40])
    reviewer = site.person("owner", "secret")
    for index, item in enumerate(items[:40]):
        labeling.review(project, item, reviewer, right, {**right, "intent": Choice("other")} if index < 3 else None)
    with project.database.read() as connection:
        proof = certificate(connection, project).questions["intent"]
    assert proof.enough
    assert proof.remaining < proof.bound
    freeze(project, opened.pipeline.dataset)
    site.keep_figures()
    visit = Visit(browser, site, reviewer)
    now, before = f"{100 * proof.remaining:.1f}%", f"{100 * proof.bound:.1f}%"
    page = visit.open("/p/secret/overview", ".bound")
    said = page.locator(".one", has_text="intent").first.inner_text()
    assert f"≤ {before} wrong, at 95% confidence" in said
    assert f"≤ {now} after the audit's repairs" in said
    page = visit.open("/p/secret/versions", ".proof")
    said = page.locator(".proof", has_text="intent").inner_text()
    assert f"intent: at most {before} wrong, at 95% confidence, at most {now} after the audit's repairs" in said
    report = page.request.get(f"{site.address}/api/projects/secret/report")
    assert f'<b>{100 * proof.bound:.2f}%</b></td><td class="n">{100 * proof.remaining:.2f}%</td>' in report.text()
    assert report.headers["content-type"] == "text/html; charset=utf-8"
    assert page.request.get(f"{site.address}/").headers["content-type"] == "text/html; charset=utf-8"
    visit.close()


def test_the_page_of_an_item_speaks_to_people(site: Site, browser: Any, owner: int) -> None:
    """Where an item lies is said without saying its source twice."""
    (item,) = site.add_texts("Where does this come from?")
    raw = sa.select(tables.items.c.raw_id).where(tables.items.c.id == item).scalar_subquery()
    place = {"source": "data/tickets.jsonl", "place": "data/tickets.jsonl line 2"}
    moved = sa.update(tables.raw_items).where(tables.raw_items.c.id == raw).values(place)
    site.workspace.database.write(lambda connection: connection.execute(moved))
    visit = Visit(browser, site, owner)
    page = visit.open(f"/p/tickets/items/{item}", "header p")
    page.locator("header p", has_text="tickets.jsonl").wait_for()
    assert page.locator("header p", has_text="tickets.jsonl").inner_text() == "data/tickets.jsonl line 2"
    visit.close()
