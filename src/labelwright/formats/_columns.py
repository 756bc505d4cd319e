"""One row an item, as JSONL, CSV and Parquet share it: a column each for the key, every field, every question, and the rest.

| column | what |
|---|---|
| `key` | the item's key |
| each field | the text; a picture or clip is an object with its `file`, `blob` (SHA-256) and measures |
| each question | the answer in its plain form: a label, or a list of spans, boxes or segments; null = no answer |
| `split`, `annotator` | as they are |
| `meta` | the item's further columns, as one object |
| `provenance` | by question, how its label came to be |

A field or question that is called like an earlier column gets `data.` or `label.` in front. Read files may lack columns; those that are
not known become `meta`. Read besides: `score` or `confidence` (also `<question>_score`), from 0 to 1, and `answer` as Prodigy writes it,
where `reject` and `ignore` say that the row is no answer. Without a column `annotator`, the one that other tools call so is found.
Blanks around a column's name, and its case, do not matter. Where a choice has no column and each of its labels has one, as Roboflow writes
them, the label is the one whose column has 1; with several, the row is no answer of a choice. Without a key, the column that names the
files is found. A mark may be an object or a list of start, end and label, as doccano writes it.
"""

from __future__ import annotations

import hashlib
import math
import re
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from labelwright.errors import InvalidInput, nearest
from labelwright.formats import base
from labelwright.formats._media_cells import media_cell
from labelwright.formats._tables import rows
from labelwright.formats.base import Broken, Labeled, MediaFolder, Provenance
from labelwright.schema import Schema, Stored, Values
from labelwright.shapes import INTERVAL

__all__ = ["FIXED", "Columns", "columns_of", "plain_media", "plain_text", "read_rows", "renamed", "says_who"]

FIXED = ("key", "split", "annotator", "meta", "provenance")

READ = ("score", "answer")
"""What rows of other tools may say besides."""

_WHO = re.compile(
    "(annotat(or|edby)|(crowd)?worker|rater|user|author|coder|label(l?er|l?edby)|judge|assessor|reviewer|email|(complet|creat)edby|participant"
    "|expert|person|assignee|crowd)s?(id|name)?"
)
"""How other tools call the column that says whose an answer is, in small letters alone."""


_FILE = re.compile("(image|img|audio|clip|picture|photo)?(file)?(name|path)?")
"""How other tools call the column that names the file of a picture or recording, in small letters alone."""

PRODIGY = ("_annotator_id", "_session_id")
"""How Prodigy calls it, and nobody anything else."""

MOST_CANDIDATES = 40
"""So many columns at most are looked at for who answered."""


class Columns(NamedTuple):
    """The column of each field and of each question."""

    fields: dict[str, str]
    questions: dict[str, str]


_BESIDE = frozenset(("token_start", "token_end", "text"))
"""What other programs write of a mark besides its place and its label."""


def columns_of(schema: Schema) -> Columns:
    """Name the columns, no two alike.

    >>> from labelwright.schema.kinds.choice import ChoiceQuestion
    >>> columns_of(Schema(data={"meta": "text"}, questions={"meta": ChoiceQuestion(of="meta", options=("a",))}))
    Columns(fields={'meta': 'data.meta'}, questions={'meta': 'label.meta'})
    """
    taken = set(FIXED)

    def name(wanted: str, prefix: str) -> str:
        while wanted in taken:
            wanted = prefix + wanted
        taken.add(wanted)
        return wanted

    fields = {field: name(field, "data.") for field in schema.data}
    return Columns(fields, {question: name(question, "label.") for question in schema.questions})


def plain_media(labeled: Labeled, field: str, media: MediaFolder) -> dict[str, Any] | None:
    """Return what is written about a picture or clip, after its bytes were put where `file` says."""
    value = labeled.data.get(field)
    if not isinstance(value, Stored):
        return None
    return {"file": media.add(labeled.key, field, value, below=f"media/{base.safe_name(field, '')}"), **value.described()}


