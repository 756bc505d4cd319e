"""Exports over HTTP: streamed while they are written, whole with their media, and refused before they begin."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import socket
import time
import zipfile
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image

from labelwright import plugins
from labelwright.datasets import export, import_labels
from labelwright.errors import InvalidFile, LabelwrightError
from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.server import downloads
from labelwright.server.routes import versions
from labelwright.settings import Settings
from labelwright.store import tables
from tests.datasets.labeling import agree
from tests.server.site import Site, listening

PICTURES = """
name: pictures
sources: [{uri: photos}]
schema: {data: {photo: image}, questions: {intent: {kind: choice, of: photo, options: [refund, bug]}}}
dataset: {split: {train: 50%, test: 50%}}
run: {store: 'STORE'}
"""


@pytest.mark.parametrize("format", plugins.names("formats"))
def test_an_export_holds_every_labeled_item(site: Site, format: str) -> None:
    """What a format writes into a file or folder is what comes over HTTP, or a refusal in the one shape of errors."""
    agree(site.tickets.project, dict.fromkeys(site.add_texts(*(f"text {number}" for number in range(50))), "bug"))
    answer = site.browser(site.person("manager")).get("/api/projects/tickets/export", params={"format": format})
    if answer.status_code == 400:
        assert "cannot" in answer.json()["error"]["message"] or answer.json()["error"]["hint"]
        return
    assert answer.status_code == 200
    body = answer.content
    if body.startswith(b"PK"):
        packed = zipfile.ZipFile(io.BytesIO(body))
        assert packed.testzip() is None
        body = b"".join(packed.read(name) for name in packed.namelist())
    assert body.startswith(b"PAR1") or body.count(b"text ") >= 50 or b"PAR1" in body


MIXED = """
name: mixed
sources: [{uri: texts.jsonl, id: id}]
schema:
  data: {text: text}
  questions:
    ents: {kind: spans, of: text, options: [LOC, PER]}
    tone: {kind: choice, of: text, options: [good, poor]}
