"""What must never happen to answers: given by a held key, empty unseen, lost with a session, sent as somebody else's, gone when refused."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.server.gate import session_cookie
from labelwright.store import passwords, people, tables
from tests.ui.conftest import Desk, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def hold(desk: Desk, *keys: str, times: int = 8) -> None:
    """Hold keys down as long as the keyboard repeats the last one so many times."""
    for key in keys[:-1]:
        desk.page.keyboard.down(key)
    for _ in range(times):
        desk.page.keyboard.down(keys[-1])
        desk.page.wait_for_timeout(40)
    for key in reversed(keys):
        desk.page.keyboard.up(key)


def come_back(desk: Desk, user_id: int) -> None:
    """Sign somebody in in this browser, in a new tab."""
    secret = desk.site.workspace.database.write(lambda connection: people.create_session(connection, user_id, 1.0))
    desk.context.add_cookies([{"name": session_cookie(desk.site.address), "value": secret, "url": desk.site.address}])
    desk.page.close()
    desk.page = desk.context.new_page()


@pytest.mark.parametrize("keys", [("Control", "Enter"), ("Enter",)])
def test_a_held_key_submits_one_task(desk: Desk, keys: tuple[str, ...]) -> None:
    """However long the key that submits is held, one answer leaves, and the next task is untouched."""
    desk.open("shapes")
    desk.press("n")
    hold(desk, *keys, times=25)
    (answer,) = desk.answered(1)
    assert len(answer["things"]["boxes"]) == 1
    assert desk.page.get_by_role("dialog").count() == 0


def test_a_held_key_does_not_answer_what_it_made_the_page_ask(desk: Desk) -> None:
    """Holding Enter on a task without marks asks whether there is nothing, and nothing leaves before another press."""
    desk.open("shapes")
    hold(desk, "Enter", times=20)
    desk.page.get_by_role("dialog").get_by_text("No box was drawn").wait_for()
    assert desk.site.answers(desk.user_id) == []


TWICE = """async ([ctrlKey, busy]) => {
  const press = () => new KeyboardEvent("keydown", { key: "Enter", ctrlKey, bubbles: true, cancelable: true });
  const [first, second] = [press(), press()];
  document.activeElement.dispatchEvent(first);
  for (let i = 0; i < 9; i++) await null;
  while (performance.now() - second.timeStamp < busy);
  document.activeElement.dispatchEvent(second);
}"""
"""Presses Enter twice at once; the page comes to the second press so many milliseconds later."""


@pytest.mark.parametrize("busy", [0, 1000])
@pytest.mark.parametrize("ctrl", [False, True])
def test_a_second_press_is_not_for_the_next_task(desk: Desk, ctrl: bool, busy: int) -> None:
    """Two presses in a row submit one task, however late a busy page comes to the second; that one neither submits nor asks."""
    desk.open("shapes")
    desk.press("n")
    desk.page.evaluate(TWICE, [ctrl, busy])
    assert len(desk.answered(1)) == 1
    assert desk.page.get_by_role("dialog").count() == 0


def test_a_second_press_confirms_nothing(desk: Desk) -> None:
    """The second of two presses does not say yes to what the first one made the page ask, however late a busy page comes to it."""
    desk.open("shapes")
    desk.page.evaluate(TWICE, [True, 1000])
    desk.page.get_by_role("dialog").get_by_text("No box was drawn").wait_for()
    assert desk.page.locator(".about span").nth(1).inner_text() == ""


@pytest.mark.parametrize("key", ["Enter", "Control+Enter"])
def test_nothing_is_submitted_unmarked_without_being_asked(desk: Desk, key: str) -> None:
    """Where no box was drawn the page asks; Escape goes back to the task, and Enter and the key that submits both confirm."""
    desk.open("shapes")
    desk.press(key)
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_text("No box was drawn. Submit it as empty?").wait_for()
    desk.press("Escape")
    dialog.wait_for(state="hidden")
    assert desk.site.answers(desk.user_id) == []
    desk.press("Control+Enter")
    dialog.wait_for()
    desk.page.wait_for_timeout(300)
    desk.press(key)
    assert desk.answered(1) == [{"things": {"kind": "boxes", "boxes": []}}]


def test_a_question_that_is_asked_again_right_after_escape_stays(desk: Desk) -> None:
    """However soon after Escape the key that submits comes, even before the browser tells of the closing, the page asks again."""
    desk.open("shapes")
    desk.press("Control+Enter")
    dialog = desk.page.get_by_role("dialog")
    dialog.wait_for()
    desk.page.evaluate(
        """async () => {
          const dialog = document.querySelector("dialog[open]");
          const told = new Promise((done) => dialog.addEventListener("close", done));
          dialog.requestClose();
          for (let i = 0; i < 9; i++) await null;  // the page does what follows from it, and no frame comes between
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
          await told;
        }"""
    )
    desk.page.evaluate("new Promise((done) => setTimeout(done))")
    assert dialog.count() == 1
    desk.press("Escape")
    dialog.wait_for(state="hidden")
    assert desk.site.answers(desk.user_id) == []


def test_that_there_is_nothing_is_said_by_a_key(desk: Desk) -> None:
    """0 says that there is nothing to mark, after which nobody asks; undo takes it back."""
    desk.open("shapes")
    desk.press("0")
    desk.page.get_by_text("There is nothing to mark.").wait_for()
    desk.press("Control+z")
    desk.page.get_by_text("Nothing marked yet.").wait_for()
    desk.press("0", "Control+Enter")
    assert desk.answered(1) == [{"things": {"kind": "boxes", "boxes": []}}]


def test_two_thousand_boxes_are_kept(desk: Desk) -> None:
    """Hundreds of boxes are saved with every edit, and their draft is as small as they are; a new tab undoes the last hundred steps."""
    desk.open("shapes")
    sent: list[tuple[int, int]] = []
    desk.page.on(
        "response",
        lambda answer: sent.append((answer.status, len(answer.request.post_data or ""))) if answer.url.endswith("/draft") else None,
    )
    for _ in range(300):
        desk.press("n")
    desk.page.get_by_text("Saved", exact=True).wait_for()
    status, size = sent[-1]
    assert status == 200
    assert size < 100_000
    desk.page.close()
    desk.page = desk.context.new_page()
    desk.open("shapes")
    assert desk.page.locator(".marks li").count() == 300
    desk.press(*["Control+z"] * 100)
    assert desk.page.locator(".marks li").count() == 200


def test_an_answer_that_waits_is_sent_for_whom_gave_it(desk: Desk) -> None:
    """What somebody answered without a network is not sent while another person is signed in in the same browser, and not lost either."""
    desk.open("notes")
    desk.context.set_offline(True)
    desk.press("1", "0", "Control+Enter")
    desk.page.get_by_text("Not saved").wait_for()
    desk.context.set_offline(False)
    desk.page.close()
    desk.page = desk.context.new_page()
    other, _ = desk.site.person()
    come_back(desk, other)
    desk.open("notes")
    desk.page.wait_for_timeout(1000)
    assert desk.site.answers(desk.user_id) == desk.site.answers(other) == []
    come_back(desk, desk.user_id)
    desk.open("notes")
    assert desk.answered(1)[0]["mood"]["label"] == "good"
    assert desk.site.answers(other) == []


def test_an_ended_session_keeps_the_answer_until_its_author_signs_in_again(desk: Desk) -> None:
    """When the session has ended, the page asks for a sign-in, comes back to the workbench after it, and sends what was answered."""
    with desk.site.workspace.database.read() as connection:
        name = connection.scalar(sa.select(tables.users.c.name).where(tables.users.c.id == desk.user_id))
    hashed = passwords.hash_password("a few long words")
    desk.site.workspace.database.write(lambda connection: people.set_password(connection, desk.user_id, hashed))
    come_back(desk, desk.user_id)
    desk.open("notes")
    desk.context.clear_cookies()
    desk.press("1", "0", "Control+Enter")
    desk.page.get_by_role("heading", name="Sign in").wait_for()
    assert desk.site.answers(desk.user_id) == []
    desk.page.get_by_label("Name").fill(str(name))
    desk.page.locator("input[type=password]").fill("a few long words")
    desk.press("Enter")
    desk.page.locator(".bench").wait_for()
    assert desk.answered(1)[0]["mood"]["label"] == "good"


def test_somebody_elses_session_in_another_tab_sends_nothing_of_mine(desk: Desk) -> None:
    """Where another person signs in in another tab, this tab becomes theirs, and an answer given in it before is not sent as theirs."""
    desk.open("notes")
    other, name = desk.site.person()
    secret = desk.site.workspace.database.write(lambda connection: people.create_session(connection, other, 1.0))
    desk.context.add_cookies([{"name": session_cookie(desk.site.address), "value": secret, "url": desk.site.address}])
    desk.press("1", "0", "Control+Enter")
    desk.page.locator("header .name", has_text=name).wait_for()
    desk.page.locator(".bench").wait_for()
    desk.page.wait_for_timeout(500)
    assert desk.site.answers(other) == []
    come_back(desk, desk.user_id)
    desk.open("notes")
    assert len(desk.answered(1)) == 1


def test_an_answer_that_is_refused_stays_with_its_reason(desk: Desk) -> None:
    """What the server will not take is listed with what it says and what was answered, also after a reload, until it is let go."""
    desk.open("notes")
    key = desk.page.locator(".about span").first.inner_text()
    leased = sa.select(tables.tasks.c.id).join(tables.items, tables.items.c.id == tables.tasks.c.item_id)
    taken = leased.where(tables.items.c.key == key, tables.tasks.c.user_id == desk.user_id)
    other, _ = desk.site.person()
    desk.site.workspace.database.write(
        lambda connection: connection.execute(
            sa.update(tables.tasks).where(tables.tasks.c.id.in_(taken)).values(user_id=other, lease="another")
        )
    )
    desk.press("2", *["ArrowRight"] * 6, "n", "Control+Enter")
    notice = desk.page.get_by_role("button", name="1 answer not taken")
    notice.wait_for()
    desk.page.reload()
    notice.click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_text("not, or no longer, yours").wait_for()
    assert dialog.get_by_text(key).count() == 1
    assert dialog.locator("li", has_text="bad").count() == 1
    dialog.get_by_role("button", name="Send again").click()
    notice.wait_for()
    notice.click()
    dialog.get_by_role("button", name="Let it go").click()
    notice.wait_for(state="hidden")
    assert desk.site.answers(desk.user_id) == []


def test_done_counts_the_items_that_one_has_answered(desk: Desk) -> None:
    """A correction adds nothing to the number of items done, and a reload takes nothing from it."""
    desk.open("notes")
    done = desk.page.locator(".about span").nth(1)
    for count in (1, 2):
        desk.press("1", "0", "Control+Enter")
        desk.answered(count)
    assert done.inner_text() == "2 done"
    desk.press("Control+b")
    desk.page.get_by_text("You are changing an answer").wait_for()
    with desk.page.expect_response("**/submit"):
        desk.press("1", "Control+Enter")
    assert done.inner_text() == "2 done"
    desk.page.reload()
    desk.page.locator(".bench").wait_for()
    assert done.inner_text() == "2 done"


def test_messages_go_when_what_they_speak_of_changes(desk: Desk) -> None:
    """That an answer is missing, and what a check found, is said under the question, covers nothing, and goes with the next answer."""
    desk.open("notes")
    desk.press("Control+Enter")
    missing = desk.page.locator("section", has_text="mood").get_by_text("'mood' has no answer yet.")
    missing.wait_for()
    assert desk.page.locator(".toast").count() == 0
    desk.press("2")
    missing.wait_for(state="hidden")
    desk.press("0", "Control+Enter")
    desk.page.get_by_role("dialog").get_by_text("is that so?").wait_for()
    desk.press("Escape")
    found = desk.page.locator("aside .finding")
    assert found.count() == 1
    desk.press(*["ArrowRight"] * 6, "n")
    found.wait_for(state="hidden")


def test_messages_cover_nothing(desk: Desk) -> None:
    """A message stands beside the page, not over it."""
    desk.open("notes")
    desk.page.route("**/skip", lambda route: route.fulfill(status=409, json={"error": {"code": "conflict", "message": "It cannot be."}}))
    desk.press("Control+k", "Enter")
    toast = desk.page.locator(".toast")
    toast.wait_for()
    box, main = toast.bounding_box(), desk.page.locator("main").bounding_box()
    assert box["y"] >= main["y"] + main["height"]


@pytest.mark.parametrize("project", ["notes", "shapes", "sounds", "scenes"])
def test_a_gesture_takes_its_question_into_hand(desk: Desk, project: str) -> None:
    """What is marked by key or pointer answers the question about places, whichever is in hand, and can be changed at once."""
    desk.open(project)
    make: dict[str, list[str]] = {"notes": ["ArrowRight", "n"], "sounds": ["i", "ArrowRight", "ArrowRight", "o"]}
    desk.press(*make.get(project, ["n"]))
    assert desk.page.locator("section.active .marks li.selected").count() == 1
    if project == "scenes":
        desk.press("PageUp", "m", "n", "PageUp")
        assert desk.page.locator(".marks li b").all_inner_texts() == ["flower", "mushroom"]
        frame = desk.page.locator(".image-viewer").bounding_box()
        x, y = frame["x"] + frame["width"] * 0.3, frame["y"] + frame["height"] * 0.3
        desk.page.mouse.move(x, y)
        desk.page.mouse.down()
        desk.page.mouse.move(x + 60, y + 50, steps=4)
        desk.page.mouse.up()
        assert desk.page.locator("section.active .marks li").count() == 3


def test_a_new_clip_starts_silent_and_the_first_space_plays_it(desk: Desk) -> None:
    """After a submission in the middle of a clip, the next one stands still at its beginning, says Play, and plays when asked."""
    desk.open("sounds")
    button = desk.page.locator(".player button")
    desk.press("i", "ArrowRight", "ArrowRight", "o", "Escape", " ")
    eventually(desk.page, lambda: button.inner_text() == "Pause")
    desk.press("Control+Enter")
    desk.answered(1)
    clock = desk.page.locator(".player span")
    eventually(desk.page, lambda: button.inner_text() == "Play" and clock.inner_text().startswith("0.00 s"))
    desk.press(" ")
    eventually(desk.page, lambda: button.inner_text() == "Pause" and not clock.inner_text().startswith("0.00 s"))


def test_two_segments_are_set_one_after_the_other(desk: Desk) -> None:
    """Behind the end of the segment that was just made, I begins another one."""
    desk.open("sounds")
    desk.press("i", "ArrowRight", "ArrowRight", "o", "ArrowRight", "i", "ArrowRight", "ArrowRight", "o", "Control+Enter")
    (answer,) = desk.answered(1)
    assert [(round(one["start"], 1), round(one["end"], 1)) for one in answer["calls"]["segments"]] == [(0.0, 0.5), (0.8, 1.2)]


def test_a_task_is_asked_by_the_questions_that_it_was_made_with(desk: Desk) -> None:
    """When a task comes from a newer pipeline than the page knows, the page reads the questions anew before it shows the task."""
    read: list[int] = []

    def answer(route: Any) -> None:
        found = route.fetch().json()
        read.append(found["pipeline_version"])
        if len(read) == 1:
            found["pipeline_version"] -= 1
            del found["schema"]["questions"]["parts"]
        route.fulfill(json=found)

    desk.page.route("**/api/projects/notes", answer)
    desk.open("notes")
    assert desk.page.locator("aside section").count() == 2
    assert len(read) == 2


def test_a_task_is_never_asked_by_old_questions_though_reading_them_failed(desk: Desk) -> None:
    """Where the newer questions of a task cannot be read at first, the page reads them again before it shows the task."""
    read: list[int] = []

    def answer(route: Any) -> None:
        read.append(1)
        if len(read) == 2:
            return route.abort("connectionrefused")
        found = route.fetch().json()
        if len(read) == 1:
            found["pipeline_version"] -= 1
            del found["schema"]["questions"]["parts"]
        return route.fulfill(json=found)

    desk.page.route("**/api/projects/notes", answer)
    desk.open("notes")
    assert desk.page.locator("aside section").count() == 2


def give(desk: Desk, *keys: str) -> tuple[Any, str, list[Any]]:
    """Submit an answer that does not reach the server yet; return where the item's key stands, that of the item, and what waits."""
    desk.open("notes")
    key = desk.page.locator(".about span").first
    first, waiting = key.inner_text(), list[Any]()
    desk.page.route("**/submit", lambda route: waiting.append(route))
    desk.press(*keys, "Control+Enter")
    key.filter(has_not_text=first).wait_for()
    return key, first, waiting


