"""Jobs: longer work, done by the worker."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from labelwright.api.jobs import Job
from labelwright.demo.truth import FILE, may_be_simulated
from labelwright.errors import InvalidInput
from labelwright.pipeline import jobs
from labelwright.server.given import Access, Workspace
from labelwright.server.routes.versions import enqueue

__all__ = ["HANDLERS"]


class Simulate(Struct, frozen=True, forbid_unknown_fields=True):
    """How many simulated colleagues work, how often they are right, and the seed of their decisions."""

    annotators: int = 4
    accuracy: float = 0.85
    seed: int = 0


@post("/api/projects/{project:str}/simulate", opt={"permission": "manage"}, status_code=202)
async def simulate(project: FromPath[str], data: JSONBody[Simulate], access: Access, workspace: Workspace) -> Job:
    """Let simulated colleagues label and review, in a project of the demo or one whose truth lies beside its pipeline file."""
    opened = access.project(project, "manage")
    if not may_be_simulated(opened):
        raise InvalidInput(
            "Made-up answers among people's own would spoil this project.",
            where=opened.name,
            hint=f"Simulate in the demo, or in a project with its truth beside the pipeline file, as {FILE}.",
        )
    if not 1 <= data.annotators <= 32 or not 0 < data.accuracy <= 1:
        raise InvalidInput("There are 1 to 32 simulated annotators with an accuracy above 0 and up to 1.")
    arguments = {"annotators": data.annotators, "accuracy": data.accuracy, "seed": data.seed}
    return await enqueue(workspace, opened, "simulate", arguments)


@post("/api/projects/{project:str}/run", opt={"permission": "manage"}, status_code=202)
async def run(project: FromPath[str], access: Access, workspace: Workspace) -> Job:
    """Do every automated step that can go forward, from the sources on."""
    opened = access.project(project, "manage")
    return await enqueue(workspace, opened, "run", {})


@get("/api/projects/{project:str}/jobs", opt={"permission": "analyse"})
async def list_jobs(project: FromPath[str], access: Access, workspace: Workspace) -> list[Job]:
    """List the newest jobs with their progress."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: jobs.list_jobs(connection, opened.project.id))


HANDLERS = [simulate, run, list_jobs]
