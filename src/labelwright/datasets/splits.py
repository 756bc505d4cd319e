"""Who is in train and who in test: by hash, the same every time, and without leakage.

Items that belong together always land in one split: pieces of one raw row, items that show the same (also those set aside as
duplicates, which tie their rows together), and rows with the same value in the column `by`. Belonging is carried on from item to item, so
a group is whatever hangs together. A group's split follows from the smallest hash of its raw keys (or `by` values), which depends neither
on the order of collecting nor on what else there is; shares are therefore met on average, not to the item.

A split stays: a group that holds items of the newest frozen version keeps the split that the first of them, by hash, had there, so that
what joins it later, a duplicate or another row of the same customer, moves nobody from test to train. Declaring other shares or another
column divides anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.datasets.policy import DatasetPolicy
from labelwright.errors import InvalidPipeline, nearest
from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode, decode_fields
from labelwright.store.paging import next_page
from labelwright.store.project import Project

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Splits", "assign", "key_hash"]

PAGE = 5000

STATES = ("active", "duplicate")
"""The states of the items that are split: active, or set aside as a copy of one."""


@dataclass(frozen=True)
class Splits:
    """The split of each item, kept in arrays: nine bytes an item."""

    names: tuple[str, ...]
    ids: np.ndarray[Any, Any]
    chosen: np.ndarray[Any, Any]

    def of(self, item_ids: list[int]) -> list[str | None]:
        """Return the split of each item, or None where there are no splits."""
        if not self.names:
            return [None] * len(item_ids)
        import numpy as np

        places = np.searchsorted(self.ids, item_ids)
        return [self.names[number] for number in self.chosen[places]]


def assign(connection: Connection, project: Project, policy: DatasetPolicy, frozen: Mapping[int, str] | None = None) -> Splits:
    """Give every active item its split.

    Args:
        connection: for reading.
        project: whose items.
        policy: the shares, and the column `by`.
        frozen: the splits of the newest version, by `key_hash` of the item's key, where it was divided by the same policy.

    Raises:
        InvalidPipeline: the column `by` is in no item.
    """
    import numpy as np

    shares = policy.shares
    if not shares:
        return Splits((), np.zeros(0, np.int64), np.zeros(0, np.int8))
    ids, raws, shown, hashes, active, before = _read(connection, project, policy.by, list(shares), frozen or {})
    labels = _connected(raws, shown, hashes)
    # The smallest hash in each group decides for the whole group.
    smallest = np.full(labels.max(initial=-1) + 1, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, labels, hashes)
    ends = np.cumsum(list(shares.values()))[:-1]
    chosen = np.searchsorted(ends, _mixed(smallest)[labels] / 2.0**64, side="right").astype(np.int8)
    held = np.flatnonzero(before >= 0)
    if len(held):
        # Of a group's frozen members the one with the smallest hash decides; written last, it is the one that stays.
        held = held[np.argsort(hashes[held], kind="stable")[::-1]]
        kept = np.full(len(smallest), -1, np.int8)
        kept[labels[held]] = before[held]
        chosen = np.where(kept[labels] >= 0, kept[labels], chosen)
    return Splits(tuple(shares), ids[active], chosen[active])


def _read(connection: Connection, project: Project, by: str | None, names: list[str], frozen: Mapping[int, str]) -> tuple[Any, ...]:
    """Read, for every item active or set aside: its number, raw row, what it shows, its hash, whether it is active, and its split so far.

    The hash is that of the value in the column `by`, which ties items together, and else that of the raw key. The split is a place in
    `names`, or -1.
    """
    import numpy as np

    items, raw_items = tables.items, tables.raw_items
    columns = [items.c.id, items.c.raw_id, items.c.revision, items.c.state, raw_items.c.key, items.c.key.label("own")]
    columns += [items.c.meta, items.c.data] if by else []
    query = sa.select(*columns).join(raw_items, raw_items.c.id == items.c.raw_id)
    query = query.where(beside(items.c.project_id) == project.id, beside(items.c.state).in_(STATES)).order_by(items.c.id)
    parts: list[tuple[Any, ...]] = []
    found = not by
    seen: set[str] = set()
    places = {name: place for place, name in enumerate(names)}
    after = 0
    while numbers := next_page(connection, items, project.id, STATES, after=after, size=PAGE):
        rows = connection.execute(query.where(items.c.id > after, items.c.id <= numbers[-1])).all()
        after = numbers[-1]
        values: list[Any] = [None] * len(rows)
        if by:
            for index, row in enumerate(rows):
                meta = decode(row.meta)
                if len(seen) < 100:
                    seen.update(meta)
                values[index] = _value(meta, row.data, by, project)
            found = found or any(value is not None for value in values)
        hashes = [_hash(f"by\0{value}" if value is not None else f"key\0{row.key}") for row, value in zip(rows, values, strict=True)]
        parts.append(
            (
                np.array([row.id for row in rows], np.int64),
                np.array([row.raw_id for row in rows], np.int64),
                np.array([int(row.revision[:16], 16) for row in rows], np.uint64),
                np.array(hashes, np.uint64),
                np.array([row.state == "active" for row in rows], bool),
                np.array([places.get(frozen.get(key_hash(row.own), ""), -1) if frozen else -1 for row in rows], np.int8),
            )
        )
    if not parts:
        empty = np.zeros(0, np.uint64)
        return empty, empty, empty, empty, np.zeros(0, bool), np.zeros(0, np.int8)
    if not found:
        hint = nearest(str(by), {*seen, *project.schema.data})
        raise InvalidPipeline(f"No item has a column '{by}'.", where="dataset.split.by", hint=hint)
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _value(meta: dict[str, Any], data: str, by: str, project: Project) -> str | None:
    if by in meta:
        return None if meta[by] is None else str(meta[by])
    if by in project.schema.data:
        field = decode_fields(data).get(by)
        return None if field is None else field.plain()
    return None


def key_hash(key: str) -> int:
    """Return a hash of an item's key, by which its split of the newest version is known."""
    return _hash(f"item\0{key}")


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _mixed(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Hash numbers once more (splitmix64): the smallest of many is small, and would put every large group into the first split."""
    import numpy as np

    found = numbers + np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))


def _connected(*ties: Any) -> Any:
    """Return the number of each item's group: items are tied by any equal value in any of the columns."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(ties[0])
    if not count:
        return np.zeros(0, np.int64)
    rows, columns, nodes = [], [], count
    for tie in ties:
        _, inverse = np.unique(tie, return_inverse=True)
        rows.append(np.arange(count))
        columns.append(inverse + nodes)
        nodes += int(inverse.max()) + 1
    graph = coo_array((np.ones(count * len(ties), np.int8), (np.concatenate(rows), np.concatenate(columns))), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1][:count]
