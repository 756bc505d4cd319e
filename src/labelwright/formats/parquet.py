"""Parquet: one row an item in typed columns, for data frames, SQL engines and training.

The columns are those of `_columns`: spans, boxes and segments are lists of structs, `provenance` is a struct by question, `meta` is JSON
text. Rows are written some thousands at a time, so that a million need no more memory than a few.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from labelwright.errors import InvalidInput
from labelwright.formats import base
from labelwright.formats._columns import columns_of, plain_media, plain_text, read_rows, renamed
from labelwright.formats.base import Broken, Labeled, Media, MediaFolder, Target
from labelwright.schema import Field, Schema, Stored

__all__ = ["READS", "SUFFIX", "WRITES", "Sheet", "class_names", "read", "refuses", "with_class_names", "write"]

READS = True
WRITES = True
SUFFIX = ".parquet"
FILE = "labels.parquet"

GROUP = 8192
"""At most so many rows a row group."""

GROUP_BYTES = 32 * 2**20
"""A row group is closed once its texts have so many characters."""


def refuses(schema: Schema) -> str | None:
    """Return None: Parquet holds everything."""
    return None


def write(dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None) -> None:
    """Write one row an item."""
    file, folder = base.labels_file(target, FILE)
    columns = columns_of(schema)
    media = MediaFolder(folder, blobs)
    stored = schema.stored()
    texts = [(field, name) for field, name in columns.fields.items() if field not in stored]
    pictures = [(field, name) for field, name in columns.fields.items() if field in stored]
    names = ["key", *columns.fields.values(), *columns.questions.values(), "split", "annotator", "meta"]
    names += ["provenance"] if schema.questions else []
    encode = msgspec.json.Encoder().encode

    with base.opened(file) as out, Sheet(out, {name: _type_of(name, schema) for name in names}) as sheet:
        cells = sheet.cells
        for labeled in dataset:
            size = 0
            cells["key"].append(labeled.key)
            for field, name in texts:
                text = plain_text(labeled, field)
                size += len(text or "")
                cells[name].append(text)
            for field, name in pictures:
                cells[name].append(plain_media(labeled, field, media))
            for question, name in columns.questions.items():
                answer = labeled.values.get(question)
                cells[name].append(None if answer is None else answer.plain())
            cells["split"].append(labeled.split)
            cells["annotator"].append(labeled.annotator)
            cells["meta"].append(encode(labeled.meta) if labeled.meta else None)
            if schema.questions:
                cells["provenance"].append(
                    {
                        question: {
                            "origin": one.origin,
                            "annotators": one.annotators,
                            "reviewer": one.reviewer,
                            "method": one.method,
                            "confidence": one.confidence,
                        }
                        for question, one in labeled.provenance.items()
                    }
                    or None
                )
            sheet.row_done(size)


def read(path: Path, schema: Schema, *, key: str | None = None, names: Mapping[str, str] = {}) -> Iterator[Labeled | Broken]:
    """Yield each row as an item; numbers of classes that the file names, as those of Hugging Face do, become the names."""
    for file in base.files_of(path, FILE, "*.parquet"):
        yield from read_rows(file, schema, "parquet", key=key, names=names, prepare=with_class_names(file, schema, names))


def class_names(path: Path) -> dict[str, list[str]]:
    """Return the names of the classes that the numbers in a file's columns, or lists of numbers, stand for, as Hugging Face says it."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        told = (parquet.read_schema(path).metadata or {}).get(b"huggingface", b"{}")
        features = msgspec.json.decode(told)["info"]["features"]
        found = {name: _classes(feature) for name, feature in features.items()}
    except (pa.ArrowException, OSError, msgspec.MsgspecError, LookupError, TypeError, AttributeError):
        return {}  # whoever reads the rows says what is wrong
    return {name: names for name, names in found.items() if names}


def _classes(feature: Any) -> list[str]:
    """Return the names in a feature: a class label, or a list of such in one of the ways in which lists were written."""
    if isinstance(feature, list):
        return _classes(feature[0]) if len(feature) == 1 else []
    if not isinstance(feature, dict):
        return []
    if isinstance(feature.get("feature"), dict):
        return _classes(feature["feature"])
    names = feature.get("names")
    return [str(name) for name in names] if isinstance(names, list) and feature.get("_type", "ClassLabel") == "ClassLabel" else []


