"""Rows out of JSONL, CSV and Parquet files, one by one, in constant memory; what is broken comes out as a `Broken` and the rest goes on.

Source readers and label formats both read through `rows`. A file is never held in memory: a text file is read line by line, a Parquet
file some hundred rows at a time. A row longer than `MAX_ROW` bytes is refused instead of loaded, a table is read up to
`settings().max_rows`, and one of more than `MAX_COLUMNS` columns is refused: a file of a few bytes can claim a thousand million rows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from labelwright.errors import InvalidInput, nearest
from labelwright.formats._delimited import LOOK, Records, column_names, encoding_of, open_utf8, sniff
from labelwright.formats.base import SAMPLE, Broken

__all__ = ["FORMATS", "MAX_ROW", "TableRow", "format_of", "read_json_line", "rows"]

MAX_ROW = 16 * 2**20
"""A row of more bytes is refused."""

MAX_COLUMNS = 10_000
"""A table of more columns is refused, as is a JSON row of more."""

PARQUET_BATCH = 512
"""So many rows of a Parquet file are in memory at once, at most."""

PARQUET_BYTES = 32 * 2**20
"""About so many bytes of a Parquet file are in memory at once, though never less than one row."""

BLOCK = 2**18
"""So many bytes of a JSONL file are read at once."""

FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".parquet": "parquet", ".pq": "parquet"}
"""The format that a file name's ending stands for."""

_DECODER = msgspec.json.Decoder()


class TableRow(NamedTuple):
    """One row: its number (the line it begins on, from 1; in Parquet the row, from 1) and its columns."""

    number: int
    data: dict[str, Any]


def rows(
    path: str | Path,
    format: str | None = None,
    *,
    name: str | None = None,
    delimiter: str | None = None,
    header: bool = True,
    max_row: int = MAX_ROW,
) -> Iterator[TableRow | Broken]:
    """Yield every row of a table file, in order.

    Args:
        path: the file.
        format: `jsonl`, `csv` or `parquet`; by default what the name's ending says.
        name: what places call the file; by default its name without folders.
        delimiter: what separates CSV columns; by default whichever of comma, semicolon, tab and bar parts the first lines most evenly.
        header: whether a CSV file's first row names its columns; else they are `column_1`, `column_2` and so on.
        max_row: longer rows, in bytes, come out broken.

    Raises:
        InvalidInput: the format is unknown, or the ending says nothing.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tickets.jsonl"
    >>> _ = path.write_text('{"id": 1}\\nnot json\\n')
    >>> for row in rows(path):
    ...     print(row.number, row.data if isinstance(row, Row) else row.reason)
    1 {'id': 1}
    2 The line is no JSON: invalid character (byte 1).
    """
    path = Path(path)
    name = name or path.name
    format = format or format_of(path)
    try:
        if path.stat().st_size == 0:
            yield Broken(name, "The file is empty.")
        elif format == "jsonl":
            yield from _bounded(_jsonl(path, name, max_row), name)
        elif format == "csv":
            yield from _bounded(_csv(path, name, max_row, delimiter, header), name)
        elif format == "parquet":
            yield from _bounded(_parquet(path, name, max_row), name)
        else:
            raise InvalidInput(f"There is no table format '{format}'.", where=name, hint=nearest(format, set(FORMATS.values())))
    except OSError as error:
        yield Broken(name, f"The file cannot be read: {error.strerror or error}.")
    except UnicodeError as error:
        yield Broken(name, f"The file's encoding is broken: {error}.")


def _bounded(found: Iterator[TableRow | Broken], name: str) -> Iterator[TableRow | Broken]:
    """Yield at most `settings().max_rows` rows, and say so where there are more."""
    from labelwright.settings import settings

    most = settings().max_rows
    yield from islice(found, most)
    if next(found, None) is not None:
        yield Broken(name, f"The table has more than {most:,} rows, {_MORE_ROWS}; the others are not read.")


