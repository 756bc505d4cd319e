"""What every kind of answer offers: a question, an answer, and all that the rest of the product has to know of them.

A kind is one file in this folder. It defines a `Question` and an `Answer` with the same tag and names them `QUESTION` and `ANSWER`. The
question is where a kind's behavior lives: what is valid, how two answers compare, what several are brought together by. Nothing else in
the product asks which kind it is. The conformance suite finds the file and tries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import msgspec
from msgspec import UNSET, Struct, UnsetType

from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.expressions import Terms
from labelwright.schema.colors import is_color
from labelwright.schema.modalities import Field
from labelwright.shapes import Geometry, Shape

if TYPE_CHECKING:
    import random

    from labelwright.stats.fusion.matching import Matching
    from labelwright.stats.fusion.skill import FusionSkill

__all__ = [
    "ANSWERED_BY",
    "ASKED_BY",
    "BROUGHT_TOGETHER_BY",
    "SHAPED_BY",
    "Answer",
    "LabelQuestion",
    "Option",
    "Part",
    "Problem",
    "Question",
]


class Option(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One label that a question offers, with what the page needs to show it.

    `key` is the character that sets it on the keyboard (unless given its own digit, or of 1 to 9 the next that is free), and none that the
    workbench uses itself; `color` a color as CSS writes them.
    """

    label: str
    title: str | None = None
    description: str | None = None
    key: str | None = None
    color: str | None = None


class Problem(Struct, frozen=True):
    """Why an answer is not valid. `part` is the id of the part of the answer that it is about."""

    rule: str
    message: str
    part: str | None = None


SLACK = 1e-12
"""What a sum of floats may be off, so that 0.7 and 0.3 make 1."""

MOST_ID = 40
"""Characters that the id of a part has at most."""


class Part(NamedTuple):
    """One labeled part of an answer, and where it lies: as the question's shape counts, and nowhere where it is about the whole field.

    `id` tells it from the other parts of the answer, and stays when the answer is corrected; it is empty for a part that is made anew.
    """

    label: str
    geometry: Geometry = ()
    id: str = ""


def _label(part: Part) -> str:
    return part.label


def _parts(answer: Answer | None) -> list[Part]:
    return [] if answer is None else answer.parts()


