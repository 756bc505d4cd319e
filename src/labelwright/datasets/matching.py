"""Which item of the project an entry of a file is about: by its key, by the file it names, or by what it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.formats import Labeled
from labelwright.schema import Item
from labelwright.schema.item import revision_of
from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode, decode_fields
from labelwright.store.portable import fits
from labelwright.store.project import Project

__all__ = ["find_items", "read_items"]

STREAMED = 50
"""So many items are read at once, for they may be large."""


def find_items(connection: Connection, project: Project, entries: Sequence[Labeled]) -> list[int | None]:
    """Return the number of each entry's item, or None where there is none or it is not clear which one.

    An entry about a duplicate that was set aside is about the item that stands for it.
    """
    wanted = [_names(entry) for entry in entries]
    by_key = _by_column(connection, project.id, "key", {name for names in wanted for name in names})
    unmatched = [index for index, names in enumerate(wanted) if not any(name in by_key for name in names)]
    revisions = {index: revision_of(entries[index].data) for index in unmatched if set(entries[index].data) == set(project.schema.data)}
    by_revision = _by_column(connection, project.id, "revision", set(revisions.values()))
    chosen: list[int | None] = []
    for index, names in enumerate(wanted):
        hits = next((by_key[name] for name in names if name in by_key), None)
        if hits is not None:
            # Several items under one key: it names none of them.
            chosen.append(hits[0] if len(hits) == 1 else None)
        else:
            # Several items that show the same: any of them, so always the first.
            same = by_revision.get(revisions.get(index, ""))
            chosen.append(same[0] if same else None)
    return chosen


def read_items(connection: Connection, numbers: Collection[int]) -> Iterator[Item]:
    """Yield those of the items that are active, in no particular order and a few at a time."""
    items = tables.items
    query = sa.select(items.c.id, items.c.key, items.c.revision, items.c.data, items.c.meta).where(
        items.c.id.in_(sorted(numbers)), items.c.state == "active"
    )
    for row in connection.execute(query, execution_options={"stream_results": True, "max_row_buffer": STREAMED}):
        yield Item(row.id, row.key, row.revision, decode_fields(row.data), decode(row.meta))


def _names(entry: Labeled) -> list[str]:
    """The keys that an entry may mean, the likeliest first: its own, or the file it names, with its folders and without."""
    if entry.key is not None:
        return [entry.key]
    names: list[str] = []
    for file in entry.files.values():
        path = PurePosixPath(file.replace("\\", "/"))
        names += [file, str(path), path.name, path.stem]
    return list(dict.fromkeys(names))


def _by_column(connection: Connection, project_id: int, column: str, values: Iterable[str]) -> dict[str, list[int]]:
    items = tables.items
    wanted = sorted(filter(fits, values))
    if not wanted:
        return {}
    query = sa.select(items.c[column], items.c.id, items.c.state, items.c.duplicate_of).where(
        items.c.project_id == project_id, items.c[column].in_(wanted), beside(items.c.state).in_(("active", "duplicate"))
    )
    found: dict[str, list[int]] = {}
    # Active ones first. Put in order here: in the statement, the order would lead SQLite to the index of all the project's items.
    for value, number, state, original in sorted(connection.execute(query), key=lambda row: (row.state, row.id)):
        target = original if state == "duplicate" else number
        if target is not None and target not in found.setdefault(value, []):
            found[value].append(target)
    return found
