"""The declaration of a project: `labelwright.yaml` and `labelwright.Pipeline` are one object."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from labelwright.assist import AssistPolicy
from labelwright.datasets import DatasetPolicy
from labelwright.errors import InvalidPipeline, nearest
from labelwright.pipeline import _places, _yaml
from labelwright.pipeline.keys import renewed
from labelwright.quality import QualityPolicy
from labelwright.review import ReviewPolicy
from labelwright.schema import Requirement, Schema, content_hash
from labelwright.schema.quantities import seconds
from labelwright.sources import Source, check_source
from labelwright.tasks import TaskPolicy

__all__ = ["FILE", "Pipeline", "RunPolicy", "json_schema", "located"]

FILE = "labelwright.yaml"
"""The name of the pipeline file."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class RunPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the work is kept, the database and the folder of media, and how it is shown.

    Relative paths start at the workspace's folder. The environment variables `LABELWRIGHT_STORE` and `LABELWRIGHT_BLOBS` come first.
    With `serve_metadata`, pictures and recordings are shown with what they tell besides: place, time, device, author, comments. Without,
    people get all but that. The stored files and exports have it in any case.
    """

    store: str = "sqlite:///labelwright.db"
    blobs: str = "blobs"
    serve_metadata: bool = False


class Pipeline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The seven steps of one project, from raw data to the certified dataset.

    >>> from labelwright.schema import Schema
    >>> from labelwright.schema.kinds.choice import ChoiceQuestion
    >>> intent = ChoiceQuestion(of="body", options=("refund", "bug"))
    >>> Pipeline(name="tickets", schema=Schema(data={"body": "text"}, questions={"intent": intent})).check()
    """

    name: str
    schema: Schema
    sources: tuple[str | Source, ...] = ()
    prepare: tuple[str | dict[str, Any], ...] = ()
    assist: AssistPolicy = AssistPolicy()
    tasks: TaskPolicy = TaskPolicy()
    checks: tuple[str | dict[str, Any], ...] = ()
    review: ReviewPolicy = ReviewPolicy()
    quality: QualityPolicy = QualityPolicy()
    requirements: tuple[str, ...] = ()
    dataset: DatasetPolicy = DatasetPolicy()
    run: RunPolicy = RunPolicy()

    @classmethod
    def load(cls, folder: Path) -> Pipeline:
        """Read and check the pipeline file in `folder`.

        Raises:
            InvalidPipeline: the file is missing or wrong; `where` names the file and the line.
        """
        path = folder / FILE
        data, lines = _yaml.load(path)
        with located(folder):
            data = renewed(data, lines)
        try:
            pipeline = msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise _places.explain(error, data, lines, cls, FILE) from error
        with located(folder):
            pipeline.check()
        return pipeline

    def check(self) -> None:
        """Refuse what contradicts itself, before any data is touched.

        Raises:
            InvalidPipeline: a block is wrong; `where` names it.
        """
        if not _NAME.fullmatch(self.name):
            raise InvalidPipeline(
                f"'{self.name}' is no project name.", where="name", hint="Use lower case letters, digits, - and _, at most 63."
            )
        self.schema.check()
        for source in self.all_sources:
            check_source(source)
        self.tasks.check()
        self.review.check()
        self.assist.check()
        self.quality.check(self.schema.questions)
        self.dataset.check()
        for index, line in enumerate(self.requirements):
            try:
                requirement = Requirement.parse(line)
            except InvalidPipeline as error:
                raise InvalidPipeline(error.message, where=f"requirements[{index}]", hint=error.hint) from error
            if requirement.question and requirement.question not in self.schema.questions:
                hint = nearest(requirement.question, self.schema.questions)
                raise InvalidPipeline(f"There is no question '{requirement.question}'.", where=f"requirements[{index}]", hint=hint)

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """The sources, each as an object."""
        return tuple(Source(uri=source) if isinstance(source, str) else source for source in self.sources)

    @property
    def watch_seconds(self) -> float | None:
        """How often a running server looks for news: as often as the most watched source asks; None where none is watched."""
        return min((seconds(source.watch) for source in self.all_sources if source.watch is not None), default=None)

    @property
    def steps(self) -> tuple[dict[str, Any], ...]:
        """The preparation steps, each as `{name: options}`."""
        return tuple({step: {}} if isinstance(step, str) else step for step in self.prepare)

    def digest(self, guidelines: str) -> str:
        """Return the hash that tells one version of the declaration and its guidelines from another."""
        return content_hash([msgspec.to_builtins(self), guidelines])


def located(folder: Path) -> AbstractContextManager[None]:
    """Add file and line to what is found wrong, within the block, with the declaration in `folder`: its `where` names the keys alone."""
    return _places.located(folder / FILE, Pipeline)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the pipeline file, for editors."""
    found = msgspec.json.schema(Pipeline)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FILE, **found}
