"""The reviewer's desk in a real browser: verdicts by key and by swipe, the differences, corrections, and comments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.store import tables
from tests.server.site import Site
from tests.ui.conftest import eventually
from tests.ui.visiting import Visit, disputed

pytestmark = pytest.mark.browser


GUIDELINES = "# What to mark\n\n" + "Mark products.\n\n" * 40


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with disputed(tmp_path_factory.mktemp("desk"), guidelines=GUIDELINES) as site:
        yield site


@pytest.fixture
def desk(site: Site, browser: Any) -> Iterator[Visit]:
    """A reviewer of one's own at the desk; what an earlier test held has been given back."""
    with site.workspace.database.read() as connection:
        assert connection.scalar(sa.select(tables.tasks.c.id).where(tables.tasks.c.purpose == "review", tables.tasks.c.state == "open"))
    visit = Visit(browser, site, site.person("reviewer"))
    visit.open("/p/tickets/review", ".columns article")
    yield visit
    assert visit.complaints == []
    visit.page.goto("about:blank")
    visit.close()
    give_back = sa.update(tables.tasks).where(tables.tasks.c.state == "leased").values(state="open", user_id=None, lease_ends=None)
    site.workspace.database.write(lambda connection: connection.execute(give_back))


def test_a_held_key_gives_one_verdict(site: Site, desk: Visit) -> None:
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


def _reviews(site: Site) -> list[Any]:
    with site.workspace.database.read() as connection:
        return list(connection.execute(sa.select(tables.reviews).order_by(tables.reviews.c.id)))


def _reviews_from(site: Site, visit: Visit, before: int, count: int) -> list[Any]:
    """Wait until so many reviews were made; the last verdict is sent after some seconds."""
    for _ in range(60):
        if len(_reviews(site)) >= before + count:
            break
        visit.page.wait_for_timeout(250)
    return _reviews(site)[before:]


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


def test_a_verdict_can_be_taken_back_until_it_is_sent(site: Site, desk: Visit) -> None:
    """A accepts and shows the next item at once; Z takes it back, and the server never heard of it."""
    page, before = desk.page, len(_reviews(site))
    item = page.locator("h1").inner_text()
    page.keyboard.press("a")
    page.wait_for_function("name => document.querySelector('h1').innerText !== name", arg=item)
    page.keyboard.press("z")
    page.wait_for_function("name => document.querySelector('h1').innerText === name", arg=item)
    page.wait_for_timeout(300)
    assert len(_reviews(site)) == before


def test_accepting_by_key_makes_the_chosen_answer_the_label(site: Site, desk: Visit) -> None:
    """A number selects the column, A accepts it, and the verdict before is sent with the next one, each once."""
    page, before = desk.page, len(_reviews(site))
    columns = page.locator("article .head strong").all_inner_texts()
    for _ in range(2):
        item = page.locator("h1").inner_text()
        page.keyboard.press(str(len(columns)))
        page.keyboard.press("a")
        page.wait_for_function("name => document.querySelector('h1')?.innerText !== name", arg=item)
    made = _reviews_from(site, desk, before, 2)
    assert [review.verdict for review in made] == ["accept", "accept"]
    assert all(review.annotation_id is not None for review in made)
    assert len({review.item_id for review in made}) == 2


def test_sending_back_needs_an_answer_and_a_reason(site: Site, desk: Visit) -> None:
    """X asks whose answer and why; the reason reaches the review."""
    page, before = desk.page, len(_reviews(site))
    item = page.locator("h1").inner_text()
    page.keyboard.press("x")
    page.locator("dialog[open]").wait_for()
    assert page.get_by_role("button", name="Send back Ctrl Enter").is_disabled()
    page.keyboard.type("The date is missing.")
    page.get_by_label("Annotator B").check()
    with page.expect_response("**/review"):
        page.get_by_role("button", name="Send back Ctrl Enter").click()
        page.wait_for_function("name => document.querySelector('h1').innerText !== name", arg=item)
    (made,) = _reviews(site)[before:]
    assert (made.verdict, made.reason) == ("reject", "The date is missing.")