_MORE_ROWS = "as many as LABELWRIGHT_MAX_ROWS allows"


def format_of(path: str | Path) -> str:
    """Return the table format that the name's ending stands for.

    Raises:
        InvalidInput: it stands for none.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise InvalidInput(
            f"'{Path(path).name}' does not say what format it has.", hint=f"Name the format, or use an ending: {', '.join(FORMATS)}."
        )
    return FORMATS[suffix]


def read_json_line(number: int, line: bytes, name: str) -> TableRow | Broken:
    """Read one line of JSONL, as it comes from a file or over HTTP."""
    try:
        data = _DECODER.decode(line)
    except UnicodeDecodeError as error:
        return _broken(number, name, f"The line is not UTF-8: {error.reason} at byte {error.start + 1} of a string.", line)
    except RecursionError:
        return _broken(number, name, "The JSON is nested too deeply.", line)
    except (msgspec.MsgspecError, ValueError) as error:
        if (given := _with_nan(line)) is not None:
            return TableRow(number, given)
        message = str(error).removeprefix("JSON is malformed: ").partition(" - at")[0]
        return _broken(number, name, f"The line is no JSON: {message[:1].lower()}{message[1:]}.", line)
    if type(data) is dict and len(data) > MAX_COLUMNS:
        return _broken(number, name, f"The row has {len(data):,} columns, more than {MAX_COLUMNS:,}.", line)
    if type(data) is not dict:
        return _broken(number, name, f"The line is no JSON object but a {_json_name(data)}.", line)
    return TableRow(number, data)


def _with_nan(line: bytes) -> dict[str, Any] | None:
    """Read what Python and pandas write and JSON does not know: NaN and Infinity, which become null."""
    if b"NaN" not in line and b"Infinity" not in line:
        return None
    try:
        data = json.loads(line, parse_constant=lambda _: None)
        return data if type(data) is dict and len(data) <= MAX_COLUMNS else None
    except (ValueError, RecursionError):
        return None


def _json_name(value: Any) -> str:
    if isinstance(value, bool):
        return "truth value"
    return {list: "list", str: "string", int: "number", float: "number"}.get(type(value), "null")


def _broken(number: int, name: str, reason: str, sample: bytes | str = "") -> Broken:
    text = sample[: 4 * SAMPLE].decode("utf-8", "replace") if isinstance(sample, bytes) else sample
    return Broken(f"{name} line {number}", reason, text.strip()[:SAMPLE])


def _lines(file: BinaryIO, max_row: int) -> Iterator[bytes | None]:
    """Yield each line; None stands for a line that is too long, which is skipped without being held."""
    line = file.readline(max_row + 1)
    while line:
        if len(line) > max_row and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(max_row)
            yield None
        else:
            yield line
        line = file.readline(max_row + 1)


def _jsonl(path: Path, name: str, max_row: int) -> Iterator[TableRow | Broken]:
    number = 0
    found = False
    decode, row_of = _DECODER.decode, tuple.__new__  # what runs for every row of every file is kept short: see benchmarks/ingest.py
    with open_utf8(path, encoding_of(path)) as file:
        for lines in _blocks_of_lines(file, max_row):
            for line in lines:
                number += 1
                try:
                    data = decode(line)
                    if type(data) is dict and len(data) <= MAX_COLUMNS:
                        found = True
                        yield row_of(TableRow, (number, data))
                        continue
                except (ValueError, RecursionError, TypeError):
                    if line is not None and not line.strip():
                        continue
                found = True
                if line is None:
                    yield _broken(number, name, f"The line is longer than {max_row:,} bytes.")
                else:
                    yield read_json_line(number, line, name)
    if not found:
        yield Broken(name, "The file has blank lines only.")


def _blocks_of_lines(file: BinaryIO, max_row: int) -> Iterator[list[Any]]:
    """Yield the lines of a file, many at a time and without their ends; None stands for one that is too long, which is not held."""
    rest = file.read(BLOCK)
    skipping = False
    while rest:
        lines: list[Any] = rest.split(b"\n")
        rest = lines.pop()
        if skipping and lines:  # the end of the long line that was given up
            lines[0], skipping = None, False
        if any(len(line) > max_row for line in lines if line is not None):
            lines = [None if line is not None and len(line) > max_row else line for line in lines]
        if lines:
            yield lines
        if skipping or len(rest) > max_row:
            rest, skipping = b"", True
        more = file.read(BLOCK)
        if not more:
            if rest or skipping:
                yield [None if skipping else rest]
            return
        rest += more


def _csv(path: Path, name: str, max_row: int, delimiter: str | None, header: bool) -> Iterator[TableRow | Broken]:
    csv.field_size_limit(max(csv.field_size_limit(), max_row))
    encoding = encoding_of(path, guess=True)
    with open_utf8(path, encoding) as file:
        dialect = sniff(file.read(LOOK), delimiter=delimiter, tabs=Path(name).suffix.lower() in (".tsv", ".tab"))
    with open_utf8(path, encoding) as file:
        names: list[str] | None = None
        for number, fields, line in Records(_lines(file, max_row), max_row, dialect if header else dialect._replace(preamble=0)):
            if not fields:  # a blank line
                continue
            if names is None:
                if isinstance(fields, str) or len(fields) > MAX_COLUMNS:
                    what = f"The header cannot be read. {fields}" if header else fields
                    problem = what if isinstance(fields, str) else f"The table has {len(fields):,} columns, more than {MAX_COLUMNS:,}."
                    yield Broken(name, str(problem), line[:SAMPLE].decode("utf-8", "replace").strip())
                    return
                names = column_names(fields) if header else [f"column_{place}" for place in range(1, len(fields) + 1)]
                if header:
                    continue
            if isinstance(fields, str):
                yield _broken(number, name, fields, line)
            elif len(fields) != len(names):
                those = "the header" if header else "the first one"
                columns = f"{len(fields)} column{'s' if len(fields) > 1 else ''}"
                yield _broken(number, name, f"The row has {columns} where {those} has {len(names)}.", line)
            else:
                yield TableRow(number, dict(zip(names, fields, strict=True)))
        if names is None:
            yield Broken(name, "The file has blank lines only.")


def _parquet(path: Path, name: str, max_row: int) -> Iterator[TableRow | Broken]:
    import pyarrow as pa
    from pyarrow import parquet

    from labelwright.settings import settings

    number = 0
    try:
        facts = parquet.read_metadata(path)
        if facts.num_rows > settings().max_rows:
            yield Broken(name, f"The table has {facts.num_rows:,} rows, more than {settings().max_rows:,}, {_MORE_ROWS}.")
            return
        if facts.num_columns > MAX_COLUMNS:
            yield Broken(name, f"The table has {facts.num_columns:,} columns, more than {MAX_COLUMNS:,}.")
            return
        columns = parquet.read_schema(path)
        names = column_names(columns.names)
        # A text that a thousand rows share is kept once, as in the file, until a row of it is wanted.
        texts = [column.name for column in columns if pa.types.is_string(column.type) or pa.types.is_binary(column.type)]
        with parquet.ParquetFile(path, memory_map=False, pre_buffer=False, read_dictionary=texts) as file:
            for group in range(file.num_row_groups):
                facts = file.metadata.row_group(group)
                held = sum(facts.column(column).total_uncompressed_size for column in range(facts.num_columns))
                size = max(1, min(PARQUET_BATCH, int(PARQUET_BYTES * facts.num_rows / max(held, 1))))
                for batch in file.iter_batches(batch_size=size, row_groups=[group], use_threads=False):
                    batch.validate(full=True)
                    for data in _parquet_rows(batch, names, max_row):
                        number += 1
                        if data is None:
                            yield Broken(f"{name} row {number}", f"The row is longer than {max_row:,} bytes.")
                        else:
                            yield TableRow(number, data)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        yield Broken(name, f"The Parquet file cannot be read{f' behind row {number}' if number else ''}: {reason}.")


def _parquet_rows(batch: Any, names: list[str], max_row: int) -> Iterator[dict[str, Any] | None]:
    """Yield the rows of a batch, some at a time where they are large; None stands for one that is too long."""
    import pyarrow as pa

    sizes = sum(_lengths(column, max_row) for column in batch.columns)
    start = 0
    while start < len(batch):
        end, held = start, 0
        while end < len(batch) and (end == start or held + sizes[end] <= PARQUET_BYTES):
            held += int(sizes[end]) if sizes[end] <= max_row else 0
            end += 1
            if sizes[end - 1] > max_row:
                break
        long = sizes[end - 1] > max_row
        part = batch.slice(start, end - start - bool(long))
        plain = [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in part.columns]
        yield from _plain_rows(pa.RecordBatch.from_arrays(plain, names=names))
        if long:
            yield None
        start = end


def _plain_rows(batch: Any) -> Iterator[dict[str, Any]]:
    """Yield rows of Python's values; a time or date that Python has no value for is a text."""
    import pyarrow as pa

    columns = []
    for column in batch.columns:
        if _has_nanoseconds(column.type):
            columns.append([_plain_value(value) for value in column])
            continue
        try:
            columns.append(column.to_pylist())
        except (ValueError, OverflowError, pa.ArrowException):
            columns.append([_plain_value(value) for value in column])
    for values in zip(*columns, strict=True):
        yield dict(zip(batch.schema.names, values, strict=True))


