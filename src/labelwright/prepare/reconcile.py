"""One batch of prepared rows into the store, in one transaction: items that show the same as before stay, with their labels.

A row's items are matched with those it had before by what they show, not by their keys, so a paragraph that moved keeps its labels. What
no longer exists is `replaced`; its labels stay with it, for the record. An item that shows the same as an active one elsewhere is its
`duplicate`, where duplicates are looked for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.prepare import results
from labelwright.prepare.items import MadeItem
from labelwright.schema import media_of
from labelwright.store import bulk, log
from labelwright.store.bulk import SetAsideEntry
from labelwright.store.codec import decode_fields
from labelwright.store.tables import items, media, quarantine, raw_items

__all__ = ["Prepared", "Reconciled", "write"]


SHOWN = ("key", "data", "meta", "state")
"""What of an item is looked at: where it changes, there may be something else to say about its answers."""


class Prepared(NamedTuple):
    """A raw row and what came of it: its items (none where it was dropped), or the reason why there are none; the `results` used.

    One that is `gone` from its source cannot be mended there, so it is not set aside.
    """

    raw_id: int
    key: str
    source: str
    place: str
    made: list[MadeItem]
    reason: str | None = None
    sample: str = ""
    results: Mapping[str, str] = {}
    gone: bool = False


class Reconciled(NamedTuple):
    """How many items a batch came to, by what happened to them; `rows` counts the raw rows done."""

    rows: int = 0
    prepared: int = 0
    kept: int = 0
    replaced: int = 0
    duplicates: int = 0
    pieces: int = 0
    quarantined: int = 0
    dropped: int = 0


def write(
    connection: Connection,
    project_id: int,
    batch: Sequence[Prepared],
    digest: str,
    *,
    deduplicate: bool,
    first: bool,
    mended: set[str],
    keep: bool = False,
) -> Reconciled:
    """Write a batch; what somebody else prepared or collected anew meanwhile is left alone.

    Args:
        connection: within a transaction.
        project_id: whose items they are.
        batch: the rows.
        digest: that of the plan which prepared them.
        deduplicate: look for items that show the same.
        first: the project had no item when this run began, so no row can have older ones.
        mended: keys of rows that were set aside before.
        keep: steps have results to be kept or to be forgotten.
    """
    bulk.lock_project(connection, project_id)
    open_rows = sa.select(raw_items.c.id).where(
        bulk.among(connection, raw_items.c.id, [row.raw_id for row in batch]),
        raw_items.c.state == "current",
        sa.or_(raw_items.c.prepared_by.is_(None), raw_items.c.prepared_by != digest),
    )
    still = set(connection.scalars(open_rows))
    batch = [row for row in batch if row.raw_id in still]
    again = [row.key for row in batch if row.key in mended]
    if again:
        mine = (quarantine.c.project_id == project_id) & (quarantine.c.stage == "prepare")
        connection.execute(sa.delete(quarantine).where(mine, bulk.among(connection, quarantine.c.key, again)))
    broken = [
        SetAsideEntry(row.source, row.place, row.key, row.reason, row.sample) for row in batch if row.reason is not None and not row.gone
    ]
    bulk.quarantine(connection, project_id, "prepare", broken)
    whole = [row for row in batch if row.reason is None]
    before = {} if first else _items_before(connection, project_id, whole)
    fresh: list[tuple[int, MadeItem]] = []
    kept: list[tuple[Any, int, MadeItem]] = []
    gone: list[int] = []
    for row in whole:
        old = before.get(row.key, [])
        by_revision: dict[str, list[Any]] = {}
        for item in old:
            by_revision.setdefault(item.revision, []).append(item)
        for made in row.made:
            same = by_revision.get(made.revision)
            if same:
                kept.append((same.pop(0), row.raw_id, made))
            else:
                fresh.append((row.raw_id, made))
        gone += [item.id for rest in by_revision.values() for item in rest]
    _note_media(connection, project_id, [made.data for row in whole for made in row.made])
    heirs = _replace(connection, project_id, gone)
    duplicates, shown = _keep(connection, project_id, kept, deduplicate)
    if heirs or shown:
        log.append(connection, project_id, "items_changed", payload={"items": heirs + shown})
    duplicates += _insert(connection, project_id, fresh, deduplicate)
    if keep:
        results.keep(connection, project_id, {row.key: row.results for row in batch})
    connection.execute(
        sa.update(raw_items).where(bulk.among(connection, raw_items.c.id, [row.raw_id for row in batch])).values(prepared_by=digest)
    )
    return Reconciled(
        rows=len(batch),
        prepared=len(fresh) + len(kept) - duplicates,
        kept=len(kept),
        replaced=len(gone),
        duplicates=duplicates,
        pieces=sum(len(row.made) for row in whole if len(row.made) > 1),
        quarantined=len(broken),
        dropped=sum(not row.made for row in whole),
    )


def _note_media(connection: Connection, project_id: int, made: list[str]) -> None:
    """Note which blobs the project shows: whoever may see its items may read them."""
    shown = {digest for data in made if '"blob"' in data for digest in media_of(decode_fields(data))}
    if not shown:
        return
    mine = sa.select(media.c.digest).where(media.c.project_id == project_id, bulk.among(connection, media.c.digest, shown))
    fresh = sorted(shown - set(connection.scalars(mine)))
    bulk.insert(connection, media, ("digest",), [(digest,) for digest in fresh], {"project_id": project_id})


def _items_before(connection: Connection, project_id: int, rows: Sequence[Prepared]) -> dict[str, list[Any]]:
    """Return the items that rows of the same keys have had so far, in order."""
    # A row's items include one of its own key or its first piece, and all of them know their row.
    keys = [row.key for row in rows]
    wanted = [*keys, *(f"{key}#1" for key in keys)]
    query = (
        sa.select(raw_items.c.id, raw_items.c.key)
        .join_from(items, raw_items, raw_items.c.id == items.c.raw_id)
        .where(items.c.project_id == project_id, bulk.among(connection, items.c.key, wanted), items.c.state != "replaced")
    )
    mine = set(keys)
    raws = {row.id: row.key for row in connection.execute(query) if row.key in mine}
    known = sa.select(items).where(bulk.among(connection, items.c.raw_id, list(raws)), items.c.state != "replaced")
    before: dict[str, list[Any]] = {}
    for item in connection.execute(known.order_by(items.c.id)):
        before.setdefault(raws[item.raw_id], []).append(item)
    return before


def _replace(connection: Connection, project_id: int, gone: list[int]) -> int:
    """Let items go; the first duplicate of each takes its place. Return how many do."""
    if not gone:
        return 0
    connection.execute(sa.update(items).where(bulk.among(connection, items.c.id, gone)).values(state="replaced", duplicate_of=None))
    for item_id in gone:
        log.append(connection, project_id, "item_replaced", item_id=item_id)
    orphans = sa.select(items.c.id, items.c.duplicate_of).where(bulk.among(connection, items.c.duplicate_of, gone))
    heirs: dict[int, int] = {}
    for orphan in connection.execute(orphans.order_by(items.c.id)).all():
        heir = heirs.setdefault(orphan.duplicate_of, orphan.id)
        change = {"state": "active", "duplicate_of": None} if heir == orphan.id else {"duplicate_of": heir}
        connection.execute(sa.update(items).where(items.c.id == orphan.id).values(**change))
    return len(heirs)


def _keep(connection: Connection, project_id: int, kept: list[tuple[Any, int, MadeItem]], deduplicate: bool) -> tuple[int, int]:
    """Bring kept items up to date (row, key, offset, other columns, thumbnails).

    Return how many of them are duplicates, and of how many there changed what checks and people are shown.
    """
    changes = []
    originals: dict[str, int] = {}
    if deduplicate and kept:
        active = [item.revision for item, _, _ in kept if item.state == "active"]
        known = _originals(connection, project_id, active)
        # Items from before the step came take part from now on; those that took part already come first.
        alone = [item.id for item, _, _ in kept if item.twin is None]
        connection.execute(sa.update(items).where(bulk.among(connection, items.c.id, alone)).values(twin=items.c.revision))
        originals = _originals(connection, project_id, active) | known
    duplicates = shown = 0
    for item, raw_id, made in kept:
        values = {"raw_id": raw_id, "key": made.key, "data": made.data, "meta": made.meta, "offset": made.offset}
        original = item.duplicate_of if deduplicate else None
        if deduplicate and item.state == "active" and originals[item.revision] != item.id:
            original = originals[item.revision]
        values |= {"state": "duplicate" if original else "active", "duplicate_of": original}
        values["twin"] = made.revision if deduplicate else None
        duplicates += original is not None
        if any(getattr(item, name) != value for name, value in values.items()):
            changes.append({"item": item.id, **values})
            shown += any(getattr(item, name) != values[name] for name in SHOWN)
    if changes:
        names = [name for name in changes[0] if name != "item"]
        statement = sa.update(items).where(items.c.id == sa.bindparam("item")).values({name: sa.bindparam(f"new_{name}") for name in names})
        connection.execute(statement, [{"item": one["item"], **{f"new_{name}": one[name] for name in names}} for one in changes])
    return duplicates, shown


def _insert(connection: Connection, project_id: int, fresh: list[tuple[int, MadeItem]], deduplicate: bool) -> int:
    """Insert new items and return how many of them are duplicates."""
    same = {"project_id": project_id, "created_at": time.time()}
    if not deduplicate:
        bulk.insert(
            connection, items, ("raw_id", *MadeItem._fields), [(raw_id, *made) for raw_id, made in fresh], {**same, "state": "active"}
        )
        return 0
    known = _originals(connection, project_id, [made.revision for _, made in fresh])
    firsts: dict[str, tuple[int, MadeItem]] = {}
    others: list[tuple[int, MadeItem]] = []
    for raw_id, made in fresh:
        if made.revision in known or made.revision in firsts:
            others.append((raw_id, made))
        else:
            firsts[made.revision] = (raw_id, made)
    rows = [(raw_id, *made, made.revision) for raw_id, made in firsts.values()]
    bulk.insert(connection, items, ("raw_id", *MadeItem._fields, "twin"), rows, {**same, "state": "active"})
    known = _originals(connection, project_id, [made.revision for _, made in others])
    twins = [(raw_id, *made, made.revision, known[made.revision]) for raw_id, made in others]
    bulk.insert(connection, items, ("raw_id", *MadeItem._fields, "twin", "duplicate_of"), twins, {**same, "state": "duplicate"})
    return len(others)


def _originals(connection: Connection, project_id: int, revisions: list[str]) -> dict[str, int]:
    """Return the first active item of each revision."""
    query = (
        sa.select(items.c.twin, sa.func.min(items.c.id))
        .where(items.c.project_id == project_id, items.c.state == "active", bulk.among(connection, items.c.twin, revisions))
        .group_by(items.c.twin)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
