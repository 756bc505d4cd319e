"""The workbench in a real browser: every modality by keyboard, drafts, findings, a lost network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.store import people, tables
from tests.ui.conftest import TEXT, Desk, Site, eventually, still

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def span(words: str, label: str) -> dict[str, Any]:
    """Where the words stand, in Python's own offsets."""
    # Preparation writes line ends one way; offsets are those of the prepared text.
    start = TEXT.replace("\r\n", "\n").index(words)
    return {"start": start, "end": start + len(words), "label": label}


def test_a_link_signs_in_once_and_a_password_after_that(site: Site, browser: Any) -> None:
    """An invited person chooses a password behind a one-time link, signs out, and comes in by name and password; a wrong one is refused."""
    user_id, name = site.person()
    link = site.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", purpose="sign_in")
    )
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/#/welcome/{link}")
    for field in page.locator("input[type=password]").all() if page.locator("input[type=password]").first.wait_for() is None else []:
        field.fill("correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Projects").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill(name)
    page.locator("input[type=password]").fill("wrong password")
    page.keyboard.press("Enter")
    page.get_by_text("The name or the password is wrong").wait_for()
    page.locator("input[type=password]").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Projects").wait_for()
    context.close()


def test_a_text_is_labeled_by_keyboard_alone(desk: Desk) -> None:
    """A choice by its digit, words by the word cursor, labels by their keys; offsets count code points behind emoji and line ends."""
    desk.open("notes")
    desk.press("2")
    # Hello, the emoji, team, the comma, my, Aurora, lamp: the cursor starts on the first word.
    desk.press(*["ArrowRight"] * 6, "Shift+ArrowRight", "p", "n")
    desk.press(*["ArrowRight"] * 3, "Shift+ArrowRight", "d", "n", "Control+Enter")
    (answer,) = desk.answered(1)
    assert answer["mood"] == {"kind": "choice", "label": "bad"}
    assert answer["parts"]["spans"] == [span("Aurora lamp", "PRODUCT"), span("9 March", "DATE")]


def test_words_are_marked_with_the_mouse(desk: Desk) -> None:
    """Dragging over a part of two words marks both whole; a click selects the mark, and Delete removes it."""
    desk.open("notes")
    desk.press("1")
    place = desk.page.evaluate(
        """() => { const piece = [...document.querySelectorAll('.text-viewer [data-at]')].find((one) => one.textContent.includes('Aurora'));
          const range = document.createRange(); const at = piece.textContent.indexOf('Aurora');
          range.setStart(piece.firstChild, at + 2); range.setEnd(piece.firstChild, at + 9);
          const box = range.getBoundingClientRect(); return [box.left, box.right, box.top + box.height / 2]; }"""
    )
    desk.page.mouse.move(place[0], place[2])
    desk.page.mouse.down()
    desk.page.mouse.move(place[1], place[2], steps=4)
    desk.page.mouse.up()
    mark = desk.page.locator(".text-viewer mark")
    assert mark.inner_text() == "Aurora lamp"
    mark.click()
    desk.press("Delete")
    assert desk.page.locator(".text-viewer mark").count() == 0
    desk.press("Control+z")
    assert desk.page.locator(".text-viewer mark").count() == 1


def test_a_picture_is_labeled_by_keyboard_alone(desk: Desk) -> None:
    """A new box in the middle, moved and resized by arrows, takes its label by digit."""
    desk.open("shapes")
    desk.press("n", "2", "ArrowRight", "Shift+ArrowDown", "Alt+Shift+ArrowRight", "Control+Enter")
    (answer,) = desk.answered(1)
    (box,) = answer["things"]["boxes"]
    assert box["label"] == "cube"
    assert (box["width"], box["height"]) == (60, 50)
    assert (round(box["x"]), round(box["y"])) == (176, 135)