def test_an_answer_that_comes_back_does_not_interrupt_what_is_written(desk: Desk) -> None:
    """What is written about one task belongs to it, though the checks send another one back meanwhile: that one waits for the dialog."""
    key, first, waiting = give(desk, "2", "0")
    second = key.inner_text()
    desk.press("Control+/")
    desk.page.keyboard.type("Which lamp?")
    eventually(desk.page, lambda: bool(waiting))
    with desk.page.expect_response("**/submit"):
        waiting[0].continue_()
    desk.press("Control+Enter")
    desk.page.get_by_role("dialog").locator(".text", has_text="Which lamp?").wait_for()
    comment, items = tables.comments, tables.items
    about = sa.select(items.c.key).join(comment, comment.c.item_id == items.c.id).where(comment.c.user_id == desk.user_id)
    with desk.site.workspace.database.read() as connection:
        assert connection.scalars(about).all() == [second]
    desk.press("Escape")
    desk.page.get_by_role("dialog").get_by_text("is that so?").wait_for()
    assert key.inner_text() == first


def test_back_leads_to_the_answer_that_was_just_given(desk: Desk) -> None:
    """However soon after a submission one goes back, the answer that is on its way to the server is the one that comes."""
    key, first, waiting = give(desk, "1", "0")
    desk.press("Control+b")
    eventually(desk.page, lambda: bool(waiting))
    waiting[0].continue_()
    desk.page.get_by_text("You are changing an answer").wait_for()
    assert key.inner_text() == first


