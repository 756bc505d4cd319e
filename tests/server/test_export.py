"""Exports over HTTP: streamed while they are written, whole with their media, and refused before they begin."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import zipfile
from pathlib import Path
from typing import IO

import pytest
import sqlalchemy as sa
from PIL import Image

from labelwright import plugins
from labelwright.errors import InvalidInput
from labelwright.pipeline.run import advance
from labelwright.pipeline.workspace import Workspace
from labelwright.server import outlet
from labelwright.settings import Settings
from labelwright.store import tables
from tests.datasets.labeling import agree
from tests.server.house import House, listening

PICTURES = """
name: pictures
sources: [{uri: photos}]
schema: {data: {photo: image}, questions: {intent: {kind: choice, of: photo, options: [refund, bug]}}}
dataset: {split: {train: 50%, test: 50%}}
run: {store: 'STORE'}
"""


@pytest.mark.parametrize("format", plugins.names("formats"))
def test_an_export_holds_every_labeled_item(house: House, format: str) -> None:
    """What a format writes into a file or folder is what comes over HTTP, or a refusal in the one shape of errors."""
    agree(house.tickets.project, dict.fromkeys(house.add_texts(*(f"text {number}" for number in range(50))), "bug"))
    answer = house.browser(house.person("manager")).get("/api/projects/tickets/export", params={"format": format})
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


def test_an_export_is_sent_while_it_is_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first chunk arrives with no length said beforehand, and whoever leaves early harms nobody who comes after."""
    monkeypatch.setattr(outlet, "CHUNK", 1000)
    agree(house.tickets.project, dict.fromkeys(house.add_texts(*(f"{number} " + "x" * 500 for number in range(60))), "bug"))
    browser = house.browser(house.person("manager"))
    with browser.stream("GET", "/api/projects/tickets/export", params={"format": "jsonl"}) as answer:
        assert answer.status_code == 200
        assert "content-length" not in answer.headers
        first = next(answer.iter_bytes(100))
        assert first.startswith(b"{")
    rows = [json.loads(line) for line in browser.get("/api/projects/tickets/export", params={"format": "jsonl"}).text.splitlines()]
    assert sum(row["body"].endswith("x" * 500) for row in rows) == 60


def test_whoever_leaves_lets_the_writer_end() -> None:
    """A writer that waits for room stops once nobody reads on, and one that fails tells the reader."""

    async def read() -> None:
        stopped: list[str] = []

        def endless(file: IO[bytes]) -> None:
            try:
                while True:
                    file.write(b"x" * outlet.CHUNK)
            except BrokenPipeError:
                stopped.append("left")
                raise

        one = outlet.Outlet()
        written = one.filled_by(endless)
        assert await one.take() == b"x" * outlet.CHUNK
        one.leave()
        await asyncio.wait_for(written, 20)
        assert stopped == ["left"]

        def broken(file: IO[bytes]) -> None:
            file.write(b"begun")
            raise InvalidInput("It cannot be written.")

        other = outlet.Outlet()
        failed = other.filled_by(broken)
        assert await other.take() == b""
        with pytest.raises(InvalidInput):
            await failed

    asyncio.run(read())


def test_pictures_travel_with_their_labels(tmp_path: Path, store_url: str) -> None:
    """Labels that name pictures come in a ZIP file that holds each of them, split as the pipeline says."""
    (tmp_path / "photos").mkdir()
    for number in range(12):
        Image.new("RGB", (20 + number, 10), (number, 0, 0)).save(tmp_path / "photos" / f"p{number}.png")
    (tmp_path / "labelwright.yaml").write_text(PICTURES.replace("STORE", store_url), "utf-8")
    workspace = Workspace.open(tmp_path)
    opened = workspace.projects["pictures"]
    advance(opened)
    with workspace.database.read() as connection:
        found = list(connection.scalars(sa.select(tables.items.c.id)))
    agree(opened.project, dict.fromkeys(found, "bug"))
    with listening(workspace, Settings()) as address:
        house = House(workspace, address)
        browser = house.browser(house.person("manager", "pictures"))
        answer = browser.get("/api/projects/pictures/export", params={"format": "jsonl"})
        house.close()
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


def test_no_more_downloads_are_made_at_once_than_may(house: House) -> None:
    """While as many are made and wait as may, a further one is sent away for a while, and people's work goes on."""
    house.add_texts("work goes on")
    manager, ann = house.browser(house.person("manager")), house.browser(house.person())
    goes_on = threading.Event()

    async def scenario() -> None:
        outlets = [outlet.Outlet() for _ in range(outlet.MOST_WRITERS + outlet.MOST_WAITING)]
        written = [one.filled_by(lambda file: goes_on.wait() and None) for one in outlets]
        try:
            refused = await asyncio.to_thread(manager.get, "/api/projects/tickets/export")
            assert refused.status_code == 503, refused.text
            assert refused.json()["error"]["code"] == "busy"
            assert int(refused.headers["Retry-After"]) > 0
            await asyncio.to_thread(house.held, ann)
        finally:
            goes_on.set()
        await asyncio.gather(*written)
        assert (await asyncio.to_thread(manager.get, "/api/projects/tickets/export")).status_code == 200

    asyncio.run(scenario())


def test_a_reader_who_comes_back_too_late_gets_no_part_for_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes nothing for too long is taken for gone: the writer is free again, and what was begun breaks off."""
    monkeypatch.setattr(outlet, "PATIENCE_SECONDS", 0.0)

    async def scenario() -> None:
        late = outlet.Outlet()
        written = late.filled_by(lambda file: [file.write(b"x" * outlet.CHUNK) for _ in range(100)] and None)
        while not written.done():
            await asyncio.sleep(0.05)
        while await late.take():
            pass
        with pytest.raises(BrokenPipeError):
            await written

    asyncio.run(scenario())