def test_a_box_is_drawn_moved_and_taken_back_with_the_mouse(desk: Desk) -> None:
    """Dragging draws a box of the picture's own pixels; dragging it moves it; undo takes one step at a time."""
    desk.open("shapes")
    frame = desk.page.locator(".image-viewer").bounding_box()
    middle = (frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    drag(desk, middle, (middle[0] + 90, middle[1] + 60))
    drag(desk, (middle[0] + 40, middle[1] + 30), (middle[0] + 60, middle[1] + 30))
    desk.press("Control+z", "Control+Enter")
    (answer,) = desk.answered(1)
    (box,) = answer["things"]["boxes"]
    assert (round(box["x"]), round(box["y"])) == (200, 150)
    assert box["width"] / box["height"] == pytest.approx(1.5, abs=0.05)


def drag(desk: Desk, start: tuple[float, float], end: tuple[float, float]) -> None:
    desk.page.mouse.move(*start)
    desk.page.mouse.down()
    desk.page.mouse.move(*end, steps=4)
    desk.page.mouse.up()


def test_a_clip_is_labeled_by_keyboard_alone(desk: Desk) -> None:
    """I and O set a segment at the playhead, which the arrows move; the label is a digit."""
    desk.open("sounds")
    desk.press(*["ArrowRight"] * 2, "i", *["ArrowRight"] * 4, "o", "2", "Control+Enter")
    (answer,) = desk.answered(1)
    (segment,) = answer["calls"]["segments"]
    assert segment["label"] == "bell"
    assert (segment["start"], segment["end"]) == (pytest.approx(0.5, abs=0.02), pytest.approx(1.5, abs=0.02))


def test_the_next_task_is_there_at_once_and_one_press_is_one_answer(desk: Desk) -> None:
    """After a submission another item is shown without a blank between, and a double press gives no second answer to the same item."""
    desk.open("notes")
    first = desk.page.locator(".about span").first.inner_text()
    desk.page.evaluate(
        "() => { window.blank = 0; new MutationObserver(() => { if (!document.querySelector('.bench')) window.blank++; })"
        ".observe(document.body, {childList: true, subtree: true}); }"
    )
    desk.press("1", "0", "Control+Enter", "Control+Enter")
    desk.page.locator(".about span").first.filter(has_not_text=first).wait_for()
    desk.answered(1)
    desk.page.wait_for_timeout(500)
    assert desk.page.evaluate("window.blank") == 0
    assert len(desk.site.answers(desk.user_id)) == 1


def test_unfinished_work_survives_a_closed_tab(desk: Desk) -> None:
    """A draft is saved within a second, here and on the server; a new tab goes on with the same task, undo included."""
    desk.open("notes")
    key = desk.page.locator(".about span").first.inner_text()
    desk.press("2", *["ArrowRight"] * 6, "n")
    desk.page.get_by_text("Saved", exact=True).wait_for()
    desk.page.close()
    with desk.site.workspace.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(tables.drafts.c.user_id == desk.user_id)) == 1
    desk.page = desk.context.new_page()
    desk.open("notes")
    assert desk.page.locator(".about span").first.inner_text() == key
    assert desk.page.locator(".text-viewer mark").count() == 1
    desk.press("Control+z", "Control+z")
    assert desk.page.locator(".label.chosen", has_text="bad").count() == 0


def test_a_warning_asks_and_a_missing_answer_is_named(desk: Desk) -> None:
    """Nothing leaves without its required answer; a warning shows what the check says and lets the answer through when confirmed."""
    desk.open("notes")
    desk.press("Control+Enter")
    desk.page.get_by_text("'mood' has no answer yet.").first.wait_for()
    desk.press("2", "0", "Control+Enter")
    desk.page.get_by_role("dialog").get_by_text("Nothing is marked: is that so?").wait_for()
    assert desk.site.answers(desk.user_id) == []
    desk.page.get_by_role("button", name="Submit all the same").click()
    (answer,) = desk.answered(1)
    assert answer["mood"]["label"] == "bad"


def test_a_lost_network_loses_nothing(desk: Desk) -> None:
    """With the network cut, answers wait with a visible mark and two more tasks open; on return each is sent once, in order."""
    desk.open("notes")
    desk.context.set_offline(True)
    for _ in range(3):
        desk.press("1", "0", "Control+Enter")
        desk.page.wait_for_timeout(100)
    desk.page.get_by_text("Not saved").wait_for()
    assert desk.site.answers(desk.user_id) == []
    desk.context.set_offline(False)
    assert len(desk.answered(3)) == 3
    desk.page.wait_for_timeout(500)
    assert len(desk.site.answers(desk.user_id)) == 3