run: {store: 'STORE'}
"""


def test_what_a_format_cannot_hold_is_refused_or_left_out_and_counted(tmp_path: Path, store_url: str) -> None:
    """Without `drop` the export is refused, and says how much would be lost; with it, what was left out is counted beside the labels."""
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"id": f"t{n}", "text": "Anna met Bob"}) + "\n" for n in range(3)))
    (tmp_path / "labelwright.yaml").write_text(MIXED.replace("STORE", store_url))
    spans = [{"start": 0, "end": 8, "label": "PER"}, {"start": 5, "end": 12, "label": "LOC"}]
    rows = [{"key": f"t{n}", "ents": spans, "tone": "poor"} for n in range(3)]
    (tmp_path / "l.jsonl").write_text("\n".join(map(json.dumps, rows)))
    workspace = Workspace.open(tmp_path)
    opened = workspace.projects["mixed"]
    advance(opened)
    import_labels(opened.project, tmp_path / "l.jsonl", None, "gold")
    address = "/api/projects/mixed/export"
    with listening(workspace, Settings()) as root:
        site = Site(workspace, root)
        browser = site.browser(site.person("manager", "mixed"))
        refused = browser.get(address, params={"format": "conll"})
        answers = {format: browser.get(address, params={"format": format, "drop": True}) for format in ("conll", "jsonl")}
        site.close()
    workspace.close()
    assert refused.status_code == 400
    assert "3 spans share a token" in refused.json()["error"]["message"]
    assert 'filename="mixed-conll.zip"' in answers["conll"].headers["content-disposition"]
    for format, lost in (("conll", {"ents": 3}), ("jsonl", {})):
        packed = zipfile.ZipFile(io.BytesIO(answers[format].content))
        assert json.loads(packed.read("mixed/dropped.json")) == {"answers": lost}


def test_an_export_is_sent_while_it_is_written(site: Site) -> None:
    """The first bytes arrive with no length said beforehand, and whoever leaves early harms nobody who comes after."""
    fill(site, 8_000_000)
    browser = site.browser(site.person("manager"))
    with browser.stream("GET", "/api/projects/tickets/export", params={"format": "jsonl"}) as answer:
        assert answer.status_code == 200
        assert "content-length" not in answer.headers
        first = next(answer.iter_bytes(100))
        assert first.startswith(b"{")
    rows = [json.loads(line) for line in browser.get("/api/projects/tickets/export", params={"format": "jsonl"}).text.splitlines()]
    assert sum(len(row["body"]) > 200_000 for row in rows) == 40


def test_a_damaged_picture_goes_out_nowhere(tmp_path: Path, store_url: str) -> None:
    """An export whose original is damaged or missing is refused by the name of the item, in every format that copies it, over HTTP too."""
    workspace, opened = _pictures(tmp_path, store_url)
    with workspace.database.read() as connection:
        data = connection.scalar(sa.select(tables.items.c.data).where(tables.items.c.key == "p7.png"))
    blob = opened.project.blobs.path(json.loads(data)["photo"]["blob"])
    body = blob.read_bytes()
    refused = "The file that is kept of this item is"
    with listening(workspace, Settings()) as address:
        site = Site(workspace, address)
        browser = site.browser(site.person("manager", "pictures"))
        blob.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
        for what in ("damaged", "missing"):
            for format in ("jsonl", "csv", "parquet", "hugging_face", "label_studio"):
                target = tmp_path / f"{what} {format}"
                with pytest.raises(InvalidFile, match=f"item p7.png: {refused} {what}"):
                    export(opened.project, format, target)
                assert not [path for path in target.rglob("*") if "p7" in path.name]
            answer = browser.get("/api/projects/pictures/export", params={"format": "jsonl"})
            assert answer.status_code == 400
            assert answer.json()["error"]["where"] == "item p7.png"
            assert f"{refused} {what}" in answer.json()["error"]["message"]
            blob.unlink(missing_ok=True)
        blob.write_bytes(body)
        assert export(opened.project, "jsonl", tmp_path / "whole") == 12
        site.close()
    workspace.close()


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "hugging_face", "label_studio"])
def test_an_export_says_nothing_about_the_folders_of_the_machine(tmp_path: Path, store_url: str, format: str) -> None:
    """Where an item came from is told from its source on, although the source is named by an absolute path."""
    (tmp_path / "elsewhere").mkdir()
    workspace, opened = _pictures(tmp_path, store_url, tmp_path / "elsewhere" / "photos")
    target = tmp_path / "out"
    assert export(opened.project, format, target) == 12
    written = b"".join(path.read_bytes() for path in target.rglob("*") if path.is_file())
    assert str(tmp_path).encode() not in written
    assert b"elsewhere" not in written
    workspace.close()


def _pictures(tmp_path: Path, store_url: str, photos: Path | None = None) -> tuple[Workspace, OpenProject]:
    """Twelve labeled pictures, in a folder of the project or in one far from it."""
    folder = tmp_path / "project"
    folder.mkdir()
    place = photos or folder / "photos"
    place.mkdir()
    for number in range(12):
        Image.new("RGB", (20 + number, 10), (number, 0, 0)).save(place / f"p{number}.png")
    uri = str(place) if photos else "photos"
    (folder / "labelwright.yaml").write_text(PICTURES.replace("STORE", store_url).replace("uri: photos", f"uri: '{uri}'"), "utf-8")
    workspace = Workspace.open(folder)
    opened = workspace.projects["pictures"]
    advance(opened)
    with workspace.database.read() as connection:
        found = list(connection.scalars(sa.select(tables.items.c.id)))
    agree(opened.project, dict.fromkeys(found, "bug"))
    return workspace, opened


def test_pictures_travel_with_their_labels(tmp_path: Path, store_url: str) -> None:
    """Labels that name pictures come in a ZIP file that holds each of them, split as the pipeline says."""
    workspace, _opened = _pictures(tmp_path, store_url)
    with listening(workspace, Settings()) as address:
        site = Site(workspace, address)
        browser = site.browser(site.person("manager", "pictures"))
        answer = browser.get("/api/projects/pictures/export", params={"format": "jsonl"})
        site.close()
    workspace.close()
    assert 'filename="pictures-jsonl.zip"' in answer.headers["content-disposition"]
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    (labels,) = [name for name in packed.namelist() if name.endswith(".jsonl")]
    rows = [json.loads(line) for line in packed.read(labels).splitlines()]
    assert {row["split"] for row in rows} == {"train", "test"}
    for row in rows:
        name = next(value for value in _strings(row) if value.endswith(".png") and "/" in value)
        picture = Image.open(io.BytesIO(packed.read(f"{labels.rpartition('/')[0]}/{name}")))
        assert picture.height == 10


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _strings(one)]
    return [value] if isinstance(value, str) else []


def test_no_more_downloads_are_made_at_once_than_may(site: Site) -> None:
    """While as many are made and wait as may, a further one is sent away for a while, and people's work goes on.

    Once those who asked are gone, so are the processes that wrote for them, and others have their turn.
    """
    fill(site, 20_000_000)
    manager, ann = site.browser(site.person("manager")), site.browser(site.person())
    with contextlib.ExitStack() as all_open:
        for _ in range(downloads.MOST_RUNNING):
            # Two that have begun, and whose readers take no more for a while.
            all_open.enter_context(manager.stream("GET", "/api/projects/tickets/export"))
        waiting = [socket_that_asks(site.address, manager) for _ in range(downloads.MOST_WAITING)]
        refused = until_refused(manager)
        assert refused.json()["error"]["code"] == "busy"
        assert int(refused.headers["Retry-After"]) > 0
        site.held(ann)
        for one in waiting:
            one.close()
    deadline = time.monotonic() + 60
    while (answer := manager.get("/api/projects/tickets/export")).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer.status_code == 200
    assert answer.text.count("x" * 500_000) == 40
    while writing() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert writing() == []


def test_a_reader_who_comes_back_too_late_gets_no_part_for_the_whole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes nothing for too long is taken for gone: the process ends, and what was begun breaks off."""
    monkeypatch.setattr(downloads, "PATIENCE_SECONDS", 0.5)
    fill(site, 20_000_000)
    manager = site.browser(site.person("manager"))
    with manager.stream("GET", "/api/projects/tickets/export") as answer:
        deadline = time.monotonic() + 60
        while writing() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert writing() == []
        with pytest.raises(httpx.TransportError):
            answer.read()


