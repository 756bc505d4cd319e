"""What expensive steps made of a row, kept so that other steps may change without their work being done again.

A step with `REMEMBERS = True` is expensive: decoding a picture or a recording, or code of one's own. Its result is kept under the digest of
all that it depends on: the step, its version, options and files, the schema's fields, and what it looks at of the draft that goes in. Kept
is the difference to that draft: an `Image` in place of a path, not the row once more. Results belong to the key of their row, so that
another revision of the row finds them too, and are written in the transaction of the row's items. Those that a row's present steps did not
use are forgotten in it: no more is kept than what the present plan needs.

A reason why a file cannot be read is a result as well. Other errors are not: they may come from outside, as that of code which asked a
server, and are worth another try.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, Struct, UnsetType, structs
from sqlalchemy import Connection

from labelwright.errors import InvalidFile, LabelwrightError, TooLarge
from labelwright.media.text import NormalText
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.prepare.plan import Plan, Step, numbered
from labelwright.schema import Field, FieldUnion
from labelwright.schema.item import content_hash
from labelwright.store import bulk
from labelwright.store.tables import step_results

__all__ = ["Ran", "any_kept", "keep", "kept", "run"]

Each = Callable[[Callable[[ItemDraft], "StepResult"], Iterable[ItemDraft]], Iterator["StepResult"]]
"""Does some work for every draft, in order: here, or in several threads."""


class Change(Struct, frozen=True, omit_defaults=True):
    """How a draft that came out differs from the one that went in.

    `positions` has all that are left, null where they are the same as before.
    """

    columns: dict[str, Any] = {}
    media: dict[str, FieldUnion] = {}
    without: list[str] = []
    number: int | UnsetType | None = UNSET
    offset: int | UnsetType | None = UNSET
    positions: dict[str, NormalText | None] | UnsetType = UNSET


class StepResult(Struct, frozen=True, omit_defaults=True):
    """What a step made of a draft: its pieces, or the reason why it cannot become an item; `passing` is not worth keeping."""

    made: list[Change] = []
    reason: str | None = None
    passing: bool = False


class Ran(Struct):
    """A row on its way through the steps: its drafts, or why it has none, and the results that it used by their keys."""

    key: str
    drafts: list[ItemDraft]
    reason: str | None = None
    used: dict[str, str] = {}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(StepResult).decode


def run(plan: Plan, drafts: Sequence[ItemDraft], context: Context, known: Mapping[tuple[str, str], str], each: Each) -> list[Ran]:
    """Hand rows through all steps, one step after the other, and ask `known` before an expensive one."""
    rows = [Ran(draft.key, [draft]) for draft in drafts]
    for step in plan.steps:
        standing = [row for row in rows if row.reason is None]
        if step.remembers:
            _run_expensive(step, standing, context, known, each)
        else:
            for row in standing:
                try:
                    row.drafts = [made for one in row.drafts for made in step.module.apply(one, step.options, context)]
                except LabelwrightError as error:
                    row.reason = str(error)
    for row in rows:
        row.drafts = numbered(row.drafts)
    return rows


def _run_expensive(step: Step, rows: list[Ran], context: Context, known: Mapping[tuple[str, str], str], each: Each) -> None:
    keys = [[_key(step, one, context) for one in row.drafts] for row in rows]
    missing: dict[tuple[int, str], ItemDraft] = {}
    results: dict[tuple[int, str], StepResult] = {}
    for index, row in enumerate(rows):
        for key, one in zip(keys[index], row.drafts, strict=True):
            text = known.get((row.key, key))
            if text is not None:
                row.used[key] = text
                results[index, key] = _decode(text)
            else:
                missing[index, key] = one

    def work(draft: ItemDraft) -> StepResult:
        try:
            return StepResult([_change(draft, made) for made in step.module.apply(draft, step.options, context)])
        except LabelwrightError as error:
            return StepResult(reason=str(error), passing=not isinstance(error, InvalidFile | TooLarge))

    for (index, key), result in zip(missing, each(work, missing.values()), strict=True):
        if not result.passing:
            text = _encode(result).decode()
            rows[index].used[key] = text
            result = _decode(text)  # what comes out now is what will be recalled, to the last comma
        results[index, key] = result
    for index, row in enumerate(rows):
        drafts: list[ItemDraft] = []
        for key, one in zip(keys[index], row.drafts, strict=True):
            result = results[index, key]
            row.reason = row.reason or result.reason
            drafts += [_changed(one, change) for change in result.made]
        row.drafts = drafts


def _key(step: Step, draft: ItemDraft, context: Context) -> str:
    sees = getattr(step.module, "sees", None)
    seen = sees(draft, step.options, context) if sees else [draft.columns, draft.number, draft.offset, draft.positions]
    return content_hash([step.digest, seen])[:32]


def _change(draft: ItemDraft, made: ItemDraft) -> Change:
    old = draft.columns
    new = {name: value for name, value in made.columns.items() if name not in old or not _same(old[name], value)}
    media = {name: value for name, value in new.items() if isinstance(value, Field)}
    positions: dict[str, NormalText | None] | UnsetType = UNSET
    if made.positions != draft.positions:
        positions = {name: None if draft.positions.get(name) == value else value for name, value in made.positions.items()}
    return Change(
        columns={name: value for name, value in new.items() if name not in media},
        media=media,
        without=[name for name in draft.columns if name not in made.columns],
        number=UNSET if made.number == draft.number else made.number,
        offset=UNSET if made.offset == draft.offset else made.offset,
        positions=positions,
    )


def _same(one: Any, other: Any) -> bool:
    return one is other or _encode(one) == _encode(other)  # as JSON: 1 is not true


def _changed(draft: ItemDraft, change: Change) -> ItemDraft:
    columns = {name: value for name, value in draft.columns.items() if name not in change.without} | change.columns | change.media
    values: dict[str, Any] = {"columns": columns}
    if change.number is not UNSET:
        values["number"] = change.number
    if change.offset is not UNSET:
        values["offset"] = change.offset
    if change.positions is not UNSET:
        values["positions"] = {name: value or draft.positions[name] for name, value in change.positions.items()}
    return structs.replace(draft, **values)


# --- in the store -------------------------------------------------------------------------------------------------------


def any_kept(connection: Connection, project_id: int) -> bool:
    """Tell whether the project has results at all; most have none, and need not ask again."""
    return connection.scalar(sa.select(sa.true()).where(step_results.c.project_id == project_id).limit(1)) is not None


def kept(connection: Connection, project_id: int, rows: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the results of rows given by their keys, under the row and the result's key."""
    table = step_results
    query = sa.select(table.c.row, table.c.key, table.c.result).where(
        table.c.project_id == project_id, bulk.among(connection, table.c.row, rows)
    )
    return {(row, key): result for row, key, result in connection.execute(query)}


def keep(connection: Connection, project_id: int, rows: Mapping[str, Mapping[str, str]]) -> None:
    """Let each row, named by its key, have exactly the results that it used: new ones are written, others forgotten."""
    table = step_results
    mine = (table.c.project_id == project_id) & bulk.among(connection, table.c.row, list(rows))
    have = {(row, key) for row, key in connection.execute(sa.select(table.c.row, table.c.key).where(mine))}
    used = {(row, key): result for row, results in rows.items() for key, result in results.items()}
    stale = [{"of": row, "under": key} for row, key in have if (row, key) not in used]
    if stale:
        one = (table.c.project_id == project_id) & (table.c.row == sa.bindparam("of")) & (table.c.key == sa.bindparam("under"))
        connection.execute(sa.delete(table).where(one), stale)
    fresh = [(*pair, result) for pair, result in used.items() if pair not in have]
    bulk.insert(connection, table, ("row", "key", "result"), fresh, {"project_id": project_id})
