"""Datasets: frozen versions with their certificates, and exports as streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from msgspec import Struct

from labelwright import datasets, plugins
from labelwright.api.datasets import Certificate, Version
from labelwright.api.jobs import Job
from labelwright.errors import InvalidInput, LabelwrightError, NotFound, nearest
from labelwright.pipeline import jobs
from labelwright.pipeline.workspace import OpenProject
from labelwright.server._download import Order
from labelwright.server.downloads import Download
from labelwright.server.given import Access, Workspace

__all__ = ["HANDLERS"]

LONGEST_TITLE = 24
"""What stands before the colon of a format's first line is its title, unless it is longer."""


class Format(Struct, frozen=True):
    """A format that labels can be taken away in; `refuses` says why it cannot hold this project's, where it cannot."""

    name: str
    title: str
    summary: str
    refuses: str | None


@get("/api/projects/{project:str}/versions", opt={"permission": "analyse"})
async def versions(project: FromPath[str], access: Access, workspace: Workspace) -> list[Version]:
    """List the frozen versions, the newest first."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: datasets.versions(connection, opened.project.id))


@post("/api/projects/{project:str}/versions", opt={"permission": "manage"}, status_code=202)
async def freeze(project: FromPath[str], access: Access, workspace: Workspace) -> Job:
    """Freeze the labels as they are; the job is done when the version is in the list."""
    opened = access.project(project, "manage")
    return await enqueue(workspace, opened, "freeze", {})


@get("/api/projects/{project:str}/certificate", opt={"permission": "analyse"})
async def certificate(project: FromPath[str], access: Access, workspace: Workspace) -> Certificate:
    """Tell what the audit proves at this moment about the share of wrong labels."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: datasets.certificate(connection, opened.project))


@get("/api/projects/{project:str}/formats", opt={"permission": "manage"})
async def formats(project: FromPath[str], access: Access) -> list[Format]:
    """List the formats that can be written, those that fit the project's questions first."""
    opened = access.project(project, "manage")
    found = await asyncio.to_thread(_formats, opened)
    return sorted(found, key=lambda one: (one.refuses is not None, one.name != "jsonl", one.title.lower()))


def _formats(opened: OpenProject) -> list[Format]:
    listed = []
    for name in plugins.names("formats"):
        try:
            module = plugins.load("formats", name)
        except LabelwrightError as error:
            # One package that is broken keeps nobody from the other formats.
            listed.append(Format(name, name.replace("_", " ").title(), "", error.message))
            continue
        if module.WRITES:
            summary = plugins.summary("formats", name)
            title, colon, _ = summary.partition(":")
            short = title if colon and len(title) <= LONGEST_TITLE else name.replace("_", " ").title()
            listed.append(Format(name, short, summary, module.refuses(opened.project.schema)))
    return listed


@get("/api/projects/{project:str}/export", opt={"permission": "manage"})
async def export(
    project: FromPath[str],
    access: Access,
    format: FromQuery[str] = "jsonl",
    version: FromQuery[int | None] = None,
    drop: FromQuery[bool] = False,
) -> Stream:
    """Stream the labels, as they are or as a version froze them.

    A format of several files, and one whose labels name pictures or clips, comes as a ZIP file with all that belongs to it.
    What a format cannot hold is refused, with how much it is, unless `drop` allows to leave it out. Then a ZIP file comes, whose
    `dropped.json` says how many answers, or parts of answers, to each question were left out.
    """
    opened = access.project(project, "manage")
    if format not in plugins.names("formats"):
        raise InvalidInput(f"There is no format '{format}'.", where="format", hint=nearest(format, plugins.names("formats")))
    if version is not None and not 0 < version < 2**31:
        raise NotFound(f"There is no version {version}.", where="version")
    module = plugins.load("formats", format)
    suffix = module.SUFFIX
    whole = not suffix or getattr(module, "SEVERAL_FILES", False) or bool(opened.project.schema.stored()) or drop
    download = await access.control.downloads.begin(_order(opened, format, version, whole=whole, drop=drop))
    # What is refused is refused before the first byte; an answer that has begun can only break off.
    try:
        first = await download.take()
    except BaseException:
        download.leave()
        raise
    name = f"{opened.name}-{format}.zip" if whole else f"{opened.name}{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(_chunks(download, first), media_type="application/octet-stream", headers=headers)


def _order(opened: OpenProject, format: str, version: int | None, *, whole: bool, drop: bool) -> Order:
    project = opened.project
    return Order(
        store=project.database.url,
        blobs=project.blobs.folder,
        project_id=project.id,
        name=project.name,
        folder=project.folder,
        schema=project.schema,
        guidelines=project.guidelines,
        pipeline_version=project.pipeline_version,
        policy=opened.pipeline.dataset,
        format=format,
        version=version,
        whole=whole,
        drop=drop,
    )


async def _chunks(download: Download, first: bytes) -> AsyncIterator[bytes]:
    try:
        chunk = first
        while chunk:
            yield chunk
            chunk = await download.take()
    finally:
        download.leave()


async def enqueue(workspace: Workspace, opened: OpenProject, kind: str, arguments: dict[str, Any]) -> Job:
    """Ask the worker for a job and return it."""
    number = await workspace.database.write_soon(partial(jobs.enqueue, project_id=opened.project.id, kind=kind, arguments=arguments))
    found = await workspace.database.read_soon(lambda connection: jobs.list_jobs(connection, opened.project.id))
    return next(job for job in found if job.id == number)


HANDLERS = [versions, freeze, certificate, formats, export]
