"""Media by content hash: a blob is written once, never changed, and on disk before its name is given out."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from labelwright.errors import InvalidInput, NotFound

__all__ = ["Blobs", "owners_only"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """A folder of blobs, each named by the SHA-256 of its bytes.

    >>> import tempfile
    >>> blobs = Blobs(tempfile.mkdtemp())
    >>> blobs.get(blobs.put(b"hello"))
    b'hello'
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        owners_only(self.folder, 0o700)

    def put(self, body: bytes) -> str:
        """Keep `body` and return its digest. When this returns, file and folder entry have reached the disk."""
        return self._put(io.BytesIO(body), hashlib.sha256(body).hexdigest())

    def put_file(self, file: IO[bytes], *, expected: str | None = None) -> str:
        """Keep what an open file holds, from its beginning on and however much it is, as `put` does.

        With `expected`, a file that has another digest is not kept; that digest is returned all the same.
        """
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file is read
        if expected not in (None, digest):
            return digest
        file.seek(0)
        return self._put(file, digest)

    def _put(self, body: IO[bytes], digest: str) -> str:
        path = self.path(digest, must_exist=False)
        if not path.exists():
            self._make_folder()
            path.parent.mkdir(mode=0o700, exist_ok=True)
            partial = path.with_name(f".{digest}.{secrets.token_hex(4)}")
            try:
                with open(partial, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                    shutil.copyfileobj(body, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)  # what did not fit on the disk would keep it full
            _sync_folder(path.parent)
        return digest

    def scratch(self) -> IO[bytes]:
        """Return a nameless file beside the blobs, for what is too large to hold in memory until it is put; it goes when it is closed."""
        self._make_folder()
        return tempfile.TemporaryFile(dir=self.folder)

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, digest: str) -> bytes:
        """Return the bytes of a blob.

        Raises:
            NotFound: there is no such blob.
        """
        return self.path(digest).read_bytes()

    def path(self, digest: str, *, must_exist: bool = True) -> Path:
        """Return where the blob lies.

        Raises:
            InvalidInput: the digest is none, so it may not become a path.
            NotFound: there is no such blob.
        """
        if not _DIGEST.fullmatch(digest):
            raise InvalidInput("A blob is named by 64 hexadecimal digits.", where=digest[:80])
        path = self.folder / digest[:2] / digest
        if must_exist and not path.is_file():
            raise NotFound("There is no such blob.", where=digest)
        return path

    def holds(self, digest: str) -> bool:
        """Tell whether the blob's bytes can be read and still have its digest."""
        try:
            with self.path(digest).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except (OSError, NotFound):
            return False

    def __contains__(self, digest: str) -> bool:
        return self.path(digest, must_exist=False).is_file()

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in sorted(self.folder.glob("??/*")) if _DIGEST.fullmatch(path.name))


def owners_only(path: Path, mode: int) -> None:
    """Take the rights to a file or folder from everybody but its owner, where it is there and this user may.

    What lies in a folder that only its owner may enter needs no rights of its own.
    """
    with suppress(OSError):
        if path.stat().st_mode & 0o077:
            path.chmod(mode)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