@pytest.mark.parametrize(("keys", "asked"), [(["Control+b"], "**/annotations/mine*"), (["Control+k", "Enter"], "**/skip")])
def test_what_nobody_answers_is_said_and_takes_nothing_away(desk: Desk, keys: list[str], asked: str) -> None:
    """Where the server does not answer, going back and passing on say so, and the task with its answers is still in hand."""
    desk.open("notes")
    key = desk.page.locator(".about span").first
    name = key.inner_text()
    desk.page.route(asked, lambda route: route.abort("connectionrefused"))
    desk.press("2", *keys)
    desk.page.locator(".toast", has_text="The server does not answer.").wait_for()
    assert key.inner_text() == name
    assert desk.page.locator(".label.chosen").inner_text().startswith("bad")


def test_a_box_that_is_made_before_the_picture_comes_stands_in_its_middle(desk: Desk) -> None:
    """Where the picture before was moved, the next one begins in the middle for whoever is faster than the network, too."""
    waiting: list[Any] = []
    desk.page.route("**/api/blobs/shapes/**", lambda route: waiting.append(route))
    desk.open("shapes")
    desk.page.keyboard.down("Control")
    desk.page.mouse.move(400, 400)
    desk.page.mouse.down()
    desk.page.mouse.move(500, 450, steps=4)
    desk.page.mouse.up()
    desk.page.keyboard.up("Control")
    desk.press("n", "Control+Enter")
    desk.answered(1)
    desk.press("n", "Control+Enter")
    boxes = [answer["things"]["boxes"][0] for answer in desk.answered(2)]
    moved, middle = [(round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)) for box in boxes]
    assert moved != middle == (200, 150)
    for route in waiting:
        route.continue_()


