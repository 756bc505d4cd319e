"""A small workspace of three modalities behind a real server, and the system's Chromium."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import Workspace
from labelwright.server.gate import session_cookie
from labelwright.server.process import running_server
from labelwright.store import people, tables
from labelwright.store.codec import decode
from tests.ui.visiting import needs_page

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
TEXT = "Hello 🙂 team,\r\nmy Aurora lamp broke on 9 March."

NOTES = """\
name: notes
sources: [{uri: notes.jsonl, id: id}]
schema:
  data: {body: text}
  questions:
    mood: {kind: choice, of: body, options: [good, bad]}
    parts: {kind: spans, of: body, options: [{label: PRODUCT, key: p}, {label: DATE, key: d}], required: false}
  guidelines: guidelines.md
tasks: {gold: 0%, unassisted: 0%, overlap: 1}
checks:
  - {expression: {that: "mood == 'bad' implies len(parts) > 0", message: "Nothing is marked: is that so?", severity: warning}}
  - {too_fast: false}
review: {sample: 0%, always: []}
"""
SHAPES = """\
name: shapes
sources: [pictures]
schema:
  data: {picture: image}
  questions: {things: {kind: boxes, of: picture, options: [ball, cube]}}
tasks: {gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""
SOUNDS = """\
name: sounds
sources: [clips]
schema:
  data: {clip: audio}
  questions: {calls: {kind: segments, of: clip, options: [bird, bell]}}
tasks: {gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""

SCENES = """\
name: scenes
sources: [pictures]
schema:
  data: {picture: image}
  questions:
    place: {kind: choice, of: picture, options: [wood, meadow]}
    things: {kind: boxes, of: picture, options: [{label: flower, key: f}, {label: mushroom, key: m}], required: false}
tasks: {gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""

ARTICLES = """\
name: articles
sources: [articles.jsonl]
schema:
  data: {title: text, picture: image, body: text, sound: audio}
  questions: {mood: {kind: choice, of: body, options: [good, bad]}}
tasks: {gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""

FOLLOWING = """\
name: following
sources: [{uri: notes.jsonl, id: id}]
schema:
  data: {body: text}
  questions:
    intent: {kind: choice, of: body, options: [{label: refund, key: r}, {label: bug, key: b}]}
    amount: {kind: choice, of: body, options: [small, large], when: "intent == 'refund'"}
    parts: {kind: spans, of: body, options: [{label: PRODUCT, key: p}], when: "amount == 'large'"}
    checked: {kind: choice, of: body, options: ["yes", "no"], required: false}
tasks: {gold: 0%, unassisted: 0%}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""

BRIEF = """\
name: brief
sources: [{uri: notes.jsonl, id: id}]
schema:
  data: {body: text}
  questions: {mood: {kind: choice, of: body, options: [good, bad]}}
tasks: {gold: 0%, unassisted: 0%, lease: 6s}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""
LONG_SOUNDS = """\
name: long_sounds
sources: [clips]
schema:
  data: {clip: audio}
  questions: {calls: {kind: segments, of: clip, options: [bird, bell]}}
tasks: {gold: 0%, unassisted: 0%, lease: 6s}
checks: [{too_fast: false}]
review: {sample: 0%, always: []}
"""
"""Projects whose leases end after a few seconds."""

MANY = [f"species {chr(97 + n // 10)}{n % 10}" for n in range(38)] + ["Éider duck", {"label": "long-tailed tit", "key": "t"}]
"""Forty labels: far more than there are digits."""

WALKS = {"text": ("spans", "notes.jsonl"), "image": ("boxes", "pictures"), "audio": ("segments", "clips")}
"""Projects with the same questions for each modality: the kind of the one about places, and the source."""

CROWDED = {
    "many_notes": ("notes.jsonl", "text", {"bird": "choice", "places": "spans"}),
    "many_shapes": ("pictures", "image", {"birds": "boxes"}),
    "many_sounds": ("clips", "audio", {"birds": "segments"}),
}
"""Projects whose questions have forty labels: the source, the modality, and the questions with their kinds."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium; skips where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("There is no Chromium on this machine.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Site:
    """The workspace and where it is served."""

    workspace: Workspace
    address: str
    people: int = 0

    def person(self, role: str = "annotator") -> tuple[int, str]:
        """Add somebody to all projects and return number and name."""
        self.people += 1
        name = f"person {self.people}"

        def work(connection: sa.Connection) -> int:
            user_id = people.create_user(connection, name)
            for opened in self.workspace.projects.values():
                people.set_role(connection, opened.project.id, user_id, role)  # type: ignore[arg-type]  # a role by its name
            return user_id

        return self.workspace.database.write(work), name

    def answers(self, user_id: int) -> list[dict[str, Any]]:
        """The standing answers of a person, in plain JSON, the oldest first."""
        rows = tables.annotations
        query = sa.select(rows.c["values"]).where(rows.c.user_id == user_id, rows.c.state != "replaced").order_by(rows.c.id)
        with self.workspace.database.read() as connection:
            return [decode(values) for values in connection.scalars(query)]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three projects with a few items each, and three more with many labels, served by a process of its own."""
    needs_page()
    folder = tmp_path_factory.mktemp("site")
    _write(folder)
    workspace = Workspace.open(folder)
    for opened in workspace.projects.values():
        advance(opened)
    with running_server(folder) as address:
        yield Site(workspace, address)
    workspace.close()


def _write(folder: Path) -> None:
    import numpy as np
    import soundfile
    from PIL import Image, ImageDraw

    written = {"notes": NOTES, "shapes": SHAPES, "sounds": SOUNDS, "scenes": SCENES, "articles": ARTICLES, "following": FOLLOWING}
    for name, text in {**written, "brief": BRIEF, "long_sounds": LONG_SOUNDS}.items():
        (folder / name).mkdir()
        (folder / name / "labelwright.yaml").write_text(text, "utf-8")
    for name, (source, modality, questions) in CROWDED.items():
        (folder / name).mkdir()
        asked = {question: {"kind": kind, "of": "it", "options": MANY} for question, kind in questions.items()}
        pipeline = {
            "name": name,
            "sources": [source],
            "schema": {"data": {"it": modality}, "questions": asked},
            "tasks": {"gold": "0%", "unassisted": "0%"},
            "checks": [{"too_fast": False}],
            "review": {"sample": "0%", "always": []},
        }
        (folder / name / "labelwright.yaml").write_text(json.dumps(pipeline), "utf-8")
    for modality, (kind, source) in WALKS.items():
        things = {"kind": kind, "of": "it", "options": [{"label": "flower", "key": "f"}, {"label": "mushroom", "key": "m"}]}
        asked = {"place": {"kind": "choice", "of": "it", "options": ["wood", "meadow"]}, "things": {**things, "required": False}}
        pipeline = {
            "name": f"walk_{modality}",
            "sources": [source],
            "schema": {"data": {"it": modality}, "questions": asked, "guidelines": "guidelines.md"},
            "tasks": {"gold": "0%", "unassisted": "0%"},
            "checks": [{"too_fast": False}],
            "review": {"sample": "0%", "always": []},
        }
        (folder / f"walk_{modality}").mkdir()
        (folder / f"walk_{modality}" / "labelwright.yaml").write_text(json.dumps(pipeline), "utf-8")
        (folder / f"walk_{modality}" / "guidelines.md").write_text("Walk on.\n", "utf-8")
    _write_crowded(folder)
    notes = folder / "notes"
    (notes / "guidelines.md").write_text("# Guidelines\n\nMark **products** and dates.\n", "utf-8")
    (notes / "notes.jsonl").write_text(
        "".join(json.dumps({"id": f"n{n:02}", "body": f"{TEXT} Note {n}."}) + "\n" for n in range(120)), "utf-8"
    )
    rows = [{"id": f"b{n:02}", "body": f"Brief note {n}."} for n in range(40)]
    for name in ("brief", "following"):
        (folder / name / "notes.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    (folder / "long_sounds" / "clips").mkdir()
    for number in range(4):
        wave = np.sin(np.arange(8000 * 30) * (0.05 + 0.01 * number)) * 0.3
        soundfile.write(folder / "long_sounds" / "clips" / f"clip-{number}.wav", wave, 8000)
    articles = folder / "articles"
    rows = [
        {"title": f"Lamps of the year, part {n}", "picture": "lamp.png", "body": f"It glows and glows. {n}", "sound": "lamp.wav"}
        for n in range(12)
    ]
    (articles / "articles.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    Image.new("RGB", (320, 240), (230, 200, 120)).save(articles / "lamp.png")
    soundfile.write(articles / "lamp.wav", np.sin(np.arange(8000) * 0.05) * 0.3, 16000)
    for number in range(60):  # everybody who comes by holds three of them
        picture = Image.new("RGB", (400, 300), (230, 235, 240 - number))
        ImageDraw.Draw(picture).ellipse((100 + number, 80, 200, 180), fill=(200, 60, 60))
        for name in ("shapes", "scenes"):
            (folder / name / "pictures").mkdir(exist_ok=True)
            picture.save(folder / name / "pictures" / f"picture-{number}.png")
        (folder / "sounds" / "clips").mkdir(exist_ok=True)
        wave = np.sin(np.arange(16000 * 2) * (0.05 + 0.01 * number)) * 0.3
        soundfile.write(folder / "sounds" / "clips" / f"clip-{number}.wav", wave, 16000)


def _write_crowded(folder: Path) -> None:
    import numpy as np
    import soundfile
    from PIL import Image

    rows = [json.dumps({"it": f"An eider sat beside a tit on stone {n}."}) for n in range(24)]
    (folder / "many_notes" / "notes.jsonl").write_text("\n".join(rows), "utf-8")
    (folder / "walk_text" / "notes.jsonl").write_text("\n".join(rows), "utf-8")
    for number in range(12):
        (folder / "many_shapes" / "pictures").mkdir(exist_ok=True)
        Image.new("RGB", (320, 240), (90 + 10 * number, 120, 200)).save(folder / "many_shapes" / "pictures" / f"{number}.png")
        (folder / "many_sounds" / "clips").mkdir(exist_ok=True)
        wave = np.sin(np.arange(16000) * (0.04 + 0.01 * number)) * 0.3
        soundfile.write(folder / "many_sounds" / "clips" / f"{number}.wav", wave, 16000)
    for kind, project in (("pictures", "many_shapes"), ("clips", "many_sounds")):
        shutil.copytree(folder / project / kind, folder / ("walk_image" if kind == "pictures" else "walk_audio") / kind)


def eventually(page: Any, true: Callable[[], bool]) -> None:
    """Wait until something is true, on a slow machine too; the page goes on meanwhile."""
    for _ in range(300):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It did not become true.")


def still(page: Any) -> None:
    """Wait until nothing is read from the server any more, and colors and sizes have stopped changing."""
    page.wait_for_load_state("networkidle")
    moving = "document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished.catch(() => {}))"
    page.evaluate(f"async () => {{ await Promise.all({moving}); }}")


@dataclass
class Desk:
    """A browser in which somebody is signed in."""

    site: Site
    user_id: int
    context: Any
    page: Any
    complaints: list[str]

    def open(self, project: str) -> None:
        """Open the workbench and wait until a task is in hand."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.site.address}/#/p/{project}/label")
        self.page.locator(".bench").wait_for()

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a person does."""
        for key in keys:
            self.page.keyboard.press(key)

    def answered(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many answers are stored, and return them."""
        eventually(self.page, lambda: len(self.site.answers(self.user_id)) >= count)
        return self.site.answers(self.user_id)


@pytest.fixture
def desk(site: Site, browser: Any) -> Iterator[Desk]:
    """Somebody new at the workbench; whatever the browser complains about fails the test."""
    user_id, _ = site.person()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    secret = site.workspace.database.write(lambda connection: people.create_session(connection, user_id, 1.0))
    context.add_cookies([{"name": session_cookie(site.address), "value": secret, "url": site.address}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if _counts(message) else None)
    yield Desk(site, user_id, context, page, complaints)
    assert complaints == []
    context.close()


def _counts(message: Any) -> bool:
    # A refused or cut request is told to the person on the page.
    if message.type == "warning":
        return "svelte" in message.text
    return message.type == "error" and "Failed to load resource" not in message.text
