"""The pages around the workbench, in a real browser against a real server: sign-in, lists, dashboards, and the reviewer's desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import labelwright
from labelwright.datasets import certificate, freeze
from labelwright.pipeline import jobs
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Spans
from labelwright.server.gate import session_cookie
from labelwright.store import people, tables
from tests.datasets import labeling
from tests.rows import add_known
from tests.server.house import House, served, submit
from tests.ui.conftest import eventually, still

pytestmark = pytest.mark.browser

PAGE = Path(labelwright.__file__).parent / "web" / "index.html"
AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
TEXT = "The Aurora lamp came on 9 March and does not work."


def _answer(intent: str, *spans: tuple[int, int, str]) -> dict[str, Any]:
    marked = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    return {"intent": {"kind": "choice", "label": intent}, "parts": {"kind": "spans", "spans": marked}}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A project in which two people have answered differently about several texts, and each of these waits for a review."""
    if not PAGE.is_file():
        pytest.skip("the page is not built: make page")
    folder = tmp_path_factory.mktemp("pages")
    with served(folder, f"sqlite:///{folder}/labelwright.db") as house:
        items = house.add_texts(*(f"{TEXT} Order {number}." for number in range(12)))
        first, second = house.browser(house.person(name="Ada")), house.browser(house.person(name="Grace"))
        for _ in items:
            submit(first, house.held(first), _answer("bug", (4, 15, "PRODUCT"), (24, 31, "DATE")))
            submit(second, house.held(second), _answer("refund", (4, 15, "PRODUCT")))
        owner = house.browser(house.person("owner", name="Olga"))
        for item in items:
            assert owner.post(f"/api/projects/tickets/items/{item}/review").json() == {"opened": True}
        house.keep_figures()
        yield house


@pytest.fixture(scope="module")
def chromium(browser: Any) -> Any:
    """The one browser of this process: Playwright cannot be started twice in it."""
    return browser


class Visit:
    """A page in the browser, with somebody signed in, that remembers what went wrong on it."""

    def __init__(self, chromium: Any, house: House, user_id: int | None, **options: Any) -> None:
        self.house = house
        self.context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        if user_id is not None:
            secret = house.workspace.database.write(lambda connection: people.create_session(connection, user_id, 1.0))
            self.context.add_cookies([{"name": session_cookie(house.address), "value": secret, "url": house.address}])
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        # A refused request is told to the person on the page; everything else that the browser calls an error is one.
        warned = message.type == "warning" and "svelte" in message.text
        if warned or (message.type == "error" and "Failed to load resource" not in message.text):
            self.complaints.append(message.text)

    def open(self, path: str, wait_for: str) -> Any:
        self.page.goto("about:blank")
        self.page.goto(f"{self.house.address}/#{path}")
        self.page.locator(wait_for).first.wait_for()
        return self.page

    def violations(self) -> list[str]:
        # Through the debugger, because the page's policy forbids foreign scripts, as it should.
        self.context.new_cdp_session(self.page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]]

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def owner(house: House) -> int:
    with house.workspace.database.read() as connection:
        return int(connection.scalar(sa.select(tables.users.c.id).where(tables.users.c.name == "Olga")) or 0)


