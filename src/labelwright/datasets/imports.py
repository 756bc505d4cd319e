"""Labels that come in from files of any format: as suggestions, annotations, gold or reference.

Every entry is matched with an item and checked against it; what does not match or is not valid goes to the quarantine, under the stage
`import`, with its place and the reason. Reading a file twice changes nothing the second time. Its entries in the quarantine are always
those of its latest reading.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright import plugins
from labelwright.datasets.matching import find_items, read_items
from labelwright.errors import InvalidFile, InvalidInput, nearest
from labelwright.formats import Broken, Labeled, guess
from labelwright.schema import Item
from labelwright.store import bulk, log, tables
from labelwright.store.codec import decode_answer, decode_values, encode
from labelwright.store.portable import fits
from labelwright.store.project import Project
from labelwright.store.statistics import renew

__all__ = ["ImportReport", "Use", "forget_known", "import_labels"]

Progress = Callable[[int, int | None, str], None]
Use = Literal["suggestions", "annotations", "gold", "reference"]

BATCH = 500
"""At most so many entries are written in one transaction."""

BATCH_BYTES = 8 * 2**20
"""A transaction takes no further entries when those it has are about so large."""


class ImportReport(Struct, frozen=True, kw_only=True):
    """What became of a file's entries. `stored` are new or changed, `unchanged` were there already, `quarantined` are set aside with
    their reasons, `left_out` are predictions in a file that was read for people's answers.
    """

    file: str
    format: str
    use: str
    read: int
    stored: int
    unchanged: int
    quarantined: int
    left_out: int


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def import_labels(
    project: Project,
    path: Path,
    format: str | None,
    use: Use,
    *,
    key: str | None = None,
    annotator: str | None = None,
    progress: Progress = _silent,
) -> ImportReport:
    """Read labels from a file or folder.

    An entry is about the item with its key; where the file names no keys, about the item whose file it names or that shows the same.

    Args:
        project: whose items they are about.
        path: the file or folder.
        format: its format; None = as its name or content says.
        use: `suggestions` are shown to people as a machine's proposals; `annotations` count as answers of the people that the file names,
            who become users that cannot sign in; `gold` is the truth, hidden in the queue; `reference` is another dataset to compare with.
        key: the column, or entry, that holds the items' keys; by default `key`, else `id`.
        annotator: whose answers or suggestions they are, where the file does not say; by default the file's name.
        progress: told after every batch.

    Raises:
        InvalidFile: there is no such file, or nothing tells its format.
        InvalidInput: the format or the use is unknown.
    """
    if use not in get_args(Use):
        raise InvalidInput(f"Labels cannot be imported as '{use}'.", where="use", hint=nearest(str(use), get_args(Use)))
    if not path.exists():
        raise InvalidFile("There is no such file.", where=str(path))
    format = format or guess(path)
    module = plugins.load("formats", format)
    if not module.READS:
        raise InvalidInput(f"The format '{format}' is only written.", where="format")
    origin = _origin(project, path)
    writer = _WRITERS[use](project, origin, annotator or f"import {path.stem}", _digest(path))
    tally = _Tally()
    project.database.write(lambda connection: _forget(connection, project.id, origin))
    for batch in _batches(module.read(path, project.schema, key=key)):
        taken = [entry for entry in batch if not (isinstance(entry, Labeled) and entry.machine and use != "suggestions")]
        done = project.database.write(_Batch(project, origin, writer, taken, first=not tally.stored, use=use))
        writer.seen.update(done.seen)
        tally.add(len(batch), len(batch) - len(taken), done)
        progress(tally.read, None, f"{use} imported")
    if isinstance(writer, _Known) and not tally.broken:
        # A file that was cut off says nothing about what would have come.
        standing = {item_id for item_id, *_ in writer.seen}
        project.database.write(lambda connection: _take_back(connection, project.id, use, origin, standing))
    renew(project.database)
    return ImportReport(
        file=origin,
        format=format,
        use=use,
        read=tally.read,
        stored=tally.stored,
        unchanged=tally.unchanged,
        quarantined=tally.quarantined,
        left_out=tally.left_out,
    )


def forget_known(project: Project, path: Path, use: Literal["gold", "reference"]) -> int:
    """Take back what a file once said that is no longer declared, and return how many items it was about."""
    origin = _origin(project, path)
    return project.database.write(lambda connection: _take_back(connection, project.id, use, origin, set()))


def _take_back(connection: Connection, project_id: int, use: str, origin: str, standing: set[int]) -> int:
    """Forget the known answers of a file but for the items that it still names; those that were gold may be asked about again."""
    known, items, tasks = tables.known_answers, tables.items, tables.tasks
    mine = sa.and_(known.c.project_id == project_id, known.c.use == use, known.c.origin == origin)
    gone = sorted(set(connection.scalars(sa.select(known.c.item_id).where(mine))) - standing)
    if gone:
        log.append(connection, project_id, "labels_imported", payload={"file": origin, "use": use, "removed": len(gone)})
    for first in range(0, len(gone), BATCH):
        page = gone[first : first + BATCH]
        connection.execute(sa.delete(known).where(mine, known.c.item_id.in_(page)))
        if use == "gold":
            opened = sa.select(sa.func.count()).where(
                tasks.c.item_id == items.c.id, tasks.c.purpose == "label", tasks.c.state != "cancelled"
            )
            connection.execute(sa.update(items).where(items.c.id.in_(page)).values(tasks_opened=opened.scalar_subquery()))
    return len(gone)


def _batches(entries: Iterable[Labeled | Broken]) -> Iterator[list[Labeled | Broken]]:
    """Yield the entries a transaction at a time."""
    batch: list[Labeled | Broken] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += _size(entry)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(value: Any) -> int:
    """Return about how many bytes a value takes: those of its texts, and 8 for each number and each value in it."""
    if isinstance(value, str | bytes):
        return 8 + len(value)
    if isinstance(value, Mapping):
        return 8 + sum(map(_size, value)) + sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return 8 + sum(map(_size, value))
    if isinstance(value, Struct):
        return 8 + sum(_size(getattr(value, name)) for name in value.__struct_fields__)
    return 8


class _Done(NamedTuple):
    """What one batch came to."""

    stored: int
    unchanged: int
    quarantined: int
    seen: dict[tuple[Any, ...], int]
    broken: bool


class _Tally:
    def __init__(self) -> None:
        self.read = self.stored = self.unchanged = self.quarantined = self.left_out = 0
        self.broken = False

    def add(self, read: int, left_out: int, done: _Done) -> None:
        self.read += read
        self.left_out += left_out
        self.stored += done.stored
        self.unchanged += done.unchanged
        self.quarantined += done.quarantined
        self.broken = self.broken or done.broken


class _Batch:
    """One transaction: match, check, write, set aside."""

    def __init__(
        self, project: Project, origin: str, writer: _Writer, entries: Sequence[Labeled | Broken], *, first: bool, use: Use
    ) -> None:
        self.first = first
        self.use = use
        self.project = project
        self.origin = origin
        self.writer = writer
        self.entries = entries

    def __call__(self, connection: Connection) -> _Done:
        broken = [
            bulk.SetAsideEntry(self.origin, entry.place, None, entry.reason, entry.sample)
            for entry in self.entries
            if isinstance(entry, Broken)
        ]
        labeled = [entry for entry in self.entries if isinstance(entry, Labeled)]
        fitting: list[tuple[int, Labeled]] = []
        seen: dict[tuple[Any, ...], int] = {}
        again = 0
        for entry, item_id, reason in self._checked(connection, labeled):
            mark = self.writer.mark(item_id, entry) if reason is None and item_id is not None else None
            if mark is not None:
                said = hash(encode(entry.values))
                earlier = seen.get(mark, self.writer.seen.get(mark))
                seen.setdefault(mark, said)
                if earlier == said:
                    again += 1
                    continue
                if earlier is not None:
                    reason = "An earlier entry of the file gives this item another answer."
            if reason is None and item_id is not None:
                fitting.append((item_id, entry))
            else:
                shown = encode({name: answer.plain() for name, answer in entry.values.items()})
                broken.append(bulk.SetAsideEntry(self.origin, entry.place, entry.key, reason or "", shown[:200]))
        stored, unchanged = self.writer.write(connection, fitting) if fitting else (0, 0)
        if stored and self.first and self.use != "annotations":
            # In the transaction of what it tells about, for an import may be killed before its last row.
            log.append(connection, self.project.id, "labels_imported", payload={"file": self.origin, "use": self.use})
        bulk.quarantine(connection, self.project.id, "import", broken)
        return _Done(stored, unchanged + again, len(broken), seen, any(isinstance(entry, Broken) for entry in self.entries))

    def _checked(self, connection: Connection, entries: list[Labeled]) -> list[tuple[Labeled, int | None, str | None]]:
        """Return each entry with the item that it is about, and why it cannot be taken."""
        about: dict[int, list[int]] = {}
        for place, number in enumerate(find_items(connection, self.project, entries)):
            if number is not None:
                about.setdefault(number, []).append(place)
        checked: dict[int, tuple[Labeled, int | None, str | None]] = {}
        # An item is let go of before the next one comes: items that are only named may be larger than the file.
        for item in read_items(connection, about):
            for place in about[item.id]:
                entry = self._without_empty(entries[place], item)
                checked[place] = (entry, item.id, self._problem(entry, item))
        return [checked.get(place) or (entry, None, self._problem(entry, None)) for place, entry in enumerate(entries)]

    def _without_empty(self, entry: Labeled, item: Item) -> Labeled:
        """Leave out that there is nothing to mark where it is not asked: files of whole answers say it of every question."""
        schema = self.project.schema
        asked = schema.asked(entry.values, item)
        kept = {name: answer for name, answer in entry.values.items() if name in asked or answer != schema.questions[name].empty()}
        return entry if len(kept) == len(entry.values) else msgspec.structs.replace(entry, values=kept)

    def _problem(self, entry: Labeled, item: Item | None) -> str | None:
        """Return why an entry cannot be taken."""
        if not fits(entry.annotator):
            return "The annotator's name has a null character."
        if item is None:
            if entry.key is not None:
                return f"No item has the key '{entry.key[:100]}'."
            if entry.files:
                return f"No item belongs to the file '{next(iter(entry.files.values()))[:100]}'."
            return "No item shows the same, and the entry names no key." if entry.data else "The entry names no key."
        if not entry.values:
            known = ", ".join(self.project.schema.questions)
            hint = nearest(next(iter(entry.meta), ""), self.project.schema.questions) if len(entry.meta) == 1 else None
            return f"The entry answers no question. The questions are {known}." + (f" {hint}" if hint else "")
        for name in entry.values:
            field = self.project.schema.questions[name].of
            reason = _other_content(entry, item, field, exact=self.project.schema.questions[name].shape is not None)
            if reason:
                return reason
        found = self.project.schema.problems(entry.values, item)
        problems = [
            f"{name}: {problem.message}"
            for name, listed in found.items()
            for problem in listed
            if problem.rule not in ("missing_answer", "not_asked") or self.writer.complete
        ]
        return " ".join(problems[:3]) or None


def _other_content(entry: Labeled, item: Item, field: str, *, exact: bool) -> str | None:
    """Tell where places in a text or picture would be places in another one; a choice about the whole is less particular."""
    given, own = entry.data.get(field), item.data.get(field)
    if exact and given and own and given.text is not None and own.text is not None and given.text != own.text:
        return f"The entry's text in '{field}' is not that of the item '{item.key[:100]}', so its offsets would be wrong."
    if exact and entry.size is not None and own and own.size is not None and entry.size != own.size:
        (width, height), (wide, high) = entry.size, own.size
        return f"The file measures the picture at {width:g} x {height:g} pixels, and it has {wide} x {high}."
    return None


# --- writing ------------------------------------------------------------------------------------------------------------------


class _Writer:
    """Writes entries that fit, and counts how many were new and how many were there already."""

    complete = False
    """Whether every required question must be answered."""

    def __init__(self, project: Project, origin: str, author: str, digest: str) -> None:
        self.project = project
        self.origin = origin
        self.author = author
        self.digest = digest
        self.seen: dict[tuple[Any, ...], int] = {}

    def mark(self, item_id: int, entry: Labeled) -> tuple[Any, ...] | None:
        """Return what two entries of a file with different answers may not have in common; None = they may."""
        return (item_id,)

    def write(self, connection: Connection, fitting: list[tuple[int, Labeled]]) -> tuple[int, int]:
        raise AttributeError(f"{type(self).__name__} does not define write()")


class _Suggestions(_Writer):
    def mark(self, item_id: int, entry: Labeled) -> tuple[Any, ...]:
        return item_id, self._labeler(entry)

    def _labeler(self, entry: Labeled) -> str:
        return entry.annotator or self.author

    def write(self, connection: Connection, fitting: list[tuple[int, Labeled]]) -> tuple[int, int]:
        table = tables.suggestions
        query = sa.select(table).where(table.c.item_id.in_([item_id for item_id, _ in fitting]))
        known = {(row.item_id, row.question, row.labeler): row for row in connection.execute(query)}
        new: list[dict[str, Any]] = []
        again: list[dict[str, Any]] = []
        stored = unchanged = 0
        for item_id, entry in fitting:
            changed = False
            for question, answer in entry.values.items():
                made_by = entry.provenance.get(question)
                score = made_by.confidence if made_by else None
                before = known.get((item_id, question, self._labeler(entry)))
                if before is not None and decode_answer(before.answer) == answer and before.score == score:
                    continue
                changed = True
                row = {"version": self.digest, "answer": encode(answer), "score": score, "created_at": time.time()}
                if before is not None:
                    again.append({"number": before.id, **row})
                else:
                    key = {"project_id": self.project.id, "item_id": item_id, "question": question, "labeler": self._labeler(entry)}
                    new.append(key | row)
            stored += changed
            unchanged += not changed
        _write(connection, table, new, again)
        return stored, unchanged


def _write(connection: Connection, table: sa.Table, new: list[dict[str, Any]], again: list[dict[str, Any]]) -> None:
    """Write new rows, and those that stand under a `number` again."""
    if new:
        connection.execute(sa.insert(table), new)
    if again:
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in again[0] if name != "number"}
        changes = [{name if name == "number" else f"new_{name}": value for name, value in row.items()} for row in again]
        connection.execute(sa.update(table).where(table.c.id == sa.bindparam("number")).values(values), changes)


class _Known(_Writer):
    use = ""

    def write(self, connection: Connection, fitting: list[tuple[int, Labeled]]) -> tuple[int, int]:
        table = tables.known_answers
        query = sa.select(table.c.item_id, table.c.id, table.c["values"]).where(
            table.c.item_id.in_([item_id for item_id, _ in fitting]), table.c.use == self.use, table.c.origin == self.origin
        )
        known = {item_id: (number, values) for item_id, number, values in connection.execute(query)}
        new: list[dict[str, Any]] = []
        again: list[dict[str, Any]] = []
        stored = unchanged = 0
        for item_id, entry in fitting:
            number, before = known.get(item_id, (None, None))
            if before is not None and decode_values(before) == entry.values:
                unchanged += 1
                continue
            stored += 1
            row = {"values": encode(entry.values), "created_at": time.time()}
            if number is not None:
                again.append({"number": number, **row})
            else:
                new.append({"project_id": self.project.id, "item_id": item_id, "use": self.use, "origin": self.origin} | row)
        _write(connection, table, new, again)
        return stored, unchanged


class _Gold(_Known):
    use = "gold"


class _Reference(_Known):
    use = "reference"


class _Annotations(_Writer):
    """Answers of people elsewhere. An answer that its author gave before, in whatever state it is now, is there already; another answer
    of the same author replaces the earlier one.
    """

    complete = True

    def mark(self, item_id: int, entry: Labeled) -> None:
        return None

    def write(self, connection: Connection, fitting: list[tuple[int, Labeled]]) -> tuple[int, int]:
        table = tables.annotations
        users = _users(connection, {entry.annotator or self.author for _, entry in fitting})
        query = sa.select(table.c.id, table.c.item_id, table.c.user_id, table.c.state, table.c["values"]).where(
            table.c.item_id.in_([item_id for item_id, _ in fitting]),
            table.c.user_id.in_(sorted(users.values())),
            table.c.origin == "import",
        )
        known: dict[tuple[int, int], list[tuple[int, str, Any]]] = {}
        for number, item_id, user_id, state, values in connection.execute(query.order_by(table.c.id)):
            known.setdefault((item_id, user_id), []).append((number, state, decode_values(values)))
        unchanged = 0
        waiting: dict[tuple[int, int], Labeled] = {}
        for item_id, entry in fitting:
            place = item_id, users[entry.annotator or self.author]
            if place in waiting:
                # Another answer of the same author about the same item: it replaces one that has a number first.
                self._insert(connection, waiting, known)
            if any(values == entry.values for _, _, values in known.get(place, ())):
                unchanged += 1
            else:
                waiting[place] = entry
        self._insert(connection, waiting, known)
        return len(fitting) - unchanged, unchanged

    def _insert(
        self, connection: Connection, waiting: dict[tuple[int, int], Labeled], known: dict[tuple[int, int], list[tuple[int, str, Any]]]
    ) -> None:
        """Write the answers that wait, at most one of each author about each item, and note them among those that are known."""
        if not waiting:
            return
        table, now = tables.annotations, time.time()
        standing = {place: [number for number, state, _ in known.get(place, ()) if state == "submitted"] for place in waiting}
        replaced = [number for numbers in standing.values() for number in numbers]
        if replaced:
            connection.execute(sa.update(table).where(table.c.id.in_(replaced)).values(state="replaced"))
        rows = [
            {
                "project_id": self.project.id,
                "item_id": item_id,
                "user_id": user_id,
                "pipeline_version": self.project.pipeline_version,
                "values": encode(entry.values),
                "origin": "import",
                "replaces": standing[item_id, user_id][-1] if standing[item_id, user_id] else None,
                "created_at": now,
            }
            for (item_id, user_id), entry in waiting.items()
        ]
        numbers = connection.scalars(sa.insert(table).returning(table.c.id, sort_by_parameter_order=True), rows).all()
        payload = {"purpose": "label", "origin": "import", "file": self.origin}
        about = [(user_id, item_id, number) for (item_id, user_id), number in zip(waiting, numbers, strict=True)]
        log.append_all(connection, self.project.id, "annotation_submitted", about, payload=payload)
        for (place, entry), number in zip(waiting.items(), numbers, strict=True):
            before = [(old, "replaced" if state == "submitted" else state, values) for old, state, values in known.get(place, ())]
            known[place] = [*before, (number, "submitted", entry.values)]
        waiting.clear()


_WRITERS: dict[str, type[_Writer]] = {"suggestions": _Suggestions, "annotations": _Annotations, "gold": _Gold, "reference": _Reference}


def _users(connection: Connection, names: set[str]) -> dict[str, int]:
    """Return the users of these names; new ones have no password and no role, so they cannot sign in.

    A file does not speak for a person who works here under the same name: its answers are those of a user of their own. But they may well
    be that person's, so what one of the two has answered, the other does not audit, and both together have one voice.
    """
    users, memberships = tables.users, tables.memberships
    here = sa.select(users.c.name, users.c.id).join(memberships, memberships.c.user_id == users.c.id)
    taken = dict(connection.execute(here.where(users.c.name.in_(sorted(names)))).all())
    called = {f"{name} (imported)" if name in taken else name: name for name in names}
    query = sa.select(users.c.name, users.c.id).where(users.c.name.in_(sorted(called)))
    known = {called[name]: number for name, number in connection.execute(query)}
    for name, given in sorted(called.items()):
        if given not in known:
            new = {"name": name, "password_hash": None, "created_at": time.time(), "namesake_of": taken.get(given)}
            row = connection.execute(sa.insert(users).values(new))
            known[given] = row.inserted_primary_key[0]  # type: ignore[index]  # as above
    return known


# --- the file -----------------------------------------------------------------------------------------------------------------


def _origin(project: Project, path: Path) -> str:
    """What the file is called in the store: relative to the project where it lies in it, and by its name elsewhere."""
    whole, folder = path.resolve(), project.folder.resolve()
    return str(whole.relative_to(folder).as_posix()) if whole.is_relative_to(folder) else whole.name


def _digest(path: Path) -> str:
    """A short hash of a file's content, or of what a folder holds, as the version of the suggestions in it."""
    found = hashlib.blake2b(digest_size=6)
    for file in _files(path):
        with file.open("rb") as body:
            while chunk := body.read(1 << 20):
                found.update(chunk)
    return found.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.suffix in (".json", ".jsonl", ".csv", ".parquet", ".conll"))
    else:
        yield path


def _forget(connection: Connection, project_id: int, origin: str) -> None:
    """Take what an earlier reading of the file set aside out of the quarantine."""
    table = tables.quarantine
    connection.execute(sa.delete(table).where(table.c.project_id == project_id, table.c.stage == "import", table.c.source == origin))
