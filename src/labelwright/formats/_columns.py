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
not known become `meta`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from labelwright.errors import InvalidInput
from labelwright.formats import base
from labelwright.formats._tables import rows
from labelwright.formats.base import Broken, Labeled, MediaFolder, Provenance
from labelwright.schema import Schema, Stored

__all__ = ["FIXED", "Columns", "columns_of", "plain_media", "plain_text", "read_rows"]

FIXED = ("key", "split", "annotator", "meta", "provenance")


class Columns(NamedTuple):
    """The column of each field and of each question."""

    fields: dict[str, str]
    questions: dict[str, str]


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
    path: Path, schema: Schema, format: str, *, key: str | None = None, prepare: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> Iterator[Labeled | Broken]:
    """Yield each row of a table file as an item; `prepare` turns a format's cells into plain values first."""
    columns = columns_of(schema)
    known = {*columns.fields.values(), *columns.questions.values(), *FIXED}
    for row in rows(path, format):
        if isinstance(row, Broken):
            yield row
            continue
        place = f"{path.name} {'row' if format == 'parquet' else 'line'} {row.number}"
        try:
            data = prepare(row.data) if prepare else row.data
            yield _labeled(data, schema, columns, known, key, place)
        except InvalidInput as error:
            yield Broken(place, str(error), base.show(str(row.data)))


def _labeled(row: dict[str, Any], schema: Schema, columns: Columns, known: set[str], key: str | None, place: str) -> Labeled:
    column = key or ("key" if "key" in row else "id")
    if key and key not in row:
        raise InvalidInput(f"There is no column '{key}'.", hint=f"The columns are {', '.join(row)}.")
    data, files, stored = {}, {}, schema.stored()
    for field, name in columns.fields.items():
        if row.get(name) is None or name == column:
            continue
        try:
            value = schema.modality(field).from_plain(row[name])
        except InvalidInput as error:
            raise InvalidInput(error.message, where=name, hint=error.hint) from error
        if value is not None:
            data[field] = value
        if isinstance(row[name], str) and field in stored:
            files[field] = row[name]
    values = base.answers(schema, {question: row.get(name) for question, name in columns.questions.items() if name != column})
    rest = {name: value for name, value in row.items() if name not in known and name != column}
    return Labeled(
        key=_key(row.get(column)),
        data=data,
        values=values,
        meta={**_object(row, "meta"), **rest},
        split=_text(row, "split"),
        provenance=_provenance(row),
        annotator=_text(row, "annotator"),
        files=files,
        place=place,
    )


def _key(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool | list | dict):
        raise InvalidInput("A key is a text or a number.", where="key")
    return str(value)


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
