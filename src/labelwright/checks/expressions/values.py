"""What an expression sees: labels as texts, answers with several places as lists, fields and columns as plain values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from labelwright.schema import Answer, Field, Item, Schema
from labelwright.schema.kinds import Part, Question
from labelwright.schema.modalities import MODALITIES
from labelwright.shapes import Geometry

__all__ = ["FIELD_VALUES", "Place", "attributes", "field", "label_of", "place_value", "places", "plain"]


class Place(NamedTuple):
    """One span, box or segment, and the text of the field that it lies in, if that is one."""

    unit: Part
    within: str


FIELD_VALUES = {name: modality.says for name, modality in MODALITIES.items()}
"""What may stand behind a field's name and a dot, by its modality."""

_LABEL: dict[str, Callable[[Place], Any]] = {"label": lambda place: place.unit.label}
_TEXT: dict[str, Callable[[Place], Any]] = {
    "text": lambda place: place.within[int(place.unit.geometry[0]) : int(place.unit.geometry[1])],
}


def attributes(question: Question, schema: Schema) -> tuple[str, ...]:
    """Return the values that each place of an answer to this question has."""
    return tuple(_values(question, schema))


def place_value(name: str, question: Question, schema: Schema) -> Callable[[Place], Any]:
    """Return what takes the value `name` of a place."""
    return _values(question, schema)[name]


def _values(question: Question, schema: Schema) -> dict[str, Callable[[Place], Any]]:
    if question.shape is None:
        return _LABEL
    of_shape = {name: _of_geometry(value) for name, value in question.shape.values.items()}
    within_text = _TEXT if schema.modality(question.of).is_text else {}
    return {**_LABEL, **of_shape, **within_text}


def _of_geometry(value: Callable[[Geometry], float]) -> Callable[[Place], Any]:
    return lambda place: value(place.unit.geometry)


def label_of(answer: Answer | None) -> str | None:
    """Return the label of a choice, or None where the answer is missing."""
    units = answer.parts() if answer is not None else []
    return units[0].label if units else None


def places(question: Question, answer: Answer | None, item: Item) -> list[Place]:
    """Return the places of an answer; none where it is missing."""
    shown = item.data.get(question.of)
    within = shown.text or "" if shown else ""
    return [Place(unit, within) for unit in answer.parts()] if answer is not None else []


def field(shown: Field | None) -> Any:
    """Return a text field as its text; of pictures and clips only their attributes mean something."""
    return shown.text if shown else None


def plain(value: Any) -> Any:
    """Return a column's value where the language knows its kind; anything else counts by its text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return tuple(plain(one) for one in value) if isinstance(value, list | tuple) else str(value)
