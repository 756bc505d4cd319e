"""Projects: what there is, and what one of them asks."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath

from labelwright import analytics
from labelwright.api.projects import ProjectCard, ProjectView
from labelwright.demo.truth import may_be_simulated
from labelwright.pipeline.status import Status, read_card, read_status
from labelwright.schema import content_hash
from labelwright.server.given import Access, Workspace

__all__ = ["HANDLERS"]


@get("/api/projects", opt={"permission": "signed_in"})
async def projects(access: Access, workspace: Workspace) -> list[ProjectCard]:
    """List the projects that the person has a part in."""
    mine = access.projects()
    return await workspace.database.read_soon(lambda connection: [read_card(connection, opened, role) for opened, role in mine])


@get("/api/projects/{project:str}", opt={"permission": "annotate"})
async def project_view(project: FromPath[str], access: Access) -> ProjectView:
    """Return what a project asks."""
    opened = access.project(project, "annotate")
    policy = opened.pipeline.tasks
    role = access.role_in(opened)
    assert role is not None
    return ProjectView(
        name=opened.name,
        role=role,
        schema=opened.project.schema.filled(),
        guidelines=opened.project.guidelines,
        guidelines_digest=content_hash(opened.project.guidelines.encode()),
        pipeline_version=opened.version,
        blind=policy.blind,
        lease_seconds=policy.lease_seconds,
        overlap=policy.start,
        simulated=may_be_simulated(opened),
        requirements=list(opened.pipeline.requirements),
    )


@get("/api/projects/{project:str}/status", opt={"permission": "analyse"})
async def status(project: FromPath[str], access: Access, workspace: Workspace) -> Status:
    """Tell how much went through each step, what waits, and what lies in quarantine."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(
        lambda connection: read_status(connection, opened.project, analytics.kept_counts(connection, opened.project))
    )


HANDLERS = [projects, project_view, status]
