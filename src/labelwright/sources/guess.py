"""What a folder or file holds, guessed from a look at its beginning, for the starter file of `labelwright init`."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from labelwright import plugins
from labelwright.errors import InvalidInput, LabelwrightError
from labelwright.formats._class_folders import class_of_folder
from labelwright.formats._columns import says_who
from labelwright.formats._media_cells import media_cell
from labelwright.formats._tables import TableRow
from labelwright.formats.base import Broken
from labelwright.formats.parquet import class_names
from labelwright.media import modality_of
from labelwright.media.text import is_conversation
from labelwright.schema.modalities import MODALITIES, Modality, Stored
from labelwright.sources import readers
from labelwright.sources.locate import reader_of
from labelwright.sources.named_files import NamedFiles
from labelwright.sources.source import Source

__all__ = ["FileLabels", "Guess", "guess", "label_text"]

LOOK = 1000
"""So many rows, or files, are looked at."""

LOOK_BYTES = 2**26
"""So many bytes of pictures and recordings are looked at."""

MAX_LABELS = 20

MAX_CLASSES = 500
"""So many labels may there be where something says that they are labels: the name of the column, its type, folders."""

_ID_NAMES = ("id", "key", "uid", "uuid", "guid", "_id", "index")
_TEXT_NAMES = ("text", "body", "message", "content", "sentence", "review", "comment", "question", "prompt", "title")
_LABEL_NAMES = ("label", "class", "category", "target", "intent", "sentiment", "emotion", "rating", "stars", "answer", "tag", "topic", "y")
_SPLIT_COLUMNS = frozenset({"split", "fold", "partition", "subset", "set"})
_MEASURED = re.compile(r"\s*(\d{4,}-\d\d(-\d\d)?\b|\d\d?[./:]\d\d|[+-]?[\d.,]+%?\s*$|-?PT?\d|https?://\S+$|[0-9a-f-]{32,}$)")
"""How times, numbers, addresses of pages and digests look."""
_GLOB = re.compile(r"[*?\[\]]")


class FileLabels(Struct, frozen=True, kw_only=True):
    """A table beside pictures or recordings that says what they show: its path, the column that names the files, that of the label.

    Where each label has a column of its own, with 1 in the rows of what shows it, as Roboflow writes them, `classes` are these columns, and
    `label` is what the question is called.
    """

    table: Path
    file: str
    label: str
    classes: tuple[str, ...] = ()

    def labels_of(self, row: dict[str, Any]) -> list[str]:
        """Return the labels of a row; one that has several has no label of a choice."""
        if not self.classes:
            label = label_text(row.get(self.label))
            return [] if label is None else [label]
        return [name.strip() for name in self.classes if _flag(row.get(name)) == "1"]


class Guess(Struct, frozen=True, kw_only=True):
    """A source and the fields to label, as the pipeline file would say them.

    `labels` has each column that looks like a label already there, with its values, the likeliest first; `annotator` is the column that
    says who gave it; `repeats` tells that rows show the same again and again, as those of several annotators do. Files may have their
    labels in the names of their folders, `in_folders`, or in tables beside them, `in_tables`. `rows` is how many rows or files were looked
    at. `left_aside` counts the other files of a folder, which this source does not read: by their reader, or `other`.
    """

    source: Source
    data: dict[str, Modality]
    labels: dict[str, tuple[str, ...]] = {}
    annotator: str | None = None
    repeats: bool = False
    in_folders: bool = False
    in_tables: tuple[FileLabels, ...] = ()
    rows: int = 0
    left_aside: dict[str, int] = {}


def guess(path: str | Path, *, folder: str | Path | None = None) -> Guess:
    """Look at a file or folder and say how to collect from it.

    The uri is relative to `folder`, where the pipeline file will lie, if the data lies in there; else absolute.

    Raises:
        InvalidInput: there is nothing to read.
    """
    # No source leads upwards, so that '..' is taken out as it stands.
    path = Path(os.path.abspath(path))
    uri = str(path)
    home = None if folder is None else Path(os.path.abspath(folder))
    if home is not None and path.is_relative_to(home):
        uri = str(path.relative_to(home))
    if path.is_file():
        return _of_file(path, uri)
    if not path.is_dir():
        raise InvalidInput("There is no such file or folder.", where=str(path))
    return _of_folder(path, uri)


def label_text(value: Any, names: Sequence[str] = ()) -> str | None:
    """Return a label as the options of a question have it, or None where there is none; `names` are those of class numbers.

    >>> label_text(True), label_text(3.0), label_text(1, ["cat", "dog"]), label_text(-1, ["cat", "dog"])
    ('true', '3', 'dog', None)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if isinstance(value, float) and not value.is_integer():
            return None
        if names:
            return names[int(value)] if 0 <= value < len(names) else None
        return str(int(value))
    return value if isinstance(value, str) and value.strip() else None


