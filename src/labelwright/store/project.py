"""A project: what every room is handed, instead of a global."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labelwright.schema import Schema
from labelwright.store.blobs import Blobs
from labelwright.store.database import Database

__all__ = ["Project"]


@dataclass(frozen=True)
class Project:
    """One project as it is declared now, and where its data is kept.

    `folder` is where the pipeline file lies; relative paths in it start there. `pipeline_version` is the number of the row under which
    this declaration is kept, and which every annotation made now carries.
    """

    id: int
    name: str
    folder: Path
    schema: Schema
    guidelines: str
    pipeline_version: int
    database: Database
    blobs: Blobs
