"""One batch of prepared rows into the store, in one transaction: items that show the same as before stay, with their labels.

A row's items are matched with those it had before by what they show, not by their keys, so a paragraph that moved keeps its labels. What
no longer exists is `replaced`; its labels stay with it. Where a row shows again what it showed once, because a step was taken back or a
change undone, the item of that time returns with all that it had, instead of a new one. An item that shows the same as an active one
elsewhere is its `duplicate`, where duplicates are looked for.
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
from labelwright.store.standing import STANDING
from labelwright.store.tables import annotations as _annotations
from labelwright.store.tables import items, media, quarantine, raw_items, review_picks, skips, tasks

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
    """How many items a batch came to, by what happened to them; `rows` counts the raw rows done, the rest as `PrepareReport` says."""

    rows: int = 0
    prepared: int = 0
    kept: int = 0
    left: int = 0
    replaced: int = 0
    returned: int = 0
    answers_left: int = 0
    answers_returned: int = 0
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
    unmatched: list[tuple[Prepared, MadeItem]] = []
    kept: list[tuple[Any, int, MadeItem]] = []
    left: list[int] = []
    replaced: list[int] = []
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
                unmatched.append((row, made))
        (replaced if row.made else left).extend(item.id for rest in by_revision.values() for item in rest)
    _note_media(connection, project_id, [made.data for row in whole for made in row.made])
    returned, fresh = ([], [(row.raw_id, made) for row, made in unmatched]) if first else _find_again(connection, project_id, unmatched)
    gone, back = left + replaced, [item_id for item_id, _, _ in returned]
    heirs = _replace(connection, project_id, gone)
    displaced = _bring_back(connection, project_id, back, deduplicate)
    if heirs or back:
        matched = [(item.id, raw_id, made) for item, raw_id, made in kept] + returned
        chosen = bulk.among(connection, items.c.id, [item_id for item_id, _, _ in matched])
        now = {row.id: row for row in connection.execute(sa.select(items).where(chosen))}
        kept = [(now[item_id], raw_id, made) for item_id, raw_id, made in matched]
    duplicates, shown = _keep(connection, project_id, kept, deduplicate)
    if heirs or displaced or shown:
        log.append(connection, project_id, "items_changed", payload={"items": heirs + displaced + shown})
    duplicates += _insert(connection, project_id, fresh, deduplicate)
    if keep:
        results.keep(connection, project_id, {row.key: row.results for row in batch})
    connection.execute(
        sa.update(raw_items).where(bulk.among(connection, raw_items.c.id, [row.raw_id for row in batch])).values(prepared_by=digest)
    )
    return Reconciled(
        rows=len(batch),
        prepared=len(fresh) + len(kept) - duplicates,
        kept=len(kept) - len(returned),
        left=len(left),
        replaced=len(replaced),
        returned=len(returned),
        answers_left=_answers(connection, gone),
        answers_returned=_answers(connection, back),
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
    """Return the items that rows of the same keys have now, in order."""
    # A row's items include one of its own key or its first piece, and all of them know their row.
    keys = [row.key for row in rows]
    raws = _raws_of(connection, project_id, set(keys), [*keys, *(f"{key}#1" for key in keys)], replaced=False)
    known = sa.select(items).where(bulk.among(connection, items.c.raw_id, list(raws)), items.c.state != "replaced")
    before: dict[str, list[Any]] = {}
    for item in connection.execute(known.order_by(items.c.id)):
        before.setdefault(raws[item.raw_id], []).append(item)
    return before


def _raws_of(connection: Connection, project_id: int, keys: set[str], wanted: Sequence[str], *, replaced: bool) -> dict[int, str]:
    """Return the numbers of the raw rows of these keys, old revisions too, of which items with one of the `wanted` keys came.

    Only of those items that were replaced, or only of the others. The state is looked at here: by its index all items would be read.
    """
    query = (
        sa.select(raw_items.c.id, raw_items.c.key, items.c.state)
        .join_from(items, raw_items, raw_items.c.id == items.c.raw_id)
        .where(items.c.project_id == project_id, bulk.among(connection, items.c.key, wanted))
    )
    found = connection.execute(query)
    return {row.id: row.key for row in found if row.key in keys and (row.state == "replaced") == replaced}


def _find_again(
    connection: Connection, project_id: int, unmatched: Sequence[tuple[Prepared, MadeItem]]
) -> tuple[list[tuple[int, int, MadeItem]], list[tuple[int, MadeItem]]]:
    """Find the replaced item of the same row that showed the same, for each that the row has not now.

    Return those found, `(item, row, made)`, and what is new, `(row, made)`. Of several, the newest that somebody answered comes first.
    """
    if not unmatched:
        return [], []
    gone = items.c.state == "replaced"
    keys = {row.key for row, _ in unmatched}
    wanted = keys | {f"{key}#1" for key in keys} | {made.key for _, made in unmatched}
    raws = _raws_of(connection, project_id, keys, sorted(wanted), replaced=True)
    once: dict[tuple[str, str], list[int]] = {}
    if raws:
        answered = sa.exists(sa.select(_annotations.c.id).where(_annotations.c.item_id == items.c.id))
        same = bulk.among(connection, items.c.revision, sorted({made.revision for _, made in unmatched}))
        query = sa.select(items.c.id, items.c.raw_id, items.c.revision).where(
            bulk.among(connection, items.c.raw_id, sorted(raws)), gone, same
        )
        for item_id, raw_id, revision in connection.execute(query.order_by(sa.case((answered, 1), else_=0), items.c.id)):
            once.setdefault((raws[raw_id], revision), []).append(item_id)
    returned: list[tuple[int, int, MadeItem]] = []
    fresh: list[tuple[int, MadeItem]] = []
    for row, made in unmatched:
        if found := once.get((row.key, made.revision)):
            returned.append((found.pop(), row.raw_id, made))
        else:
            fresh.append((row.raw_id, made))
    return returned, fresh


def _answers(connection: Connection, item_ids: list[int]) -> int:
    """Count the answers to items that stand."""
    if not item_ids:
        return 0
    standing = sa.and_(bulk.among(connection, _annotations.c.item_id, item_ids), _annotations.c.state.in_(STANDING))
    return connection.scalar(sa.select(sa.func.count()).select_from(_annotations).where(standing)) or 0


def _reopen(connection: Connection, active: list[int]) -> None:
    """Let what was asked about items be asked again, as it was before they left or became duplicates.

    Before tasks of items that left were put away they were cancelled. So what was cancelled without anybody's passing it on is asked
    again, too: what went back to its author as it was, and labels by counting as asked for no more than there are tasks for.
    """
    if not active:
        return
    mine = bulk.among(connection, tasks.c.item_id, active)
    connection.execute(sa.update(tasks).where(mine, tasks.c.state == "away").values(state="open"))
    by_author = sa.select(skips.c.item_id).where(skips.c.item_id == tasks.c.item_id, skips.c.user_id == tasks.c.for_user_id)
    sent_back = sa.and_(mine, tasks.c.purpose == "redo", tasks.c.state == "cancelled", ~sa.exists(by_author))
    connection.execute(sa.update(tasks).where(sent_back).values(state="open"))
    labels = (tasks.c.item_id == items.c.id, tasks.c.purpose == "label", tasks.c.state != "cancelled")
    asked = sa.select(sa.func.count()).select_from(tasks).where(*labels).scalar_subquery()
    to_review = sa.select(review_picks.c.item_id).where(review_picks.c.item_id == items.c.id, review_picks.c.reasons.like('%"skipped"%'))
    fewer = sa.and_(bulk.among(connection, items.c.id, active), items.c.tasks_opened > asked, ~sa.exists(to_review))
    connection.execute(sa.update(items).where(fewer).values(tasks_opened=asked))


def _replace(connection: Connection, project_id: int, gone: list[int]) -> int:
    """Let items go; the first duplicate of each takes its place. Return how many do."""
    if not gone:
        return 0
    connection.execute(sa.update(items).where(bulk.among(connection, items.c.id, gone)).values(state="replaced", duplicate_of=None))
    log.append_all(connection, project_id, "item_replaced", [(None, item_id, None) for item_id in gone], payload={})
    orphans = sa.select(items.c.id, items.c.duplicate_of).where(bulk.among(connection, items.c.duplicate_of, gone))
    heirs: dict[int, int] = {}
    for orphan in connection.execute(orphans.order_by(items.c.id)).all():
        heir = heirs.setdefault(orphan.duplicate_of, orphan.id)
        change = {"state": "active", "duplicate_of": None} if heir == orphan.id else {"duplicate_of": heir}
        connection.execute(sa.update(items).where(items.c.id == orphan.id).values(**change))
    _reopen(connection, list(heirs.values()))
    return len(heirs)


def _bring_back(connection: Connection, project_id: int, back: list[int], deduplicate: bool) -> int:
    """Make replaced items current ones again, with their tasks. Return how many others became their duplicates.

    An item takes its place back from the duplicate that got it, unless somebody has answered about that one since.
    """
    if not back:
        return 0
    mine = bulk.among(connection, items.c.id, back)
    originals: dict[int, int] = {}
    displaced: dict[int, int] = {}
    if deduplicate:
        revisions = {row.id: row.revision for row in connection.execute(sa.select(items.c.id, items.c.revision).where(mine))}
        known = _originals(connection, project_id, sorted(set(revisions.values())))
        answered = sa.select(_annotations.c.item_id).where(bulk.among(connection, _annotations.c.item_id, [*known.values(), *back]))
        asked = set(connection.scalars(answered.distinct()))
        # Those that somebody answered come first: of several that show the same, one is asked about.
        for item_id in sorted(revisions, key=lambda one: (one not in asked, one)):
            holder = known.get(revisions[item_id])
            if holder is None or (holder not in asked and holder not in revisions):
                known[revisions[item_id]] = item_id
                if holder is not None:
                    displaced[holder] = item_id
            else:
                originals[item_id] = holder
    twin = items.c.revision if deduplicate else sa.null()
    connection.execute(sa.update(items).where(mine).values(state="active", twin=twin))
    for holder, item_id in displaced.items():
        followers = sa.or_(items.c.id == holder, items.c.duplicate_of == holder)
        connection.execute(sa.update(items).where(followers).values(state="duplicate", duplicate_of=item_id))
    for item_id, original in originals.items():
        connection.execute(sa.update(items).where(items.c.id == item_id).values(state="duplicate", duplicate_of=original))
    _reopen(connection, [item_id for item_id in back if item_id not in originals])
    log.append_all(connection, project_id, "item_returned", [(None, item_id, None) for item_id in back], payload={})
    return len(displaced)


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
    _reopen(connection, [one["item"] for one in changes if one["state"] == "active"])
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
