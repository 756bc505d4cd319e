"""The keys of the workbench: every action has one and is done by it, none clashes, and whoever wants others gives others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelwright.schema import keys
from labelwright.schema.modalities import MODALITIES
from tests.ui.conftest import Desk, eventually
from tests.ui.test_suggestions import suggest

UI = Path(__file__).parents[2] / "ui" / "src"

ACTIONS = {
    name: (re.findall(r'"([^"]+)"', shortcuts), title)
    for name, shortcuts, title, places in re.findall(
        r'^  (\w+): \{ keys: \[(.+?)\], title: "(.+?)", when: \[(.+?)\]', (UI / "keys" / "actions.ts").read_text("utf-8"), re.M
    )
    if '"label"' in places
}
"""The page's own table: each action of the workbench with its keys, and what the help says of it."""

MAKE = {"text": ["ArrowRight", "n"], "image": ["n"], "audio": ["i", "ArrowRight", "ArrowRight", "o"]}
PLACES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "text": ("spans", [{"start": 6 * n, "end": 6 * n + 4, "label": "flower"} for n in range(3)]),
    "image": ("boxes", [{"x": 10 + 60 * n, "y": 20, "width": 40, "height": 30, "label": "flower"} for n in range(3)]),
    "audio": ("segments", [{"start": 0.3 * n, "end": 0.3 * n + 0.2, "label": "flower"} for n in range(3)]),
}


def test_the_server_knows_the_keys_of_the_page() -> None:
    """What labels are refused as keys is what the workbench, its viewers and its tools use, no more and no less."""
    assert len(ACTIONS) >= 19
    characters = {key.lower() for shortcuts, _ in ACTIONS.values() for key in shortcuts if len(key) == 1}
    assert set(keys.ACTIONS) == characters
    for modality, value in MODALITIES.items():
        used = value.keys
        assert claimed(modality) == set(used)
        # Whoever claims a key says in its own code that it listens to it.
        code = "".join(path.read_text("utf-8") for folder in drawn_in(modality) for path in folder.glob("*.ts"))
        assert [key for key in used if f'event.key === "{key}"' not in code and f'case "{key}":' not in code] == []


def drawn_in(modality: str) -> list[Path]:
    """The folder of a modality, and those of the kinds that are drawn in it."""
    tools = [path.parent for path in (UI / "kinds").glob("*/tool.ts") if f'viewer: "{modality}"' in path.read_text("utf-8")]
    return [UI / "viewers" / modality, *tools]


def claimed(modality: str) -> set[str]:
    """The characters that a viewer, and the kinds that are drawn in it, claim for themselves."""
    claims = "".join((folder / "index.ts").read_text("utf-8") for folder in drawn_in(modality))
    rows = re.findall(r"\{\s*shown: .+?,\s*keys: \[(.*?)\],\s*title: ", claims, re.S)
    found = {key for row in rows for key in re.findall(r'"([^"]+)"', row)}
    return {key.lower() for key in found if len(key) == 1 and key != " "}


