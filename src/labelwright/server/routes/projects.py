"""Projects: what there is, and what one of them asks."""

from __future__ import annotations

import sqlalchemy as sa
from litestar import get
from litestar.params import FromPath

from labelwright.analytics.labeled import count_labeled
from labelwright.client.shapes import ProjectCard, ProjectView
from labelwright.pipeline.status import Status, read_status
from labelwright.pipeline.workspace import OpenProject
from labelwright.server.given import Access, Workspace
from labelwright.store import people, tables

__all__ = ["HANDLERS"]


def _card(connection: sa.Connection, opened: OpenProject, role: people.Role) -> ProjectCard:
    tasks = tables.tasks
    mine = tasks.c.project_id == opened.project.id

    def count(*where: sa.ColumnElement[bool]) -> int:
        return connection.scalar(sa.select(sa.func.count()).where(mine, *where)) or 0

    asked, labeled, gold = count_labeled(connection, opened.project.id, opened.project.schema)
    unfinished = tasks.c.purpose.in_(("label", "redo")) & tasks.c.state.in_(("open", "leased"))
    return ProjectCard(
        name=opened.name,
        role=role,
        modality=next(iter(opened.project.schema.data.values())),
        items=asked,
        gold=gold,
        labeled=labeled,
        open_tasks=count(unfinished),
        waiting_reviews=count(tasks.c.purpose.in_(("review", "audit")), tasks.c.state.in_(("open", "leased"))),
    )


@get("/api/projects", opt={"permission": "signed_in"})
async def projects(access: Access, workspace: Workspace) -> list[ProjectCard]:
    """List the projects that the person has a part in."""
    mine = access.projects()
    return await workspace.database.read_soon(lambda connection: [_card(connection, opened, role) for opened, role in mine])


@get("/api/projects/{project:str}", opt={"permission": "annotate"})
async def project_view(project: FromPath[str], access: Access, workspace: Workspace) -> ProjectView:
    """Return what a project asks."""
    opened = access.project(project, "annotate")
    versions = tables.pipeline_versions
    query = sa.select(versions.c.number, versions.c.guidelines_digest).where(versions.c.id == opened.project.pipeline_version)
    version = await workspace.database.read_soon(lambda connection: connection.execute(query).one())
    policy = opened.pipeline.tasks
    role = access.role_in(opened)
    assert role is not None
    return ProjectView(
        name=opened.name,
        role=role,
        schema=opened.project.schema,
        guidelines=opened.project.guidelines,
        guidelines_digest=version.guidelines_digest,
        pipeline_version=version.number,
        blind=policy.blind,
        lease_seconds=policy.lease_seconds,
        overlap=policy.start,
        requirements=list(opened.pipeline.requirements),
    )


@get("/api/projects/{project:str}/status", opt={"permission": "analyse"})
async def status(project: FromPath[str], access: Access, workspace: Workspace) -> Status:
    """Tell how much went through each step, what waits, and what lies in quarantine."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: read_status(connection, opened.project))


HANDLERS = [projects, project_view, status]
