"""The certificate on the overview, in a real browser: it says what it counts, and what left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.datasets import certificate
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from tests.datasets import labeling
from tests.server.site import Site
from tests.ui.visiting import Visit, shown

pytestmark = pytest.mark.browser

RIGHT, WRONG = {"intent": Choice("refund")}, {"intent": Choice("bug")}


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with shown(tmp_path_factory.mktemp("certificate")) as site:
        yield site


def card(visit: Visit, question: str) -> str:
    """Open the overview anew and return all that its card says of a question, folded away or not."""
    page = visit.open("/p/tickets/overview", ".one")
    one = page.locator(".one", has=page.get_by_role("heading", name=question))
    if one.locator("details").count():
        one.locator("summary").click()
    return str(one.inner_text())


def test_the_card_names_the_errors_of_items_that_left(site: Site, browser: Any) -> None:
    """Of 60 audited labels five are wrong. Three of these items leave: their errors stay on the card, beside those that are still there,
    and the card says how many of the labels that the bound is about are there now. It shows the bound that is written down."""
    project, database = site.tickets.project, site.workspace.database
    items = site.add_texts(*(f"number {number}" for number in range(100)))
    labeling.agree(project, dict.fromkeys(items, Choice("refund")))
    withdrawn = sa.update(tables.tasks).where(tables.tasks.c.project_id == project.id).values(state="cancelled")
    database.write(lambda connection: connection.execute(withdrawn))
    labeling.pick(project, items[:60])
    auditor = site.person("reviewer")
    for place, item in enumerate(items[:60]):
        labeling.review(project, item, auditor, RIGHT, WRONG if place < 5 else None)
    site.keep_figures()
    visit = Visit(browser, site, site.person("owner"))
    before = card(visit, "intent")
    assert "5 errors in 60 items drawn at random from 100" in before
    assert "left" not in before
    assert "there now" not in before
    gone = sa.update(tables.items).where(tables.items.c.id.in_(items[:3])).values(state="replaced")
    database.write(lambda connection: connection.execute(gone))
    site.keep_figures()
    after = card(visit, "intent")
    with database.read() as connection:
        proof = certificate(connection, project).questions["intent"]
    assert "2 errors in 57 items drawn at random from 100" in after
    assert "3 errors of items that left the sample counted besides" in after
    assert "97 of the 100 labels are there now" in after
    assert f"≤ {100 * proof.bound:.1f}%" in after
    assert f"≤ {100 * proof.remaining:.1f}% after the audit's repairs" in after
    assert proof.statement in after
    assert "This assumes auditors who find every error" in after
    assert visit.violations() == []
    assert visit.complaints == []
    visit.close()
