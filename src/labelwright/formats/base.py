"""The neutral value between all formats, and what their files share: targets, safe names, answers with helpful errors."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from msgspec import Struct

from labelwright.errors import InvalidFile, InvalidInput, NotFound, nearest
from labelwright.formats._class_folders import shows_classes
from labelwright.schema import Answer, Field, Schema, Stored, Values

__all__ = [
    "Broken",
    "Labeled",
    "Media",
    "MediaFolder",
    "Provenance",
    "Target",
    "answers",
    "as_offered",
    "checked_labels",
    "files_of",
    "guess",
    "labels_file",
    "opened",
    "refuse",
    "refuse_names",
    "safe_name",
    "show",
]

Target = Path | BinaryIO
"""A folder, a file, or a stream of bytes that takes what is written."""

SAMPLE = 200
"""A broken entry is shown up to so many characters."""

BUFFER = 4_000_000
"""About so many bytes wait to be written at most."""


class Provenance(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How one label came to be.

    `origin` is `consensus`, `review`, `gold`, `import` or `suggestion`; `annotators` those whose answers it rests on, `reviewer` who
    settled it, `method` the statistical method, `confidence` that method's belief, 0 to 1. `file` names the file that gold came from, and
    `pipeline_versions` the numbers of the pipeline versions, each with its guidelines, under which the answers were given.
    """

    origin: str
    annotators: tuple[str, ...] = ()
    reviewer: str | None = None
    method: str | None = None
    confidence: float | None = None
    file: str | None = None
    pipeline_versions: tuple[int, ...] = ()


class Labeled(Struct, frozen=True, kw_only=True, gc=False):
    """One item with its answers.

    `key` is None where a file names no items; they are then known by their content. `data` holds the fields as far as a file gives them:
    a picture or clip that it only names stands in `files`, by field, and the SHA-256 of the bytes that it holds in `digests`. `folder` is
    the absolute path of the folder that these names start from, where the file lies beside what it names. `annotator` says whose answers
    these are, where they are one person's, and `machine` that it is a program. `size` is the width and height of a picture that a file
    measures without holding it; `place` says where in a file the item stood, for messages. `quotes` holds, by question, the text that
    each mark is said to be about; `disputed` says why nobody's answers in a file contradict each other.
    """

    key: str | None
    data: dict[str, Field] = {}
    values: dict[str, Answer] = {}
    meta: dict[str, Any] = {}
    split: str | None = None
    provenance: dict[str, Provenance] = {}
    annotator: str | None = None
    machine: bool = False
    files: dict[str, str] = {}
    digests: dict[str, str] = {}
    folder: str | None = None
    size: tuple[float, float] | None = None
    place: str = ""
    quotes: dict[str, tuple[str | None, ...]] = {}
    disputed: str | None = None


class Broken(Struct, frozen=True):
    """An entry, a row or a whole file that cannot be read: where it stands, why, and how it begins.

    With `part` it is only a part of an entry, as one region, and the rest of it comes on its own.
    """

    place: str
    reason: str
    sample: str = ""
    part: bool = False


class Media(Protocol):
    """Where the bytes of pictures and clips lie: `store.blobs.Blobs` is one."""

    def path(self, digest: str) -> Path:
        """Return the file that holds the bytes."""
        ...


# --- reading ------------------------------------------------------------------------------------------------------------------


def answers(schema: Schema, plain: Mapping[str, Any]) -> Values:
    """Read answers in their plain form and refuse labels that the questions do not offer.

    Raises:
        InvalidInput: a question or label is unknown, or an answer has the wrong form; the hint names the nearest label.
    """
    return checked_labels(schema, schema.read_plain(plain))


def checked_labels(schema: Schema, values: Values) -> Values:
    """Return `values` with every label written as its question offers it.

    Raises:
        InvalidInput: a label is none of them; the hint names the nearest.
    """
    checked = dict(values)
    for name, answer in values.items():
        question = schema.questions[name]
        known, parts = question.labels, answer.parts()
        if not known or all(part.label in known for part in parts):
            continue
        meant = [part._replace(label=as_offered(part.label, known)) for part in parts]
        for part in meant:
            if part.label not in known:
                raise InvalidInput(f"The label '{part.label}' is unknown.", where=name, hint=nearest(part.label, known))
        checked[name] = question.with_parts(meant)
    return checked


def as_offered(label: str, known: Sequence[str]) -> str:
    """Return the one of the known labels, or names, that differs from `label` in blanks around it, case or Unicode's form alone.

    Where there is none, or several are so, it comes back as it is.

    >>> as_offered(" Cat", ["cat", "dog"]), as_offered("cafe\\u0301", ["café"]), as_offered("CAT", ["Cat", "cat"])
    ('cat', 'café', 'CAT')
    """
    if label in known:
        return label
    for bare in (_bare, _caseless):
        meant = [one for one in known if bare(one) == bare(label)]
        if meant:
            return meant[0] if len(meant) == 1 else label
    return label


_UNSEEN = "\ufeff\u200b\u200e\u200f\u2060"
"""Marks that nobody sees: of the byte order, of the direction, and where words part."""


def _bare(label: str) -> str:
    return unicodedata.normalize("NFC", label).strip().strip(_UNSEEN).strip()


def _caseless(label: str) -> str:
    return unicodedata.normalize("NFC", _bare(label).casefold())


