"""The audit in a real browser: an own answer first, the label only where it says something else, and a decision between the two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright import review
from labelwright.review import ReviewPolicy
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Spans
from labelwright.store import tables
from labelwright.store.audit import audit
from tests.datasets import labeling
from tests.server.site import Site
from tests.ui.visiting import Visit, shown

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with shown(tmp_path_factory.mktemp("audits")) as site:
        yield site


def audited(site: Site, *texts: str) -> list[int]:
    """Add items on which all agree that they are bugs with nothing marked; each waits for an audit, and nothing else waits."""
    project, database = site.secret.project, site.workspace.database
    items = site.add_texts(*texts, project="secret")
    labeling.agree(project, dict.fromkeys(items, Choice("bug")))
    labeling.agree(project, dict.fromkeys(items, Spans()), question="parts")
    withdrawn = sa.update(tables.tasks).where(tables.tasks.c.project_id == project.id).values(state="cancelled")
    database.write(lambda connection: connection.execute(withdrawn))
    review.pick(project, ReviewPolicy(sample="100%", always=()), items)
    return items


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_audit_is_answered_blind_and_then_decided(site: Site, browser: Any, theme: str) -> None:
    """The editor opens empty and shows no label. The same answer ends the audit; another one shows both side by side, for one key."""
    opened = site.secret
    project, database = opened.project, site.workspace.database
    items = audited(site, "First, the same", "Second, another", "Third, the label is right")
    visit = Visit(browser, site, site.person("reviewer", "secret"), color_scheme=theme)
    page = visit.open("/p/secret/review", ".fix")
    assert "You see the label only if it says something else." in page.locator(".fix h1").inner_text()
    assert page.locator(".columns article").count() == 0
    for key, decides in (("2", None), ("1", "2"), ("3", None)):
        title = page.locator(".fix h1").inner_text()
        with page.expect_response("**/audit"):
            page.keyboard.press(key)
            page.keyboard.press("Control+Enter")
        if key == "2":
            page.wait_for_function("title => document.querySelector('.fix h1')?.innerText !== title", arg=title)
            continue
        page.locator(".columns article").nth(1).wait_for()
        assert [one.inner_text() for one in page.locator(".columns .head strong").all()] == ["The label", "Your answer"]
        assert page.get_by_role("button", name="Send back").count() == 0
        assert visit.violations() == []
        if decides:
            page.keyboard.press(decides)
        page.keyboard.press("a")
        if decides:
            page.locator(".fix").wait_for()
    page.get_by_text("nothing more waits").wait_for()
    page.goto("about:blank")
    reviews = sa.select(tables.reviews.c.verdict).where(tables.reviews.c.project_id == project.id, tables.reviews.c.item_id.in_(items))
    for _ in range(100):
        with database.read() as connection:
            if len(given := list(connection.scalars(reviews.order_by(tables.reviews.c.id)))) == 3:
                break
        page.wait_for_timeout(100)
    assert sorted(given) == ["accept", "accept", "fix"]
    with database.read() as connection:
        proof = audit(connection, project.id, opened.project.schema)["intent"]
    assert (proof.errors or 0) >= 1
    assert visit.complaints == []
    visit.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_whoever_answers_blind_has_the_guidelines_the_keys_and_one_key_to_skip(
    site: Site, browser: Any, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`G` and `?` do what they do elsewhere, Escape selects nothing and keeps the audit, and `S` skips it."""
    project, database = site.secret.project, site.workspace.database
    read = dataclasses.replace(site.secret, project=dataclasses.replace(project, guidelines="# Kinds\nRead it all."))
    monkeypatch.setitem(site.workspace.projects, "secret", read)
    audited(site, f"One in {theme}", f"Another in {theme}")
    visit = Visit(browser, site, site.person("reviewer", "secret"), color_scheme=theme)
    page = visit.open("/p/secret/review", ".fix")
    first = page.locator(".fix h1").inner_text()
    page.keyboard.press("g")
    page.get_by_role("region", name="Guidelines").wait_for()
    assert visit.violations() == []
    page.keyboard.press("g")
    page.get_by_role("region", name="Guidelines").wait_for(state="detached")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_text("Skip the audit").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keys").wait_for(state="hidden")
    with database.read() as connection:
        before = connection.scalar(sa.select(sa.func.count()).select_from(tables.skips))
    page.keyboard.press("Escape")
    assert page.locator(".fix h1").inner_text() == first
    with page.expect_response("**/skip"):
        page.keyboard.press("s")
    page.wait_for_function("title => document.querySelector('.fix h1')?.innerText !== title", arg=first)
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.skips)) == before + 1
    with page.expect_response("**/tasks/next"):
        page.keyboard.press("s")
    page.get_by_text("2 items you skipped, which come back to you after ten minutes").wait_for()
    assert page.get_by_text("Nothing waits for your review.").count() == 1
    assert visit.violations() == []
    assert visit.complaints == []
    visit.close()
