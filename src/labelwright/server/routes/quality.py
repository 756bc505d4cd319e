"""Quality and analytics: the dashboard, the reports, the requirements, and what happened."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath, FromQuery
from msgspec.structs import replace

from labelwright import analytics
from labelwright.api.figures import Outcome, Overview, QualityView
from labelwright.api.projects import EventPage
from labelwright.server.given import Access, Workspace
from labelwright.store.database import Connection
from labelwright.store.history import read_history

__all__ = ["HANDLERS"]

REPORT_POLICY = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The report is one file with its style inside; it is sandboxed, without scripts and without an origin."""


@get("/api/projects/{project:str}/overview", opt={"permission": "analyse"})
async def overview(project: FromPath[str], access: Access, workspace: Workspace) -> Overview:
    """Return all that the dashboard shows, as it was at the moment that `at` says."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: analytics.kept_overview(connection, opened.project))


@get("/api/projects/{project:str}/quality", opt={"permission": "analyse"})
async def quality(project: FromPath[str], access: Access, workspace: Workspace) -> QualityView:
    """Return the reports of the assurance, without examples whose label is kept from the sender."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(
        lambda connection: analytics.read_quality(connection, opened.project, kept=access.kept_labels(connection, opened))
    )


@get("/api/projects/{project:str}/requirements", opt={"permission": "analyse"})
async def requirements(project: FromPath[str], access: Access, workspace: Workspace) -> list[Outcome]:
    """Tell of each requirement of the pipeline file whether it holds, as of the moment of the overview."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: analytics.kept_requirements(connection, opened.project))


@get("/api/projects/{project:str}/report", opt={"permission": "analyse"})
async def report(project: FromPath[str], access: Access, workspace: Workspace) -> Response[bytes]:
    """Return the report as one HTML file, as of the moment of the overview."""
    opened = access.project(project, "analyse")
    page = await workspace.database.read_soon(lambda connection: analytics.kept_report(connection, opened.project))
    headers = {"Content-Security-Policy": REPORT_POLICY, "Content-Disposition": f'inline; filename="{opened.name}-report.html"'}
    return Response(page.encode(), media_type="text/html", headers=headers)


@get("/api/projects/{project:str}/events", opt={"permission": "analyse"})
async def events(
    project: FromPath[str], access: Access, workspace: Workspace, after: FromQuery[str | None] = None, limit: FromQuery[int] = 100
) -> EventPage:
    """Return what happened behind a place in the log, or the newest events where none is given."""
    opened = access.project(project, "analyse")
    most = min(max(limit, 1), 1000)

    def read(connection: Connection) -> EventPage:
        page = read_history(connection, opened.project.id, after=after, most=most)
        kept = access.kept_labels(connection, opened)({event.item_id for event in page.events if event.item_id is not None})
        return replace(page, events=[event for event in page.events if event.item_id not in kept])

    return await workspace.database.read_soon(read)


HANDLERS = [overview, quality, requirements, report, events]