def _has_nanoseconds(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_nested(kind):
        return any(_has_nanoseconds(kind.field(place).type) for place in range(kind.num_fields))
    return getattr(kind, "unit", None) == "ns"


def _plain_value(scalar: Any) -> Any:
    import pyarrow as pa

    if not scalar.is_valid:
        return None
    if isinstance(scalar, pa.MapScalar):
        return [(_plain_value(pair["key"]), _plain_value(pair["value"])) for pair in scalar.values]
    if isinstance(scalar, pa.ListScalar | pa.LargeListScalar | pa.FixedSizeListScalar):
        return [_plain_value(value) for value in scalar.values]
    if isinstance(scalar, pa.StructScalar):
        return {name: _plain_value(value) for name, value in scalar.items()}
    try:
        if _has_nanoseconds(scalar.type):
            name = str(scalar.type)
            zone = getattr(scalar.type, "tz", None)
            kind = pa.timestamp("us", zone) if name.startswith("timestamp") else pa.time64("us") if name.startswith("time") else None
            return scalar.cast(kind or pa.duration("us")).as_py()  # refused where anything would be lost
        return scalar.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return _as_text(scalar)


def _as_text(scalar: Any) -> str:
    import pyarrow as pa

    if pa.types.is_duration(scalar.type):
        per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[scalar.type.unit]
        whole, rest = divmod(abs(scalar.value), per_second)
        sign = "-" if scalar.value < 0 else ""
        return f"{sign}PT{whole}.{rest:0{len(str(per_second)) - 1}}S".replace(".0S", "S")
    try:
        return str(scalar.cast(pa.string()).as_py())
    except (pa.ArrowException, ValueError, OverflowError):
        return str(scalar.value)


def _lengths(column: Any, max_row: int) -> Any:
    """How many bytes each row has in a column, as far as it matters: next to nothing counts as nothing."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_dictionary(column.type):
        found = compute.binary_length(column.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
        places = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
        return found[places].astype(np.int64) if len(found) else np.zeros(len(column), np.int64)
    if column.nbytes <= max_row:
        return np.zeros(len(column), np.int64)
    return np.array([column.slice(place, 1).nbytes for place in range(len(column))], np.int64)
