"""A project: what every package is handed, instead of a global."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labelwright.errors import InvalidPipeline
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

    def path(self, name: str, where: str) -> Path:
        """Return a file or folder that the pipeline file names at `where`: below the project's folder, or wherever an absolute path says.

        Raises:
            InvalidPipeline: a relative path leads out of the folder, by `..` or by a link.
        """
        path = (self.folder / name).resolve()
        if not Path(name).is_absolute() and not path.is_relative_to(self.folder.resolve()):
            raise InvalidPipeline(f"'{name}' leads out of the project's folder.", where=where, hint="Write the absolute path.")
        return path