@pytest.fixture
def desk(house: House, chromium: Any) -> Iterator[Visit]:
    """A reviewer of one's own at the desk; what an earlier test held has been given back."""
    with house.workspace.database.read() as connection:
        assert connection.scalar(sa.select(tables.tasks.c.id).where(tables.tasks.c.purpose == "review", tables.tasks.c.state == "open"))
    visit = Visit(chromium, house, house.person("reviewer"))
    visit.open("/p/tickets/review", ".columns article")
    yield visit
    assert visit.complaints == []
    visit.page.goto("about:blank")
    visit.close()
    give_back = sa.update(tables.tasks).where(tables.tasks.c.state == "leased").values(state="open", user_id=None, lease_ends=None)
    house.workspace.database.write(lambda connection: connection.execute(give_back))


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
def test_every_page_is_accessible_and_keeps_the_policy(house: House, chromium: Any, owner: int, scheme: str) -> None:
    """axe finds nothing on any page, in light or dark, and nothing on it is blocked or fails."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci")
    visit = Visit(chromium, house, owner, color_scheme=scheme)
    found = {}
    for path, wait_for in PAGES:
        visit.open(path, wait_for)
        still(visit.page)
        found[path] = visit.violations()
    stranger = Visit(chromium, house, None, color_scheme=scheme)
    stranger.open("/sign-in", "form")
    found["/sign-in"] = stranger.violations()
    complaints = visit.complaints + stranger.complaints
    visit.close()
    stranger.close()
    assert {path: one for path, one in found.items() if one} == {}
    assert complaints == []


def test_every_page_fits_a_telephone(house: House, chromium: Any, owner: int) -> None:
    """At 390 pixels no page is wider than the screen, and what can be pressed is large enough for a finger."""
    visit = Visit(chromium, house, owner, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
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


def test_every_page_ends_where_its_content_ends(house: House, chromium: Any, owner: int) -> None:
    """The page scrolls within the window and nothing scrolls around it, so that nobody comes to a blank window behind the end."""
    visit = Visit(chromium, house, owner, viewport={"width": 1280, "height": 500})
    longer = {}
    for path, wait_for in PAGES:
        page = visit.open(path, wait_for)
        still(page)
        longer[path] = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    visit.close()
    assert {path: more for path, more in longer.items() if more > 0} == {}


@pytest.mark.parametrize("path", [path for path, _ in PAGES if path.startswith("/p/")] + ["/p/tickets/label"])
def test_a_page_that_is_left_asks_for_nothing_more(house: House, chromium: Any, owner: int, path: str) -> None:
    """Going from a page of a project to one without a project sends no request about a project that there is not."""
    visit = Visit(chromium, house, owner)
    page = visit.open(path, "main > *")
    still(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Your account").click()
    page.get_by_text("Your account", exact=True).wait_for()
    page.wait_for_timeout(300)
    visit.close()
    assert [url for url in asked if "undefined" in url or "/null" in url] == []


def test_an_address_without_a_page_says_so(house: House, chromium: Any, owner: int) -> None:
    """Behind an unknown address stands that there is no such page, and the way to the projects."""
    visit = Visit(chromium, house, owner)
    for path in ("/projects/tickets", "/p/tickets/nothing", "/p"):
        page = visit.open(path, "h1")
        page.get_by_role("heading", name="There is no such page").wait_for()
    assert visit.violations() == [] if AXE.is_file() else True
    page.get_by_role("link", name="Go to the projects").click()
    page.get_by_role("heading", name="Projects").wait_for()
    visit.close()


def test_labeled_means_the_same_on_every_page(house: House, chromium: Any, owner: int) -> None:
    """The card of a project and its overview count the same labeled items, of the same number, and gold besides both."""
    with house.workspace.database.read() as connection:
        item = connection.scalar(sa.select(sa.func.max(tables.items.c.id)).where(tables.items.c.project_id == house.tickets.project.id))
    add_known(house.tickets.project, int(item or 0), {"intent": Choice("bug")})
    house.keep_figures()
    visit = Visit(chromium, house, owner)
    page = visit.open("/", "h2")
    card = page.locator("li", has_text="tickets").locator(".figures").inner_text()
    assert "gold besides" in card
    page = visit.open("/p/tickets/overview", ".stat")
    stat = page.locator(".stat", has_text="Labeled").first.inner_text().split("\n")
    visit.close()
    assert card.replace(" labeled", "").split("\n") == stat[1:3]


def test_what_is_outstanding_is_said_as_it_is(house: House, chromium: Any, owner: int) -> None:
    """When every item is labeled the overview says so, and counts what is still asked for as further answers and not as work to do."""
    visit = Visit(chromium, house, owner)
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


def test_no_saving_is_claimed_where_none_is_shown(house: House, chromium: Any, owner: int) -> None:
    """Where the interval of the time saved includes none, the overview shows the interval and says that no saving is shown."""
    visit = Visit(chromium, house, owner)
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


def test_what_is_confused_most_is_sorted_by_what_it_shows(house: House, chromium: Any, owner: int) -> None:
    """The list of confusions goes down by the number that stands first in each line."""
    visit = Visit(chromium, house, owner)
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


def test_a_held_key_gives_one_verdict(house: House, desk: Visit) -> None:
    """However long A is held, one review is accepted; what comes next waits for another press."""
    page = desk.page
    item = page.locator("h1").inner_text()
    for _ in range(10):
        page.keyboard.down("a")
        page.wait_for_timeout(40)
    page.keyboard.up("a")
    second = page.locator("h1").inner_text()
    assert second != item
    page.keyboard.press("z")
    page.wait_for_function("name => document.querySelector('h1').innerText === name", arg=item)


def _reviews(house: House) -> list[Any]:
    with house.workspace.database.read() as connection:
        return list(connection.execute(sa.select(tables.reviews).order_by(tables.reviews.c.id)))


def _reviews_from(house: House, visit: Visit, before: int, count: int) -> list[Any]:
    """Wait until so many reviews were made; the last verdict is sent after some seconds."""
    for _ in range(60):
        if len(_reviews(house)) >= before + count:
            break
        visit.page.wait_for_timeout(250)
    return _reviews(house)[before:]


def test_a_review_shows_the_differences_and_walks_them_by_key(desk: Visit) -> None:
    """Two answers differ in the choice and in one span; what they agree on is drawn faintly."""
    page = desk.page
    assert page.locator("article .head strong").all_inner_texts()[-2:] == ["Annotator A", "Annotator B"]
    assert page.locator(".differences span").first.inner_text().startswith("Difference 1 of 2")
    page.keyboard.press("j")
    assert "2 of 2: DATE or nothing" in page.locator(".differences span").first.inner_text()
    assert page.locator("mark.current").count() >= 2
    assert page.locator("mark.faint").count() >= 2
    page.keyboard.press("j")
    assert "1 of 2" in page.locator(".differences span").first.inner_text()


def test_a_verdict_can_be_taken_back_until_it_is_sent(house: House, desk: Visit) -> None:
    """A accepts and shows the next item at once; Z takes it back, and the server never heard of it."""
    page, before = desk.page, len(_reviews(house))
    item = page.locator("h1").inner_text()
    page.keyboard.press("a")
    page.wait_for_function("name => document.querySelector('h1').innerText !== name", arg=item)
    page.keyboard.press("z")
    page.wait_for_function("name => document.querySelector('h1').innerText === name", arg=item)
    page.wait_for_timeout(300)
    assert len(_reviews(house)) == before


def test_accepting_by_key_makes_the_chosen_answer_the_label(house: House, desk: Visit) -> None:
    """A number selects the column, A accepts it, and the verdict before is sent with the next one, each once."""
    page, before = desk.page, len(_reviews(house))
    columns = page.locator("article .head strong").all_inner_texts()
    for _ in range(2):
        item = page.locator("h1").inner_text()
        page.keyboard.press(str(len(columns)))
        page.keyboard.press("a")
        page.wait_for_function("name => document.querySelector('h1')?.innerText !== name", arg=item)
    made = _reviews_from(house, desk, before, 2)
    assert [review.verdict for review in made] == ["accept", "accept"]
    assert all(review.annotation_id is not None for review in made)
    assert len({review.item_id for review in made}) == 2


def test_sending_back_needs_an_answer_and_a_reason(house: House, desk: Visit) -> None:
    """X asks whose answer and why; the reason reaches the review."""
    page, before = desk.page, len(_reviews(house))
    item = page.locator("h1").inner_text()
    page.keyboard.press("x")
    page.locator("dialog[open]").wait_for()
    assert page.get_by_role("button", name="Send back Ctrl Enter").is_disabled()
    page.keyboard.type("The date is missing.")
    page.get_by_label("Annotator B").check()
    with page.expect_response("**/review"):
        page.get_by_role("button", name="Send back Ctrl Enter").click()
        page.wait_for_function("name => document.querySelector('h1').innerText !== name", arg=item)
    (made,) = _reviews(house)[before:]
    assert (made.verdict, made.reason) == ("reject", "The date is missing.")


def test_a_fix_is_made_with_the_panes_and_keeps_both_versions(house: House, desk: Visit) -> None:
    """E opens the answer for correction, a label's key changes it, and what was corrected is kept beside the fix."""
    page, before = desk.page, len(_reviews(house))
    page.keyboard.press("e")
    page.locator(".fix").wait_for()
    page.keyboard.press("3")
    with page.expect_response("**/review"):
        page.keyboard.press("Control+Enter")
    (made,) = _reviews(house)[before:]
    assert made.verdict == "fix"
    with house.workspace.database.read() as connection:
        fixed = connection.scalar(sa.select(tables.annotations.c["values"]).where(tables.annotations.c.id == made.fixed_annotation_id))
        others = connection.scalar(
            sa.select(sa.func.count()).select_from(tables.annotations).where(tables.annotations.c.item_id == made.item_id)
        )
    assert json.loads(str(fixed))["intent"]["label"] == "other"
    assert others == 3


