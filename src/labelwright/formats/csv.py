"""CSV: one row an item, for spreadsheets and data frames; lists and objects stand in their cells as JSON.

The columns are those of `_columns`, in UTF-8, with commas and doubled quotes. An empty cell is no answer, so a label that is an empty
text cannot be written, and is refused.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is a formula to a spreadsheet program, and a stranger's text could
run one there: an apostrophe is put in front of it, as of one that begins with apostrophes and then such a sign. Numbers stay as they are.
Reading takes it off again, so that what is written here is read exactly. Programs that read the file themselves get the apostrophe; for
them, export with `--formulas`, or use Parquet or JSONL.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from labelwright.errors import InvalidInput
from labelwright.formats import base
from labelwright.formats._columns import columns_of, plain_media, plain_text, read_rows
from labelwright.formats.base import Broken, Labeled, Media, MediaFolder, Target
from labelwright.schema import Schema

__all__ = ["READS", "SUFFIX", "WRITES", "read", "refuses", "write"]

READS = True
WRITES = True
SUFFIX = ".csv"
FILE = "labels.csv"

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet takes for a formula, and one that was shielded against that."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""What begins like a formula and is none."""


def refuses(schema: Schema) -> str | None:
    """Return why CSV cannot hold the answers: a label is an empty text."""
    for name, question in schema.questions.items():
        if question.form is str and "" in question.labels:
            return f"The question '{name}' has an empty label, which a CSV cell cannot tell from no answer."
    return None


def write(dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None, formulas: bool = False) -> None:
    """Write a header and one row an item.

    With `formulas`, a cell that a spreadsheet would take for a formula stays as it is; without, an apostrophe is put in front of it.
    """
    base.refuse(refuses(schema), "csv")
    columns = columns_of(schema)
    file, folder = base.labels_file(target, FILE)
    media = MediaFolder(folder, blobs)
    encode = msgspec.json.Encoder().encode
    stored = schema.stored()
    questions = [(name, question.form is str) for name, question in schema.questions.items()]

    def cells(labeled: Labeled) -> list[str]:
        row = [labeled.key or ""]
        for field in schema.data:
            if field not in stored:
                row.append(plain_text(labeled, field) or "")
            else:
                described = plain_media(labeled, field, media)
                row.append(encode(described).decode() if described else "")
        for question, is_choice in questions:
            answer = labeled.values.get(question)
            if answer is None:
                row.append("")
            else:
                row.append(answer.plain() if is_choice else encode(answer.plain()).decode())
        row.append(labeled.split or "")
        row.append(labeled.annotator or "")
        row.append(encode(labeled.meta).decode() if labeled.meta else "")
        row.append(encode(labeled.provenance).decode() if labeled.provenance else "")
        return row

    shielded = (lambda row: row) if formulas else (lambda row: [_shield(cell) for cell in row])
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["key", *columns.fields.values(), *columns.questions.values(), "split", "annotator", "meta", "provenance"])
    with base.opened(file) as out:
        for number, labeled in enumerate(dataset, 1):
            writer.writerow(shielded(cells(labeled)))
            if number % 256 == 0 or text.tell() > base.BUFFER:
                out.write(text.getvalue().encode())
                text.seek(0)
                text.truncate()
        out.write(text.getvalue().encode())


def read(path: Path, schema: Schema, *, key: str | None = None, names: Mapping[str, str] = {}) -> Iterator[Labeled | Broken]:
    """Yield each row as an item."""
    columns = columns_of(schema)
    as_media = {columns.fields[field] for field in schema.stored()}
    plain = set(columns.fields.values()) - as_media
    as_json = {columns.questions[name] for name, question in schema.questions.items() if question.form is not str}

    def prepare(row: dict[str, Any]) -> dict[str, Any]:
        return {name: _cell(name, cell, name in plain, name in as_json, name in as_media) for name, cell in row.items()}

    for file in base.files_of(path, FILE, "*.csv"):
        found = False
        for row in read_rows(file, schema, "csv", key=key, names=names, prepare=prepare):
            found = True
            yield row
        if not found:
            yield Broken(file.name, "The file has a header and no rows.")


def _shield(cell: str) -> str:
    return f"'{cell}" if cell and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _unshield(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell[1:]) else cell


def _cell(name: str, cell: str, is_text: bool, is_json: bool, is_media: bool) -> Any:
    cell = _unshield(cell)
    if is_text or not (is_json or is_media):
        return cell if is_text or cell else None
    if not cell:
        return None
    if is_media and not cell.startswith("{"):
        return cell  # the name of a file
    try:
        return msgspec.json.decode(cell)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidInput(f"This is no JSON: {error}.", where=name, hint='A list looks like [{"start": 0, "end": 5, …}].') from error