def test_no_picture_stands_for_another(desk: Desk) -> None:
    """A picture that comes late is not shown in place of the next one, and until the next one is there nothing is."""
    pictures: dict[str, list[Any]] = {}
    desk.page.route("**/api/blobs/shapes/**", lambda route: pictures.setdefault(route.request.url, []).append(route))
    desk.open("shapes")
    eventually(desk.page, lambda: len(pictures) == 3)
    first, second, _ = list(pictures)
    canvas = "document.querySelector('.image-viewer canvas')"
    colored = f"() => {canvas}.getContext('2d').getImageData(0, 0, {canvas}.width, {canvas}.height).data.some((one) => one)"
    key = desk.page.locator(".about span").first
    name = key.inner_text()
    desk.press("n", "Control+Enter")
    eventually(desk.page, lambda: key.inner_text() != name)
    assert not desk.page.evaluate(colored)
    for route in pictures[second]:
        route.continue_()
    desk.page.wait_for_function(colored)
    shown = desk.page.evaluate(f"{canvas}.toDataURL()")
    for route in pictures[first]:
        route.continue_()
    load = "(url) => new Promise((done) => { const one = new Image(); one.onload = () => setTimeout(done, 100); one.src = url; })"
    desk.page.unroute("**/api/blobs/shapes/**")
    desk.page.evaluate(load, first)
    assert desk.page.evaluate(f"{canvas}.toDataURL()") == shown


def test_an_answer_from_a_second_tab_hides_nothing(desk: Desk) -> None:
    """Both tabs show one task: the second answer is kept and shown beside the first, and takes its place only when that is asked for."""
    desk.open("following")
    other: Any = desk.context.new_page()
    other.goto(f"{desk.site.address}/#/p/following/label")
    other.locator(".bench").wait_for()
    desk.page.locator(".label", has_text="bug").click()
    desk.press("Control+Enter")
    (first,) = desk.answered(1)
    other.bring_to_front()
    other.locator(".label", has_text="refund").click()
    other.locator(".label", has_text="small").click()
    other.keyboard.press("Control+Enter")
    other.get_by_role("button", name="1 answer not taken").click()
    dialog = other.get_by_role("dialog")
    dialog.get_by_text("Your other answer, which stands").wait_for()
    assert [dialog.get_by_text(label, exact=True).count() for label in ("bug", "refund")] == [1, 1]
    assert desk.answered(1) == [first]
    dialog.get_by_role("button", name="Replace the other one").click()
    eventually(desk.page, lambda: [one["intent"]["label"] for one in desk.answered(1)] == ["refund"])