def test_a_comment_is_about_the_difference_in_hand_and_jumps_to_it(house: House, desk: Visit) -> None:
    """C writes about the difference that is looked at; pressing the comment's place goes back there."""
    page = desk.page
    page.keyboard.press("2")
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.type("Is this a date?")
    page.keyboard.press("Control+Enter")
    page.locator(".comments li", has_text="Is this a date?").wait_for()
    with house.workspace.database.read() as connection:
        comment = connection.execute(sa.select(tables.comments).order_by(tables.comments.c.id.desc()).limit(1)).one()
    assert comment.question == "parts"
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    assert "1 of 2" in page.locator(".differences span").first.inner_text()
    page.locator(".comments li button", has_text="parts").first.click()
    assert "2 of 2" in page.locator(".differences span").first.inner_text()


def test_a_swipe_to_the_right_accepts(house: House, chromium: Any) -> None:
    """On a touch screen a swipe over the answers accepts; a short one does nothing."""
    visit = Visit(chromium, house, house.person("reviewer"), viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = visit.open("/p/tickets/review", ".columns article")
    item = page.locator("h1").inner_text()
    box = page.locator(".columns article section").first.bounding_box()
    session = visit.context.new_cdp_session(page)

    def drag(far: int) -> None:
        x, y = box["x"] + 150, box["y"] + box["height"] - 6
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for step in range(1, 9):
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + far * step / 8, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(300)

    drag(40)
    assert page.locator("h1").inner_text() == item
    drag(180)
    eventually(page, lambda: page.locator("h1").inner_text() != item)
    page.get_by_role("button", name="Undo").click()
    eventually(page, lambda: page.locator("h1").inner_text() == item)
    visit.close()


def test_a_sign_in_link_lets_somebody_choose_a_password_once(house: House, chromium: Any) -> None:
    """The link signs in, the password is chosen, the name and the password work afterwards, and the link does not."""
    user_id = house.person("annotator", name="newcomer")
    token = house.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", seconds=60, purpose="sign_in")
    )
    visit = Visit(chromium, house, None)
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

    again = Visit(chromium, house, None)
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