class Walk:
    """Somebody who does one action after the other by its keys, and remembers which."""

    def __init__(self, desk: Desk) -> None:
        self.page = desk.page
        self.done: set[str] = set()

    def do(self, action: str, true: Callable[[], bool], which: int = 0) -> None:
        """Press a key of an action, and wait until what it does is done."""
        key = ACTIONS[action][0][which]
        self.page.keyboard.press(key.replace("Ctrl", "Control"))
        self.done.add(action)
        eventually(self.page, true)

    def marks(self, count: int) -> Callable[[], bool]:
        return lambda: self.page.locator(".marks li:not(.none)").count() == count

    def selected(self, index: int | None) -> Callable[[], bool]:
        script = "() => [...document.querySelectorAll('.marks li')].findIndex((one) => one.classList.contains('selected'))"
        return lambda: self.page.evaluate(script) == (-1 if index is None else index)

    def sees(self, text: str, times: int = 1) -> Callable[[], bool]:
        return lambda: self.page.locator("main, dialog[open]").get_by_text(text, exact=True).count() == times

    def at(self, question: str) -> Callable[[], bool]:
        return lambda: self.page.locator("section.active").get_attribute("aria-label") == question

    def dialog(self, title: str) -> Callable[[], bool]:
        return lambda: self.page.get_by_role("dialog").get_by_role("heading", name=title).count() == 1

    def leave(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.get_by_role("dialog").wait_for(state="hidden")


@pytest.mark.parametrize("modality", ["text", "image", "audio"])
@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_every_action_is_done_by_its_keys(desk: Desk, modality: str) -> None:
    """The walk through the page's table of actions does each by keyboard alone, and the help lists them all."""
    kind, places = PLACES[modality]
    suggest(desk, f"walk_{modality}", {"place": {"kind": "choice", "label": "meadow"}, "things": {"kind": kind, kind: places}})
    walk, page = Walk(desk), desk.page

    def chosen(times: int) -> Callable[[], bool]:
        return lambda: page.locator("section").first.locator(".label.chosen").count() == times

    walk.do("help", walk.dialog("Keys"))
    listed = page.get_by_role("dialog").inner_text()
    assert [what for _, what in ACTIONS.values() if what not in listed] == []
    walk.leave()
    walk.do("accept", chosen(1))
    walk.do("undo", chosen(0))
    walk.do("redo", chosen(1))
    walk.do("undo", chosen(0))
    walk.do("redo", chosen(1), which=1)
    page.keyboard.press("Control+z")
    for which in (0, 1):
        walk.do("nextQuestion", walk.at("things"), which)
        walk.do("previousQuestion", walk.at("place"), which)
    walk.do("accept", walk.at("things"))
    walk.do("reject", lambda: "the next of 2" in page.locator(".suggestion").inner_text())
    page.keyboard.press("Control+z")
    walk.do("acceptAll", walk.marks(3))
    walk.do("nextMark", walk.selected(0))
    walk.do("nextMark", walk.selected(1))
    walk.do("previousMark", walk.selected(0))
    walk.do("unselect", walk.selected(None))
    walk.do("nextMark", walk.selected(0))
    walk.do("remove", walk.marks(2))
    walk.do("reject", walk.marks(1))
    walk.do("remove", walk.marks(0))
    walk.do("nothing", walk.sees("There is nothing to mark."))
    walk.do("pick", walk.dialog("Label · things"))
    walk.leave()
    walk.do("guidelines", walk.sees("Walk on."))
    walk.do("guidelines", walk.sees("Walk on.", 0))
    walk.do("comment", walk.dialog("Comments"))
    walk.leave()
    walk.do("skip", walk.dialog("Pass on"))
    walk.leave()
    desk.press(*MAKE[modality])
    assert walk.marks(1)()
    key = page.locator(".about span").first.inner_text()
    walk.do("submit", lambda: page.locator(".about span").first.inner_text() != key)
    (answer,) = desk.answered(1)
    assert len(answer["things"][kind]) == 1
    walk.do("back", lambda: page.locator(".about span").first.inner_text() == key)
    assert walk.done == set(ACTIONS)


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_another_key_is_given_once_and_kept(desk: Desk) -> None:
    """A key that is changed in the help works at once and after a reload, is printed on the page, and can be taken back."""
    desk.open("walk_text")
    walk, page = Walk(desk), desk.page
    change = page.get_by_role("button", name="Change the key: Next question")
    desk.press("?")
    change.click()
    desk.press("f")
    page.get_by_text("F means already: a label. Press another one.").wait_for()
    desk.press("n")
    page.get_by_text("N means already: what is marked.").wait_for()
    desk.press("g")
    page.get_by_text("G means already: Show or hide the guidelines.").wait_for()
    desk.press("b")
    assert page.locator("tr", has_text="Next question").locator("kbd").all_inner_texts() == ["B"]
    walk.leave()
    assert walk.at("place")()
    desk.press("q")
    assert walk.at("place")()
    desk.press("b")
    assert walk.at("things")()
    page.reload()
    page.locator(".bench").wait_for()
    assert page.locator("section h2 kbd").inner_text() == "B"
    desk.press("b")
    assert walk.at("things")()
    desk.press("?")
    page.get_by_role("button", name="All keys as they were").click()
    walk.leave()
    desk.press("q")
    assert walk.at("place")()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_key_that_is_a_labels_elsewhere_gives_way_there(desk: Desk) -> None:
    """Where a label of another project has the key that somebody gave an action, the label is set by it, and the action by its own key."""
    desk.open("walk_text")
    desk.press("?")
    desk.page.get_by_role("button", name="Change the key: Next question").click()
    desk.press("p")
    desk.open("notes")
    walk = Walk(desk)
    desk.press("ArrowRight", "n", "p")
    assert walk.marks(1)()
    assert desk.page.locator(".marks li b").inner_text() == "PRODUCT"
    walk.do("nextQuestion", walk.at("mood"))
