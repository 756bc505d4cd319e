"""Folders as classes: `train/cat/1.png` shows a cat, as image folders of Hugging Face, Keras and PyTorch have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["SPLITS", "class_of_folder", "media_below", "shows_classes"]

SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"})
"""How folders of splits are called."""

_CONTAINERS = SPLITS.union(
    ("data", "dataset", "image", "images", "img", "imgs", "jpegimages", "photos", "audio", "clips", "wav", "wavs", "texts")
)
"""Names of folders that say nothing about what their files show."""

_NO_MEDIA = frozenset(
    ("", ".txt", ".md", ".json", ".jsonl", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".parquet", ".py", ".zip", ".html", ".log", ".ini")
)
"""Endings of files that are neither pictures nor recordings."""


def class_of_folder(key: str) -> str | None:
    """Return the class that a file's folder stands for: the only one in its path besides such as `train` or `images`.

    >>> class_of_folder("train/cat/1.png"), class_of_folder("train/1.png"), class_of_folder("a/b/1.png")
    ('cat', None, None)
    """
    folders = [part for part in key.split("/")[:-1] if part.lower() not in _CONTAINERS]
    return folders[0] if len(folders) == 1 else None


def shows_classes(folder: Path) -> bool:
    """Tell whether pictures or recordings lie in folders that are classes: whether the first one does."""
    first = next(media_below(folder), None)
    return first is not None and class_of_folder(first) is not None


def media_below(folder: Path) -> Iterator[str]:
    """Yield the paths of the files that may be pictures or recordings, from the folder on."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix.lower() not in _NO_MEDIA and path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix()
