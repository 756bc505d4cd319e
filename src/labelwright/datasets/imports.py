"""Labels that come in from files of any format: as suggestions, annotations, gold or reference.

Every entry is matched with an item and checked against it; what does not match or is not valid goes to the quarantine, under the stage
`import`, with its place and the reason. Reading a file twice changes nothing the second time. Its entries in the quarantine are always
those of its latest reading.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright import plugins
from labelwright.datasets.incoming import WRITERS, Known, Said, Taken, Writer
from labelwright.datasets.matching import Finder, MatchedItem, read_items
from labelwright.datasets.placing import in_texts, other_bytes, other_content, placed, raw_columns
from labelwright.errors import InvalidFile, InvalidInput, nearest
from labelwright.formats import Broken, Labeled, guess
from labelwright.schema import Item
from labelwright.store import bulk, log, tables
from labelwright.store.codec import encode
from labelwright.store.portable import fits
from labelwright.store.project import Project
from labelwright.store.statistics import renew

__all__ = ["ImportReport", "NotTaken", "Use", "forget_known", "import_labels"]

Progress = Callable[[int, int | None, str], None]
Use = Literal["suggestions", "annotations", "gold", "reference"]

BATCH = 1000
"""At most so many entries are written in one transaction."""

BATCH_BYTES = 8 * 2**20
"""A transaction takes no further entries when those it has are about so large."""


PLACES = 5
"""So many places are named for each reason."""

MOST_REASONS = 50
"""So many kinds of reasons are told apart; the rest are counted together."""

_OWN = re.compile(r"'[^']*'|\d+(?:[.,]\d+)*")
"""What is an entry's own in a reason: names and numbers."""


class NotTaken(Struct, kw_only=True):
    """Why entries, or parts of entries, of a file were not taken: the reason as the first has it, how many there are, the first places.

    Reasons that differ in names and numbers alone are one.
    """

    reason: str
    count: int
    places: list[str]


