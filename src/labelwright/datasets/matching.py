"""Which item of the project an entry of a file is about: by its key, by the file it names, or by what it shows.

A file that lies beside the pictures or recordings that it names says by that which ones it means: the key of a file is the end of its path.

Other tools write names in their own ways: with more folders or fewer, encoded for the web, with backslashes, decomposed, with another case,
with eight digits in front as of an upload. One of the two names must be the end of the other, folder by folder, once both are written in
one way; of several items that fit so, the one whose name is written most alike, and where that does not tell them apart, none.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.formats import Labeled
from labelwright.media.text import normalize
from labelwright.schema import Field, Item, Schema
from labelwright.schema.item import revision_of
from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode, decode_fields
from labelwright.store.portable import fits
from labelwright.store.project import Project

__all__ = ["Finder", "MatchedItem", "read_items"]

STREAMED = 50
"""So many items are read at once, for they may be large."""

DEEPEST = 12
"""A key that is a path has at most so many folders, where it is looked for by the end of a longer one."""

_UPLOAD = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What Label Studio puts in front of the name of a file that was uploaded."""


class MatchedItem(NamedTuple):
    """The number of an entry's item, or None, and why it is not clear which one."""

    number: int | None = None
    reason: str | None = None


class Finder:
    """Finds the items of entries. The names of files are read once, when they are first needed: about 200 bytes an item."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._names: dict[str, list[tuple[str, int]]] | None = None

    def find(self, connection: Connection, entries: Sequence[Labeled]) -> list[MatchedItem]:
        """Return the item of each entry. An entry about a duplicate that was set aside is about the item that stands for it."""
        by_key = _by_column(connection, self.project.id, "key", {key for entry in entries for key in _keys(entry)})
        unmatched = [place for place, entry in enumerate(entries) if not any(key in by_key for key in _keys(entry))]
        revisions = {place: _revisions(entries[place].data, self.project.schema) for place in unmatched}
        by_revision = _by_column(connection, self.project.id, "revision", {one for found in revisions.values() for one in found})
        by_digest = _by_digest(connection, self.project.id, {one for place in unmatched for one in entries[place].digests.values()})
        found = []
        for place, entry in enumerate(entries):
            hits = next((by_key[key] for key in _keys(entry) if key in by_key), None)
            if hits is not None:
                # Several items under one key: it names none of them.
                several = f"Several items have the key '{_keys(entry)[0][:100]}'."
                found.append(MatchedItem(hits[0]) if len(hits) == 1 else MatchedItem(reason=several))
                continue
            # Several items that show the same: any of them, so always the first.
            same = next((by_revision[one] for one in revisions[place] if one in by_revision), None) or _same_bytes(entry, by_digest)
            found.append(MatchedItem(same[0]) if same else self._by_file(connection, entry))
        return found

    def _by_file(self, connection: Connection, entry: Labeled) -> MatchedItem:
        if entry.key is not None or not entry.files:
            return MatchedItem()
        if self._names is None:
            self._names = _file_names(connection, self.project)
        for file in entry.files.values():
            known = {(name, number) for form in _forms(file) for name, number in self._names.get(form, ())}
            ranked = sorted((rank, number, name) for name, number in known if (rank := _alike(file, name)) is not None)
            best = {number: name for rank, number, name in ranked if rank == ranked[0][0]}
            if len(best) == 1:
                return MatchedItem(next(iter(best)))
            if best:
                first, second, *_ = sorted(best.values()) * 2
                return MatchedItem(
                    reason=f"Several items may be meant by the file '{file[:100]}', such as '{first[:60]}' and '{second[:60]}'."
                )
        return MatchedItem()


def read_items(connection: Connection, numbers: Collection[int]) -> Iterator[Item]:
    """Yield those of the items that are active, in no particular order and a few at a time."""
    items = tables.items
    query = sa.select(items.c.id, items.c.key, items.c.revision, items.c.data, items.c.meta).where(
        items.c.id.in_(sorted(numbers)), items.c.state == "active"
    )
    for row in connection.execute(query, execution_options={"stream_results": True, "max_row_buffer": STREAMED}):
        yield Item(row.id, row.key, row.revision, decode_fields(row.data), decode(row.meta))


def _keys(entry: Labeled) -> list[str]:
    """The keys that an entry may mean, the likeliest first: its own, or the file that it names, with more folders or fewer."""
    if entry.key is not None:
        return [entry.key]
    if entry.folder is not None:
        files = [file.replace("\\", "/") for file in entry.files.values()]
        paths = [posixpath.normpath(posixpath.join(entry.folder, file)).split("/") for file in files]
        return list(dict.fromkeys("/".join(parts[first:]) for parts in paths for first in range(max(0, len(parts) - DEEPEST), len(parts))))
    return list(dict.fromkeys(name for file in entry.files.values() for name in (file, file.replace("\\", "/").removeprefix("./"))))


def _revisions(data: dict[str, Field], schema: Schema) -> list[str]:
    """Return the revisions that an item of this content may have: as it stands, and with its texts as they are prepared."""
    if set(data) != set(schema.data):
        return []
    normal = {
        name: msgspec.structs.replace(field, text=normalize(field.text or "").text) if field.is_text else field
        for name, field in data.items()
    }
    return list(dict.fromkeys((revision_of(data), revision_of(normal))))


# --- names of files -----------------------------------------------------------------------------------------------------------


def _file_names(connection: Connection, project: Project) -> dict[str, list[tuple[str, int]]]:
    """Return the keys and file names of all items with their numbers, by each form of the last part of the name."""
    items, raw, stored = tables.items, tables.raw_items, list(project.schema.stored())
    query = sa.select(items.c.id, items.c.key, items.c.state, items.c.duplicate_of, raw.c.data).join(raw, raw.c.id == items.c.raw_id)
    query = query.where(items.c.project_id == project.id, items.c.state.in_(("active", "duplicate")))
    found: dict[str, list[tuple[str, int]]] = {}
    for number, key, state, original, data in connection.execute(query, execution_options={"stream_results": True}):
        target = original if state == "duplicate" else number
        names = {key, *_names_in(decode(data), stored)}
        for form, name in {(form, one) for one in names for form in _forms(one)}:
            if target is not None:
                found.setdefault(form, []).append((name, target))
    return found


def _names_in(columns: dict[str, Any], stored: Iterable[str]) -> Iterator[str]:
    """Yield the names of the files that a row was collected with."""
    for value in (columns.get("file"), *(columns.get(field) for field in stored)):
        name = value.get("name") if isinstance(value, dict) else value
        if isinstance(name, str) and name:
            yield name


def _parts(name: str) -> list[str]:
    """Return the folders and the name, written in one way but for their case."""
    plain = unicodedata.normalize("NFC", unquote(name.strip())).replace("\\", "/")
    return [part for part in plain.split("/") if part not in ("", ".")]


def _forms(name: str) -> set[str]:
    """Return the forms of a name's last part: without case, without the digits of an upload, without the ending."""
    last = (_parts(name) or [""])[-1].casefold()
    short = _UPLOAD.sub("", last, count=1) if _UPLOAD.match(last) else last
    return {form for one in (last, short) for form in (one, one.rpartition(".")[0] or one)}


