"""Questions with a condition in a real browser: they come and go while somebody answers."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from labelwright.store import tables
from labelwright.store.codec import decode
from tests.ui.conftest import Desk, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def asked(desk: Desk) -> list[str]:
    """The questions that stand beside the item, in their order."""
    return [str(one.get_attribute("aria-label")) for one in desk.page.locator(".questions section").all()]


def in_hand(desk: Desk) -> str:
    """The question that the keyboard answers."""
    return str(desk.page.locator(".questions section.active").get_attribute("aria-label"))


def test_a_question_appears_and_disappears_with_the_answer_before_it(desk: Desk) -> None:
    """By keyboard alone: the question that has come is next, what is not asked is passed over, and only what is asked is sent."""
    desk.open("following")
    assert asked(desk) == ["intent", "checked"]
    desk.press("r")
    assert asked(desk) == ["intent", "amount", "checked"]
    assert in_hand(desk) == "amount"
    desk.press("2")
    assert asked(desk) == ["intent", "amount", "parts", "checked"]
    assert in_hand(desk) == "parts"
    # Back to the first question by its key, and another answer: what followed from the first is gone.
    desk.press("q", "q")
    assert in_hand(desk) == "intent"
    desk.press("b")
    assert asked(desk) == ["intent", "checked"]
    assert in_hand(desk) == "checked"
    desk.press("q")
    assert in_hand(desk) == "intent"
    desk.press("Control+Enter")
    assert desk.answered(1) == [{"intent": {"kind": "choice", "label": "bug"}}]


def test_what_was_answered_before_a_question_went_is_kept_in_the_draft(desk: Desk) -> None:
    """Whoever changes an answer back finds the follow-up answered, after a reload of the page, too."""
    desk.open("following")
    desk.press("r", "1", "q", "b")
    assert asked(desk) == ["intent", "checked"]
    drafts = tables.drafts
    query = sa.select(drafts.c.body).where(drafts.c.user_id == desk.user_id)

    def kept() -> bool:
        with desk.site.workspace.database.read() as connection:
            bodies = [decode(body) for body in connection.scalars(query)]
        return any(body["values"].get("intent", {}).get("label") == "bug" and "amount" in body["values"] for body in bodies)

    eventually(desk.page, kept)
    desk.page.reload()
    desk.page.locator(".bench").wait_for()
    assert asked(desk) == ["intent", "checked"]
    desk.press("r")
    assert asked(desk) == ["intent", "amount", "checked"]
    desk.press("Control+Enter")
    assert desk.answered(1) == [{"intent": {"kind": "choice", "label": "refund"}, "amount": {"kind": "choice", "label": "small"}}]


def test_a_question_that_is_asked_is_required(desk: Desk) -> None:
    """A follow-up without an answer is named and holds the submission up; where it is not asked, nobody misses it."""
    desk.open("following")
    desk.press("r", "Control+Enter")
    desk.page.get_by_text("'amount' has no answer yet.").wait_for()
    assert in_hand(desk) == "amount"
    desk.press("2", "Control+Enter")
    desk.page.get_by_text("Is there nothing?").wait_for()
    desk.page.get_by_role("button", name="Submit it as empty").click()
    (answer,) = desk.answered(1)
    assert answer["parts"] == {"kind": "spans", "spans": []}