class Answer(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """What somebody, or something, answered to one question."""

    @property
    def kind(self) -> str:
        """The name of the kind, as that of the question it answers."""
        return str(self.__struct_config__.tag)

    def parts(self) -> list[Part]:
        """Return the labeled parts of this answer, in its order."""
        raise AttributeError(f"{type(self).__name__} does not define parts()")

    def plain(self) -> Any:
        """Return the answer as the plain JSON value that exports carry: a string, or a list of objects."""
        raise AttributeError(f"{type(self).__name__} does not define plain()")

    def told(self) -> Any:
        """Return the answer as functions of a project's own see it: the plain value, in which each part that has an id says it."""
        return self.plain()


class Question(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What is asked about one field of an item.

    `of` names the field. `required` answers may not be missing; where parts are marked an empty list is an answer. `when` is a condition
    in the language of the checks, about earlier questions and the item: where it does not hold, the question is not asked.

    `same` is how alike two answers are that count as the same, above 0 and at most 1: of marks the overlap of two, intersection over
    union, of others 1 minus their distance. It is the kind's own unless given, and only kinds whose answers can be alike in part take one.
    """

    of: str
    title: str | None = None
    description: str | None = None
    required: bool = True
    when: str | UnsetType = UNSET
    same: float | None = None

    modalities: ClassVar[frozenset[str]]
    """What the field may be."""

    aggregation: ClassVar[str]
    """How several answers are brought together: a module of `quality/aggregation`."""

    form: ClassVar[Any]
    """The type of an answer's plain value."""

    shape: ClassVar[Shape | None] = None
    """What the parts of an answer are; None where an answer is about the whole field."""

    single: ClassVar[bool] = False
    """Whether an answer is one label and never a list."""

    graded: ClassVar[bool] = False
    """Whether two answers can be alike in part; where they cannot, `similarity` and `distance` are 0 or 1."""

    usual: ClassVar[float] = 1.0
    """What `same` is unless the question says otherwise."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that may be answered, in the order of the options; none where the question offers none."""
        return ()

    @property
    def kind(self) -> str:
        """The name of the kind, as it stands in the pipeline file."""
        return str(self.__struct_config__.tag)

    @property
    def ordered(self) -> bool:
        """Whether the labels are points of one scale, the lowest first."""
        return self.aggregation == "levels"

    def is_answered_by(self, answer: Answer) -> bool:
        """Tell whether an answer is of the kind that is asked for: it is not where the question was another one when it was given."""
        return answer.kind == self.kind

    # --- one answer ----------------------------------------------------------------------------------------------------------------

    def check(self, where: str) -> None:
        """Refuse a question that contradicts itself; `where` is its place in the pipeline file.

        A kind that has more to refuse calls this too.

        Raises:
            InvalidPipeline: as said.
        """
        if self.same is not None and not self.graded:
            message = f"Two answers to a {self.kind} question are the same or are not: they cannot be the same in part."
            raise InvalidPipeline(message, where=f"{where}.same", hint="Leave it out.")
        if not 0 < self.least <= 1:
            message = "How alike answers have to be to count as the same is above 0 and at most 1."
            raise InvalidPipeline(message, where=f"{where}.same", hint="1 asks for equal answers, 0.5 for such as have half in common.")

    def problems(self, answer: Any, data: Mapping[str, Field]) -> list[Problem]:
        """Return everything that makes `answer` invalid for an item with the fields `data`; an empty list when it is valid."""
        raise AttributeError(f"{type(self).__name__} does not define problems()")

    def stands(self, answer: Any) -> bool:
        """Tell whether an answer of this kind, given under an earlier declaration, still counts."""
        return True

    def with_parts(self, parts: Sequence[Part]) -> Answer:
        """Return the answer that has these labeled parts: the way back from `Answer.parts`."""
        raise AttributeError(f"{type(self).__name__} does not define with_parts()")

    def empty(self) -> Answer | None:
        """Return the answer that says there is nothing to mark; None where something has to be answered."""
        return None if self.shape is None else self.with_parts([])

    def from_plain(self, value: Any) -> Answer:
        """Read the plain JSON form that `Answer.plain` writes.

        Raises:
            InvalidInput: the value does not have that form.
        """
        raise AttributeError(f"{type(self).__name__} does not define from_plain()")

    def classes(self, answer: Answer) -> Iterable[str]:
        """Return the labels that are counted in charts, balance and requirements, each as often as it is there."""
        return [part.label for part in answer.parts()]

    def terms(self, modality: type[Field]) -> Terms:
        """Return what an expression can say of the answers: of a single one its label, of others their parts; `modality` is the field's."""
        if self.single:
            return Terms(lambda answer, fields: next((part.label for part in _parts(answer)), None), self.labels)
        return Terms(lambda answer, fields: _parts(answer), self.labels, {"label": _label})

    # --- two answers and more ------------------------------------------------------------------------------------------------------

    def vote(self, answer: Any) -> str | None:
        """Return the one label that an answer stands for, where answers are brought together by voting; None for other kinds."""
        return None

    def elected(self, label: str) -> Answer:
        """Return the answer that a vote for `label` is: the way back from `vote`."""
        raise AttributeError(f"{type(self).__name__} does not define elected()")

    def distance(self, first: Any, second: Any) -> float:
        """Return how far two answers differ: 0 for the same, 1 for nothing in common."""
        raise AttributeError(f"{type(self).__name__} does not define distance()")

    @property
    def least(self) -> float:
        """How alike two answers, or two marks, have to be to count as the same."""
        return self.usual if self.same is None else self.same

    def similarity(self, first: Any, second: Any) -> float:
        """Return how far two answers agree, 0 to 1, and 1 exactly where they count as the same: the one yardstick of all figures.

        Answers that do not agree as far as they are not apart; those with marks by the F1 of the marks that match.
        """
        alike = 1.0 if first == second else 1.0 - self.distance(first, second)
        return 1.0 if alike >= self.least - SLACK else alike

    def alike(self, first: Any, second: Any) -> bool:
        """Tell whether two answers count as the same: for gold, review, audit, certificate and cross-validation."""
        return self.similarity(first, second) == 1.0

    def match(self, first: Any, second: Any, *, same_label: bool = True) -> Matching:
        """Pair the parts of two answers one to one.

        Raises:
            AttributeError: the answers have no parts that lie anywhere.
        """
        raise AttributeError(f"{type(self).__name__} does not define match()")

    def fused(self, answers: Sequence[Any], weights: Sequence[float]) -> Answer:
        """Bring several annotators' answers together, each with a weight; answers that are all the same stay exactly as they are.

        Raises:
            AttributeError: answers are brought together by voting.
        """
        raise AttributeError(f"{type(self).__name__} does not define fused()")

    def best(self, shares: Sequence[float]) -> Answer:
        """Return the answer that is a set of labels, from how probable each label is, 0 to 1, in the order of the labels.

        Raises:
            AttributeError: answers are no sets of labels.
        """
        raise AttributeError(f"{type(self).__name__} does not define best()")

    def skills(self, items: Sequence[Mapping[int, Any]]) -> FusionSkill:
        """Return how good each annotator is, from the answers to each item by annotator, and how much each is to weigh when they are fused.

        Raises:
            AttributeError: as for `fused`.
        """
        raise AttributeError(f"{type(self).__name__} does not define skills()")

    # --- simulated annotators ------------------------------------------------------------------------------------------------------

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> Answer:
        """Return an answer that is valid for an item with the fields `data`, whatever it shows."""
        raise AttributeError(f"{type(self).__name__} does not define sample()")

    def blurred(self, part: Part, field: Field, luck: random.Random, error: float) -> Geometry:
        """Return where a hand marks the part instead that errs by so much, 0 to 1: near where it is, and within the field."""
        return part.geometry

    def imagined(self, field: Field, luck: random.Random) -> list[Geometry]:
        """Return where somebody marks something where there is nothing; nowhere where that cannot be."""
        return []

    def mistaken(self, answer: Any, luck: random.Random, error: float) -> Answer:
        """Return what somebody answers instead who errs by so much, 0 to 1: a valid answer, and mostly one that is near.

        Raises:
            AttributeError: answers are votes or marks, whose errors are other labels and places.
        """
        raise AttributeError(f"{type(self).__name__} does not define mistaken()")

    @classmethod
    def read(cls, value: Any) -> Self:
        """Build the question from plain data, with the same checks as the pipeline file.

        Raises:
            InvalidInput: a key is unknown or a value has the wrong type.
        """
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise InvalidInput(str(error)) from error


ASKED_BY = ("modalities", "aggregation", "form", "problems", "with_parts", "from_plain", "distance", "sample")
"""What the question of each kind defines itself."""

_ONE_LABEL = ("labels", "vote", "elected")

BROUGHT_TOGETHER_BY = {
    "votes": _ONE_LABEL,
    "levels": _ONE_LABEL,
    "marks": ("shape", "match", "fused", "skills"),
    "medians": ("fused", "skills", "mistaken"),
    "sets": ("labels", "fused", "skills", "mistaken", "best"),
}
"""What a question defines besides, by the name of its `aggregation`."""

SHAPED_BY = ("name", "values", "overlap", "overlaps", "bounds", "rounded")
"""What the shape of a kind of marks defines."""

ANSWERED_BY = ("parts", "plain")
"""What the answer of each kind defines itself."""


class LabelQuestion(Question, frozen=True, kw_only=True):
    """A question that offers labels, its `options`."""

    options: tuple[str | Option, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(option if isinstance(option, str) else option.label for option in self.options)

    def unknown_labels(self, parts: Iterable[Part]) -> list[Problem]:
        """Return a problem for each part whose label is none of the options."""
        known = self.labels
        return [
            Problem("unknown_label", f"'{part.label}' is none of the labels {', '.join(known)}.", part.id or None)
            for part in parts
            if part.label not in known
        ]

    def check(self, where: str) -> None:
        """Refuse a question without labels, with one twice, or with a color that is none."""
        super().check(where)
        where, labels = f"{where}.options", self.labels
        if not labels:
            raise InvalidPipeline("There are no options to choose from.", where=where)
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise InvalidPipeline(f"The label '{twice[0]}' is there twice.", where=where)
        for index, option in enumerate(self.options):
            if not isinstance(option, str) and option.color is not None and not is_color(option.color):
                hint = "Write #2a9d8f, a name of CSS, or rgb(), hsl() or oklch() with numbers."
                raise InvalidPipeline(f"'{option.color[:40]}' is no color.", where=f"{where}[{index}].color", hint=hint)