def guess(path: Path) -> str:
    """Return the name of the format of a file or folder, by its ending or its beginning.

    Raises:
        InvalidFile: neither tells.
    """
    hint = "Name the format: labelwright plugins lists them."
    if path.is_dir():
        known = {
            "labels.jsonl": "jsonl",
            "labels.csv": "csv",
            "labels.parquet": "parquet",
            "tasks.json": "label_studio",
            "*.conll": "conll",
        }
        known |= {"annotations/*.json": "coco", "**/*.parquet": "hugging_face"}
        known |= dict.fromkeys(("**/metadata.jsonl", "**/metadata.csv"), "hugging_face")
        for pattern, found in known.items():
            if next(path.glob(pattern), None):
                return found
        if shows_classes(path):
            return "hugging_face"
        raise InvalidFile("The folder holds no labels of a known format.", where=str(path), hint=hint)
    endings = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet"}
    endings |= {".conll": "conll", ".bio": "conll", ".iob": "conll"}
    name = path.name.lower().removesuffix(".txt")
    for ending, found in endings.items():
        if name.endswith(ending):
            return found
    if name.endswith(".json"):
        with path.open("rb") as file:
            begin = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        return "label_studio" if begin.startswith(b"[") else "coco"
    raise InvalidFile("The name does not say what format the file has.", where=path.name, hint=hint)


def refuse_names(names: Mapping[str, str], format: str) -> None:
    """Refuse names for columns where a format has none.

    Raises:
        InvalidInput: there are some.
    """
    if names:
        raise InvalidInput(f"A file of the format {format} has no columns to name.", where=", ".join(names))


def show(value: bytes | str) -> str:
    """Return how something broken begins."""
    text = value[: 4 * SAMPLE].decode("utf-8", "replace") if isinstance(value, bytes) else value
    return text.strip()[:SAMPLE]


def files_of(path: Path, *patterns: str) -> list[Path]:
    """Return the label files of a folder that match the first fitting pattern, sorted; of a file, itself."""
    if not path.is_dir():
        return [path]
    for pattern in patterns:
        if found := sorted(file for file in path.glob(pattern) if file.is_file()):
            return found
    return []


# --- writing ------------------------------------------------------------------------------------------------------------------


@contextmanager
def opened(target: Target) -> Iterator[BinaryIO]:
    """Give the stream itself, or a new file that takes its name only once it is complete: a failed export leaves nothing behind."""
    if not isinstance(target, Path):
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}")
    try:
        with partial.open("wb", buffering=1 << 18) as file:
            yield file
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def labels_file(target: Target, name: str) -> tuple[Target, Path | None]:
    """Return where the labels go and, where `target` is a folder, that folder: one without an ending counts as one."""
    if isinstance(target, Path) and (target.is_dir() or not target.suffix):
        target.mkdir(parents=True, exist_ok=True)
        return target / name, target
    return target, None


class MediaFolder:
    """Gives each picture and clip a safe file name below a folder and, where bytes are at hand, puts them there.

    A name depends on nothing but the item's key and the type, so that it is the same in every export.
    """

    def __init__(self, folder: Path | None, blobs: Media | None, below: str = "media") -> None:
        self.folder = folder
        self.blobs = blobs
        self.below = below

    def add(self, key: str | None, field: str, value: Stored, *, below: str | None = None) -> str:
        """Copy the bytes and return the file's path, relative to the folder of the labels.

        Raises:
            InvalidFile: the kept bytes are missing, or are no longer those that were collected.
        """
        where = PurePosixPath(self.below if below is None else below)
        relative = str(where / safe_name(key or value.blob, value.ending))
        if self.folder is not None and self.blobs is not None:
            target = self.folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            self._copy(self.blobs, key, value.blob, target)
        return relative

    @staticmethod
    def _copy(blobs: Media, key: str | None, digest: str, target: Path) -> None:
        """Copy a file and check on the way that it is what its digest says: a damaged picture must not go out under a good label."""
        hint = "Restore it from a backup, or remove it and collect its source again; `labelwright doctor` lists all that are damaged."
        found = hashlib.sha256()
        partial = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}")
        try:
            with blobs.path(digest).open("rb") as source, partial.open("wb") as copy:
                while part := source.read(1 << 20):
                    found.update(part)
                    copy.write(part)
            if found.hexdigest() != digest:
                raise InvalidFile("The file that is kept of this item is damaged, so nothing was exported.", where=f"item {key}", hint=hint)
            partial.replace(target)
        except NotFound as error:
            raise InvalidFile(
                "The file that is kept of this item is missing, so nothing was exported.", where=f"item {key}", hint=hint
            ) from error
        finally:
            partial.unlink(missing_ok=True)


_SAFE = re.compile(r"[a-z0-9_][a-z0-9._-]{0,99}")
_HASHED = re.compile(r"-[0-9a-f]{12}$")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}


def safe_name(key: str, suffix: str) -> str:
    """Return a file name made of an item's key, safe on every system: no folders, no hidden or reserved names, no two keys alike.

    >>> safe_name("blood_1.jpg", ".jpg")
    'blood_1.jpg'
    >>> safe_name("../../etc/passwd", ".jpg")
    'etc_passwd-3754d6cb3a38.jpg'
    """
    stem = key.removesuffix(suffix)
    plain = (stem != key or not suffix) and _SAFE.fullmatch(stem) and not _HASHED.search(stem) and stem.partition(".")[0] not in _DEVICES
    if plain and not stem.endswith("."):
        return key
    # Anything else carries a hash of the whole key, which also tells apart what differs in upper and lower case only.
    readable = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_")[:60]
    return f"{readable or 'item'}-{hashlib.sha256(key.encode()).hexdigest()[:12]}{suffix}"


def refuse(reason: str | None, format: str) -> None:
    """Raise what `refuses` found.

    Raises:
        InvalidInput: there is a reason.
    """
    if reason:
        raise InvalidInput(reason, where=f"format {format}", hint="Use jsonl, which holds everything.")