class ImportReport(Struct, frozen=True, kw_only=True):
    """What became of a file's entries. `stored` are new or changed, `unchanged` were there already, `quarantined` are set aside with
    their reasons, `left_out` are predictions in a file that was read for people's answers, and entries that answer none of the questions
    that were asked for. `parts` counts what was set aside of entries whose rest was taken. `not_taken` has the reasons of both.
    """

    file: str
    format: str
    use: str
    read: int
    stored: int
    unchanged: int
    quarantined: int
    left_out: int
    parts: int = 0
    not_taken: list[NotTaken] = []


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
    names: Mapping[str, str] = {},
    questions: Sequence[str] = (),
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
        names: what columns of the file stand for: a field, a question, `annotator`, `split`, `score`, by the column's name.
        questions: take the answers to these only; by default to all.
        progress: told after every batch.

    Raises:
        InvalidFile: there is no such file, or nothing tells its format.
        InvalidInput: the format, the use, a question or what a column stands for is unknown, or the format has no columns to name.
    """
    if use not in get_args(Use):
        raise InvalidInput(f"Labels cannot be imported as '{use}'.", where="use", hint=nearest(str(use), get_args(Use)))
    if not path.exists():
        raise InvalidFile("There is no such file.", where=str(path))
    format = format or guess(path)
    module = plugins.load("formats", format)
    if not module.READS:
        raise InvalidInput(f"The format '{format}' is only written.", where="format")
    for name in questions:
        if name not in project.schema.questions:
            raise InvalidInput(f"There is no question '{name}'.", where="question", hint=nearest(name, project.schema.questions))
    # Only then, for a package's format may know nothing of it.
    more: dict[str, Any] = {"names": names} if names else {}
    origin = _origin(project, path)
    writer = WRITERS[use](project, origin, annotator or f"import {path.stem}", _digest(path))
    writer.complete = writer.complete and not questions
    finder = Finder(project)
    tally = _Tally()
    project.database.write(lambda connection: _forget(connection, project.id, origin))
    for batch in _batches(module.read(path, project.schema, key=key, **more)):
        asked_for = [_about(entry, questions) for entry in batch] if questions else batch
        taken = [one for one in asked_for if one is not None and not (isinstance(one, Labeled) and one.machine and use != "suggestions")]
        done = project.database.write(_Batch(project, origin, writer, finder, taken, first=not tally.stored, use=use))
        writer.said |= done.said
        if isinstance(writer, Known):
            writer.items |= done.items
        tally.add(batch, len(batch) - len(taken), done)
        progress(tally.read, None, f"{use} imported")
    if isinstance(writer, Known) and not tally.broken:
        # A file that was cut off says nothing about what would have come.
        project.database.write(lambda connection: _take_back(connection, project.id, use, origin, writer.items))
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
        parts=tally.parts,
        not_taken=tally.reasons(),
    )


def _about(entry: Labeled | Broken, questions: Sequence[str]) -> Labeled | Broken | None:
    """Return an entry with its answers to some questions only, or None where it has answers and none to these."""
    if isinstance(entry, Broken):
        return entry
    kept = {name: answer for name, answer in entry.values.items() if name in questions}
    return None if entry.values and not kept else msgspec.structs.replace(entry, values=kept)


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
    kind = type(value)
    if kind is str or kind is bytes:
        return 8 + len(value)
    if kind is dict:
        return 8 + sum(map(_size, value)) + sum(map(_size, value.values())) if value else 8
    if kind is list or kind is tuple:
        return 8 + sum(map(_size, value))
    if isinstance(value, Struct):
        return 8 + sum(_size(part) for name in value.__struct_fields__ if (part := getattr(value, name)))
    return 8


class _Done(NamedTuple):
    """What one batch came to."""

    stored: int
    unchanged: int
    broken: list[bulk.SetAsideEntry]
    parts: int
    said: Said
    items: set[int]
    cut_off: bool


class _Tally:
    def __init__(self) -> None:
        self.read = self.stored = self.unchanged = self.quarantined = self.left_out = self.parts = 0
        self.broken = False
        self._reasons: dict[str, NotTaken] = {}

    def add(self, batch: Sequence[Labeled | Broken], left_out: int, done: _Done) -> None:
        self.read += sum(not (isinstance(entry, Broken) and entry.part) for entry in batch)
        self.left_out += left_out
        self.stored += done.stored
        self.unchanged += done.unchanged
        self.quarantined += len(done.broken) - done.parts
        self.parts += done.parts
        self.broken = self.broken or done.cut_off
        for entry in done.broken:
            kind = _OWN.sub("…", entry.reason)
            if kind not in self._reasons and len(self._reasons) >= MOST_REASONS:
                kind = ""
            reason = entry.reason if kind else "Other reasons."
            one = self._reasons.setdefault(kind, NotTaken(reason=reason, count=0, places=[]))
            one.count += 1
            if len(one.places) < PLACES:
                one.places.append(entry.place)

    def reasons(self) -> list[NotTaken]:
        """Return why entries were not taken, the most frequent reason first."""
        return sorted(self._reasons.values(), key=lambda one: -one.count)


class _Batch:
    """One transaction: match, check, write, set aside."""

    def __init__(
        self,
        project: Project,
        origin: str,
        writer: Writer,
        finder: Finder,
        entries: Sequence[Labeled | Broken],
        *,
        first: bool,
        use: Use,
    ) -> None:
        self.first = first
        self.use = use
        self.project = project
        self.origin = origin
        self.writer = writer
        self.finder = finder
        self.entries = entries

    def __call__(self, connection: Connection) -> _Done:
        unreadable = [entry for entry in self.entries if isinstance(entry, Broken)]
        broken = [bulk.SetAsideEntry(self.origin, entry.place, None, entry.reason, entry.sample) for entry in unreadable]
        labeled = [entry for entry in self.entries if isinstance(entry, Labeled)]
        fitting: list[Taken] = []
        said: Said = {}
        again = 0
        for entry, item_id, reason in self._checked(connection, labeled):
            relation = "new"
            if reason is None and item_id is not None:
                relation, own = self.writer.compare(item_id, entry, said)
                if relation == "same":
                    again += 1
                    continue
                if relation == "contradicts":
                    reason = self.writer.contradicted(entry)
                else:
                    said |= own
            if reason is None and item_id is not None:
                fitting.append(Taken(item_id, entry, again=relation == "more"))
            else:
                shown = encode({name: answer.plain() for name, answer in entry.values.items()})
                broken.append(bulk.SetAsideEntry(self.origin, entry.place, entry.key, reason or "", shown[:200]))
        stored, unchanged = self.writer.write(connection, fitting) if fitting else (0, 0)
        if stored and self.first and self.use != "annotations":
            # In the transaction of what it tells about, for an import may be killed before its last row.
            log.append(connection, self.project.id, "labels_imported", payload={"file": self.origin, "use": self.use})
        bulk.quarantine(connection, self.project.id, "import", broken)
        parts = sum(entry.part for entry in unreadable)
        return _Done(stored, unchanged + again, broken, parts, said, {one.item_id for one in fitting}, len(unreadable) > parts)

    def _checked(self, connection: Connection, entries: list[Labeled]) -> list[tuple[Labeled, int | None, str | None]]:
        """Return each entry with the item that it is about, and why it cannot be taken."""
        matched = self.finder.find(connection, entries)
        about: dict[int, list[int]] = {}
        for place, found in enumerate(matched):
            if found.number is not None:
                about.setdefault(found.number, []).append(place)
        raw = self._raw(connection, entries, matched)
        checked: dict[int, tuple[Labeled, int | None, str | None]] = {}
        # An item is let go of before the next one comes: items that are only named may be larger than the file.
        for item in read_items(connection, about):
            for place in about[item.id]:
                entry = self._without_empty(entries[place], item)
                reason = self._foreign(entry, item, raw.get(item.id, {}))
                if reason is None:
                    entry, reason = placed(entry, item, self.project.schema, raw.get(item.id))
                checked[place] = (entry, item.id, reason or self._problem(entry, item))
        return [checked.get(place) or (entry, None, matched[place].reason or self._unmatched(entry)) for place, entry in enumerate(entries)]

    def _raw(self, connection: Connection, entries: list[Labeled], matched: Sequence[MatchedItem]) -> dict[int, dict[str, Any]]:
        """Return the columns, as collected, of items about whose texts entries tell places, or whose media they hold."""
        schema = self.project.schema
        fields = {name: schema.questions[name].of for name in in_texts(schema)}
        wanted = {
            found.number
            for entry, found in zip(entries, matched, strict=True)
            if found.number is not None
            and any(name in entry.values and entry.values[name].parts() and field not in entry.data for name, field in fields.items())
        }
        wanted |= {found.number for entry, found in zip(entries, matched, strict=True) if found.number is not None and entry.digests}
        texts = {*fields.values(), *schema.stored()}
        return {
            number: {name: value for name, value in columns.items() if name in texts}
            for number, columns in (raw_columns(connection, wanted) if wanted else ())
        }

    def _without_empty(self, entry: Labeled, item: Item) -> Labeled:
        """Leave out that there is nothing to mark where it is not asked: files of whole answers say it of every question."""
        schema = self.project.schema
        asked = schema.asked(entry.values, item)
        kept = {name: answer for name, answer in entry.values.items() if name in asked or answer != schema.questions[name].empty()}
        return entry if len(kept) == len(entry.values) else msgspec.structs.replace(entry, values=kept)

    def _unmatched(self, entry: Labeled) -> str:
        """Return why no item belongs to an entry."""
        if not fits(entry.annotator):
            return "The annotator's name has a null character."
        if entry.key is not None:
            return f"No item has the key '{entry.key[:100]}'."
        if entry.files:
            return f"No item belongs to the file '{next(iter(entry.files.values()))[:100]}'."
        if entry.data:
            return "No item shows the same, and the entry names no key."
        return f"The entry names no key.{f' It has the columns {_listed(entry.meta)}.' if entry.meta else ''}"

    def _foreign(self, entry: Labeled, item: Item, raw: Mapping[str, Any]) -> str | None:
        """Return why what an entry says cannot be about its item."""
        if not fits(entry.annotator):
            return "The annotator's name has a null character."
        if entry.disputed is not None and self.use == "annotations":
            return entry.disputed
        questions = self.project.schema.questions
        if not entry.values:
            near = nearest(next(iter(entry.meta), ""), questions) if len(entry.meta) == 1 else None
            if near and near.startswith("Did you mean"):
                return f"The entry answers no question. The questions are {', '.join(questions)}. {near}"
            columns = f" It has {_listed(entry.meta)} besides; a column is named by --map COLUMN=QUESTION." if entry.meta else ""
            return f"The entry answers no question. The questions are {', '.join(questions)}.{columns}"
        if reason := other_bytes(entry, item, raw):
            return reason
        reasons = (other_content(entry, item, questions[name].of, exact=questions[name].shape is not None) for name in entry.values)
        return next((reason for reason in reasons if reason), None)

    def _problem(self, entry: Labeled, item: Item) -> str | None:
        """Return what makes the answers invalid for the item."""
        found = self.project.schema.problems(entry.values, item)
        problems = [
            f"{name}: {problem.message}"
            for name, listed in found.items()
            for problem in listed
            if problem.rule not in ("missing_answer", "not_asked") or self.writer.complete
        ]
        return " ".join(problems[:3]) or None


def _listed(names: Iterable[str]) -> str:
    """Return names as a message lists them: the first ones, and each by its beginning."""
    first = [f"'{name[:40]}'" for name in names]
    return ", ".join(first[:8]) + (", …" if len(first) > 8 else "")


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
