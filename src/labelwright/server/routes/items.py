"""Items: look around, send more in, and let programs suggest."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import IO, Annotated, Any

import sqlalchemy as sa
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct, structs

from labelwright import analytics, prepare, review, sources
from labelwright.api.items import CollectReport, ItemDetail, ItemPage, RejectedSuggestion, SuggestionReport
from labelwright.api.projects import Quarantined
from labelwright.errors import BeingComputed, InvalidInput, NotFound, TooLarge
from labelwright.formats._tables import MAX_ROW
from labelwright.pipeline.turn import turn
from labelwright.pipeline.workspace import OpenProject
from labelwright.server.given import Access, Options, Request, Workspace
from labelwright.store import log, tables
from labelwright.store.codec import encode
from labelwright.store.items import read_item
from labelwright.store.listing import read_items

__all__ = ["HANDLERS"]

MOST_SUGGESTIONS = 10_000


class SuggestionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program's suggestion for one item, named by `key` or `item_id`; `answer` is plain or tagged with its kind."""

    question: str
    answer: Any
    labeler: str
    version: str = "1"
    score: float | None = None
    key: str | None = None
    item_id: int | None = None


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

    def read(connection: sa.Connection) -> ItemPage:
        page = read_items(
            connection,
            opened.project.id,
            opened.project.schema,
            limit=limit,
            after=after,
            state=in_state,
            question=question,
            label=label,
            search=search,
            sort=sort,
        )
        if page.total is None and not label and not search and in_state in (None, "duplicate"):
            return structs.replace(page, total=_counted(connection, opened, in_state))
        return page

    return await workspace.database.read_soon(read)


def _counted(connection: sa.Connection, opened: OpenProject, state: str | None) -> int | None:
    """How many items there are in all, as it was counted last."""
    try:
        funnel = analytics.kept_counts(connection, opened.project).funnel
    except BeingComputed:
        return None
    return funnel.duplicates if state == "duplicate" else funnel.prepared


@get("/api/projects/{project:str}/items/{item_id:int}", opt={"permission": "analyse"})
async def item(project: FromPath[str], item_id: FromPath[int], access: Access, workspace: Workspace) -> ItemDetail:
    """Return everything that is known of one item."""
    opened = access.project(project, "analyse")
    return await workspace.database.read_soon(lambda connection: read_item(connection, opened.project.id, opened.project.schema, item_id))


@post("/api/projects/{project:str}/items/{item_id:int}/review", opt={"permission": "review"}, status_code=200)
async def request_review(project: FromPath[str], item_id: FromPath[int], access: Access, workspace: Workspace) -> dict[str, bool]:
    """Send an item to review, whatever the rules say."""
    opened = access.project(project, "review")
    query = sa.select(tables.items.c.id).where(tables.items.c.id == item_id, tables.items.c.project_id == opened.project.id)

    def work(connection: sa.Connection) -> bool:
        if connection.scalar(query) is None:
            raise NotFound("There is no such item.", where=f"item {item_id}")
        opens = review.request(connection, opened.project, item_id, "requested")
        if opens:
            log.append(connection, opened.project.id, "review_requested", user_id=access.user_id, item_id=item_id)
        return opens

    return {"opened": await workspace.database.write_soon(work)}


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
    workspace: Workspace,
    options: Options,
) -> CollectReport:
    """Collect items from a stream of JSON lines, each with the columns that the schema names, and make them ready.

    A row is named as those of the sources are: by the id column that the pipeline file states, where all sources that state one state the
    same; else by its column `key`, else `id`, else by its content.
    """
    opened = access.project(project, "manage")
    with tempfile.SpooledTemporaryFile(max_size=4_000_000) as file:
        await _spool(request.stream(), file, options.max_stream_bytes)
        return await asyncio.to_thread(_collect, opened, file, access)


async def _spool(stream: AsyncIterator[bytes], file: Any, most: int) -> None:
    total = 0
    async for chunk in stream:
        total += len(chunk)
        if total > most:
            raise TooLarge(f"A stream of items may have {most:,} bytes.", hint="Send it in parts, or name the file as a source.")
        file.write(chunk)


