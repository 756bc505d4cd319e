"""The sample of items whose marks are compared: as good as random, and always the same."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labelwright.quality.answers import Given
from labelwright.schema import Question

__all__ = ["Sample"]

SAMPLE = 2000
"""Items whose marks are compared."""


@dataclass
class Sample:
    """At most `SAMPLE` items with two answers or more to one question whose answers are places.

    Only answers that were given alone count; `aided` are the items that would have two if those with a suggestion in view did.
    """

    name: str
    question: Question
    seen: int = 0
    aided: int = 0
    people: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _heap: list[tuple[int, int, list[Given]]] = field(default_factory=list)

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        """Take up a page of answers."""
        for item_id, given in items.items():
            answered = [one for one in given if self.name in one.values and one.annotation_id is not None]
            for one in answered:
                self.people[one.user_id] += 1
            alone = [one for one in answered if one.alone(self.name)]
            if len(alone) < 2:
                self.aided += sum(one.independent for one in answered) >= 2
                continue
            self.seen += 1
            # A number that scatters items as if by chance; the greatest leave when there are too many.
            entry = (-(item_id * 2654435761 % 2**32), -item_id, alone)
            if len(self._heap) < SAMPLE:
                heapq.heappush(self._heap, entry)
            else:
                heapq.heappushpop(self._heap, entry)

    @property
    def items(self) -> list[tuple[int, list[Given]]]:
        """The items, in order, with their answers."""
        return sorted(((-negative, given) for _, negative, given in self._heap), key=lambda one: one[0])