def _of_file(path: Path, uri: str) -> Guess:
    reader = reader_of(path.name)
    if reader is None:
        known = sorted({suffix for name in readers.names() for suffix in readers.load(name).SUFFIXES})
        raise InvalidInput(f"No reader is known for the ending '{path.suffix}'.", where=str(path), hint=f"Known are: {', '.join(known)}.")
    module = readers.load(reader)
    if module.MODALITY is not None:
        return Guess(source=Source(uri=uri), data={module.MODALITY: module.MODALITY}, rows=1)
    rows, header = _rows(path, reader)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    values = {name: [row.get(name) for row in rows] for name in columns}
    id = _id_column(values, len(rows))
    data, renamed = _fields({name: found for name, found in values.items() if name != id}, path.parent, header=header)
    shown = [renamed.get(name, name) for name in data]
    repeats = any(_repeats(values[name]) for name in shown if name in values)
    who = next((name for name in columns if name not in shown and says_who(name)), None) if repeats else None
    labels = _label_columns(
        {name: column for name, column in values.items() if name not in {id, who, *shown}}, class_names(path) if reader == "parquet" else {}
    )
    source = Source(uri=uri, id=id, columns=renamed, header=header)
    return Guess(source=source, data=data, labels=labels, annotator=who, repeats=repeats, rows=len(rows))


def _rows(path: Path, reader: str) -> tuple[list[dict[str, Any]], bool]:
    """Return a table's first rows, and whether a header names their columns."""
    module = readers.load(reader)
    looked = list(_first(module.read(path, name=path.name)))
    rows: list[dict[str, Any]] = [row.data for row in looked if isinstance(row, TableRow)]
    if reader == "csv" and rows and _is_row(rows):
        bare = list(_first(module.read(path, name=path.name, header=False)))
        return [row.data for row in bare if isinstance(row, TableRow)], False
    if not rows:
        reason = next((row.reason for row in looked if isinstance(row, Broken)), "there is none.")
        raise InvalidInput(f"No row can be read: {reason}", where=str(path))
    return rows, True


def _first(found: Iterator[TableRow | Broken]) -> Iterator[TableRow | Broken]:
    """Yield the rows that are looked at: fewer where they hold pictures or recordings."""
    held = 0
    for row in itertools.islice(found, LOOK):
        yield row
        if isinstance(row, TableRow):
            cells = (value.get("bytes") if isinstance(value, dict) else value for value in row.data.values())
            held += sum(len(cell) for cell in cells if isinstance(cell, bytes))
        if held > LOOK_BYTES:
            return