def _collect(opened: OpenProject, file: IO[bytes], access: Access) -> CollectReport:
    file.seek(0)
    with turn(opened.project.database, wait_seconds=60):
        report = sources.collect_rows(opened.project, f"sent by {access.identity.name}", _lines(file), like=opened.pipeline.all_sources)
        prepare.prepare(opened.project, opened.pipeline.steps)
        from labelwright.tasks import open_tasks

        open_tasks(opened.project, opened.pipeline.tasks)
        # The worker follows the log: machines have something to suggest now.
        happened = partial(log.append, project_id=opened.project.id, kind="items_added", user_id=access.user_id)
        opened.project.database.write(partial(happened, payload={"new": report.new, "changed": report.changed}))
    return report


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
    project: FromPath[str], data: JSONBody[list[SuggestionIn]], access: Access, workspace: Workspace
) -> SuggestionReport:
    """Store what a program suggests; a newer suggestion of the same labeler takes the older one's place."""
    opened = access.project(project, "manage")
    if len(data) > MOST_SUGGESTIONS:
        raise TooLarge(f"One request brings at most {MOST_SUGGESTIONS:,} suggestions.")

    def work(connection: sa.Connection) -> SuggestionReport:
        report = _store_suggestions(connection, opened, data)
        if report.stored:
            happened = {"stored": report.stored, "labelers": sorted({one.labeler for one in data})}
            log.append(connection, opened.project.id, "suggestions_added", user_id=access.user_id, payload=happened)
        return report

    return await workspace.database.write_soon(work)


def _store_suggestions(connection: sa.Connection, opened: OpenProject, data: list[SuggestionIn]) -> SuggestionReport:
    table, items_ = tables.suggestions, tables.items
    rejected: list[RejectedSuggestion] = []
    stored = 0
    for index, one in enumerate(data):
        try:
            row = connection.execute(
                sa.select(items_.c.id).where(
                    items_.c.project_id == opened.project.id,
                    items_.c.state == "active",
                    items_.c.id == one.item_id if one.item_id is not None else items_.c.key == one.key,
                )
            ).one_or_none()
            if row is None:
                raise NotFound("There is no such item.", where=str(one.key or one.item_id))
            answer = _answer(opened, one)
        except (InvalidInput, NotFound) as error:
            rejected.append(RejectedSuggestion(index, str(error)))
            continue
        same = sa.and_(table.c.item_id == row.id, table.c.question == one.question, table.c.labeler == one.labeler)
        values = {"version": one.version, "answer": encode(answer), "score": one.score, "created_at": time.time()}
        if not connection.execute(sa.update(table).where(same).values(values)).rowcount:
            keys = {"project_id": opened.project.id, "item_id": row.id, "question": one.question, "labeler": one.labeler}
            connection.execute(sa.insert(table).values(**keys, **values))
        stored += 1
    return SuggestionReport(stored, rejected)


def _answer(opened: OpenProject, one: SuggestionIn) -> Any:
    schema = opened.project.schema
    if one.score is not None and not 0 <= one.score <= 1:
        raise InvalidInput("A score lies between 0 and 1.", where="score")
    tagged = isinstance(one.answer, dict) and "kind" in one.answer
    values = schema.read_values({one.question: one.answer}) if tagged else schema.read_plain({one.question: one.answer})
    unknown = schema.questions[one.question].unknown_labels([unit.label for unit in values[one.question].parts()])
    if unknown:
        raise InvalidInput(unknown[0].message, where=one.question)
    return values[one.question]


@get("/api/projects/{project:str}/quarantine", opt={"permission": "analyse"})
async def quarantine(project: FromPath[str], access: Access, workspace: Workspace, limit: FromQuery[int] = 200) -> list[Quarantined]:
    """List what could not be read, the newest first, with its place and reason."""
    opened = access.project(project, "analyse")
    table = tables.quarantine
    columns = (table.c.stage, table.c.source, table.c.place, table.c.key, table.c.reason, table.c.sample, table.c.created_at)
    query = sa.select(*columns).where(table.c.project_id == opened.project.id).order_by(table.c.id.desc()).limit(min(max(limit, 1), 1000))
    return await workspace.database.read_soon(lambda connection: [Quarantined(*row) for row in connection.execute(query)])


HANDLERS = [items, item, request_review, add_items, add_suggestions, quarantine]