def _alike(file: str, name: str) -> tuple[int, int] | None:
    """Return how alike two names are, the smaller the more, or None where neither is the end of the other."""
    if file == name:
        return (0, 0)
    mine, theirs = _parts(file), _parts(name)
    if not mine or not theirs:
        return None
    common = min(len(mine), len(theirs))
    if [part.casefold() for part in mine[-common:-1]] != [part.casefold() for part in theirs[-common:-1]]:
        return None
    return next(((level, -common) for level, same in enumerate(_SAME, 1) if same(mine[-1], theirs[-1])), None)


def _same_case(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _same_upload(one: str, other: str) -> bool:
    return _same_case(_UPLOAD.sub("", one, count=1), other) or _same_case(one, _UPLOAD.sub("", other, count=1))


def _same_stem(one: str, other: str) -> bool:
    """Tell whether one is the other without its ending, as keys that name no file are."""
    return _same_case(one.rpartition(".")[0], other) or _same_case(one, other.rpartition(".")[0])


_SAME = (str.__eq__, _same_case, _same_upload, _same_stem)
"""Ways in which two last parts of names may be the same, the closest first."""


def _same_bytes(entry: Labeled, known: dict[str, list[tuple[dict[str, Any], int]]]) -> list[int]:
    """Return the items that were collected with the bytes that an entry holds, and with the texts that it shows."""
    texts = {name: normalize(field.text).text for name, field in entry.data.items() if field.text is not None}

    def shows(columns: dict[str, Any]) -> bool:
        held = all(isinstance(cell := columns.get(name), dict) and cell.get("blob") == one for name, one in entry.digests.items())
        return held and all(normalize(str(columns.get(name))).text == text for name, text in texts.items())

    found = (number for one in entry.digests.values() for columns, number in known.get(one, ()) if shows(columns))
    return list(dict.fromkeys(found))


# --- in the store -------------------------------------------------------------------------------------------------------------


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


def _by_digest(connection: Connection, project_id: int, digests: Iterable[str]) -> dict[str, list[tuple[dict[str, Any], int]]]:
    """Return the columns, and the item's number, of each row whose first picture or recording has one of these digests, by digest."""
    items, raw = tables.items, tables.raw_items
    wanted = sorted(digests)
    if not wanted:
        return {}
    query = sa.select(raw.c.blob, raw.c.data, items.c.id, items.c.state, items.c.duplicate_of).join(items, items.c.raw_id == raw.c.id)
    query = query.where(raw.c.project_id == project_id, raw.c.blob.in_(wanted), beside(items.c.state).in_(("active", "duplicate")))
    found: dict[str, list[tuple[dict[str, Any], int]]] = {}
    for digest, data, number, state, original in sorted(connection.execute(query), key=lambda row: (row.state, row.id)):
        target = original if state == "duplicate" else number
        if target is not None:
            found.setdefault(digest, []).append((decode(data), target))
    return found
