"""What every kind of answer offers: a question, an answer, its validity, and the distance between two answers.

A kind is one file in this folder. It defines a `Question` subclass and an `Answer` subclass with the same tag and names them `QUESTION`
and `ANSWER`. The conformance suite finds the file and tries it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Self

from msgspec import Struct

from labelwright.schema.item import Field

__all__ = ["Answer", "Option", "Problem", "Question", "Unit"]

Family = Literal["category", "interval", "box"]
"""How several answers are brought together: by voting, by matching intervals, or by matching boxes."""


class Option(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One label that a question offers, with what the page needs to show it.

    `key` is the character that sets it on the keyboard (1 to 9 in order, unless given), and none that the workbench uses itself;
    `color` a color as CSS writes them.
    """

    label: str
    title: str | None = None
    description: str | None = None
    key: str | None = None
    color: str | None = None


class Problem(Struct, frozen=True):
    """Why an answer is not valid. `unit` counts the span, box or segment it is about, from 0."""

    rule: str
    message: str
    unit: int | None = None


class Unit(NamedTuple):
    """One labeled place in an answer: `(start, end)` of a span or segment, `(x, y, width, height)` of a box, `()` of a choice."""

    label: str
    geometry: tuple[float, ...]


class Answer(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """What somebody, or something, answered to one question."""

    def units(self) -> list[Unit]:
        """Return the labeled places of this answer, in its order."""
        raise AttributeError(f"{type(self).__name__} does not define units()")

    def plain(self) -> Any:
        """Return the answer as the plain JSON value that exports carry: a string, or a list of objects."""
        raise AttributeError(f"{type(self).__name__} does not define plain()")

    def distance(self, other: Answer) -> float:
        """Return how far two answers to the same question differ: 0 for the same, 1 for nothing in common."""
        raise AttributeError(f"{type(self).__name__} does not define distance()")


class Question(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What is asked about one field of an item.

    `of` names the field. `required` answers may not be missing; for spans, boxes and segments an empty list is an answer.
    """

    of: str
    options: tuple[str | Option, ...]
    title: str | None = None
    description: str | None = None
    required: bool = True

    family: ClassVar[Family]
    modalities: ClassVar[frozenset[str]]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that may be answered, in the order of the options."""
        return tuple(option if isinstance(option, str) else option.label for option in self.options)

    @property
    def kind(self) -> str:
        """The name of the kind, as it stands in the pipeline file."""
        return str(self.__struct_config__.tag)

    def is_answered_by(self, answer: Answer) -> bool:
        """Tell whether an answer is of the kind that is asked for: it is not where the question was another one when it was given."""
        return bool(answer.__struct_config__.tag == self.__struct_config__.tag)

    def problems(self, answer: Any, data: Mapping[str, Field]) -> list[Problem]:
        """Return everything that makes `answer` invalid for an item with the fields `data`; an empty list when it is valid."""
        raise AttributeError(f"{type(self).__name__} does not define problems()")

    def from_units(self, units: Sequence[Unit]) -> Answer:
        """Return the answer that has these labeled places: the way back from `Answer.units`."""
        raise AttributeError(f"{type(self).__name__} does not define from_units()")

    def from_plain(self, value: Any) -> Answer:
        """Read the plain JSON form that `Answer.plain` writes.

        Raises:
            InvalidInput: the value does not have that form.
        """
        raise AttributeError(f"{type(self).__name__} does not define from_plain()")

    def unknown_labels(self, labels: Sequence[str]) -> list[Problem]:
        """Return a problem for each label that is none of the options."""
        known = self.labels
        return [
            Problem("unknown_label", f"'{label}' is none of the labels {', '.join(known)}.", index)
            for index, label in enumerate(labels)
            if label not in known
        ]

    @classmethod
    def read(cls, value: Any) -> Self:
        """Build the question from plain data, with the same checks as the pipeline file.

        Raises:
            InvalidInput: a key is unknown or a value has the wrong type.
        """
        import msgspec

        from labelwright.errors import InvalidInput

        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise InvalidInput(str(error)) from error
