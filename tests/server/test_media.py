"""Media are data: whatever bytes a source brought, no browser runs them."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from labelwright.prepare import reconcile
from labelwright.prepare.items import MadeItem
from labelwright.prepare.reconcile import Prepared
from labelwright.store import tables
from tests.media.telling import picture, recording
from tests.server.site import Site, served

DANGEROUS = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "xml": b'<?xml version="1.0"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></x>',
    "pdf": b"%PDF-1.7 with a script",
    "script": b"alert(document.cookie)",
    "empty": b"",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0",
}
SHOWN = {f"image/{name}": picture(name) for name in ("png", "jpeg", "gif", "webp")} | {
    f"audio/{name}": recording(name) for name in ("wav", "flac", "ogg")
}


def keep(site: Site, body: bytes, project: str = "tickets") -> str:
    """Keep bytes as the blob of a raw item of the project."""
    opened = site.workspace.projects[project].project
    digest = opened.blobs.put(body)
    site.workspace.database.write(
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


def get(site: Site, digest: str, **headers: str) -> httpx.Response:
    return site.browser(site.person()).get(f"/api/blobs/tickets/{digest}", headers=headers)


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_could_run_is_a_download(site: Site, name: str) -> None:
    """SVG, HTML and all that is no known picture or sound comes as nameless bytes to save, in a sandbox, never sniffed."""
    answer = get(site, keep(site, DANGEROUS[name]))
    assert answer.status_code == 200
    assert answer.content == DANGEROUS[name]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("kind", SHOWN)
def test_pictures_and_sounds_are_what_they_are(site: Site, kind: str) -> None:
    """Known kinds are told by their bytes, sandboxed as well, and kept by the browser of this person alone."""
    digest = keep(site, SHOWN[kind])
    answer = get(site, digest)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["cache-control"].startswith("private")
    assert "immutable" in answer.headers["cache-control"]
    again = get(site, digest, **{"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_sound_comes_in_ranges(site: Site) -> None:
    """A player may ask for any part of a recording; what lies outside is refused."""
    body = SHOWN["audio/wav"][:12] + b"fmt " + bytes([16, 0, 0, 0]) + bytes(16) + b"data" + bytes([64, 0, 0, 0]) + bytes(range(64))
    body = body[:4] + (len(body) - 8).to_bytes(4, "little") + body[8:]
    digest = keep(site, body)
    assert get(site, digest).headers["accept-ranges"] == "bytes"
    end_of = len(body)
    parts = {"bytes=10-19": (10, 20), "bytes=90-": (90, end_of), "bytes=-5": (end_of - 5, end_of), "bytes=0-9999": (0, end_of)}
    for header, (start, end) in parts.items():
        part = get(site, digest, Range=header)
        assert part.status_code == 206
        assert part.content == body[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(body)}"
    outside = get(site, digest, Range="bytes=5000-")
    assert outside.status_code == 416
    assert outside.headers["content-range"] == f"bytes */{len(body)}"


def test_a_blob_is_reached_through_its_project_only(site: Site) -> None:
    """Media of another project, and media of none, are not found."""
    elsewhere = keep(site, b"\x89PNG\r\n\x1a\n of secret", "secret")
    unowned = site.workspace.blobs.put(b"\x89PNG\r\n\x1a\n of nobody")
    assert get(site, elsewhere).status_code == 404
    assert get(site, unowned).status_code == 404
    assert site.http().get(f"/api/blobs/secret/{elsewhere}").status_code == 401


def test_what_preparation_made_is_reached_without_a_search(site: Site) -> None:
    """A thumbnail is found by the project's list of media, whose entry is written with its item."""
    opened = site.workspace.projects["tickets"].project
    digest = opened.blobs.put(b"\x89PNG\r\n\x1a\n small")
    made = MadeItem(
        "p",
        "r",
        f'{{"photo": {{"modality": "image", "blob": "{"0" * 64}", "width": 1, "height": 1, "thumbnail": "{digest}"}}}}',
        "{}",
        None,
    )
    keep(site, b"\x89PNG\r\n\x1a\n large")
    assert get(site, digest).status_code == 404
    with site.workspace.database.read() as connection:
        raw_id = connection.scalar(sa.select(sa.func.max(tables.raw_items.c.id)))
    row = Prepared(raw_id, "p", "test", "test", [made])
    site.workspace.database.write(
        lambda connection: reconcile.write(connection, opened.id, [row], "plan", deduplicate=False, first=True, mended=set())
    )
    assert get(site, digest).status_code == 200


def test_a_text_that_quotes_a_digest_opens_nothing(site: Site) -> None:
    """A row that merely has another project's digest in its text does not make that blob the project's."""
    elsewhere = keep(site, b"\x89PNG\r\n\x1a\n quoted", "secret")
    site.add_texts(f"look at {elsewhere}")
    assert get(site, elsewhere).status_code == 404


@pytest.mark.parametrize("kind", SHOWN)
def test_originals_come_without_what_they_tell_besides(site: Site, kind: str) -> None:
    """Place, device, author and comments are in no byte of the answer, whole or in ranges; the stored file keeps them."""
    digest = keep(site, SHOWN[kind])
    whole = get(site, digest).content
    assert b"SECRET" in SHOWN[kind]
    assert b"SECRET" not in whole
    assert int(get(site, digest, Range="bytes=0-0").headers["content-range"].rpartition("/")[2]) == len(whole)
    third = len(whole) // 3
    ranges = [(start, min(start + third, len(whole)) - 1) for start in range(0, len(whole), third)]
    parts = [get(site, digest, Range=f"bytes={start}-{end}").content for start, end in ranges]
    assert b"".join(parts) == whole
    assert site.workspace.blobs.get(digest) == SHOWN[kind]


def test_an_original_that_cannot_be_stripped_is_not_served(site: Site) -> None:
    """A TIFF file, which no browser shows, is refused with the key that allows it."""
    answer = get(site, keep(site, picture("tiff")))
    assert answer.status_code == 403
    assert "serve_metadata" in answer.json()["error"]["hint"]


def test_a_project_may_ask_for_originals_as_they_are(tmp_path: Path) -> None:
    """With `run.serve_metadata` every byte is served."""

    def asking(pipeline: str) -> str:
        return f"{pipeline}run: {{serve_metadata: true}}\n"

    with served(tmp_path, f"sqlite:///{tmp_path}/labelwright.db", pipeline=asking) as site:
        for body in (picture("jpeg"), picture("tiff")):
            assert get(site, keep(site, body)).content == body
