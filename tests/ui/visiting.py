"""Somebody in front of a page, and a project in which two people have answered differently about every text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import labelwright
from labelwright.server.gate import session_cookie
from labelwright.store import people
from tests.server.site import Site, served, submit

PAGE = Path(labelwright.__file__).parent / "web" / "index.html"
AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
TEXT = "The Aurora lamp came on 9 March and does not work."


def needs_page() -> None:
    """Skip where the page is not built."""
    if not PAGE.is_file():
        pytest.skip("The page is not built: make page")


@contextmanager
def shown(folder: Path, *, guidelines: str = "") -> Iterator[Site]:
    """Serve the projects of the server's tests, with the page."""
    needs_page()
    with served(folder, f"sqlite:///{folder}/labelwright.db", guidelines=guidelines) as site:
        yield site


@contextmanager
def disputed(folder: Path, *, guidelines: str = "") -> Iterator[Site]:
    """Serve twelve texts about each of which Ada and Grace have said something else; all wait for a review, and Olga owns the project."""
    with shown(folder, guidelines=guidelines) as site:
        items = site.add_texts(*(f"{TEXT} Order {number}." for number in range(12)))
        first, second = site.browser(site.person(name="Ada")), site.browser(site.person(name="Grace"))
        for _ in items:
            submit(first, site.held(first), _answer("bug", (4, 15, "PRODUCT"), (24, 31, "DATE")))
            submit(second, site.held(second), _answer("refund", (4, 15, "PRODUCT")))
        owner = site.browser(site.person("owner", name="Olga"))
        for item in items:
            assert owner.post(f"/api/projects/tickets/items/{item}/review").json() == {"opened": True}
        site.keep_figures()
        yield site


def _answer(intent: str, *spans: tuple[int, int, str]) -> dict[str, Any]:
    marked = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    return {"intent": {"kind": "choice", "label": intent}, "parts": {"kind": "spans", "spans": marked}}


class Visit:
    """A page in the browser, with somebody signed in, that remembers what went wrong on it."""

    def __init__(self, chromium: Any, site: Site, user_id: int | None, **options: Any) -> None:
        self.site = site
        self.context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        if user_id is not None:
            secret = site.workspace.database.write(lambda connection: people.create_session(connection, user_id, 1.0))
            self.context.add_cookies([{"name": session_cookie(site.address), "value": secret, "url": site.address}])
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        # A refused request is told to the person on the page; everything else that the browser calls an error is one.
        warned = message.type == "warning" and "svelte" in message.text
        if warned or (message.type == "error" and "Failed to load resource" not in message.text):
            self.complaints.append(message.text)

    def open(self, path: str, wait_for: str) -> Any:
        self.page.goto("about:blank")
        self.page.goto(f"{self.site.address}/#{path}")
        self.page.locator(wait_for).first.wait_for()
        return self.page

    def violations(self) -> list[str]:
        # Through the debugger, because the page's policy forbids foreign scripts, as it should.
        self.context.new_cdp_session(self.page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found["violations"]]

    def close(self) -> None:
        self.context.close()
