"""Choices: any number of the labels."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from labelwright.errors import InvalidPipeline
from labelwright.expressions import Terms
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds._median import MedianQuestion
from labelwright.schema.kinds.base import SLACK, Answer, LabelQuestion, Part, Problem
from labelwright.schema.modalities import MODALITIES, Field

EXAMPLE = '["refund", "bug"]'


class Choices(Answer, frozen=True, tag="choices"):
    """The labels that apply to the whole field, none twice; none at all where none applies.

    >>> Choices(("refund", "bug")).plain()
    ['refund', 'bug']
    """

    labels: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        # What applies has no order.
        return isinstance(other, Choices) and sorted(self.labels) == sorted(other.labels)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.labels)))

    def parts(self) -> list[Part]:
        return [Part(label, id=label) for label in self.labels]

    def plain(self) -> list[str]:
        return list(self.labels)


class ChoicesQuestion(LabelQuestion, MedianQuestion, frozen=True, kw_only=True, tag="choices"):
    """Asks which of the options apply, at least `min` and at most `max` of them. With `min: 0` none may apply.

    Two answers are as far apart as their labels are by Jaccard: 1 minus those in common, of all that either has.
    """

    min: int = 1
    max: int | None = None

    modalities: ClassVar[frozenset[str]] = frozenset(MODALITIES)
    aggregation: ClassVar[str] = "sets"
    form: ClassVar[Any] = tuple[str, ...]

    def check(self, where: str) -> None:
        super().check(where)
        if not 0 <= self.min <= len(self.labels):
            raise InvalidPipeline(f"Of {len(self.labels)} options at least {self.min} cannot apply.", where=f"{where}.min")
        if self.max is not None and not max(self.min, 1) <= self.max <= len(self.labels):
            message = f"The greatest number of labels is from {max(self.min, 1)} to {len(self.labels)}, the number of options."
            raise InvalidPipeline(message, where=f"{where}.max")

    @property
    def most(self) -> int:
        """How many labels may apply."""
        return len(self.labels) if self.max is None else self.max

    def problems(self, answer: Choices, data: Mapping[str, Field]) -> list[Problem]:
        found = self.unknown_labels(answer.parts())
        found += [
            Problem("twice", f"'{label}' is there twice.", label)
            for label in sorted({one for one in answer.labels if answer.labels.count(one) > 1})
        ]
        if not self.min <= len(answer.labels) <= self.most:
            asked = f"at least {self.min}" if len(answer.labels) < self.min else f"at most {self.most}"
            found.append(Problem("how_many", f"{len(answer.labels)} labels are chosen, and {asked} are asked for."))
        return found

    def stands(self, answer: Choices) -> bool:
        return not self.problems(answer, {})

    def classes(self, answer: Answer) -> list[str]:
        return [part.label for part in answer.parts()]

    def with_parts(self, parts: Sequence[Part]) -> Choices:
        return Choices(tuple(part.label for part in parts))

    def from_plain(self, value: Any) -> Choices:
        if isinstance(value, list | tuple):
            value = [_plain.label(one, self.labels, kind="choices", example=EXAMPLE) for one in value]
        return Choices(_plain.read(value, tuple[str, ...], kind="choices", example=EXAMPLE))

    def terms(self, modality: type[Field]) -> Terms:
        def parts(answer: Any, fields: Mapping[str, Any]) -> list[Part]:
            return [] if answer is None else answer.parts()

        return Terms(parts, self.labels, {"label": lambda part: part.label})

    def distance(self, first: Choices, second: Choices) -> float:
        one, other = set(first.labels), set(second.labels)
        return 1.0 - len(one & other) / len(one | other) if one | other else 0.0

    def fused(self, answers: Sequence[Choices], weights: Sequence[float]) -> Choices:
        """Keep each label that half of the weight or more gives; the bounds on their number hold, by weight."""
        if all(answer == answers[0] for answer in answers[1:]):
            return answers[0]
        given = [sum(weight for answer, weight in zip(answers, weights, strict=True) if label in answer.labels) for label in self.labels]
        return self.best([one / sum(weights) for one in given])

    def best(self, shares: Sequence[float]) -> Choices:
        """Return the labels whose share, 0 to 1, is a half or more; where these are too many or too few, those with the greatest."""
        ranked = sorted(range(len(self.labels)), key=lambda place: (-round(shares[place], 9), place))
        sure = sum(share >= 0.5 - SLACK for share in shares)
        kept = ranked[: min(max(sure, self.min), self.most)]
        return Choices(tuple(self.labels[place] for place in sorted(kept)))

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> Choices:
        count = luck.randint(self.min, self.most)
        return Choices(tuple(sorted(luck.sample(self.labels, count), key=self.labels.index)))

    def mistaken(self, answer: Choices, luck: random.Random, error: float) -> Choices:
        kept = [label for label in self.labels if (label in answer.labels) != (luck.random() < error / 2)]
        wrong = Choices(tuple(kept))
        return answer if self.problems(wrong, {}) else wrong


QUESTION = ChoicesQuestion
ANSWER = Choices
