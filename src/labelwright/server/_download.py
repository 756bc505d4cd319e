"""The process in which one download is written: `python -m labelwright.server._download`, told on stdin what to write.

It answers on stdout in frames, a letter and four bytes of length before each: data, in the end the end, or why it cannot be written.
"""

from __future__ import annotations

import io
import os
import pickle
import shutil
import signal
import struct
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import msgspec
from msgspec import Struct

from labelwright import datasets
from labelwright.datasets import DatasetPolicy
from labelwright.errors import LabelwrightError
from labelwright.schema import Schema, Stored
from labelwright.schema.modalities import MODALITIES
from labelwright.store.blobs import Blobs
from labelwright.store.database import Database
from labelwright.store.project import Project

__all__ = ["DATA", "END", "HEAD", "REFUSED", "Order", "Refusal"]

HEAD = struct.Struct(">cI")
DATA, END, REFUSED = b"D", b"E", b"R"

CHUNK = 1 << 18

_PACKED = {ending for modality in MODALITIES.values() if issubclass(modality, Stored) for ending in modality.endings.values()}
"""The endings of media, which do not become smaller once more."""

_aside: list[str] = []
"""The folders in which something is written aside."""

NICENESS = 10
"""What is written for downloads leaves the processor to people's requests."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be written: the labels of a project as the server knows it, in a format, as they are or as a version froze them.

    `whole` is a ZIP file of the format's folder with all media. With `drop`, what the format cannot hold is left out, and `dropped.json` in
    the ZIP file says how much that was.
    """

    store: str
    blobs: Path
    project_id: int
    name: str
    folder: Path
    schema: Schema
    guidelines: str
    pipeline_version: int
    policy: DatasetPolicy
    format: str
    version: int | None
    whole: bool
    drop: bool = False


class Refusal(Struct, frozen=True):
    """Why nothing, or no more, is written, as the error of that name says."""

    name: str
    message: str
    where: str | None
    hint: str | None


def main() -> None:
    signal.signal(signal.SIGTERM, _leave_nothing)
    order: Order = pickle.load(sys.stdin.buffer)
    answer = os.fdopen(os.dup(1), "wb", buffering=0)
    # Whatever a library prints goes to the server's log, and not among the data.
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    frames = _Frames(answer)
    try:
        _write(order, cast("BinaryIO", frames))
        frames.end()
    except BrokenPipeError:
        # Nobody reads on.
        os._exit(0)
    except LabelwrightError as error:
        frames.send(REFUSED, msgspec.json.encode(Refusal(type(error).__name__, error.message, error.where, error.hint)))


def _leave_nothing(*_: object) -> None:
    """End at once, as the server asks when nobody reads any more."""
    for folder in _aside:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _write(order: Order, target: BinaryIO) -> None:
    database = Database(order.store)
    project = Project(
        id=order.project_id,
        name=order.name,
        folder=order.folder,
        schema=order.schema,
        guidelines=order.guidelines,
        pipeline_version=order.pipeline_version,
        database=database,
        blobs=Blobs(order.blobs),
    )
    try:
        if order.whole:
            _write_zip(project, order, target)
        else:
            datasets.export(project, order.format, target, version=order.version, policy=order.policy)
    finally:
        database.close()


def _write_zip(project: Project, order: Order, target: IO[bytes]) -> None:
    """Write the format's folder aside, and pack it file by file; pictures and sound are packed as they are."""
    with tempfile.TemporaryDirectory(prefix="labelwright-export-") as aside, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        _aside.append(aside)
        folder = Path(aside) / project.name
        folder.mkdir()
        dropped: Counter[str] | None = Counter() if order.drop else None
        datasets.export(project, order.format, folder, version=order.version, policy=order.policy, dropped=dropped)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                how = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
                packed.write(path, path.relative_to(folder.parent), how)
                path.unlink()


class _Frames(io.RawIOBase):
    """A file whose bytes are sent on a chunk at a time, each as a frame."""

    def __init__(self, answer: IO[bytes]) -> None:
        super().__init__()
        self._answer = answer
        self._part = bytearray()
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        """Return how much was written; formats with a table of contents ask."""
        return self._at

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._part += data
        self._at += size
        while len(self._part) >= CHUNK:
            self.send(DATA, bytes(self._part[:CHUNK]))
            del self._part[:CHUNK]
        return size

    def end(self) -> None:
        """Send what is left, and that this was all."""
        if self._part:
            self.send(DATA, bytes(self._part))
        self.send(END, b"")

    def send(self, kind: bytes, body: bytes) -> None:
        left = memoryview(HEAD.pack(kind, len(body)) + body)
        while left:
            left = left[self._answer.write(left) :]


if __name__ == "__main__":
    main()