def test_an_item_is_passed_on_with_a_reason(desk: Desk) -> None:
    """Passing on shows another item and keeps the reason."""
    desk.open("notes")
    key = desk.page.locator(".about span").first.inner_text()
    desk.press("Control+k")
    desk.page.get_by_label("Why?").fill("It is not a note.")
    desk.press("Enter")
    desk.page.locator(".about span").first.filter(has_not_text=key).wait_for()

    def reason() -> Any:
        with desk.site.workspace.database.read() as connection:
            return connection.scalar(sa.select(tables.skips.c.reason).where(tables.skips.c.user_id == desk.user_id))

    eventually(desk.page, lambda: reason() is not None)
    assert reason() == "It is not a note."


def test_an_own_answer_is_gone_back_to_and_changed(desk: Desk) -> None:
    """Ctrl+B brings the last answer back; submitting it again replaces it."""
    desk.open("notes")
    key = desk.page.locator(".about span").first.inner_text()
    desk.press("1", "0", "Control+Enter")
    desk.answered(1)
    desk.press("Control+b")
    desk.page.get_by_text("You are changing an answer").wait_for()
    assert desk.page.locator(".about span").first.inner_text() == key
    desk.press("2", *["ArrowRight"] * 6, "n", "Control+Enter")
    eventually(desk.page, lambda: [answer["mood"]["label"] for answer in desk.site.answers(desk.user_id)] == ["bad"])


def test_the_help_lists_the_keys_and_guidelines_open_by_one(desk: Desk) -> None:
    """The question mark opens the list of all keys; G shows the guidelines, in which nothing runs."""
    desk.open("notes")
    desk.press("g")
    desk.page.get_by_role("region", name="Guidelines").get_by_text("products").wait_for()
    desk.press("?")
    for text in ("Submit and go on", "Undo", "Select the next mark", "Mark what the word cursor covers"):
        assert desk.page.get_by_role("dialog").get_by_text(text, exact=True).count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("project", ["notes", "shapes", "sounds", "articles"])
