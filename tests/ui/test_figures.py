"""The pages show each figure as every other page does: read off the pages of a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from labelwright.server.gate import session_cookie
from labelwright.store import people
from tests.analytics.world import fill
from tests.server.site import Site
from tests.ui.conftest import still
from tests.ui.visiting import Visit, shown

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with shown(tmp_path_factory.mktemp("figures")) as site:
        fill(site)
        yield site


@pytest.fixture(scope="module")
def page(site: Site, browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    owner = site.person("owner", name="Olga")
    site.workspace.database.write(lambda connection: people.set_role(connection, site.secret.project.id, owner, "owner"))
    secret = site.workspace.database.write(lambda connection: people.create_session(connection, owner, 1.0))
    context.add_cookies([{"name": session_cookie(site.address), "value": secret, "url": site.address}])
    yield context.new_page()
    context.close()


def look(site: Site, page: Any, place: str, wait: str) -> str:
    page.goto("about:blank")
    page.goto(f"{site.address}/#/{place}")
    page.get_by_text(wait).first.wait_for()
    still(page)
    return str(page.locator("main").inner_text())


def test_every_page_tells_the_same_labeled_items(site: Site, page: Any) -> None:
    """Overview, its funnel, Projects and Items tell the same number of items and of labeled ones, and the bar is drawn of that share."""
    overview = look(site, page, "p/tickets/overview", "From raw to frozen")
    assert "23 of 31 items, 8 gold besides" in overview
    assert "As of" in overview
    steps = {}
    for step in page.locator("ol li").all():
        name, value, note = (step.locator(f".{part}").inner_text() for part in ("name", "value", "note"))
        bar = step.locator(".track span")
        share = re.fullmatch(r"(\d+)% of (\d+)", note)
        if share:
            width = bar.evaluate("(one) => one.getBoundingClientRect().width / one.parentElement.getBoundingClientRect().width")
            assert round(100 * width) == pytest.approx(int(share[1]), abs=1), name
            assert round(100 * int(value) / int(share[2])) == int(share[1]), name
        steps[name.split(" ", 1)[1]] = int(value)
    assert (steps["Prepared"], steps["Labeled"], steps["Answered"], steps["Reviewed"]) == (39, 23, 23, 2)
    assert "23 of 31 items labeled, 8 gold besides" in look(site, page, "", "labeled")
    assert "39 items" in look(site, page, "p/tickets/items", "39 items")


def test_a_person_is_as_right_on_gold_on_both_pages(site: Site, page: Any) -> None:
    """The share of gold answers that were right, all questions together, is the same on the Overview and on Quality."""
    look(site, page, "p/tickets/overview", "Annotators")
    row = page.locator("tr", has=page.get_by_role("rowheader", name="ann", exact=True))
    on_overview = row.locator("td").nth(2).inner_text().replace(" ", "")
    for question in ("intent", "parts"):
        quality = look(site, page, f"p/tickets/quality?question={question}", "Gold items")
        assert f"{on_overview}onallquestions" in quality.replace(" ", "")
    assert re.fullmatch(r"\d+%of\d+", on_overview)


def test_figures_that_are_not_there_yet_are_said_to_be_computed(site: Site, page: Any) -> None:
    """Where nothing has been counted yet, Projects and the Overview say so, and no number is shown."""
    assert "The figures are being computed." in look(site, page, "p/secret/overview", "being computed")
    assert "The figures are being computed." in look(site, page, "", "being computed")


def test_annotators_find_their_projects_without_figures(site: Site, browser: Any) -> None:
    """How far a project is would tell which answers were about gold items: an annotator sees the project, the way in and no number."""
    visit = Visit(browser, site, site.person())
    page = visit.open("/", "li h2")
    still(page)
    card = page.locator("li", has=page.get_by_role("heading", name="tickets"))
    assert card.get_by_role("link", name="Label", exact=True).count() == 1
    assert not re.search(r"\d", card.inner_text())
    assert "computed" not in card.inner_text()
    assert visit.violations() == []
    assert visit.complaints == []
    visit.close()


def test_a_figure_says_what_it_counts(site: Site, page: Any) -> None:
    """The definition of a figure stands where the figure does."""
    look(site, page, "p/tickets/overview", "Where it stands")
    title = page.locator(".stat .name", has_text="Labeled").get_attribute("title")
    assert title is not None
    assert "Of: items to label." in title