def test_a_reader_who_leaves_leaves_nothing_behind(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in which a process writes aside what it packs is gone with the reader, whenever that is."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    fill(site, 20_000_000)
    order = versions._order(site.tickets, "jsonl", None, whole=True, drop=False)

    async def leave(taken: int) -> None:
        download = await downloads.Downloads().begin(order)
        while not any(tmp_path.glob("labelwright-export-*/*/*")):
            await asyncio.sleep(0.01)
        for _ in range(taken):
            await download.take()
        download.leave()
        await download._process.wait()
        assert list(tmp_path.glob("labelwright-export-*")) == []

    for taken in (0, 1):
        asyncio.run(leave(taken))


def test_what_a_process_cannot_write_is_said(site: Site) -> None:
    """An error of the process reaches whoever asked as the error that it is, and one that dies gives no part for the whole."""
    manager = site.browser(site.person("manager"))
    answer = manager.get("/api/projects/tickets/export", params={"version": 7})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    fill(site, 8_000_000)

    async def break_off() -> None:
        download = await downloads.Downloads().begin(versions._order(site.tickets, "jsonl", None, whole=False, drop=False))
        assert await download.take()
        download._process.kill()
        with pytest.raises(LabelwrightError, match="broke off"):
            await the_rest(download)
        download.leave()

    asyncio.run(break_off())


async def the_rest(download: downloads.Download) -> None:
    while await download.take():
        pass


def fill(site: Site, size: int) -> None:
    """Make forty labeled texts of so many bytes together."""
    agree(site.tickets.project, dict.fromkeys(site.add_texts(*(f"{number} " + "x" * (size // 40) for number in range(40))), "bug"))


def socket_that_asks(address: str, browser: httpx.Client) -> socket.socket:
    host, _, port = address.removeprefix("http://").partition(":")
    made = socket.create_connection((host, int(port)))
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    made.sendall(f"GET /api/projects/tickets/export HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookies}\r\n\r\n".encode())
    return made


def until_refused(browser: httpx.Client) -> httpx.Response:
    """Ask until those who asked before have been heard: what is not refused is left at once."""
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.ReadTimeout):
            answer = browser.get("/api/projects/tickets/export", timeout=1)
            if answer.status_code == 503:
                return answer
        assert time.monotonic() < deadline


def writing() -> list[str]:
    """The processes that this one has started for downloads and that are still at work."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if parent == str(os.getpid()) and state != "Z" and b"server._download" in stat.with_name("cmdline").read_bytes():
                found.append(stat.parent.name)
    return found
