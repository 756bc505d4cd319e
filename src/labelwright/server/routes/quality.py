"""Quality and analytics: the dashboard, the reports, the requirements, and what happened."""

from __future__ import annotations

import base64

import msgspec
import sqlalchemy as sa
from litestar import Response, get
from litestar.params import FromPath, FromQuery

from labelwright import analytics
from labelwright.analytics.report import REPORTS
from labelwright.api.figures import AnnotatorRow, Outcome, Overview, QualityView, SuspectRow
from labelwright.api.projects import Event, EventPage
from labelwright.errors import InvalidInput
from labelwright.server.given import Access, Workspace
from labelwright.store import log, tables
from labelwright.store.codec import decode
from labelwright.store.log import Position

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
    """Return the reports of the assurance."""
    opened = access.project(project, "analyse")
    number = opened.project.id
    reports, users = tables.quality_reports, tables.users
    errors, items = tables.label_errors, tables.items

    def read(connection: sa.Connection) -> QualityView:
        shown = reports.c.name.in_(REPORTS)
        found = connection.execute(sa.select(reports).where(reports.c.project_id == number, shown)).all()
        people = analytics.read_people(connection, number, opened.project.schema.questions)
        answered = tables.annotator_quality.c.user_id
        mine = sa.select(answered).where(tables.annotator_quality.c.project_id == number)
        names = connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(mine)).order_by(users.c.name))
        suspects = connection.execute(
            sa.select(errors, items.c.key)
            .join(items, items.c.id == errors.c.item_id)
            .where(errors.c.project_id == number)
            .order_by(errors.c.score)
            .limit(100)
        )
        return QualityView(
            {row.name: decode(row.report) for row in found},
            [AnnotatorRow(annotator=name, quality=people[user_id]) for user_id, name in names if user_id in people],
            [
                SuspectRow(
                    item_id=row.item_id,
                    key=row.key,
                    question=row.question,
                    score=row.score,
                    given=decode(row.given),
                    proposed=decode(row.proposed),
                )
                for row in suspects
            ],
            max((row.updated_at for row in found), default=None),
        )

    return await workspace.database.read_soon(read)


@get("/api/projects/{project:str}/requirements", opt={"permission": "analyse"})
async def requirements(project: FromPath[str], access: Access, workspace: Workspace) -> list[Outcome]:
    """Tell of each requirement of the pipeline file whether it holds, as of the moment of the overview."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: analytics.kept_requirements(connection, opened.project))


@get("/api/projects/{project:str}/report", opt={"permission": "analyse"})
async def report(project: FromPath[str], access: Access, workspace: Workspace) -> Response[bytes]:
    """Return the report as one HTML file, as of the moment of the overview."""
    opened = access.project(project, "analyse")

    def render(connection: sa.Connection) -> bytes:
        found = analytics.kept_overview(connection, opened.project)
        outcomes = analytics.kept_requirements(connection, opened.project)
        return analytics.render_report(connection, opened.project, found, outcomes).encode()

    headers = {"Content-Security-Policy": REPORT_POLICY, "Content-Disposition": f'inline; filename="{opened.name}-report.html"'}
    return Response(await workspace.database.read_soon(render), media_type="text/html", headers=headers)


@get("/api/projects/{project:str}/events", opt={"permission": "analyse"})
async def events(
    project: FromPath[str], access: Access, workspace: Workspace, after: FromQuery[str | None] = None, limit: FromQuery[int] = 100
) -> EventPage:
    """Return what happened behind a place in the log, or the newest events where none is given."""
    opened = access.project(project, "analyse")
    start = _place(after) if after else None
    most = min(max(limit, 1), 1000)
    users = tables.users

    def read(connection: sa.Connection) -> EventPage:
        position = start if start is not None else log.before(connection, opened.project.id, most)
        found = log.follow(connection, opened.project.id, position, most)
        people = {event.user_id for event in found if event.user_id is not None}
        names = dict(connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(people))).all())
        last = found[-1].position if found else position
        views = [
            Event(event.kind, names.get(event.user_id or 0), event.item_id, event.subject_id, event.payload, event.created_at)
            for event in found
        ]
        return EventPage(views, base64.urlsafe_b64encode(msgspec.json.encode(last)).decode())

    return await workspace.database.read_soon(read)


def _place(text: str) -> Position:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Position)
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidInput("This is no place in the log.", where="after", hint="Send back what `next` said.") from error


HANDLERS = [overview, quality, requirements, report, events]