def test_a_sign_in_link_is_used_once_in_a_tab_that_shows_the_sign_in(house: House, chromium: Any) -> None:
    """Pasting a link into the tab of the sign-in page uses it once, and greets without an error."""
    user_id = house.person("annotator", name="latecomer")
    token = house.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", seconds=60, purpose="sign_in")
    )
    visit = Visit(chromium, house, None)
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


def test_an_owner_takes_a_token_back_from_somebody(house: House, chromium: Any, owner: int) -> None:
    """Everybody's tokens stand on the page of the people, for owners; one that is revoked there works no more."""
    program = house.program(house.person(name="Robin"))
    assert program.get("/api/session").status_code == 200
    visit = Visit(chromium, house, owner)
    page = visit.open("/p/tickets/people", "td:has-text('Robin')")
    page.get_by_role("button", name="Revoke test of Robin").click()
    eventually(page, lambda: page.locator("td:has-text('Robin')").count() == 0)
    assert program.get("/api/session").status_code == 401
    assert visit.complaints == []
    visit.close()
    manager = Visit(chromium, house, house.person("manager"))
    page = manager.open("/p/tickets/people", "li select")
    assert page.get_by_text("Everybody's tokens").count() == 0
    manager.close()


def test_items_are_found_by_keyboard_and_by_address(house: House, chromium: Any, owner: int) -> None:
    """`/` searches, J walks the rows, Enter opens one; the filters stand in the address."""
    visit = Visit(chromium, house, owner)
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
def test_failing_background_work_is_said_until_it_works_again(house: House, chromium: Any, owner: int, path: str) -> None:
    """Why what follows from answers fails stands at the top, whatever jobs came since, and vanishes by itself when it is mended."""
    project, database = house.tickets.project.id, house.workspace.database

    def trouble(error: str | None) -> None:
        database.write(lambda connection: jobs.note_background(connection, project, error))

    trouble("The check 'too_fast' divides by zero.")
    for _ in range(jobs.MOST_LISTED + 1):
        number = database.write(lambda connection: jobs.enqueue(connection, project, "freeze", {}))
        database.write(lambda connection, number=number: jobs.finish(connection, number))  # type: ignore[misc]  # bound as it is now
    visit = Visit(chromium, house, owner)
    page = visit.open(path, ".job.failed")
    line = page.locator(".job.failed")
    assert line.locator("strong").inner_text() == "Background work"
    assert line.locator(".error").inner_text() == "The check 'too_fast' divides by zero."
    assert line.bounding_box()["y"] < page.locator(".stat").first.bounding_box()["y"]
    trouble(None)
    line.wait_for(state="detached")
    assert visit.complaints == []
    visit.close()


