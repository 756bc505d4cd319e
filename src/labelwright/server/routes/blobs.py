"""Media: served through the rights of their project, as data and never as pages, and without metadata unless the project asks for them."""

from __future__ import annotations

import asyncio
import mmap
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from litestar import Response, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from labelwright.errors import NotAllowed, NotFound
from labelwright.media._metadata import Part, plain
from labelwright.server.given import Access, AccessControl, Request, Workspace

__all__ = ["HANDLERS"]

_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
    b"fLaC": "audio/flac",
    b"OggS": "audio/ogg",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
}
"""How the bytes of each kind that is shown begin; anything else is a download, whatever it claims to be."""

_UNSHOWN = frozenset({b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"RF64"})
"""How files begin that are collected, and that no browser shows as they are: TIFF, and WAV beyond 4 GB."""

AT_ONCE = 32_000_000
"""At most so many bytes of a file leave with one answer."""

_POLICY = "sandbox; default-src 'none'"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@get("/api/blobs/{project:str}/{digest:str}", opt={"permission": "annotate"})
async def blob(
    project: FromPath[str], digest: FromPath[str], request: Request, access: Access, workspace: Workspace, control: AccessControl
) -> Response[bytes]:
    """Return a picture or clip of the project, audio in ranges; without place, device and comments unless `run.serve_metadata` is true."""
    opened = access.project(project, "annotate")
    path = workspace.blobs.path(digest)
    if not await control.has_blob(opened, digest):
        raise NotFound("There is no such blob.", where=digest)
    file = await asyncio.to_thread(_original if opened.pipeline.run.serve_metadata else _plain, path)
    kind, length = file.kind, file.length
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": _POLICY,
        "Accept-Ranges": "bytes",
        "ETag": f'"{digest}{file.mark}"',
    }
    if kind == "application/octet-stream":
        headers["Content-Disposition"] = f'attachment; filename="{digest}"'
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers, media_type=kind)
    wanted = request.headers.get("range")
    if wanted is not None and "," in wanted:
        # Several ranges in one answer serve no player; the whole file is a right answer, too.
        wanted = None
    if wanted is None and length <= AT_ONCE:
        return Response(await asyncio.to_thread(file.read, path, 0, length), headers=headers, media_type=kind)
    # Of a large file a player gets a part at a time, and asks for the next one.
    start, end = _range(wanted or "bytes=0-", length)
    end = min(end, start + AT_ONCE - 1)
    headers["Content-Range"] = f"bytes {start}-{end}/{length}"
    body = await asyncio.to_thread(file.read, path, start, end + 1)
    return Response(body, status_code=206, headers=headers, media_type=kind)


class _Served(NamedTuple):
    """What is served of a file: its kind, and which parts of it."""

    kind: str
    length: int
    parts: tuple[Part, ...]
    mark: str

    def read(self, path: Path, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`, counted in what is served."""
        found: list[bytes] = []
        place = 0
        with path.open("rb") as file:
            for part in self.parts:
                length = _length(part)
                first, last = max(start - place, 0), min(end - place, length)
                place += length
                if first >= last:
                    continue
                if isinstance(part, bytes):
                    found.append(part[first:last])
                else:
                    file.seek(part[0] + first)
                    found.append(file.read(last - first))
        return b"".join(found)


def _length(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part[1] - part[0]


def _original(path: Path) -> _Served:
    with path.open("rb") as file:
        length = path.stat().st_size
        return _Served(_kind(file.read(16), length), length, ((0, length),), "")


@lru_cache(4096)
def _plain(path: Path) -> _Served:
    """Leave out a file's metadata. A blob never changes, so that it is looked through once.

    Raises:
        NotAllowed: the metadata of such a file cannot be left out.
    """
    whole = _original(path)
    with path.open("rb") as file:
        tells_nothing = whole.kind in ("application/json", "application/octet-stream") and file.read(4) not in _UNSHOWN
    if tells_nothing:
        return whole
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        parts = plain(body)
    if parts is None:
        raise NotAllowed(
            "This original may tell where and by whom it was made, and of its format that cannot be left out.",
            hint="Set run.serve_metadata to true in the pipeline file to serve originals as they are.",
        )
    return _Served(whole.kind, sum(map(_length, parts)), tuple(parts), "-plain")


def _kind(body: bytes, length: int) -> str:
    if body[:4] == b"RIFF" and body[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if body[8:12] == b"WEBP" else "audio/wav"
    for magic, kind in _MAGIC.items():
        if body.startswith(magic):
            return kind
    if body[:1] in (b"[", b"{") and length < 5_000_000:
        # Outlines of sounds are JSON of our own making.
        return "application/json"
    return "application/octet-stream"


def _range(header: str, length: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(header.strip())
    if found and (found[1] or found[2]):
        start = int(found[1]) if found[1] else max(length - int(found[2]), 0)
        end = min(int(found[2]), length - 1) if found[1] and found[2] else length - 1
        if start <= end < length:
            return start, end
    raise HTTPException("The range does not lie within the file.", status_code=416, headers={"Content-Range": f"bytes */{length}"})


HANDLERS = [blob]
