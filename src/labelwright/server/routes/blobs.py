"""Media: served through the rights of their project, as data and never as pages."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from litestar import Response, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from labelwright.errors import NotFound
from labelwright.server.given import Access, Doors, Request, Workspace

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

AT_ONCE = 32_000_000
"""At most so many bytes of a file leave with one answer."""

_POLICY = "sandbox; default-src 'none'"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@get("/api/blobs/{project:str}/{digest:str}", opt={"permission": "annotate"})
async def blob(
    project: FromPath[str], digest: FromPath[str], request: Request, access: Access, workspace: Workspace, doors: Doors
) -> Response[bytes]:
    """Return the bytes of a picture or clip of the project; audio in ranges."""
    opened = access.project(project, "annotate")
    path = workspace.blobs.path(digest)
    if not await doors.has_blob(opened, digest):
        raise NotFound("There is no such blob.", where=digest)
    length, beginning = await asyncio.to_thread(_begin, path)
    kind = _kind(beginning, length)
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": _POLICY,
        "Accept-Ranges": "bytes",
        "ETag": f'"{digest}"',
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
        return Response(await asyncio.to_thread(path.read_bytes), headers=headers, media_type=kind)
    # Of a large file a player gets a part at a time, and asks for the next one.
    start, end = _range(wanted or "bytes=0-", length)
    end = min(end, start + AT_ONCE - 1)
    headers["Content-Range"] = f"bytes {start}-{end}/{length}"
    return Response(await asyncio.to_thread(_part, path, start, end), status_code=206, headers=headers, media_type=kind)


def _begin(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        return path.stat().st_size, file.read(16)


def _part(path: Path, start: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end + 1 - start)


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
