"""Serves the built page: one HTML file, its hashed assets, and the modules that installed packages add to it."""

from __future__ import annotations

import html
import mimetypes
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from labelwright.errors import NotFound
from labelwright.server.extensions import extensions, told

__all__ = ["page_handlers"]

LONGEST_NAME = 200
"""The bytes that a name may have: of longer ones a file system says no more than that they are too long."""

_FOREVER = "public, max-age=31536000, immutable"
"""How long a file is kept whose name changes with its content."""

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Labelwright</title>
<h1>The page is not built</h1>
<p>The server runs, and programs can use it under <code>/api</code>. To build the page, run <code>make page</code> in the checkout
(it needs Node 20.19 or newer), then reload. An installed package contains the page.</p>
</html>
"""


def page_handlers(folder: Path) -> list[Any]:
    """Return the handlers for `/` and everything under `/assets` and `/extensions`."""
    found = extensions()
    added = {(one.digest, one.file): one.body for one in found}
    named = f'<meta name="labelwright-extensions" content="{html.escape(told(found))}" />'.encode() if found else b""

    @get("/", include_in_schema=False, opt={"permission": "anybody"}, sync_to_thread=False)
    def page() -> Response[bytes]:
        index = folder / "index.html"
        body = index.read_bytes().replace(b"</head>", named + b"</head>", 1) if index.is_file() else _NOT_BUILT.encode()
        return Response(body, media_type="text/html", headers={"Cache-Control": "no-cache"})

    @get("/assets/{name:path}", include_in_schema=False, opt={"permission": "anybody"}, sync_to_thread=False)
    def asset(name: FromPath[str]) -> Response[bytes]:
        return _file(folder / "assets", name, _FOREVER)

    @get("/extensions/{digest:str}/{name:str}", include_in_schema=False, opt={"permission": "anybody"}, sync_to_thread=False)
    def extension(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
        if (digest, name) not in added:
            raise NotFound("There is nothing here.", where=name[:LONGEST_NAME])
        return Response(added[digest, name], media_type="text/javascript", headers={"Cache-Control": _FOREVER})

    @get("/{name:str}", include_in_schema=False, opt={"permission": "anybody"}, sync_to_thread=False)
    def top_file(name: FromPath[str]) -> Response[bytes]:
        return _file(folder, name, "no-cache")

    return [page, asset, extension, top_file]


def _file(folder: Path, name: str, caching: str) -> Response[bytes]:
    if "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise NotFound("There is nothing here.", where=name[:LONGEST_NAME])
    path = (folder / name.lstrip("/")).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise NotFound("There is nothing here.", where=name[:200])
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": caching})