def with_class_names(path: Path, schema: Schema, names: Mapping[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what puts the names of classes in the place of their numbers, in the rows of a file under our columns."""
    ours = renamed(names, schema)
    classes = {ours.get(name, name): found for name, found in class_names(path).items()}

    def prepare(row: dict[str, Any]) -> dict[str, Any]:
        return row | {column: _named(row[column], found, column) for column, found in classes.items() if column in row}

    return prepare


def _named(value: Any, names: list[str], column: str) -> Any:
    if isinstance(value, list):
        return [_named(one, names, column) for one in value]
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if 0 <= value < len(names):
        return names[value]
    if value == -1:  # so the Hub says that there is no label
        return None
    raise InvalidInput(f"The class label {value} has no name.", where=column)


class Sheet:
    """Columns that are filled cell by cell and written whenever there is enough for a row group."""

    def __init__(self, out: Any, columns: Mapping[str, Any], metadata: dict[str, str] | None = None) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._pa = pa
        self._schema = pa.schema(list(columns.items()), metadata=metadata)
        self._writer = parquet.ParquetWriter(
            pa.PythonFile(_Tallied(out), mode="w"), self._schema, compression="zstd", use_dictionary=True, write_statistics=True
        )
        self.cells: dict[str, list[Any]] = {name: [] for name in columns}
        self._rows = 0
        self._size = 0

    def row_done(self, size: int = 0) -> None:
        """Say that each column has one cell more, `size` characters in all."""
        self._rows += 1
        self._size += size
        if self._rows >= GROUP or self._size >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        arrays = [self._pa.array(self.cells[field.name], field.type) for field in self._schema]
        self._writer.write_batch(self._pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        for cells in self.cells.values():
            cells.clear()
        self._rows = self._size = 0

    def __enter__(self) -> Sheet:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        if kind is None and self._rows:
            self._flush()
        self._writer.close()


class _Tallied:
    """A stream that only has to have `write`: it counts the bytes itself, since a response over HTTP cannot tell its place."""

    closed = False

    def __init__(self, out: Any) -> None:
        self._out = out
        self._place = 0

    def write(self, body: Any) -> int:
        self._out.write(bytes(body))
        self._place += len(body)
        return len(body)

    def tell(self) -> int:
        return self._place

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def _type_of(name: str, schema: Schema) -> Any:
    import pyarrow as pa

    columns = columns_of(schema)
    for field, column in columns.fields.items():
        if column == name:
            return field_type(schema.modality(field))
    for question, column in columns.questions.items():
        if column == name:
            return answer_type(schema.questions[question].form)
    if name == "provenance":
        one = {"origin": pa.string(), "annotators": pa.list_(pa.string()), "reviewer": pa.string(), "method": pa.string()}
        return pa.struct([(question, pa.struct([*one.items(), ("confidence", pa.float64())])) for question in schema.questions])
    return pa.string()


@functools.cache
def answer_type(form: Any) -> Any:
    """Return the Arrow type of a question's column, from the type of its answers' plain values.

    >>> from labelwright.schema.kinds.spans import SpansQuestion
    >>> str(answer_type(SpansQuestion.form))
    'list<item: struct<start: int64, end: int64, label: string>>'
    """
    import pyarrow as pa

    if isinstance(form, type) and issubclass(form, msgspec.Struct):
        hints = typing.get_type_hints(form)
        return pa.struct([(name, answer_type(hints[name])) for name in form.__struct_fields__])
    if typing.get_origin(form) in (tuple, list):
        return pa.list_(answer_type(typing.get_args(form)[0]))
    # A name for a text of a form of its own, such as a date's.
    form = getattr(form, "__supertype__", form)
    return {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}[form]


@functools.cache
def field_type(modality: type[Field]) -> Any:
    """Return the Arrow type of a field's column: a text, or a file with what describes it.

    >>> from labelwright.schema import Image
    >>> str(field_type(Image))
    'struct<file: string, blob: string, width: int64, height: int64, media_type: string>'
    """
    import pyarrow as pa

    if not issubclass(modality, Stored):
        return pa.string()
    hints = typing.get_type_hints(modality)
    return pa.struct([("file", pa.string()), *((name, answer_type(hints[name])) for name in modality.lasting_fields())])
