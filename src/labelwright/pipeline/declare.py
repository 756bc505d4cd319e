"""The declaration of a project: `labelwright.yaml` and `labelwright.Pipeline` are one object."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from labelwright.assist import AssistPolicy
from labelwright.datasets import DatasetPolicy
from labelwright.errors import InvalidInput, InvalidPipeline, nearest
from labelwright.pipeline import _yaml
from labelwright.quality import QualityPolicy
from labelwright.review import ReviewPolicy
from labelwright.schema import QuestionUnion, Requirement, Schema, content_hash
from labelwright.schema.quantities import seconds
from labelwright.sources import Source
from labelwright.tasks import TaskPolicy

__all__ = ["FILE", "Pipeline", "RunPolicy", "json_schema"]

FILE = "labelwright.yaml"
"""The name of the pipeline file."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class RunPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the work is kept: the database, the folder of media, and the engine for batches.

    Relative paths start at the workspace's folder. The environment variables `LABELWRIGHT_STORE` and `LABELWRIGHT_BLOBS` come first.
    """

    store: str = "sqlite:///labelwright.db"
    blobs: str = "blobs"


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
        try:
            pipeline = msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise _explain(error, data, lines) from error
        try:
            pipeline.check()
        except InvalidInput as error:
            place = error.where or ""
            line = _line(f"$.{place}", lines)
            where = f"{FILE} line {line}, {place}" if line else f"{FILE}{', ' if place else ''}{place}"
            raise InvalidPipeline(error.message, where=where, hint=error.hint) from error
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


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the pipeline file, for editors."""
    found = msgspec.json.schema(Pipeline)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FILE, **found}


def _explain(error: msgspec.ValidationError, data: dict[str, Any], lines: dict[str, int]) -> InvalidPipeline:
    message, _, place = str(error).partition(" - at `")
    place = _exact(place.rstrip("`") or "$", data)
    line = _line(place, lines)
    hint = None
    unknown = re.search(r"unknown field `(.+?)`", message)
    if unknown:
        message = f"The key '{unknown[1]}' is unknown here."
        line = lines.get(f"{place}.{unknown[1]}", line)
        hint = nearest(unknown[1], _keys_at(place))
    shown = place.removeprefix("$").removeprefix(".")
    return InvalidPipeline(
        message if message.endswith(".") else f"{message}.", where=f"{FILE} line {line}{', ' if shown else ''}{shown}", hint=hint
    )


def _exact(place: str, data: dict[str, Any]) -> str:
    """Name the question that an error is about, which msgspec writes as `[...]`."""
    for name, question in data["schema"]["questions"].items() if place.startswith("$.schema.questions[...]") else ():
        try:
            msgspec.convert(question, QuestionUnion)
        except msgspec.ValidationError:
            return place.replace("[...]", f".{name}", 1)
    return place


def _line(place: str, lines: dict[str, int]) -> int | None:
    """The line of a place, or of the nearest place around it."""
    while place and place not in lines:
        place = re.sub(r"(\.[^.\[]*|\[[^\]]*\])$", "", place) if re.search(r"[.\[]", place) else ""
    return lines.get(place)


def _keys_at(place: str) -> list[str]:
    """The keys that the object at `place` may have, found by walking the declared types."""
    candidates: list[Any] = [msgspec.inspect.type_info(Pipeline)]
    for part in re.findall(r"\.([^.\[]+)|(\[)", place.removeprefix("$")):
        candidates = [inner for kind in candidates for inner in _inside(kind, part[0])]
    return sorted(
        {field.encode_name for kind in _flat(candidates) if isinstance(kind, msgspec.inspect.StructType) for field in kind.fields}
    )


def _inside(kind: Any, key: str) -> list[Any]:
    found: list[Any] = []
    for one in _flat([kind]):
        if isinstance(one, msgspec.inspect.StructType) and key:
            found += [field.type for field in one.fields if field.encode_name == key]
        elif isinstance(one, msgspec.inspect.DictType):
            found.append(one.value_type)
        elif isinstance(one, msgspec.inspect.VarTupleType | msgspec.inspect.ListType) and not key:
            found.append(one.item_type)
    return found


def _flat(kinds: list[Any]) -> list[Any]:
    return [one for kind in kinds for one in (kind.types if isinstance(kind, msgspec.inspect.UnionType) else [kind])]