def test_axe_finds_nothing_on_the_workbench(desk: Desk, project: str, scheme: str) -> None:
    """With marks made and one selected, the workbench is accessible by axe's rules, in light and in dark."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in ui/")
    desk.page.emulate_media(color_scheme=scheme)
    desk.open(project)
    desk.press(*(["1", "ArrowRight", "n"] if project != "sounds" else ["i", "ArrowRight", "ArrowRight", "o"]), "Tab")
    still(desk.page)
    # Through the debugger, because the page's policy forbids foreign scripts, as it should.
    desk.context.new_cdp_session(desk.page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
    found = desk.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]] == []


@pytest.mark.parametrize("project", ["notes", "shapes", "sounds", "many_shapes", "articles"])
def test_the_workbench_fits_a_narrow_screen(desk: Desk, project: str) -> None:
    """At 400 pixels every button stands within the screen, and so do the open section of the project and the way to the account."""
    desk.page.set_viewport_size({"width": 400, "height": 800})
    desk.open(project)
    cut = desk.page.evaluate(
        "[...document.querySelectorAll('.bench button, header [aria-current], header .who')]"
        ".filter(one => one.getBoundingClientRect().right > innerWidth || one.getBoundingClientRect().left < 0).map(one => one.textContent)"
    )
    assert cut == []


def test_the_label_of_the_selected_mark_is_the_one_that_is_pressed(desk: Desk) -> None:
    """While a mark is selected, the panel shows its label as chosen; when none is, the label of the next one is shown otherwise."""
    desk.open("notes")
    desk.press("1", "ArrowRight", "n", "ArrowRight", "d", "Tab")
    chosen, awaited = desk.page.locator("section.active .label.chosen"), desk.page.locator("section.active .label.next")
    assert (chosen.all_inner_texts(), awaited.count()) == (["PRODUCT\nP"], 0)
    # The first Escape takes the word cursor away, the second one the selection.
    desk.press("Escape", "Escape")
    assert (chosen.count(), awaited.all_inner_texts()) == (0, ["DATE\nD"])
    assert awaited.get_attribute("aria-pressed") == "false"


def test_a_mark_that_was_just_made_is_selected(desk: Desk) -> None:
    """The key of a label and the brackets change the words that were marked last; moving the word cursor on lets them go."""
    desk.open("notes")
    desk.press("1", *["ArrowRight"] * 6, "n", "d", "]", "ArrowRight", "p", "Control+Enter")
    (answer,) = desk.answered(1)
    assert answer["parts"]["spans"] == [span("Aurora lamp", "DATE")]


def test_what_a_check_found_leads_to_the_mark_that_it_names(desk: Desk) -> None:
    """Two marks of one label share a word: what is said of the second leads to it, and to nothing once that mark is gone."""
    desk.open("notes")
    desk.press("1", *["ArrowRight"] * 6, "n", "p", "]", "ArrowRight", "n", "p", "Control+Enter")
    desk.page.get_by_role("dialog").get_by_text("marked twice").wait_for()
    desk.press("Escape", "Escape", "Escape")
    selected = desk.page.locator(".marks li.selected")
    assert selected.count() == 0
    desk.page.locator("aside .finding", has_text="marked twice").get_by_role("button", name="Select it").click()
    assert desk.page.locator(".marks li").all_inner_texts().index(selected.inner_text()) == 1
    desk.press("Backspace")
    assert desk.page.get_by_role("button", name="Select it").count() == 0


def test_the_tools_stand_in_one_row(desk: Desk) -> None:
    """At 1280 pixels the tools stand beside one another, also where there are guidelines and comments."""
    desk.open("notes")
    desk.press("Control+/")
    desk.page.keyboard.type("What is it?")
    desk.press("Control+Enter")
    desk.page.get_by_role("button", name="Comment (1)").wait_for()
    tops = desk.page.evaluate("[...document.querySelectorAll('.tools button')].map(one => one.getBoundingClientRect().top)")
    assert len(tops) == 6
    assert len(set(tops)) == 1
    inside = desk.page.evaluate("document.querySelector('aside').getBoundingClientRect().right <= innerWidth")
    assert inside


def test_what_else_belongs_to_the_item_is_shown_beside_the_pane(desk: Desk) -> None:
    """The fields that nothing is asked about stand above the pane in the schema's order, a text, a picture and a sound, all loaded."""
    desk.open("articles")
    others = desk.page.get_by_role("region", name="Also of this item")
    assert others.locator("h2").all_inner_texts() == ["title", "picture", "sound"]
    others.get_by_text("Lamps of the year, part").wait_for()
    others.locator("svg image").wait_for()
    seconds = """(player) => new Promise((done) => player.duration ? done(player.duration)
      : (player.onloadedmetadata = () => done(player.duration)))"""
    assert others.locator("audio").evaluate(seconds) == 0.5
    assert "It glows" not in others.inner_text()
    pane = desk.page.locator(".text-viewer").bounding_box()
    box = others.bounding_box()
    assert box["y"] + box["height"] <= pane["y"] + 1
    assert box["height"] <= pane["height"]
    desk.press("1", "Control+Enter")
    assert desk.answered(1)[0]["mood"]["label"] == "good"
    others.get_by_text("Lamps of the year, part").wait_for()


def test_nobody_is_told_of_keys_on_a_touch_screen(desk: Desk, browser: Any) -> None:
    """Where a finger points, no key is printed on a button; the table of keys is still there for whoever has a keyboard besides."""
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, is_mobile=True)
    context.add_cookies(desk.context.cookies())
    page = context.new_page()
    page.goto(f"{desk.site.address}/#/p/scenes/label")
    page.locator(".bench").wait_for()
    assert page.locator("kbd").count() >= 4
    assert [key for key in page.locator("kbd").all() if key.is_visible()] == []
    page.get_by_role("button", name="Keys").click()
    assert page.get_by_role("dialog").locator("kbd").first.is_visible()
    context.close()