def test_a_fix_is_made_with_the_panes_and_keeps_both_versions(site: Site, desk: Visit) -> None:
    """E opens the answer for correction, a label's key changes it, and what was corrected is kept beside the fix."""
    page, before = desk.page, len(_reviews(site))
    page.keyboard.press("e")
    page.locator(".fix").wait_for()
    page.keyboard.press("3")
    with page.expect_response("**/review"):
        page.keyboard.press("Control+Enter")
    (made,) = _reviews(site)[before:]
    assert made.verdict == "fix"
    with site.workspace.database.read() as connection:
        fixed = connection.scalar(sa.select(tables.annotations.c["values"]).where(tables.annotations.c.id == made.fixed_annotation_id))
        others = connection.scalar(
            sa.select(sa.func.count()).select_from(tables.annotations).where(tables.annotations.c.item_id == made.item_id)
        )
    assert json.loads(str(fixed))["intent"]["label"] == "other"
    assert others == 3


def test_a_comment_is_about_the_difference_in_hand_and_jumps_to_it(site: Site, desk: Visit) -> None:
    """C writes about the difference that is looked at; pressing the comment's place goes back there."""
    page = desk.page
    page.keyboard.press("2")
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.type("Is this a date?")
    page.keyboard.press("Control+Enter")
    page.locator(".comments li", has_text="Is this a date?").wait_for()
    with site.workspace.database.read() as connection:
        comment = connection.execute(sa.select(tables.comments).order_by(tables.comments.c.id.desc()).limit(1)).one()
    assert comment.question == "parts"
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    assert "1 of 2" in page.locator(".differences span").first.inner_text()
    page.locator(".comments li button", has_text="parts").first.click()
    assert "2 of 2" in page.locator(".differences span").first.inner_text()


def test_a_finding_leads_to_the_part_that_it_names(site: Site, desk: Visit) -> None:
    """It says the question and the part's id. Pressing that goes to where the answers differ in it; where they do not, it leads nowhere."""
    project, items, rows = site.tickets.project, tables.items, tables.findings
    with site.workspace.database.read() as connection:
        numbers = list(connection.scalars(sa.select(items.c.id).where(items.c.project_id == project.id)))
    about = {"project_id": project.id, "rule": "seen", "severity": "warning", "question": "parts", "stage": "dataset", "created_at": 1.0}
    found = [{**about, "item_id": number, "message": f"Mark {part}?", "part": part} for number in numbers for part in ("1", "2")]
    site.workspace.database.write(lambda connection: connection.execute(sa.insert(rows), found))
    page = desk.open("/p/tickets/review", ".columns article")
    shown = page.get_by_role("region", name="Findings")
    assert shown.locator("li", has_text="Mark 1?").get_by_role("button").count() == 0
    assert "parts 1" in shown.locator("li", has_text="Mark 1?").inner_text()
    assert "1 of 2" in page.locator(".differences span").first.inner_text()
    shown.get_by_role("button", name="parts 2").click()
    assert "2 of 2" in page.locator(".differences span").first.inner_text()
    site.workspace.database.write(lambda connection: connection.execute(sa.delete(rows).where(rows.c.rule == "seen")))


def test_the_guidelines_are_the_panel_that_labeling_has(desk: Visit) -> None:
    """G shows them above the answers, long ones in a panel of their own that scrolls, and G takes them away."""
    page = desk.page
    page.keyboard.press("g")
    panel = page.get_by_role("region", name="Guidelines")
    panel.get_by_text("Mark products.").first.wait_for()
    assert page.locator("[aria-label=Guidelines]").evaluate("one => one.matches('.review > div[role=region]')")
    assert panel.evaluate("one => one.scrollHeight > one.clientHeight && one.clientHeight <= 0.4 * innerHeight")
    page.keyboard.press("g")
    panel.wait_for(state="detached")


def test_a_swipe_to_the_right_accepts(site: Site, browser: Any) -> None:
    """On a touch screen a swipe over the answers accepts; a short one does nothing."""
    visit = Visit(browser, site, site.person("reviewer"), viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
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
