"""Prepare: turn raw rows into the items that people and machines see, again only where a row or the steps have changed.

Each raw row carries the digest of the plan that prepared it. A run takes the rows without one and those with another, batch by batch, and
writes items and digest in one transaction: a run that is killed goes on where it stopped. Media are decoded in a few threads, with as many
files in memory at once. What they come to is kept (`results`), so that another step does not have them decoded again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from labelwright.errors import LabelwrightError
from labelwright.media._pool import THREADS, in_order
from labelwright.prepare import results
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.prepare.items import make
from labelwright.prepare.plan import Plan, make_plan
from labelwright.prepare.reconcile import Prepared, Reconciled, write
from labelwright.store import bulk
from labelwright.store.bulk import BATCH
from labelwright.store.project import Project
from labelwright.store.statistics import renew
from labelwright.store.tables import items, quarantine, raw_items

__all__ = ["PrepareReport", "prepare"]

Progress = Callable[[int, int | None, str], None]

MEDIA_BATCH = 100
"""So many rows with media are written in one transaction: they come slowly, and a killed run loses the batch under way."""

BATCH_BYTES = 8 * 2**20

T = TypeVar("T")

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class PrepareReport(Struct, frozen=True, kw_only=True):
    """What became of the rows that were prepared now.

    `prepared` items can be asked about, `kept` among them showed the same before and keep their labels. `duplicates` show the same as
    another item, `pieces` are parts of longer texts. `quarantined` rows cannot be prepared, and a step of one's own left `dropped` ones
    out.

    `left` items are gone with all that their row showed, and `replaced` ones because it shows something else. `answers_left` counts the
    answers to both, which are kept: `returned` items are there again, with `answers_returned`, because their row shows again what it did.
    """

    prepared: int = 0
    duplicates: int = 0
    pieces: int = 0
    quarantined: int = 0
    kept: int = 0
    left: int = 0
    replaced: int = 0
    returned: int = 0
    answers_left: int = 0
    answers_returned: int = 0
    dropped: int = 0


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def prepare(project: Project, steps: Sequence[Mapping[str, Any]] = (), *, progress: Progress = _silent) -> PrepareReport:
    """Make items of all raw rows that are new, changed, or prepared by other steps.

    Args:
        project: whose rows.
        steps: `{name: options}` each. The step of each modality in the schema runs first, with its defaults,
            unless it is named.
        progress: told of the rows done.

    Raises:
        InvalidPipeline: a step is unknown, or its options are wrong.
    """
    plan = make_plan(steps, project.schema, project.folder)
    context = Context(project.schema, project.blobs)
    with project.database.read() as connection:
        recall = results.any_kept(connection, project.id)
        first = connection.scalar(sa.select(items.c.id).where(items.c.project_id == project.id).limit(1)) is None
        set_aside = sa.select(quarantine.c.key).where(quarantine.c.project_id == project.id, quarantine.c.stage == "prepare")
        mended = {key for key in connection.scalars(set_aside) if key}
        waiting = _waiting(connection, project.id, plan.digest)
        total = sum(map(len, waiting))
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="labelwright-prepare") as pool:
        for batch in _batches(project, plan, context, pool, recall, waiting):

            def work(connection: sa.Connection, batch: list[Prepared] = batch) -> Reconciled:
                return write(
                    connection,
                    project.id,
                    batch,
                    plan.digest,
                    deduplicate=plan.deduplicate,
                    first=first,
                    mended=mended,
                    keep=plan.remembers or recall,
                )

            counts.update(project.database.write(work)._asdict())
            progress(counts["rows"], total, "prepare")
    renew(project.database)
    counts.pop("rows", None)
    return PrepareReport(**counts)


def _batches(
    project: Project, plan: Plan, context: Context, pool: ThreadPoolExecutor, recall: bool, waiting: Sequence[Sequence[int]]
) -> Iterator[list[Prepared]]:
    """Yield prepared rows, as many as make a transaction; each must be written before the next is asked for."""
    media = bool(project.schema.stored())

    def each(work: Callable[[ItemDraft], T], drafts: Iterable[ItemDraft]) -> Iterator[T]:
        return (outcome for _, outcome in in_order(pool, work, drafts)) if media else map(work, drafts)

    limit = MEDIA_BATCH if media else BATCH
    for raws in chain.from_iterable(_read(project, numbers, limit) for numbers in waiting):
        prepared: Iterable[Prepared]
        if plan.remembers:
            known = {}
            if recall:
                with project.database.read() as connection:
                    known = results.kept(connection, project.id, [raw.key for raw in raws])
            rows = results.run(plan, [ItemDraft(raw.key, _decode(raw.data)) for raw in raws], context, known, each)
            prepared = (_finish(raw, row, context) for raw, row in zip(raws, rows, strict=True))
        else:
            prepared = (_prepare_row(raw, plan, context) for raw in raws)
        batch: list[Prepared] = []
        count = size = 0
        for row in prepared:
            batch.append(row)
            count += max(1, len(row.made))
            size += sum(len(made.data) for made in row.made)
            if count >= BATCH or size >= BATCH_BYTES:
                yield batch
                batch, count, size = [], 0, 0
        if batch:
            yield batch


def _waiting(connection: sa.Connection, project_id: int, digest: str) -> list[array[int]]:
    """Return the numbers of all rows to be prepared, in order: never prepared ones, and those that other steps prepared.

    They are read once, at eight bytes each. If the next ones were looked for after each batch, PostgreSQL would have to pass by all that
    have been prepared meanwhile, for it keeps their index entries until it vacuums.
    """
    column = raw_items.c.prepared_by
    mine = sa.select(raw_items.c.id).where(raw_items.c.project_id == project_id, raw_items.c.state == "current")
    streamed = connection.execution_options(yield_per=BATCH)
    # `!=` would read all rows; these are three ranges of an index.
    queries = mine.where(column.is_(None)), mine.where(sa.or_(column < digest, column > digest))
    return [array("q", sorted(streamed.execute(query).scalars())) for query in queries]


def _read(project: Project, numbers: Sequence[int], limit: int) -> Iterator[list[Any]]:
    """Yield the rows of these numbers, which are in order, so many at once, or fewer where they are large.

    What was collected anew meanwhile is left out.
    """
    rows = sa.select(*(raw_items.c[name] for name in ("id", "key", "source", "place", "data", "gone_at")))
    rows = rows.where(raw_items.c.state == "current").order_by(raw_items.c.id)
    start = 0
    while part := numbers[start : start + limit]:
        found: list[Any] = []
        size = 0
        start += len(part)
        with project.database.read() as connection:
            chosen = rows.where(bulk.among(connection, raw_items.c.id, part))
            result = connection.execution_options(yield_per=250).execute(chosen)
            for row in result:
                found.append(row)
                size += len(row.data)
                if size >= BATCH_BYTES:
                    start = bisect_right(numbers, row.id)
                    break
            result.close()
        yield found


def _prepare_row(raw: Any, plan: Plan, context: Context) -> Prepared:
    raw_id, key, source, place, data, gone_at = raw
    try:
        made = [make(draft, context.schema) for draft in plan.run(ItemDraft(key, _decode(data)), context)]
    except LabelwrightError as error:
        return Prepared(raw_id, key, source, place, [], str(error), data[:200], gone=gone_at is not None)
    return Prepared(raw_id, key, source, place, made)


def _finish(raw: Any, row: results.Ran, context: Context) -> Prepared:
    raw_id, key, source, place, data, gone_at = raw
    reason, made = row.reason, []
    if reason is None:
        try:
            made = [make(draft, context.schema) for draft in row.drafts]
        except LabelwrightError as error:
            reason = str(error)
    return Prepared(raw_id, key, source, place, made, reason, data[:200] if reason else "", row.used, gone_at is not None)