def test_one_certificate_is_one_number(house: House, chromium: Any) -> None:
    """Overview, versions and report say the same of a question at the same moment: first the bound before the audit's own repairs."""
    opened = house.secret
    project = opened.project
    items = house.add_texts(*(f"Number {number}" for number in range(60)), project="secret")
    right = {"intent": Choice("bug"), "parts": Spans()}
    labeling.agree(project, dict.fromkeys(items, right["intent"]))
    labeling.agree(project, dict.fromkeys(items, right["parts"]), question="parts")
    withdrawn = sa.update(tables.tasks).where(tables.tasks.c.project_id == project.id).values(state="cancelled")
    house.workspace.database.write(lambda connection: connection.execute(withdrawn))
    labeling.pick(project, items[:40])
    reviewer = house.person("owner", "secret")
    for index, item in enumerate(items[:40]):
        labeling.review(project, item, reviewer, right, {**right, "intent": Choice("other")} if index < 3 else None)
    with project.database.read() as connection:
        proof = certificate(connection, project).questions["intent"]
    assert proof.enough
    assert proof.remaining < proof.bound
    freeze(project, opened.pipeline.dataset)
    house.keep_figures()
    visit = Visit(chromium, house, reviewer)
    now, before = f"{100 * proof.remaining:.1f}%", f"{100 * proof.bound:.1f}%"
    page = visit.open("/p/secret/overview", ".bound")
    said = page.locator(".one", has_text="intent").first.inner_text()
    assert f"≤ {before} wrong, at 95% confidence" in said
    assert f"≤ {now} after the audit's repairs" in said
    page = visit.open("/p/secret/versions", ".proof")
    said = page.locator(".proof", has_text="intent").inner_text()
    assert f"intent: at most {before} wrong, at 95% confidence, at most {now} after the audit's repairs" in said
    report = page.request.get(f"{house.address}/api/projects/secret/report")
    assert f'<b>{100 * proof.bound:.2f}%</b></td><td class="n">{100 * proof.remaining:.2f}%</td>' in report.text()
    assert report.headers["content-type"] == "text/html; charset=utf-8"
    assert page.request.get(f"{house.address}/").headers["content-type"] == "text/html; charset=utf-8"
    visit.close()


def test_the_page_of_an_item_speaks_to_people(house: House, chromium: Any, owner: int) -> None:
    """Where an item lies is said without saying its source twice."""
    (item,) = house.add_texts("Where does this come from?")
    raw = sa.select(tables.items.c.raw_id).where(tables.items.c.id == item).scalar_subquery()
    place = {"source": "data/tickets.jsonl", "place": "data/tickets.jsonl line 2"}
    moved = sa.update(tables.raw_items).where(tables.raw_items.c.id == raw).values(place)
    house.workspace.database.write(lambda connection: connection.execute(moved))
    visit = Visit(chromium, house, owner)
    page = visit.open(f"/p/tickets/items/{item}", "header p")
    page.locator("header p", has_text="tickets.jsonl").wait_for()
    assert page.locator("header p", has_text="tickets.jsonl").inner_text() == "data/tickets.jsonl line 2"
    visit.close()


def test_the_list_of_marks_follows_what_is_marked(desk: Visit) -> None:
    """However many places are marked in a correction, the one that was marked last can be seen in the list."""
    page = desk.page
    page.keyboard.press("e")
    page.locator(".fix").wait_for()
    for _ in range(14):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("n")
    last = page.locator(".marks li.selected")
    last.wait_for()
    box, room = last.bounding_box(), page.locator(".marks").bounding_box()
    assert page.locator(".marks li").count() >= 10
    assert room["y"] - 1 <= box["y"]
    assert box["y"] + box["height"] <= room["y"] + room["height"] + 1
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Let it go").click()
    page.locator(".columns article").first.wait_for()


def test_a_correction_is_not_left_without_being_asked(desk: Visit) -> None:
    """Escape leaves a fix in which nothing was changed; otherwise the page asks, and Escape goes on with the correction."""
    page = desk.page
    page.keyboard.press("e")
    page.locator(".fix").wait_for()
    page.keyboard.press("Escape")
    page.locator(".columns article").first.wait_for()
    page.keyboard.press("e")
    page.locator(".fix").wait_for()
    page.keyboard.press("3")
    page.locator(".fix .label.chosen", has_text="other").wait_for()
    page.keyboard.press("Escape")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("What was changed here is kept nowhere.").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert page.locator(".fix .label.chosen", has_text="other").count() == 1
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Let it go").click()
    page.locator(".columns article").first.wait_for()


def test_escape_closes_the_table_of_keys(desk: Visit) -> None:
    """The reviewer's table of keys opens by the question mark and closes by Escape."""
    desk.page.keyboard.press("?")
    desk.page.locator(".help").wait_for()
    desk.page.keyboard.press("Escape")
    desk.page.locator(".help").wait_for(state="detached")
