"""Media are data: whatever bytes a source brought, no browser runs them."""

from __future__ import annotations

import time

import httpx
import pytest
import sqlalchemy as sa

from labelwright.prepare import reconcile
from labelwright.prepare.items import Made
from labelwright.prepare.reconcile import Prepared
from labelwright.store import tables
from tests.server.house import House

DANGEROUS = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "xml": b'<?xml version="1.0"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></x>',
    "pdf": b"%PDF-1.7 with a script",
    "script": b"alert(document.cookie)",
    "empty": b"",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0",
}
SHOWN = {
    "image/png": b"\x89PNG\r\n\x1a\n and more",
    "image/jpeg": b"\xff\xd8\xff\xe0 and more",
    "image/gif": b"GIF89a and more",
    "image/webp": b"RIFF\x10\x00\x00\x00WEBP and more",
    "audio/wav": b"RIFF\x10\x00\x00\x00WAVE" + bytes(range(100)),
    "audio/flac": b"fLaC and more",
    "audio/ogg": b"OggS and more",
}


def keep(house: House, body: bytes, project: str = "tickets") -> str:
    """Keep bytes as the blob of a raw item of the project."""
    opened = house.workspace.projects[project].project
    digest = opened.blobs.put(body)
    house.workspace.database.write(
        lambda connection: connection.execute(
            sa.insert(tables.raw_items).values(
                project_id=opened.id,
                source="test",
                key=f"{digest} {time.monotonic_ns()}",
                revision=digest,
                place="test",
                data="{}",
                blob=digest,
                created_at=0.0,
            )
        )
    )
    return digest


def get(house: House, digest: str, **headers: str) -> httpx.Response:
    return house.browser(house.person()).get(f"/api/blobs/tickets/{digest}", headers=headers)


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_could_run_is_a_download(house: House, name: str) -> None:
    """SVG, HTML and all that is no known picture or sound comes as nameless bytes to save, in a sandbox, never sniffed."""
    answer = get(house, keep(house, DANGEROUS[name]))
    assert answer.status_code == 200
    assert answer.content == DANGEROUS[name]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("kind", SHOWN)
def test_pictures_and_sounds_are_what_they_are(house: House, kind: str) -> None:
    """Known kinds are told by their bytes, sandboxed as well, and kept by the browser of this person alone."""
    answer = get(house, keep(house, SHOWN[kind]))
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["cache-control"].startswith("private")
    assert "immutable" in answer.headers["cache-control"]
    again = get(house, answer.headers["etag"].strip('"'), **{"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_sound_comes_in_ranges(house: House) -> None:
    """A player may ask for any part of a recording; what lies outside is refused."""
    body = SHOWN["audio/wav"]
    digest = keep(house, body)
    assert get(house, digest).headers["accept-ranges"] == "bytes"
    end_of = len(body)
    parts = {"bytes=10-19": (10, 20), "bytes=100-": (100, end_of), "bytes=-5": (end_of - 5, end_of), "bytes=0-9999": (0, end_of)}
    for header, (start, end) in parts.items():
        part = get(house, digest, Range=header)
        assert part.status_code == 206
        assert part.content == body[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(body)}"
    outside = get(house, digest, Range="bytes=5000-")
    assert outside.status_code == 416
    assert outside.headers["content-range"] == f"bytes */{len(body)}"


def test_a_blob_is_reached_through_its_project_only(house: House) -> None:
    """Media of another project, and media of none, are not found."""
    elsewhere = keep(house, b"\x89PNG\r\n\x1a\n of secret", "secret")
    unowned = house.workspace.blobs.put(b"\x89PNG\r\n\x1a\n of nobody")
    assert get(house, elsewhere).status_code == 404
    assert get(house, unowned).status_code == 404
    assert house.http().get(f"/api/blobs/secret/{elsewhere}").status_code == 401


def test_what_preparation_made_is_reached_without_a_search(house: House) -> None:
    """A thumbnail is found by the project's list of media, whose entry is written with its item."""
    opened = house.workspace.projects["tickets"].project
    digest = opened.blobs.put(b"\x89PNG\r\n\x1a\n small")
    made = Made(
        "p",
        "r",
        f'{{"photo": {{"modality": "image", "blob": "{"0" * 64}", "width": 1, "height": 1, "thumbnail": "{digest}"}}}}',
        "{}",
        None,
    )
    keep(house, b"\x89PNG\r\n\x1a\n large")
    assert get(house, digest).status_code == 404
    with house.workspace.database.read() as connection:
        raw_id = connection.scalar(sa.select(sa.func.max(tables.raw_items.c.id)))
    row = Prepared(raw_id, "p", "test", "test", [made])
    house.workspace.database.write(
        lambda connection: reconcile.write(connection, opened.id, [row], "plan", deduplicate=False, first=True, mended=set())
    )
    assert get(house, digest).status_code == 200


def test_a_text_that_quotes_a_digest_opens_nothing(house: House) -> None:
    """A row that merely has another project's digest in its text does not make that blob the project's."""
    elsewhere = keep(house, b"\x89PNG\r\n\x1a\n quoted", "secret")
    house.add_texts(f"look at {elsewhere}")
    assert get(house, elsewhere).status_code == 404
