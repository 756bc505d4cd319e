"""Work that was begun on the page of an older version, in a real browser: kept on the server, or in the browser alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.store import tables
from tests.ui.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DRAFT: dict[str, Any] = {
    "values": {
        "mood": {"kind": "choice", "label": "good"},
        "parts": {"kind": "spans", "spans": [{"start": 0, "end": 3, "label": "PRODUCT"}, {"start": 4, "end": 6, "label": "DATE"}]},
    },
    "settled": [],
    "changes": [
        {"question": "parts", "at": 0, "removed": [], "added": [{"label": "PRODUCT", "geometry": [0, 3]}], "settled": []},
        {"question": "parts", "at": 1, "removed": [], "added": [{"label": "DATE", "geometry": [4, 6]}], "settled": []},
    ],
    "done": 2,
}
"""As version 0.1.0 wrote it, under a number higher than that of any other."""

REPLACE = """draft => new Promise((resolve, reject) => {
    const request = indexedDB.open("labelwright", 1);
    request.onerror = reject;
    request.onsuccess = () => {
        const store = request.result.transaction("kept", "readwrite").objectStore("kept");
        store.getAllKeys().onsuccess = ({target}) => {
            for (const key of target.result) if (key[2].startsWith("draft ")) store.put(draft, key);
        };
        store.transaction.oncomplete = () => resolve(request.result.close());
    };
})"""


@pytest.mark.parametrize("place", ["server", "browser"])
def test_a_draft_of_an_older_version_is_gone_on_with(desk: Desk, place: str) -> None:
    """Its marks are there, can be undone one by one, and are given as an answer."""
    desk.open("notes")
    desk.press("2")
    desk.page.get_by_text("Saved", exact=True).wait_for()
    sequence = 2**31 - 2
    if place == "browser":
        desk.page.evaluate(REPLACE, {"sequence": sequence, "body": DRAFT})
    else:
        mine = sa.update(tables.drafts).where(tables.drafts.c.user_id == desk.user_id)
        changed = mine.values(body=json.dumps(DRAFT), sequence=sequence)
        desk.site.workspace.database.write(lambda connection: connection.execute(changed))
    desk.page.close()
    desk.page = desk.context.new_page()
    desk.open("notes")
    assert desk.page.locator(".text-viewer mark").count() == 2
    assert desk.page.locator(".label.chosen", has_text="good").count() == 1
    desk.press("Control+z")
    assert desk.page.locator(".text-viewer mark").count() == 1
    desk.press("Control+Enter")
    (answer,) = desk.answered(1)
    assert answer == {
        "mood": {"kind": "choice", "label": "good"},
        "parts": {"kind": "spans", "spans": DRAFT["values"]["parts"]["spans"][:1]},
    }
