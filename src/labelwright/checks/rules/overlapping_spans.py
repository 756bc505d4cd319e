"""Finds spans or segments that overlap where they should not.

Why that is bad: two places with the same label that share characters or time are mostly one place marked twice, and count twice in
training and in agreement. Places with different labels may overlap, unless the question says `overlapping: false`; then any overlap is
an error, for the dataset is meant for a model that cannot express it.

Example: 'New York' and 'York' in the same text, both marked PLACE.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.schema import Schema, Severity
from labelwright.schema.kinds import Part
from labelwright.shapes import INTERVAL

SEVERITY: Severity = "warning"
ALWAYS = True


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`any_label`: places with different labels may not overlap either."""

    any_label: bool = False


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Return what compares the places of each answer with those before them."""
    asked = [
        (name, bool(getattr(question, "overlapping", True))) for name, question in schema.questions.items() if question.shape is INTERVAL
    ]

    def run(case: Case) -> Iterator[Found]:
        for name, may_overlap in asked:
            answer = case.values.get(name)
            units = answer.parts() if answer is not None else []
            if len(units) < 2:
                continue
            for first, second in _overlapping(units, any_label=options.any_label or not may_overlap):
                what = f"'{units[second].label}' overlaps '{units[first].label}'"
                if not may_overlap:
                    yield Found(f"{what}, and this question's places may not overlap.", name, units[second].id, "error")
                elif units[first].label == units[second].label:
                    yield Found(f"{what}: is it the same place marked twice?", name, units[second].id)
                else:
                    yield Found(f"{what}.", name, units[second].id)

    return run


def _overlapping(units: list[Part], *, any_label: bool) -> Iterator[tuple[int, int]]:
    """Yield each place that overlaps one before it, with the one that reaches furthest."""
    furthest: dict[str, int] = {}
    for index in sorted(range(len(units)), key=lambda index: (units[index].geometry, index)):
        group = "" if any_label else units[index].label
        before = furthest.get(group)
        if before is not None and units[index].geometry[0] < units[before].geometry[1]:
            yield before, index
        if before is None or units[index].geometry[1] > units[before].geometry[1]:
            furthest[group] = index