def plain_text(labeled: Labeled, field: str) -> str | None:
    """Return what stands in a field's column where its bytes are not stored."""
    value = labeled.data.get(field)
    return None if value is None else value.plain()


def read_rows(
    path: Path,
    schema: Schema,
    format: str,
    *,
    key: str | None = None,
    names: Mapping[str, str] = {},
    prepare: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Iterator[Labeled | Broken]:
    """Yield each row of a table file as an item; `prepare` turns a format's cells into plain values first.

    `names` gives columns of the file the names of ours: a field, a question, `key`, `annotator`, `split`, `score` or `answer`.
    """
    columns = columns_of(schema)
    reading = _Reading(schema, columns, key, {name: _ours(ours, columns) for name, ours in names.items()})
    reading.look_ahead(path, format)
    yield from (Broken(path.name, reason, part=True) for reason in reading.twice)
    missing = set(names)
    folder = path.parent.resolve().as_posix()
    for row in rows(path, format):
        if isinstance(row, Broken):
            yield row
            continue
        place = f"{path.name} {'row' if format == 'parquet' else 'line'} {row.number}"
        missing -= row.data.keys() if missing else set()
        try:
            data = reading.renamed(row.data)
            found = reading.labeled(prepare(data) if prepare else data, place, row.data)
            yield msgspec.structs.replace(found, folder=folder) if found.files else found
        except InvalidInput as error:
            shown = {name: value for name, value in row.data.items() if not isinstance(_shown(value), bytes)}
            yield Broken(place, str(error), base.show(str(shown)))
    for name in sorted(missing & reading.names.keys()):
        yield Broken(path.name, f"No row has the column '{name}'.")


def renamed(names: Mapping[str, str], schema: Schema) -> dict[str, str]:
    """Return the column that each of the file's names stands for."""
    columns = columns_of(schema)
    return {name: _ours(ours, columns) for name, ours in names.items()}


def _ours(name: str, columns: Columns) -> str:
    """Return the column of a field, a question, or what a row has besides.

    Raises:
        InvalidInput: there is none of this name.
    """
    known = {**columns.fields, **columns.questions}
    if name in known:
        return known[name]
    if name in known.values() or name in FIXED or name in READ:
        return name
    raise InvalidInput(f"There is no column '{name}' to map to.", where="map", hint=nearest(name, [*known, *FIXED, *READ]))


class _Reading:
    """How the rows of one file are read: what its columns stand for, and what a look through the file has told."""

    def __init__(self, schema: Schema, columns: Columns, key: str | None, names: dict[str, str]) -> None:
        self.schema = schema
        self.columns = columns
        self.key = key
        self.names = names
        self.stored = schema.stored()
        self.known = {*columns.fields.values(), *columns.questions.values(), *FIXED}
        self.marks = [name for name, asked in schema.questions.items() if asked.shape is INTERVAL and schema.modality(asked.of).is_text]
        self.flags: dict[str, dict[str, str]] = {}
        self.told: frozenset[str] = frozenset()
        self.twice: list[str] = []
        self.disputed: set[int] = set()
        self.apart: str | None = None

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row under our names; a column that another one was given the name of gives way."""
        if not self.names:
            return row
        taken = {ours for name, ours in self.names.items() if name in row}
        kept = {name: value for name, value in row.items() if name not in self.names and name not in taken}
        return kept | {ours: row[name] for name, ours in self.names.items() if name in row}

    def look_ahead(self, path: Path, format: str) -> None:
        """Find out who answered, where the file does not name its column as we do, and which items have several answers by nobody.

        A column that is called as other tools call their annotators is taken for it where one item has several rows that differ in it.
        Keeps 8 bytes a row, and where items have several rows as much for each column that may be meant.
        """
        first = next((row for row in rows(path, format) if not isinstance(row, Broken)), None)
        if first is None:
            return
        self._know_columns(first.data)
        named = "annotator" in self.renamed(first.data)
        for name in first.data:
            if not named and name in PRODIGY and name not in self.names:
                self.names[name], named = "annotator", True
        owners = self._gather(path, format, {}, lambda data: None)
        if len(set(owners)) < len(owners):
            own = {"id", self.key, *self.names, *self.known}
            plain = [name for name, value in first.data.items() if name not in own and not isinstance(value, bytes | dict | list)]
            candidates = [] if named else plain[:MOST_CANDIDATES]
            cells: dict[str, array[int]] = {name: array("q") for name in candidates}
            answers: dict[str, array[int]] = {name: array("q") for name in self.columns.questions.values()}

            def note(data: Mapping[str, Any]) -> None:
                for name, values in answers.items():
                    values.append(0 if data.get(name) in (None, "") else hash(repr(data[name])) or 1)

            self._gather(path, format, cells, note)
            self._judge(owners, answers, cells)

    def _know_columns(self, first: Mapping[str, Any]) -> None:
        """Find the columns that are written or called otherwise: by blanks around, as a file's name, as a label each."""
        # Not those that are read where they are as we write them, and are anything else elsewhere: `meta`, `provenance`, `score`.
        wanted = [*self.columns.fields.values(), *self.columns.questions.values(), "key", "annotator", "split", "id"]
        for name in [given for given in self.names if given not in first]:
            self.names[base.as_offered(name, list(first))] = self.names.pop(name)
        for name in first:
            ours = base.as_offered(name, wanted)
            if name not in self.names and ours not in (name, *first, *self.names.values()):
                self.names[name] = ours
        row = self.renamed(dict(first))
        for name in self.known & row.keys():
            if (again := f"{name}_2") in row and again not in (*self.known, *self.names):
                advice = f"Where it is the one that is meant: --map {again}={name}."
                self.twice.append(f"Another column is called '{name}', here '{again}', and is not read. {advice}")
        stored = [self.columns.fields[field] for field in self.stored]
        if len(stored) == 1 and not {self._key_column(row), *stored} & row.keys():
            named = [name for name, value in row.items() if isinstance(value, str) and value and _says_file(name)]
            if named and named[0] not in self.names.values():
                self.names[named[0]] = stored[0]
        for question, column in self.columns.questions.items():
            asked = self.schema.questions[question]
            if column not in row and asked.single and asked.form is str and len(asked.labels) > 1:
                found = {base.as_offered(name, asked.labels): name for name in row}
                if found.keys() >= set(asked.labels):
                    self.flags[question] = {label: found[label] for label in asked.labels}
        self.told = frozenset(name for named in self.flags.values() for name in named.values())

    def _flagged(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the choices of a row that has a column for each label.

        Raises:
            InvalidInput: several labels have 1, or a column has something else than 0 and 1.
        """
        chosen: dict[str, Any] = {}
        for question, columns in self.flags.items():
            said = {label: _flag(row.get(column), column) for label, column in columns.items()}
            given = [label for label, is_so in said.items() if is_so]
            if len(given) > 1:
                raise InvalidInput(
                    f"It has {len(given)} labels for a question that takes one: {', '.join(given)}.",
                    where=question,
                    hint="Where several may hold, ask a choice of each label, with the options 0 and 1, and name its column (--map).",
                )
            chosen[question] = given[0] if given else None
        return chosen

    def _gather(self, path: Path, format: str, cells: Mapping[str, array[int]], also: Callable[[Mapping[str, Any]], None]) -> array[int]:
        """Return the hash of the item of every row that names no annotator, and add what stands in some of its columns."""
        owners = array("q")
        for row in rows(path, format):
            data = {} if isinstance(row, Broken) else self.renamed(row.data)
            if isinstance(row, Broken) or data.get("annotator"):
                continue
            owners.append(self._owner(data))
            also(data)
            for name, values in cells.items():
                values.append(hash(repr(row.data.get(name))))
        return owners

    def _key_column(self, row: Mapping[str, Any]) -> str:
        return self.key or ("key" if "key" in row else "id")

    def _owner(self, data: Mapping[str, Any]) -> int:
        value = data.get(self._key_column(data))
        return hash(str(value) if value not in (None, "") else tuple(_shown(data.get(name)) for name in self.columns.fields.values()))

    def _judge(self, owners: array[int], answers: Mapping[str, array[int]], cells: Mapping[str, array[int]]) -> None:
        import numpy as np

        of = np.frombuffer(owners, dtype=np.int64)
        items = len(np.unique(of))

        def pairs(values: array[int]) -> Any:
            return np.unique(np.stack([of, np.frombuffer(values, dtype=np.int64)]), axis=1)

        apart = []
        for name, values in cells.items():
            found = pairs(values)
            # One item's rows differ in it, and several items have the same value: so it may be a person, and is no number of the row.
            if found.shape[1] > items and len(np.unique(found[1])) < found.shape[1]:
                apart.append(name)
        for name in apart:
            if says_who(name):
                self.names[name] = "annotator"
                return
        for values in answers.values():
            found = pairs(values)
            several, count = np.unique(found[0][found[1] != 0], return_counts=True)
            self.disputed |= set(several[count > 1].tolist())
        self.apart = apart[0] if apart else None

    def labeled(self, row: dict[str, Any], place: str, raw: Mapping[str, Any]) -> Labeled:
        """Return one row, under our names, as an item."""
        key, schema, columns = self.key, self.schema, self.columns
        column = self._key_column(row)
        if key and key not in row:
            raise InvalidInput(f"There is no column '{key}'.", hint=f"The columns are {', '.join(raw)}.")
        _refuse_rejected(row, self.known)
        data, files, digests = {}, {}, {}
        for field, name in columns.fields.items():
            if row.get(name) is None or name == column:
                continue
            try:
                if field in self.stored and (cell := media_cell(row[name])) is not None:
                    if cell.body is not None:
                        digests[field] = hashlib.sha256(cell.body).hexdigest()
                    if cell.name:
                        files[field] = cell.name
                elif (value := schema.modality(field).from_plain(row[name])) is not None:
                    data[field] = value
            except InvalidInput as error:
                raise InvalidInput(error.message, where=name, hint=error.hint) from error
        plain = {question: row.get(name) for question, name in columns.questions.items() if name != column} | self._flagged(row)
        plain = {name: _one_label(said, name) if schema.questions[name].single else said for name, said in plain.items()}
        quotes = {name: said for name in self.marks if (said := _quotes(plain.get(name)))}
        values = base.answers(schema, plain | {name: _bare(plain.get(name)) for name in self.marks})
        rest = {name: value for name, value in row.items() if name not in self.known and name != column and name not in self.told}
        annotator = _text(row, "annotator")
        return Labeled(
            key=_key(row.get(column)),
            data=data,
            values=values,
            meta={**_object(row, "meta"), **rest},
            split=_text(row, "split"),
            provenance=_provenance(row) or _scores(row, values, self.known, set(self.names.values())),
            annotator=annotator,
            files=files,
            digests=digests,
            place=place,
            quotes=quotes,
            disputed=self._disputed(row) if annotator is None and self.disputed else None,
        )

    def _disputed(self, row: Mapping[str, Any]) -> str | None:
        if self._owner(row) not in self.disputed:
            return None
        advice = f"Name the column that does: --annotator {self.apart}, or another one." if self.apart else "Name the column that does."
        return f"Rows of the file give this item different answers, and none says whose they are. {advice}"


def says_who(column: str) -> bool:
    """Tell whether a column is called as other tools call the one that says whose an answer is.

    >>> says_who("Worker_ID"), says_who("completed by"), says_who("username"), says_who("use")
    (True, True, True, False)
    """
    return _WHO.fullmatch(re.sub(r"[^a-z]", "", column.lower())) is not None


def _says_file(column: str) -> bool:
    letters = re.sub(r"[^a-z]", "", column.lower())
    return bool(letters) and _FILE.fullmatch(letters) is not None


def _flag(value: Any, column: str) -> bool:
    """Tell whether a column that stands for a label has 1.

    Raises:
        InvalidInput: it has neither 1 nor 0, nor nothing.
    """
    said = str(value).strip().lower()
    if value is None or said in ("", "0", "0.0", "false"):
        return False
    if said in ("1", "1.0", "true"):
        return True
    raise InvalidInput(f"The column of a label has 1 or 0, and not '{base.show(said)[:40]}'.", where=column)


def _shown(value: Any) -> Any:
    """Return what tells cells apart: the bytes of a picture or recording, of which a text would be four times as long, as they are."""
    body = value.get("bytes") if isinstance(value, dict) else value
    return body if isinstance(body, bytes) else repr(value)


def _refuse_rejected(row: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse what its annotator rejected, as Prodigy says: that the label is wrong does not say which one is right."""
    said = row.get("answer") if "answer" not in known else None
    if said == "reject":
        raise InvalidInput("Its annotator rejected it: 'answer' is 'reject', so what it says is wrong.")
    if said == "ignore":
        raise InvalidInput("Its annotator passed over it: 'answer' is 'ignore'.")


def _quotes(value: Any) -> tuple[str | None, ...]:
    """Return the text that each mark of a list is said to be about."""
    marks = value if isinstance(value, list) else []
    found = tuple(mark.get("text") if isinstance(mark, dict) and isinstance(mark.get("text"), str) else None for mark in marks)
    return found if any(quote is not None for quote in found) else ()


def _one_label(value: Any, question: str) -> Any:
    """Return the label in a list of one, and numbers and dates of databases as what JSON has for them.

    Raises:
        InvalidInput: the list has several.
    """
    if isinstance(value, list):
        if len(value) > 1:
            raise InvalidInput(f"It has {len(value)} labels for a question that takes one: {base.show(str(value))}.", where=question)
        value = value[0] if value else None
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date | time) else value


def _bare(value: Any) -> Any:
    """Return marks as ours, without what other tools say of them besides: the text that they are about, and the tokens."""
    return [_bare_mark(mark) for mark in value] if isinstance(value, list) else value


def _bare_mark(mark: Any) -> Any:
    if isinstance(mark, list) and len(mark) == 3 and isinstance(mark[2], str):
        mark = dict(zip(("start", "end", "label"), mark, strict=True))
    if not isinstance(mark, dict):
        return mark
    kept = {name: part for name, part in mark.items() if name not in _BESIDE}
    whole = {name: int(part) for name, part in kept.items() if name in ("start", "end") and isinstance(part, float) and part.is_integer()}
    return kept | whole


def _scores(row: Mapping[str, Any], values: Values, known: Collection[str], mapped: Collection[str]) -> dict[str, Provenance]:
    """Return how sure a machine was of each answer, where a row says so: `score` or `confidence`, or `<question>_score`."""
    found = {}
    for name in values:
        for column in (f"{name}_score", f"{name}.score", f"{name}_confidence", "score", "confidence"):
            if column in known or row.get(column) in (None, ""):
                continue
            score = _share(row[column])
            if score is None and column in mapped:
                raise InvalidInput(f"A score is a number from 0 to 1, and not {base.show(str(row[column]))[:40]}.", where=column)
            if score is not None:
                found[name] = Provenance(origin="suggestion", confidence=score)
                break
    return found


def _share(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


def _key(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool | list | dict):
        raise InvalidInput("A key is a text or a number.", where="key")
    # A column of whole numbers with a gap becomes one of floats in a data frame.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, list | dict):
        raise InvalidInput("A text is expected.", where=name)
    return str(value)


def _object(row: dict[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name)
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise InvalidInput(f"This is no JSON: {error}.", where=name) from error
    if not isinstance(value, dict):
        raise InvalidInput("A JSON object is expected.", where=name)
    return value


def _provenance(row: dict[str, Any]) -> dict[str, Provenance]:
    raw = _object(row, "provenance")
    try:
        return msgspec.convert({question: part for question, part in raw.items() if part is not None}, dict[str, Provenance])
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{error}.", where="provenance") from error
