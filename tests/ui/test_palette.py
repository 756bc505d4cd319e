"""More labels than keys, in a real browser: finding one by typing, in every modality, and the keys that the pipeline file gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.conftest import Desk

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def find(desk: Desk, typed: str) -> list[str]:
    """Open the palette, type, and return the labels that are shown."""
    desk.press("/")
    desk.page.get_by_role("combobox", name="Label").wait_for()
    desk.page.keyboard.type(typed)
    return list(desk.page.get_by_role("option").locator("span").all_inner_texts())


def test_one_of_forty_labels_is_chosen_by_typing_a_part_of_it(desk: Desk) -> None:
    """Typing leaves the labels that fit, accents or not; Enter answers the choice, and the next question comes with its own labels."""
    desk.open("many_notes")
    assert desk.page.get_by_role("button", name="Find one of 40 labels").count() == 2
    assert find(desk, "eid") == ["Éider duck"]
    desk.press("Enter")
    desk.page.get_by_role("dialog").wait_for(state="hidden")
    desk.press("ArrowRight", "ArrowRight")
    assert find(desk, "d4")[0] == "species d4"
    desk.press("Enter", "n", "Control+Enter")
    (answer,) = desk.answered(1)
    assert answer["bird"]["label"] == "Éider duck"
    assert [(one["label"], one["start"], one["end"]) for one in answer["places"]["spans"]] == [("species d4", 3, 8)]


def test_the_arrows_choose_among_what_fits(desk: Desk) -> None:
    """Down and up walk the labels that are left, around the ends; Escape chooses nothing and gives the keys back."""
    desk.open("many_notes")
    assert find(desk, "b") == [f"species b{n}" for n in range(10)]
    desk.press("ArrowDown", "ArrowDown", "Enter")
    assert desk.page.locator("section", has_text="bird").locator(".label.chosen").all_inner_texts() == ["species b2"]
    desk.press("PageUp")
    find(desk, "b")
    desk.press("ArrowUp", "Enter")
    assert desk.page.locator("section", has_text="bird").locator(".label.chosen").all_inner_texts() == ["species b9"]
    desk.press("PageUp")
    find(desk, "zzz")
    desk.page.get_by_text("No label fits").wait_for()
    desk.press("Enter", "Escape", "3")
    assert desk.page.locator("section", has_text="bird").locator(".label.chosen").first.inner_text().startswith("species a2")


@pytest.mark.parametrize(
    ("project", "make", "question", "units"),
    [
        ("many_notes", ["q", "ArrowRight", "n", "Tab"], "places", "spans"),
        ("many_shapes", ["n"], "birds", "boxes"),
        ("many_sounds", ["i", "ArrowRight", "ArrowRight", "o"], "birds", "segments"),
    ],
)
def test_the_label_of_a_selected_mark_is_changed_by_typing(desk: Desk, project: str, make: list[str], question: str, units: str) -> None:
    """With a span, box or segment selected, the palette begins at its label and sets another; undo brings the first one back."""
    desk.open(project)
    desk.press(*make)
    find(desk, "")
    assert desk.page.get_by_role("option", selected=True).locator("span").inner_text() == "species a0"
    desk.page.keyboard.type("duck")
    desk.press("Enter")
    assert desk.page.locator(".marks li.selected b").inner_text() == "Éider duck"
    desk.press("Control+z")
    assert desk.page.locator(".marks b").inner_text() == "species a0"
    desk.press("Control+Shift+z")
    if project == "many_notes":
        desk.press("PageUp", "1")
    desk.press("Control+Enter")
    (answer,) = desk.answered(1)
    assert [one["label"] for one in answer[question][units]] == ["Éider duck"]


def test_a_key_of_the_pipeline_file_stands_on_its_label_and_works(desk: Desk) -> None:
    """The fortieth label has the key T, which is printed on it in the panel and in the palette; after a reload it still works."""
    desk.open("many_notes")
    assert find(desk, "long") == ["long-tailed tit"]
    assert desk.page.get_by_role("option").locator("kbd").inner_text() == "T"
    desk.press("Escape")
    desk.page.reload()
    desk.page.locator(".bench").wait_for()
    desk.press("t")
    chosen = desk.page.locator("section", has_text="bird").locator(".label.chosen")
    assert chosen.all_inner_texts() == ["long-tailed tit"]


def test_the_palette_is_used_by_pointer_too(desk: Desk) -> None:
    """The button above the labels opens it, and pressing a label chooses it."""
    desk.open("many_notes")
    desk.page.get_by_role("button", name="Find one of 40 labels").first.click()
    desk.page.get_by_role("option", name="species c7").click()
    assert desk.page.locator("section", has_text="bird").locator(".label.chosen").all_inner_texts() == ["species c7"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_palette(desk: Desk, scheme: str) -> None:
    """With forty labels and the palette open, the workbench is accessible by axe's rules, in light and in dark."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in ui/")
    desk.page.emulate_media(color_scheme=scheme)
    desk.open("many_notes")
    find(desk, "species")
    desk.context.new_cdp_session(desk.page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
    for _ in range(2):  # with the palette, and without it
        found = desk.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]] == []
        desk.press("Escape")
