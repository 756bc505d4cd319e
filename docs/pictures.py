"""Takes the pictures of the README anew: starts the demo, lets simulated colleagues work, and photographs the page.

    python docs/pictures.py

It needs the built page (`make page`) and a Chromium. The pictures go to `docs/images`; whatever is there is replaced. Two runs show the
same pages; who answered what may differ.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from labelwright import demo, review
from labelwright.analytics import keep
from labelwright.demo.simulate import simulate
from labelwright.demo.truth import truth_of
from labelwright.pipeline.run import advance, freeze
from labelwright.pipeline.turn import turn
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.server.gate import session_cookie
from labelwright.server.process import running_server
from labelwright.store import people, tables

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

IMAGES = Path(__file__).parent / "images"
SIZE: ViewportSize = {"width": 1280, "height": 800}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
NAME = "kim"

DRAFT = """async ([project, values]) => {
  const { csrf } = await (await fetch("/api/session")).json();
  const send = (method, path, body) => fetch(path, {
    method, headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify(body),
  });
  const { tasks } = await (await send("POST", `/api/projects/${project}/tasks/next`, { count: 1 })).json();
  const body = { values, settled: [], changes: [], done: 0 };
  await send("PUT", `/api/tasks/${tasks[0].id}/draft`, { lease: tasks[0].lease, sequence: Date.now(), body });
}"""
"""Keeps answers as a draft of the task in hand, as the page itself does."""

Picture = tuple[str, str, Callable[[Any, Workspace], None]]
"""The page, what is waited for, and what is done before it is taken."""


def main() -> int:
    """Write the demo into a folder that is thrown away, let colleagues work, and take every picture."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        print("There is no Chromium on this machine.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo.write(folder, seed=0)
        workspace = Workspace.open(folder)
        try:
            _photograph(workspace, folder, path)
        finally:
            workspace.close()
    return 0


def _photograph(workspace: Workspace, folder: Path, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with turn(workspace.database, wait_seconds=60):
        for opened in workspace.projects.values():
            advance(opened)
    secret = _person(workspace)
    # Without the worker nothing changes while it is looked at.
    with running_server(folder, worker=False) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        context.add_cookies([{"name": session_cookie(address), "value": secret, "url": address}])
        page = context.new_page()
        _take(page, address, workspace, BEFORE)
        page.goto("about:blank")
        simulate(workspace, address, projects=["tickets"], annotators=5, progress=_tell)
        with turn(workspace.database, wait_seconds=60):
            tickets = workspace.project("tickets")
            freeze(tickets)
            keep(tickets.project, tickets.pipeline.requirements)
        _ask_for_a_review(workspace.project("tickets"), workspace)
        _take(page, address, workspace, AFTER)
        browser.close()


def _take(page: Any, address: str, workspace: Workspace, pictures: dict[str, Picture]) -> None:
    for name, (place, wait_for, prepare) in pictures.items():
        page.goto("about:blank")
        page.goto(f"{address}/#/p/{place}")
        page.locator(wait_for).first.wait_for()
        page.wait_for_timeout(400)
        prepare(page, workspace)
        _settle(page)
        page.screenshot(path=IMAGES / f"{name}.png")
        _shrink(IMAGES / f"{name}.png")
        print(f"docs/images/{name}.png")


def _tell(done: int, total: int | None, what: str) -> None:
    print(f"\r{what}: {done} of {total or '?'}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _person(workspace: Workspace) -> str:
    """Add somebody who may do everything and give the secret of a session."""

    def add(connection: sa.Connection) -> str:
        user_id = people.create_user(connection, NAME)
        for opened in workspace.projects.values():
            people.set_role(connection, opened.project.id, user_id, "owner")
        return people.create_session(connection, user_id, 1.0)

    return workspace.database.write(add)


def _ask_for_a_review(opened: OpenProject, workspace: Workspace) -> None:
    """Ask for a review of the item whose two answers say the most, and not the same: the simulation leaves none waiting."""
    rows = tables.annotations
    query = (
        sa.select(rows.c.item_id)
        .where(rows.c.project_id == opened.project.id, rows.c.state == "submitted", rows.c.purpose == "label")
        .group_by(rows.c.item_id)
        .having(sa.func.count(rows.c["values"].distinct()) == 2, sa.func.count() == 2)
        .order_by(sa.func.min(sa.func.length(rows.c["values"])).desc())
        .limit(1)
    )

    def ask(connection: sa.Connection) -> None:
        for item in connection.scalars(query).all():
            review.request(connection, opened.project, item, "requested")

    workspace.database.write(ask)


def _settle(page: Any) -> None:
    """Let pictures and charts finish, and take away the pointer and the frame around what has the focus."""
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement?.blur()")
    page.locator(".toast").first.wait_for(state="detached", timeout=15_000)
    page.wait_for_timeout(1200)  # until what was done is saved


def _shrink(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def _text(page: Any, workspace: Workspace) -> None:
    """Accept what is suggested about a message of which more than a choice is suggested."""
    for _ in range(20):
        if page.locator(".suggestion").count() > 1:
            break
        _pass_on(page)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("PageDown")
    page.keyboard.press("Tab")


def _pass_on(page: Any) -> None:
    key = page.locator(".about span").first.inner_text()
    page.keyboard.press("Control+k")
    page.keyboard.press("Enter")
    page.locator(".about span").first.filter(has_not_text=key).wait_for()


def _truth(page: Any, workspace: Workspace) -> None:
    """Begin with what is right about the item in hand, as a draft; take the question about marks, and one mark."""
    project = page.url.split("/p/")[1].split("/")[0]
    values = truth_of(workspace.project(project))[page.locator(".about span").first.inner_text()]
    page.evaluate(DRAFT, [project, msgspec.to_builtins(values)])
    page.reload()
    page.locator(".bench").wait_for()
    page.wait_for_timeout(400)
    page.keyboard.press("PageDown")
    page.keyboard.press("Tab")


def _nothing(page: Any, workspace: Workspace) -> None:
    """Leave the page as it opens."""


BEFORE: dict[str, Picture] = {
    "label-text": ("tickets/label", ".bench", _text),
    "label-image": ("scenes/label", ".bench", _truth),
    "label-audio": ("clips/label", ".bench", _truth),
}
"""Pictures of the workbench, while all tasks wait."""

AFTER: dict[str, Picture] = {
    "overview": ("tickets/overview", ".stat", _nothing),
    "review": ("tickets/review", ".columns article", _nothing),
}
"""Pictures of what comes of it, when the colleagues are done."""


if __name__ == "__main__":
    sys.exit(main())
