"""The application: routes, gate, errors and the page, put together for one workspace."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar, Request, Router
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from labelwright.errors import NotSignedIn
from labelwright.pipeline.workspace import Workspace
from labelwright.server.access import PERMISSIONS, Access, AccessControl
from labelwright.server.errors import HANDLERS
from labelwright.server.gate import Gate, headers_of_safety
from labelwright.server.origin import Origins
from labelwright.server.page import page_handlers
from labelwright.server.routes import blobs, items, jobs, people, projects, quality, session, tasks, versions
from labelwright.settings import Settings, settings

__all__ = ["ROUTES", "create_app"]

RELOAD_SECONDS = 2.0
"""How often a server looks whether a run beside it has noted a pipeline file that changed."""

logger = logging.getLogger("labelwright.server")

ROUTES = [handler for module in (session, projects, tasks, items, quality, versions, jobs, people, blobs) for handler in module.HANDLERS]


def _access(request: Request) -> Access:  # type: ignore[type-arg]  # Litestar reads the bare class
    found = request.scope["state"]["access"]
    if isinstance(found, NotSignedIn):
        raise found
    access: Access = found
    return access


async def _keep_up(workspace: Workspace) -> None:
    while True:
        await asyncio.sleep(RELOAD_SECONDS)
        try:
            await asyncio.to_thread(workspace.reload)
        except Exception as error:
            # Whatever is wrong with the file, the projects stay as they were.
            logger.warning("a pipeline file has changed and cannot be read: %s", error)


def create_app(workspace: Workspace, *, options: Settings | None = None, address: str = "127.0.0.1") -> Litestar:
    """Return the application that serves one workspace; `address` is where it will listen."""
    chosen = options or settings()
    control, origins = AccessControl(workspace), Origins(chosen)
    names = {
        "localhost",
        "127.0.0.1",
        "[::1]",
        address.lower(),
        *(name.strip().lower() for name in chosen.allowed_hosts.split(",") if name),
    }
    for handler in ROUTES:
        if handler.opt.get("permission") not in PERMISSIONS:
            raise AssertionError(f"The route {handler} states no permission.")

    @asynccontextmanager
    async def watching(_app: Litestar) -> AsyncIterator[None]:
        """Serve what the pipeline files say now, soon after a run has noted it."""
        beside = asyncio.create_task(_keep_up(workspace))
        try:
            yield
        finally:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)

    return Litestar(
        route_handlers=[*ROUTES, *page_handlers(Path(__file__).parents[1] / "web")],
        lifespan=[watching],
        middleware=[Gate(control, frozenset(names), origins, chosen.body_seconds)],
        before_send=[headers_of_safety(origins)],
        dependencies={
            "access": Provide(_access, sync_to_thread=False),
            "control": Provide(lambda: control, sync_to_thread=False),
            "workspace": Provide(lambda: workspace, sync_to_thread=False),
            "options": Provide(lambda: chosen, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        request_max_body_size=chosen.max_body_bytes,
        compression_config=CompressionConfig(backend="gzip", minimum_size=2000, gzip_compress_level=3, exclude=["/api/blobs/", "/export"]),
        openapi_config=OpenAPIConfig(
            title="Labelwright",
            version="1",
            # The document is all that is served of it: no page of Litestar's stands under /api.
            openapi_router=Router("/api/openapi.json", route_handlers=[], include_in_schema=False, opt={"permission": "anybody"}),
            render_plugins=[JsonRenderPlugin(path="/")],
            use_handler_docstrings=True,
        ),
        logging_config=None,
        debug=False,
    )
