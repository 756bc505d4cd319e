"""What an expression may name, and what it looks at: handed in by whoever knows what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

__all__ = ["Names", "Subject", "Terms"]


class Terms(NamedTuple):
    """What can be said of the answers to one question.

    `get` takes an answer, or None where there is none, and the item's fields, to the answer's value: a text, number or truth value, or a
    list of its parts. `parts` has what can be said of each part, by name; it is None where an answer is one value, which then rests on the
    answer alone: the item's fields may not have been read. `labels` are all texts that the value, or the `label` of a part, may be; None
    where that is not known. `numbers` names those of `parts` that are numbers, and `number` tells whether the one value is a number.
    """

    get: Callable[[Any, Mapping[str, Any]], Any]
    labels: tuple[str, ...] | None = None
    parts: Mapping[str, Callable[[Any], Any]] | None = None
    numbers: frozenset[str] = frozenset()
    number: bool = False


class Names(NamedTuple):
    """The names that an expression may use: each question with its terms, and each field with what may stand behind its name and a dot.

    The name of a field alone means its `text`; it is none where the field has no text.
    """

    answers: Mapping[str, Terms]
    fields: Mapping[str, Mapping[str, Callable[[Any], Any]]]


class Subject(NamedTuple):
    """What an expression looks at: the answers and the fields by their names, the columns of `meta`, and the key of the item."""

    answers: Mapping[str, Any]
    fields: Mapping[str, Any]
    meta: Mapping[str, Any]
    key: str
