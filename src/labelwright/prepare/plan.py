"""The steps of a pipeline, checked and in order, and the digest that tells one plan from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from labelwright.errors import InvalidInput, InvalidPipeline, nearest
from labelwright.prepare import steps
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.schema import Schema
from labelwright.schema.item import content_hash

__all__ = ["Plan", "Step", "make_plan", "numbered"]

VERSION = 1
"""Rises when the same steps come to make other items, so that all are prepared anew."""


class Step(NamedTuple):
    """One step, its options, and the digest of what decides about its results besides the row."""

    name: str
    module: Any
    options: Any
    digest: str

    @property
    def remembers(self) -> bool:
        """Whether its results are kept, for they are expensive to make."""
        return getattr(self.module, "REMEMBERS", False)


class Plan(NamedTuple):
    """All steps in order. Two plans with one digest make the same items of the same rows."""

    steps: tuple[Step, ...]
    deduplicate: bool
    digest: str

    @property
    def remembers(self) -> bool:
        """Whether a step keeps its results."""
        return any(step.remembers for step in self.steps)

    def run(self, draft: ItemDraft, context: Context) -> list[ItemDraft]:
        """Hand a row through all steps and return its pieces.

        Raises:
            LabelwrightError: the row cannot become an item.
        """
        drafts = [draft]
        for step in self.steps:
            drafts = [made for one in drafts for made in step.module.apply(one, step.options, context)]
        return numbered(drafts)


def numbered(drafts: list[ItemDraft]) -> list[ItemDraft]:
    """Number what all steps have made of a row."""
    if len(drafts) > 1:  # pieces of pieces are numbered through
        return [msgspec.structs.replace(one, number=number) for number, one in enumerate(drafts, 1)]
    if drafts and drafts[0].number is not None:  # the only one that is left stands for its row
        return [msgspec.structs.replace(drafts[0], number=None)]
    return drafts


def make_plan(declared: Sequence[Mapping[str, Any]], schema: Schema, folder: Path) -> Plan:
    """Check the steps and put the step of each modality in front of them, unless it is among them.

    Raises:
        InvalidPipeline: a step is unknown, or its options are wrong.
    """
    given = [_step(entry, index, schema, folder) for index, entry in enumerate(declared)]
    named = {step.name for step in given}
    missing = [modality for modality in dict.fromkeys(schema.data.values()) if modality not in named]
    front = [_step({str(modality): {}}, -1, schema, folder) for modality in missing]
    plan = tuple(one for step in (*front, *given) for one in _with_left_out(step))
    parts = [_parts(step.name, step.module, step.options, folder) for step in plan]
    digest = _digest([VERSION, parts, schema.data])
    return Plan(plan, any(getattr(step.module, "DEDUPLICATES", False) for step in plan), digest[:32])


def _with_left_out(step: Step) -> list[Step]:
    """Return a step, with the one in front of it that says what of its files is not shown where its modality has one."""
    module = steps.left_out(step.name)
    return [step] if module is None else [Step(f"{step.name} left out", module, module.Options(), ""), step]


def _parts(name: str, module: Any, options: Any, folder: Path) -> list[Any]:
    return [name, options, module.digest(options, folder) if hasattr(module, "digest") else ""]


def _digest(parts: Any) -> str:
    return content_hash(msgspec.to_builtins(parts, enc_hook=lambda value: getattr(value, "__name__", str(value))))


def _step(entry: Mapping[str, Any], index: int, schema: Schema, folder: Path) -> Step:
    where = f"prepare[{index}]"
    if len(entry) != 1:
        raise InvalidPipeline("A step is one name and its options.", where=where, hint="Write for example {split: {field: body}}.")
    ((name, raw),) = entry.items()
    if name not in steps.names():
        raise InvalidPipeline(f"There is no step '{name}'.", where=where, hint=nearest(name, steps.names()))
    module = steps.load(name)
    short = getattr(module, "SHORT", None)
    options = {short: raw} if short and not isinstance(raw, Mapping) else dict(raw or {})
    try:
        known = msgspec.convert(options, module.Options)
    except msgspec.ValidationError as error:
        wrong = str(error).partition("`")[2].partition("`")[0]
        hint = nearest(wrong, module.Options.__struct_fields__) if "unknown field" in str(error) else None
        raise InvalidPipeline(f"{error}.", where=f"{where}.{name}", hint=hint) from error
    field = getattr(known, "field", None)
    if field is not None and field not in schema.data:
        raise InvalidPipeline(f"There is no field '{field}'.", where=f"{where}.{name}.field", hint=nearest(field, schema.data))
    if hasattr(module, "check"):
        try:
            known = module.check(known, schema, folder) or known
        except InvalidInput as error:
            # A step says where within its options, or which line of a file of the project's own.
            within = (error.where or "").removeprefix(name)
            place = f"{where}.{name}{'' if not within or within.startswith('.') else ', '}{within}"
            raise InvalidPipeline(error.message, where=place, hint=error.hint) from error
    version = getattr(module, "VERSION", 1)
    return Step(name, module, known, _digest([VERSION, version, _parts(name, module, known, folder), schema.data])[:32])
