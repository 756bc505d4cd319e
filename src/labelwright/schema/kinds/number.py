"""Number: a measurement, a count or a score without names for its steps."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from labelwright.errors import InvalidPipeline
from labelwright.expressions import Terms
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds._median import OrderedQuestion
from labelwright.schema.kinds.base import SLACK, Answer, Part, Problem
from labelwright.schema.modalities import MODALITIES, Field

GREATEST = 1e15
"""Whole numbers up to here are exact in JSON and on the page."""

_WRITTEN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

OFF = 1e-6
"""What a number may be off the steps, in steps."""


class NumberAnswer(Answer, frozen=True, tag="number"):
    """One number for the whole field.

    >>> NumberAnswer(3).plain(), NumberAnswer(0.5).plain()
    (3, 0.5)
    """

    value: float

    def parts(self) -> list[Part]:
        return [Part(str(self.plain()))]

    def plain(self) -> float:
        whole = math.isfinite(self.value) and self.value == int(self.value)
        return int(self.value) if whole else self.value


class NumberQuestion(OrderedQuestion, frozen=True, kw_only=True, tag="number"):
    """Asks for a number from `min` to `max`, in steps of `step` from `min` on, in the unit `unit`.

    Two numbers are as far apart as their difference is of the range; where there is no range, of the greater one. With `same: 0.95` they
    count as the same up to a twentieth of it.
    """

    min: float | None = None
    max: float | None = None
    step: float | None = None
    unit: str = ""

    modalities: ClassVar[frozenset[str]] = frozenset(MODALITIES)
    form: ClassVar[Any] = float

    def check(self, where: str) -> None:
        super().check(where)
        for name, bound in (("min", self.min), ("max", self.max)):
            if bound is not None and not abs(bound) <= GREATEST:
                raise InvalidPipeline(f"A bound of numbers is between -{GREATEST:g} and {GREATEST:g}.", where=f"{where}.{name}")
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise InvalidPipeline("The least number is not below the greatest.", where=f"{where}.min")
        if self.step is not None and not 0 < self.step <= GREATEST:
            raise InvalidPipeline("A step is above 0.", where=f"{where}.step", hint="1 asks for whole numbers, 0.1 for tenths.")
        if self.step is not None and self.max is not None and self.max < self._start + self.step:
            raise InvalidPipeline("The step is greater than the range.", where=f"{where}.step")
        if len(self.unit) > 20:
            raise InvalidPipeline("The name of a unit has at most 20 characters.", where=f"{where}.unit")

    @property
    def _start(self) -> float:
        return 0.0 if self.min is None else self.min

    def problems(self, answer: NumberAnswer, data: Mapping[str, Field]) -> list[Problem]:
        value = answer.value
        if not abs(value) <= GREATEST:
            return [Problem("out_of_range", f"A number is between -{GREATEST:g} and {GREATEST:g}.")]
        if self.min is not None and value < self.min:
            return [Problem("out_of_range", f"{value:g} is below {self.min:g}.")]
        if self.max is not None and value > self.max:
            return [Problem("out_of_range", f"{value:g} is above {self.max:g}.")]
        if self.step is not None and abs((steps := (value - self._start) / self.step) - round(steps)) > OFF:
            return [Problem("off_the_steps", f"{value:g} is none of {self._start:g}, {self._start + self.step:g}, …")]
        return []

    def stands(self, answer: NumberAnswer) -> bool:
        return not self.problems(answer, {})

    def with_parts(self, parts: Sequence[Part]) -> NumberAnswer:
        (part,) = parts
        return NumberAnswer(float(part.label))

    def from_plain(self, value: Any) -> NumberAnswer:
        if isinstance(value, str) and _WRITTEN.fullmatch(value.strip()):
            # Tables write numbers as texts.
            value = float(value)
        return NumberAnswer(_plain.read(value, float, kind="number", example="3.5"))

    def terms(self, modality: type[Field]) -> Terms:
        return Terms(lambda answer, fields: None if answer is None else answer.value, number=True)

    def distance(self, first: NumberAnswer, second: NumberAnswer) -> float:
        one, other = first.value, second.value
        if one == other:
            return 0.0
        ranged = self.min is not None and self.max is not None
        whole = self.max - self.min if ranged else max(abs(one), abs(other))  # type: ignore[operator]  # both are there
        apart = min(1.0, abs(one - other) / whole)
        return apart if apart > SLACK else 0.0

    def place(self, answer: NumberAnswer) -> float:
        return answer.value

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> NumberAnswer:
        low, high = self._bounds()
        return self._nearest(luck.uniform(low, high))

    def mistaken(self, answer: NumberAnswer, luck: random.Random, error: float) -> NumberAnswer:
        if luck.random() >= error:
            return answer
        low, high = self._bounds()
        return self._nearest(luck.gauss(answer.value, 0.15 * (high - low)))

    def _bounds(self) -> tuple[float, float]:
        """The range that simulated people answer in."""
        low = self.min if self.min is not None else (self.max - 100 if self.max is not None else 0.0)
        return low, self.max if self.max is not None else low + 100

    def _nearest(self, value: float) -> NumberAnswer:
        """The answer next to a number."""
        low, high = self._bounds()
        step = self.step or 0.01
        most = math.floor((high - self._start) / step + OFF)
        least = math.ceil((low - self._start) / step - OFF)
        return NumberAnswer(round(self._start + step * min(max(round((value - self._start) / step), least), most), 9))


QUESTION = NumberQuestion
ANSWER = NumberAnswer
