"""Date: a day, or a day with the time, as the calendar has it where the item comes from."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, NewType

from labelwright.errors import InvalidPipeline
from labelwright.expressions import Terms
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds._median import OrderedQuestion
from labelwright.schema.kinds.base import Answer, Part, Problem
from labelwright.schema.modalities import MODALITIES, Field

IsoDate = NewType("IsoDate", str)
"""A date such as 2026-11-30, or with the time, 2026-11-30T14:05."""

YEAR = 365.25
"""Days that are nothing in common, where no range is given."""

DAY, MINUTE = "%Y-%m-%d", "%Y-%m-%dT%H:%M"


class DateAnswer(Answer, frozen=True, tag="date"):
    """One date for the whole field.

    >>> DateAnswer("2026-11-30").plain()
    '2026-11-30'
    """

    value: str

    def parts(self) -> list[Part]:
        return [Part(self.value)]

    def plain(self) -> str:
        return self.value


class DateQuestion(OrderedQuestion, frozen=True, kw_only=True, tag="date"):
    """Asks for a date from `min` to `max`, with `time` for hour and minute too. No zone is meant: it is the time on the spot.

    Two dates are as far apart as the days between them are of the range; where there is none, of a year. With `same: 0.99` a date counts
    as the same three days off.
    """

    min: str | None = None
    max: str | None = None
    time: bool = False

    modalities: ClassVar[frozenset[str]] = frozenset(MODALITIES)
    form: ClassVar[Any] = IsoDate

    def check(self, where: str) -> None:
        super().check(where)
        for name, bound in (("min", self.min), ("max", self.max)):
            if bound is not None and self._moment(bound) is None:
                raise InvalidPipeline(f"'{bound[:40]}' is no {self._called}.", where=f"{where}.{name}", hint=f"Write {self._example}.")
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise InvalidPipeline("The earliest date is not before the latest.", where=f"{where}.min")

    @property
    def _called(self) -> str:
        return "date with a time" if self.time else "date"

    @property
    def _example(self) -> str:
        return "2026-11-30T14:05" if self.time else "2026-11-30"

    def _moment(self, text: str) -> datetime | None:
        """The moment that a text says, written exactly so, or None."""
        form = MINUTE if self.time else DAY
        try:
            moment = datetime.strptime(text, form)  # no zone is meant
        except ValueError:
            return None
        return moment if moment.strftime(form).zfill(len(text)) == text else None

    def problems(self, answer: DateAnswer, data: Mapping[str, Field]) -> list[Problem]:
        value = answer.value
        if self._moment(value) is None:
            return [Problem("no_date", f"'{value[:40]}' is no {self._called}, such as {self._example}.")]
        # Dates written so are in the order of their characters.
        if self.min is not None and value < self.min:
            return [Problem("out_of_range", f"{value} is before {self.min}.")]
        if self.max is not None and value > self.max:
            return [Problem("out_of_range", f"{value} is after {self.max}.")]
        return []

    def stands(self, answer: DateAnswer) -> bool:
        return not self.problems(answer, {})

    def with_parts(self, parts: Sequence[Part]) -> DateAnswer:
        (part,) = parts
        return DateAnswer(part.label)

    def from_plain(self, value: Any) -> DateAnswer:
        return DateAnswer(_plain.read(value, str, kind="date", example=f'"{self._example}"'))

    def terms(self, modality: type[Field]) -> Terms:
        return Terms(lambda answer, fields: None if answer is None else answer.value)

    def distance(self, first: DateAnswer, second: DateAnswer) -> float:
        if first == second:
            return 0.0
        one, other = self._moment(first.value), self._moment(second.value)
        if one is None or other is None:
            return 1.0
        low, high = (None if bound is None else self._moment(bound) for bound in (self.min, self.max))
        whole = (high - low) / timedelta(days=1) if low is not None and high is not None else YEAR
        return min(1.0, abs(one - other) / timedelta(days=1) / whole)

    def place(self, answer: DateAnswer) -> str:
        return answer.value

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> DateAnswer:
        low, high = self._range()
        return self._at(low + luck.random() * (high - low))

    def mistaken(self, answer: DateAnswer, luck: random.Random, error: float) -> DateAnswer:
        moment = self._moment(answer.value)
        if moment is None or luck.random() >= error:
            return answer
        low, high = self._range()
        return self._at(min(max(moment + luck.gauss(0, 0.1) * (high - low), low), high))

    def _range(self) -> tuple[datetime, datetime]:
        """The range that simulated people answer in."""
        low = self._moment(self.min) if self.min is not None else None
        high = self._moment(self.max) if self.max is not None else None
        year = timedelta(days=YEAR)
        if low is None:
            low = high - year if high is not None else datetime(2025, 1, 1)  # no zone is meant
        return low, high if high is not None else low + year

    def _at(self, moment: datetime) -> DateAnswer:
        return DateAnswer(moment.strftime(MINUTE if self.time else DAY))


QUESTION = DateQuestion
ANSWER = DateAnswer
