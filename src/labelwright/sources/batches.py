"""A table's rows, ready to be stored, a batch at a time; those of a large table are made ready in a process of its own.

Decoding, hashing and encoding cost about as much as writing to the store, and Python's lock lets one thread do either: two processes halve
the time. The reading process is a fresh interpreter that gets its task as JSON and answers in MessagePack frames through a pipe; a full
pipe makes it wait, so memory stays constant, and a broken pipe ends it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from labelwright.errors import InvalidInput, LabelwrightError
from labelwright.formats.base import Broken
from labelwright.sources import readers
from labelwright.sources.merge import Ready
from labelwright.sources.rows import RowLayout, finisher, sample_of
from labelwright.store.bulk import BATCH

__all__ = ["Batch", "TableFile", "read", "read_ahead", "read_here"]

BATCH_BYTES = 8 * 2**20
"""A batch ends early when its rows have so many characters."""

LARGE = 32 * 2**20
"""A file of so many bytes is worth starting a process for."""

_START = "from labelwright.sources.batches import serve; serve()"


class TableFile(Struct, frozen=True):
    """A table file and how its rows are made ready."""

    path: str
    name: str
    reader: str
    id: str | None = None
    columns: dict[str, str] = {}
    prefix: str = ""
    delimiter: str | None = None
    header: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """What its reader is told of how it is written."""
        return {"delimiter": self.delimiter} if self.header else {"delimiter": self.delimiter, "header": False}

    @property
    def begin(self) -> str:
        """What stands in front of a row's number in its place."""
        return f"{self.name} {'row' if self.reader == 'parquet' else 'line'} "


class Batch(Struct, array_like=True):
    """Rows that are ready, and (place, reason, sample) of those that are broken."""

    ready: list[Ready]
    broken: list[tuple[str, str, str]]


def read(table: TableFile) -> Iterator[Batch]:
    """Yield a table's rows, in a process of its own where that is quicker."""
    # A path that is not UTF-8 cannot be told to another process.
    large = table.path.isprintable() and Path(table.path).stat().st_size >= LARGE and (os.cpu_count() or 1) > 1
    return read_ahead(table) if large else read_here(table)


def read_here(table: TableFile) -> Iterator[Batch]:
    """Yield a table's rows, made ready in this process."""
    finish = finisher(RowLayout(table.id, table.columns, table.prefix))
    begin = table.begin
    batch, size = Batch([], []), 0
    for row in readers.load(table.reader).read(Path(table.path), name=table.name, **table.options):
        if isinstance(row, Broken):
            batch.broken.append((row.place, row.reason, row.sample))
        else:
            number, data = row
            try:
                ready = finish(data, f"{begin}{number}")
            except InvalidInput as error:
                batch.broken.append((f"{begin}{number}", str(error), sample_of(data)))
            else:
                batch.ready.append(ready)
                size += len(ready[3])
        if len(batch.ready) >= BATCH or size >= BATCH_BYTES or len(batch.broken) >= BATCH:
            yield batch
            batch, size = Batch([], []), 0
    yield batch


def read_ahead(table: TableFile) -> Iterator[Batch]:
    """Yield a table's rows, made ready in another process.

    Raises:
        LabelwrightError: that process ended early.
    """
    command = [sys.executable, "-c", _START]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(table))
            process.stdin.close()
            decode: Callable[[bytes], Batch] = msgspec.msgpack.Decoder(Batch).decode
            while frame := _frame(process.stdout, table):
                yield decode(frame)
        finally:
            process.kill()


def serve() -> None:
    """Answer one task in the reading process: frames with their length in front, an empty one at the end."""
    table = msgspec.json.decode(sys.stdin.buffer.read(), type=TableFile)
    out = sys.stdout.buffer
    try:
        for batch in read_here(table):
            frame = msgspec.msgpack.encode(batch)
            out.write(len(frame).to_bytes(8, "big"))
            out.write(frame)
        out.write(bytes(8))
        out.flush()
    except BrokenPipeError:  # nobody waits for the rest
        os._exit(0)


def _frame(pipe: IO[bytes], table: TableFile) -> bytes:
    head = pipe.read(8)
    length = int.from_bytes(head, "big")
    frame = pipe.read(length) if len(head) == 8 else b""
    if len(head) < 8 or len(frame) < length:
        raise LabelwrightError("The process that reads the file ended early.", where=table.name, hint="Run again: what was read is kept.")
    return frame


def _environment() -> dict[str, Any]:
    """Let the reading process import what this one does, however that came onto the path."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