def _is_row(rows: list[dict[str, Any]]) -> bool:
    """Tell whether what was taken for the header is a row as all others: long, or what its column holds again and again."""
    return any(len(name) > 100 or sum(row.get(name) == name for row in rows) >= max(2, len(rows) // 20) for name in rows[0] if name)


def _of_folder(path: Path, uri: str) -> Guess:
    files = (file for file in sorted(path.rglob("*")) if not any(part.startswith(".") for part in file.relative_to(path).parts))
    looked = list(itertools.islice((file for file in files if file.is_file()), 10 * LOOK))
    found = [file for file in looked if reader_of(file.name)]
    kinds = Counter(reader_of(file.name) or "other" for file in looked)

    def rest(*taken: Path) -> dict[str, int]:
        gone = set(taken)
        return dict(sorted(Counter(reader_of(file.name) or "other" for file in looked if file not in gone).items()))

    stored = [name for name, modality in MODALITIES.items() if issubclass(modality, Stored)]
    tables = {kind: [file for file in found if reader_of(file.name) == kind] for kind in ("parquet", "jsonl", "csv")}

    def whole(modality: str) -> Guess:
        media = [file for file in found if reader_of(file.name) == modality]
        source = Source(uri=uri)
        beside = [one for kind in ("jsonl", "csv") for table in tables[kind][:20] if (one := _file_labels(table, path, media))]
        if beside:
            labels = {"label" if len({one.label for one, _ in beside}) > 1 else beside[0][0].label: _in_order(beside)}
            told = tuple(one for one, _ in beside)
            taken = [*media, *(one.table for one in told)]
            return Guess(source=source, data={modality: modality}, labels=labels, in_tables=told, rows=len(media), left_aside=rest(*taken))
        classes = {class_of_folder(file.relative_to(path).as_posix()) for file in media}
        if None not in classes and 2 <= len(classes) <= MAX_CLASSES and len(media) > len(classes):
            names = tuple(sorted(filter(None, classes)))
            return Guess(
                source=source, data={modality: modality}, labels={"label": names}, in_folders=True, rows=len(media), left_aside=rest(*media)
            )
        return Guess(source=source, data={modality: modality}, rows=len(media), left_aside=rest(*media))

    most = max(stored, key=lambda modality: (kinds[modality], modality))
    if kinds[most]:
        return whole(most)
    for kind, listed in tables.items():
        if len(listed) == 1:
            first = _of_file(listed[0], str(Path(uri) / listed[0].relative_to(path)))
            return msgspec.structs.replace(first, left_aside=rest(*listed))
        if listed:
            return msgspec.structs.replace(_of_tables(path, uri, kind, listed), left_aside=rest(*listed))
    for modality in sorted(set(MODALITIES) - set(stored), reverse=True):
        if kinds[modality]:
            return whole(modality)
    raise InvalidInput("Nothing in the folder can be collected.", where=str(path), hint="Tables, texts, pictures and recordings can.")


def _of_tables(path: Path, uri: str, kind: str, tables: list[Path]) -> Guess:
    """Several tables are collected together: by a pattern, or as a folder whose name a pattern cannot tell."""
    first = next((one for table in tables if (one := _readable(table))), None) or _of_file(tables[0], uri)
    folders, endings = {table.parent for table in tables}, {table.suffix for table in tables}
    one_folder = folders.pop() if len(folders) == 1 else None
    below = Path(uri) / (one_folder or path).relative_to(path)
    if _GLOB.search(str(below)) or len(endings) > 1:
        source = msgspec.structs.replace(first.source, uri=str(below), format=kind)
    else:
        source = msgspec.structs.replace(first.source, uri=str(below / ("" if one_folder else "**") / f"*{endings.pop()}"))
    if source.id and len(tables) > 1 and not _ids_differ(tables, source.id):
        source = msgspec.structs.replace(source, id=None)
    return msgspec.structs.replace(first, source=source)


def _readable(table: Path) -> Guess | None:
    try:
        return _of_file(table, str(table))
    except InvalidInput:
        return None


def _ids_differ(tables: list[Path], column: str) -> bool:
    """Tell whether no row of one table is named like one of another, as far as is looked."""
    seen: set[str] = set()
    for table in tables[:20]:
        try:
            rows, _ = _rows(table, reader_of(table.name) or "")
        except InvalidInput:
            continue
        ids = {str(row.get(column)) for row in rows}
        if ids & seen:
            return False
        seen |= ids
    return True


def _file_labels(table: Path, folder: Path, media: list[Path]) -> tuple[FileLabels, tuple[str, ...]] | None:
    """Return how a table beside files labels them, with the labels; None where it does not."""
    try:
        rows, _ = _rows(table, reader_of(table.name) or "")
    except InvalidInput:
        return None
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    there = NamedFiles(media)

    def flags(column: list[Any]) -> bool:
        return {_flag(value) for value in column} <= {"0", "1"}

    def names_files(column: list[Any]) -> bool:
        named = [value for value in column if isinstance(value, str) and value]
        hits = sum(there.find(value, (table.parent, folder)) is not None for value in named)
        return hits > 0 and 2 * hits >= min(len(named), len(media))

    file = next((name for name, column in columns.items() if names_files(column)), None)
    if file is None:
        return None
    rest = {name: column for name, column in columns.items() if name != file}
    if len(rest) > 1 and all(map(flags, rest.values())):
        told = FileLabels(table=table, file=file, label="label", classes=tuple(rest))
        return told, tuple(name.strip() for name in rest)
    labels = _label_columns(rest, {})
    if not labels:
        return None
    column, found = next(iter(labels.items()))
    return FileLabels(table=table, file=file, label=column), found


def _flag(value: Any) -> str:
    """Return what says 0 or 1 as it stands in CSV, where Roboflow puts blanks behind commas."""
    return (label_text(value) or "").strip()


def _in_order(beside: list[tuple[FileLabels, tuple[str, ...]]]) -> tuple[str, ...]:
    return tuple(sorted({label for _, labels in beside for label in labels}))


def _id_column(values: dict[str, list[Any]], count: int) -> str | None:
    def names_rows(column: list[Any]) -> bool:
        return all(type(value) in (str, int) and str(value).strip() for value in column) and len(set(map(str, column))) == count

    fitting = [name for name, column in values.items() if names_rows(column)]
    for name in fitting:
        if name.lower() in _ID_NAMES:
            return name
    likely = [name for name in fitting if _is_id(name)]
    return likely[0] if likely else None


def _is_id(name: str) -> bool:
    return name.lower() in _ID_NAMES or name.lower().replace("-", "_").endswith(("_id", "_key", "id"))


def _fields(values: dict[str, list[Any]], beside: Path, *, header: bool) -> tuple[dict[str, Modality], dict[str, str]]:
    for name, column in values.items():
        given = [value for value in column if value not in (None, "")][:50]
        kinds = Counter(_modality(value, beside) for value in given)
        # A broken one among them does not make it another column.
        kind, most = kinds.most_common(1)[0] if kinds else (None, 0)
        if kind is not None and 2 * most > len(given):
            return _named({name: kind}, header=header)
    for name, column in values.items():
        if any(is_conversation(value) for value in column) and all(value is None or is_conversation(value) for value in column):
            return _named({name: "text"}, header=header)
    texts = {name: column for name, column in values.items() if any(isinstance(value, str) and value for value in column)}
    texts = {name: column for name, column in texts.items() if not _is_measured(column)} or texts
    if not texts:
        raise InvalidInput("No column holds text, pictures or recordings.", hint=f"The columns are: {', '.join(values)}.")

    def length(name: str) -> float:
        column = texts[name]
        known = 2.0 if name.lower() in _TEXT_NAMES else 1.0
        varied = len(set(map(str, column))) / len(column)
        return known * varied * sum(len(value) for value in column if isinstance(value, str)) / len(column)

    return _named({max(texts, key=length): "text"}, header=header)


def _is_measured(column: list[Any]) -> bool:
    """Tell whether a column holds times, numbers or addresses only, which nobody labels."""
    return all(_MEASURED.match(value) for value in column if isinstance(value, str) and value)


def _named(fields: dict[str, Modality], *, header: bool) -> tuple[dict[str, Modality], dict[str, str]]:
    """Give a field whose column is no identifier, or has a number only, a name that is one."""
    data: dict[str, Modality] = {}
    renamed: dict[str, str] = {}
    for column, modality in fields.items():
        name = column if column.isidentifier() and header else modality
        data[name] = modality
        if name != column:
            renamed[name] = column
    return data, renamed


def _modality(value: Any, beside: Path) -> Modality | None:
    """Return what a cell holds, or names: by the ending, or by what the bytes are."""
    try:
        cell = media_cell(value)
    except InvalidInput:
        return None
    if cell is not None and cell.body:
        return _modality_of_bytes(cell.body)
    name = cell.name if cell is not None else ""
    if not 0 < len(name) < 500 or "\n" in name:
        return None
    kind = modality_of(name) or modality_of(name.partition("?")[0].partition("#")[0])
    if kind is None and not Path(name).suffix and "\0" not in name and (beside / name).is_file():
        return _modality_of_bytes((beside / name).read_bytes())
    return kind if kind is not None and issubclass(MODALITIES[kind], Stored) else None


def _modality_of_bytes(body: bytes) -> Modality | None:
    for name, modality in MODALITIES.items():
        if issubclass(modality, Stored):
            try:
                plugins.load("media", name).probe(body)
            except LabelwrightError:
                continue
            return name
    return None


def _repeats(column: list[Any]) -> bool:
    """Tell whether a column of texts or names shows the same again and again."""
    shown = [value for value in column if isinstance(value, str) and value]
    return len(shown) >= 4 and len(set(shown)) <= 0.7 * len(shown)


def _label_columns(columns: dict[str, list[Any]], classes: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Return the columns that look like labels with their values, the likeliest first."""
    ranked: list[tuple[int, str, tuple[str, ...]]] = []
    for name, column in columns.items():
        if name in classes and not any(isinstance(value, list) for value in column):
            ranked.append((0, name, tuple(classes[name])))
            continue
        words = set(re.split(r"[^a-z]+", name.lower()))
        known = bool(words & set(_LABEL_NAMES)) or any(name.lower().endswith(word) for word in ("label", "class", "category"))
        if (_is_id(name) and not known) or name.lower() in _SPLIT_COLUMNS or says_who(name):
            continue
        found = _labels(column, known=known)
        if found:
            ranked.append(((1 if name.lower() in _LABEL_NAMES else 2) if known else 3, name, found))
    return {name: found for _, name, found in sorted(ranked, key=lambda one: one[0])}


def _labels(column: list[Any], *, known: bool) -> tuple[str, ...] | None:
    """Return the labels of a column; numbers are labels where its name says so, or where they are zero and one."""
    given = [value for value in column if value not in (None, "")]
    if any(isinstance(value, list | dict | bytes) for value in given):
        return None
    texts = [label_text(value) for value in given]
    found = {text for text in texts if text is not None}
    most = min(MAX_CLASSES if known else MAX_LABELS, max(2, len(column) // 3))
    if None in texts or not 2 <= len(found) <= most or any(len(text) > 60 for text in found):
        return None
    numbers = all(re.fullmatch(r"-?\d+(\.\d+)?", text) for text in found)
    if not known and len(found) == len(given):  # each once: they tell rows apart
        return None
    if numbers and not known and not found <= {"-1", "0", "1"}:
        return None
    return tuple(sorted(found, key=lambda text: (float(text) if numbers else 0.0, text)))
