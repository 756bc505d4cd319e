"""A simulated annotator: right most of the time, wrong in a way of his or her own, and the same each time for the same item.

What a persona answers depends on the seed, the name, the item's key and the attempt alone. Items differ in difficulty and labels in how
easily they are taken for others, for all personas alike; on top of that each has a label of choice to fall for. So errors come
together, as people's do, and a vote among them is not as good as independent errors would make it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelwright.demo.makers.base import chance
from labelwright.schema import Answer, Field, Question
from labelwright.schema.kinds import Part

__all__ = ["Persona"]

NEAR = 0.25
"""A suggestion that differs from the truth by no more than this counts as good enough to be taken over."""


@dataclass(frozen=True)
class Persona:
    """Somebody with a name, an accuracy from 0 to 1, and a pace: above 1 is slower than others."""

    name: str
    accuracy: float
    pace: float = 1.0
    seed: int = 0

    @classmethod
    def of(cls, name: str, *, accuracy: float, spread: float = 0.06, seed: int = 0) -> Persona:
        """Return a persona whose accuracy lies around the one given, and whose pace is its own."""
        luck = chance(seed, "persona", name)
        own = accuracy if accuracy >= 1 else min(0.995, max(0.05, luck.gauss(accuracy, spread)))
        return cls(name, own, luck.uniform(0.75, 1.4), seed)

    def answer(
        self,
        name: str,
        question: Question,
        truth: Answer,
        data: Mapping[str, Field],
        *,
        key: str,
        suggestion: Answer | None = None,
        attempt: int = 0,
    ) -> tuple[Answer, bool]:
        """Return an answer to the question `name` about the item `key`, and whether it is the suggestion's.

        With each `attempt` a persona looks more closely, and makes a third of the errors it made before.
        """
        luck = chance(self.seed, self.name, key, name, attempt)
        error = (1 - self.accuracy) / 3**attempt
        if error <= 0:
            return truth, suggestion == truth
        if suggestion is not None and attempt == 0:
            good = question.distance(truth, suggestion) <= (0.0 if question.shape is None else NEAR)
            # A good suggestion is welcome; a wrong one is believed now and then.
            if luck.random() < (0.92 if good else 0.6 * error):
                return suggestion, True
        right = question.vote(truth)
        if right is not None:
            label = self._choose(name, question, right, key, luck, error)
            return (truth if label == right else question.elected(label)), False
        if question.shape is None:
            return question.mistaken(truth, luck, error), False
        return self._mark(question, truth, data[question.of], luck, error), False

    def seconds(self, data: Mapping[str, Field], answers: Sequence[tuple[Answer, bool]], *, key: str, attempt: int = 0) -> float:
        """Return how long this took: looking at the item, deciding, marking places; less where a suggestion was taken over."""
        luck = chance(self.seed, self.name, key, "seconds", attempt)
        looking = sum(_looking(field) for field in data.values())
        deciding = sum((0.9 + 0.3 * len(answer.parts())) if taken else (2.2 + 2.4 * _marks(answer)) for answer, taken in answers)
        return round(self.pace * luck.lognormvariate(0.0, 0.25) * (looking + deciding), 2)

    # --- choices -------------------------------------------------------------------------------------------------------------------

    def _choose(self, name: str, question: Question, right: str, key: str, luck: random.Random, error: float) -> str:
        others = [label for label in question.labels if label != right]
        if not others:
            return right
        # Shared by all: some items are hard, and some labels look like others.
        difficulty = min(3.0, chance(self.seed, "difficulty", key).lognormvariate(-0.2, 0.6))
        easily = chance(self.seed, "label", name, right).uniform(0.6, 1.4)
        if luck.random() >= min(0.75, error * difficulty * easily):
            return right
        near = _nearest(question, right, others) if question.graded else others
        usual = chance(self.seed, "taken for", name, right).choice(near)
        own = chance(self.seed, self.name, "falls for", name, right).choice(near)
        return luck.choices([usual, own, luck.choice(others)], weights=[4, 3, 3])[0]

    # --- places --------------------------------------------------------------------------------------------------------------------

    def _mark(self, question: Question, truth: Answer, field: Field, luck: random.Random, error: float) -> Answer:
        units: list[Part] = []
        for unit in truth.parts():
            if luck.random() < 0.5 * error:
                continue
            label = luck.choice(question.labels) if luck.random() < 0.35 * error else unit.label
            units.append(Part(label, question.blurred(unit, field, luck, error)))
        if luck.random() < 0.5 * error:
            label = luck.choice(question.labels)
            units += [Part(label, geometry) for geometry in question.imagined(field, luck)]
        # Two places on one spot would be one place: only the first of them stays.
        return question.with_parts(sorted({unit.geometry: unit for unit in reversed(units)}.values(), key=lambda unit: unit.geometry))


def _nearest(question: Question, right: str, others: Sequence[str]) -> list[str]:
    """The labels that are least apart from the right one: of a scale, the points next to it."""
    apart = {label: question.distance(question.elected(right), question.elected(label)) for label in others}
    return [label for label in others if apart[label] == min(apart.values())]


def _looking(field: Field) -> float:
    if field.text is not None:
        return 1.0 + len(field.text) / 28
    return 1.2 * field.duration or 1.5


def _marks(answer: Answer) -> int:
    return sum(1 for unit in answer.parts() if unit.geometry)
