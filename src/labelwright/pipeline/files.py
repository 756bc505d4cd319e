"""The files that a pipeline file names, and whether they are there; none is read or run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from labelwright.assist.policy import read_labelers
from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.pipeline.declare import located
from labelwright.pipeline.workspace import OpenProject
from labelwright.sources.locate import place_of
from labelwright.store.project import Project

__all__ = ["existing", "missing_files"]


def existing(project: Project, name: str, where: str) -> Path:
    """Return the file or folder that the pipeline file names at `where`.

    Raises:
        InvalidPipeline: it leads out of the project's folder, or is not there.
    """
    path = project.path(name, where)
    if not path.exists():
        raise InvalidPipeline(f"There is no file '{name}'.", where=where, hint="Relative paths start at the pipeline file's folder.")
    return path


def missing_files(opened: OpenProject) -> list[str]:
    """Return a sentence for each file that the pipeline file names and that is not there, with its line: data, code and known answers."""
    project, pipeline = opened.project, opened.pipeline
    looks: list[Callable[[], Any]] = [partial(place_of, project.folder, source) for source in pipeline.all_sources]
    named = [(step.get("python"), "prepare") for step in pipeline.steps]
    named += [(getattr(declared.options, "file", None), declared.place) for declared in read_labelers(pipeline.assist.labelers)]
    named.append((pipeline.quality.gold, "quality.gold"))
    if pipeline.quality.cross_validate:
        named.append((pipeline.quality.cross_validate.against, "quality.cross_validate.against"))
    for name, where in named:
        file = name.get("file") if isinstance(name, dict) else name
        if isinstance(file, str):
            looks.append(partial(existing, project, file, where))
    found = []
    for look in looks:
        try:
            with located(project.folder):
                look()
        except InvalidInput as error:
            found.append(str(error))
    return found
