"""Items: look around, send more in, and let programs suggest."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import IO, Annotated, Any

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from labelwright import analytics
from labelwright.api.items import CollectReport, ItemDetail, ItemPage, ItemQuery, NewSuggestion, ReviewOpened, SuggestionReport
from labelwright.api.projects import Quarantined
from labelwright.errors import TooLarge
from labelwright.formats._tables import MAX_ROW
from labelwright.pipeline import events, sending
from labelwright.pipeline.status import read_quarantine
from labelwright.server.given import Access, Options, Request, Workspace
from labelwright.store.database import Connection
from labelwright.store.items import read_item, without_label

__all__ = ["HANDLERS"]

MOST_SUGGESTIONS = 10_000


@get("/api/projects/{project:str}/items", opt={"permission": "analyse"})
async def items(
    project: FromPath[str],
    access: Access,
    workspace: Workspace,
    limit: FromQuery[int] = 50,
    after: FromQuery[str | None] = None,
    in_state: Annotated[str | None, QueryParameter(name="state")] = None,
    question: FromQuery[str | None] = None,
    label: FromQuery[str | None] = None,
    search: FromQuery[str | None] = None,
    sort: FromQuery[str] = "id",
) -> ItemPage:
    """Return a page of items, filtered and sorted; a page may be short though more follows, and `next` goes on behind it."""
    opened = access.project(project, "analyse")
    query = ItemQuery(state=in_state, question=question, label=label, search=search, sort=sort)

    def read(connection: Connection) -> ItemPage:
        kept = access.kept_labels(connection, opened)
        return analytics.read_items(connection, opened.project, query, limit=limit, after=after, kept=kept)

    return await workspace.database.read_soon(read)


@get("/api/projects/{project:str}/items/{item_id:int}", opt={"permission": "analyse"})
async def item(project: FromPath[str], item_id: FromPath[int], access: Access, workspace: Workspace) -> ItemDetail:
    """Return everything that is known of one item, and nothing that tells of its label to somebody who may audit it blind."""
    opened = access.project(project, "analyse")

    def read(connection: Connection) -> ItemDetail:
        found = read_item(connection, opened.project.id, opened.project.schema, item_id)
        return without_label(found) if access.kept_labels(connection, opened)([item_id]) else found

    return await workspace.database.read_soon(read)


@post("/api/projects/{project:str}/items/{item_id:int}/review", opt={"permission": "review"}, status_code=200)
async def request_review(project: FromPath[str], item_id: FromPath[int], access: Access, workspace: Workspace) -> ReviewOpened:
    """Send an item to review, whatever the rules say."""
    opened = access.project(project, "review")
    opens = await workspace.database.write_soon(lambda connection: events.request_review(connection, opened, access.user_id, item_id))
    return ReviewOpened(opens)


@post(
    "/api/projects/{project:str}/items",
    opt={"permission": "manage"},
    status_code=200,
    request_max_body_size=None,
)
async def add_items(
    project: FromPath[str],
    request: Request,
    access: Access,
    options: Options,
) -> CollectReport:
    """Collect items from a stream of JSON lines, each with the columns that the schema names, and make them ready.

    A row is named as those of the sources are: by the id column that the pipeline file states, where all sources that state one state the
    same; else by its column `key`, else `id`, else by its content.
    """
    opened = access.project(project, "manage")
    with tempfile.SpooledTemporaryFile(max_size=4_000_000) as file:
        await _spool(request.stream(), file, options.max_stream_bytes)
        file.seek(0)
        return await asyncio.to_thread(sending.add_items, opened, _lines(file), user_id=access.user_id, name=access.identity.name)


async def _spool(stream: AsyncIterator[bytes], file: Any, most: int) -> None:
    total = 0
    async for chunk in stream:
        total += len(chunk)
        if total > most:
            raise TooLarge(f"A stream of items may have {most:,} bytes.", hint="Send it in parts, or name the file as a source.")
        file.write(chunk)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines that say something; of one that is too long to be a row, just enough to be refused for it."""
    while line := file.readline(MAX_ROW + 2):
        if len(line) > MAX_ROW + 1 and not line.endswith(b"\n"):
            while (rest := file.readline(1 << 20)) and not rest.endswith(b"\n"):
                pass
        if line.strip():
            yield line


@post("/api/projects/{project:str}/suggestions", opt={"permission": "manage"}, status_code=200)
async def add_suggestions(
    project: FromPath[str], data: JSONBody[list[NewSuggestion]], access: Access, workspace: Workspace
) -> SuggestionReport:
    """Store what a program suggests; a newer suggestion of the same labeler takes the older one's place."""
    opened = access.project(project, "manage")
    if len(data) > MOST_SUGGESTIONS:
        raise TooLarge(f"One request brings at most {MOST_SUGGESTIONS:,} suggestions.")
    return await workspace.database.write_soon(lambda connection: sending.add_suggestions(connection, opened, access.user_id, data))


@get("/api/projects/{project:str}/quarantine", opt={"permission": "analyse"})
async def quarantine(project: FromPath[str], access: Access, workspace: Workspace, limit: FromQuery[int] = 200) -> list[Quarantined]:
    """List what could not be read, the newest first, with its place and reason."""
    opened = access.project(project, "analyse")
    most = min(max(limit, 1), 1000)
    return await workspace.database.read_soon(lambda connection: read_quarantine(connection, opened.project.id, most))


HANDLERS = [items, item, request_review, add_items, add_suggestions, quarantine]
