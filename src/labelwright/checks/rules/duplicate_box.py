"""Finds boxes that lie almost exactly upon each other.

Why that is bad: an object that was boxed twice counts twice in training, and in the count of a model's misses. It happens when a
suggestion is accepted and the object is drawn as well.

Example: two boxes 'cell' that share 95% of their area.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.errors import InvalidPipeline
from labelwright.schema import Schema, Severity
from labelwright.schema.kinds import Part
from labelwright.shapes import BOX

SEVERITY: Severity = "warning"
ALWAYS = True


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`overlap`: from which intersection over union on two boxes are one. `any_label`: boxes with different labels count as well."""

    overlap: float = 0.85
    any_label: bool = False


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Return what compares the boxes of each answer with one another."""
    if not 0 < options.overlap <= 1:
        raise InvalidPipeline("An overlap lies between 0 and 1.", where="duplicate_box.overlap")
    asked = [name for name, question in schema.questions.items() if question.shape is BOX]

    def run(case: Case) -> Iterator[Found]:
        for name in asked:
            answer = case.values.get(name)
            units = answer.parts() if answer is not None else []
            for first, second in _duplicates(units, options.overlap, any_label=options.any_label):
                yield Found(f"This box '{units[second].label}' lies upon another '{units[first].label}'.", name, units[second].id)

    return run


def _duplicates(units: list[Part], overlap: float, *, any_label: bool) -> Iterator[tuple[int, int]]:
    """Yield pairs of boxes that are one, the earlier first.

    Boxes are looked at from left to right. Two that share so much begin close to each other, so few pairs are compared.
    """
    order = sorted(range(len(units)), key=lambda index: (units[index].geometry[0], index))
    for position, one in enumerate(order):
        x, _, width, _ = units[one].geometry
        for other in order[position + 1 :]:
            if units[other].geometry[0] - x > width * (1 - overlap):
                break
            if not any_label and units[one].label != units[other].label:
                continue
            if BOX.overlap(units[one].geometry, units[other].geometry) >= overlap:
                yield (one, other) if one < other else (other, one)
                break
