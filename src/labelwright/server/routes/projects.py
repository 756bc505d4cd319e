"""Projects: what there is, and what one of them asks."""

from __future__ import annotations

import sqlalchemy as sa
from litestar import get
from litestar.params import FromPath
from msgspec import structs

from labelwright import analytics
from labelwright.api.people import Role
from labelwright.api.projects import ProjectCard, ProjectView
from labelwright.errors import BeingComputed
from labelwright.pipeline.status import Status, read_status
from labelwright.pipeline.workspace import OpenProject
from labelwright.server.given import Access, Workspace
from labelwright.store import tables

__all__ = ["HANDLERS"]


def _card(connection: sa.Connection, opened: OpenProject, role: Role) -> ProjectCard:
    about = ProjectCard(name=opened.name, role=role, modality=next(iter(opened.project.schema.data.values())))
    try:
        counts = analytics.kept_counts(connection, opened.project)
    except BeingComputed:
        return about
    return structs.replace(
        about,
        at=counts.at,
        items=counts.funnel.asked,
        gold=counts.funnel.gold,
        labeled=counts.funnel.labeled,
        open_tasks=counts.remaining,
        waiting_reviews=counts.reviews_waiting,
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

    def read(connection: sa.Connection) -> Status:
        return read_status(connection, opened.project, analytics.kept_counts(connection, opened.project))

    return await workspace.database.read_soon(read)


HANDLERS = [projects, project_view, status]
