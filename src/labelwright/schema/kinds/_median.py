"""What all kinds share whose answers are about the whole field and none of a list: of several the one in their middle stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from labelwright.schema.kinds.base import Answer, Question

if TYPE_CHECKING:
    from labelwright.stats.fusion.skill import FusionSkill

__all__ = ["MedianQuestion", "OrderedQuestion"]


class MedianQuestion(Question, frozen=True, kw_only=True):
    """Asks for an answer about the whole field. From a likeness of `same` on, 1 minus their distance, two answers count as the same."""

    aggregation: ClassVar[str] = "medians"
    graded: ClassVar[bool] = True

    def classes(self, answer: Answer) -> Iterable[str]:
        return ()

    def fused(self, answers: Sequence[Any], weights: Sequence[float]) -> Answer:
        """Return the answer with the least weighted distance to all, and among equals the one with the most weight behind it."""
        distinct = list(dict.fromkeys(answers))
        if len(distinct) == 1:
            return distinct[0]  # type: ignore[no-any-return]  # an answer
        weight = dict.fromkeys(distinct, 0.0)
        for answer, one in zip(answers, weights, strict=True):
            weight[answer] += one

        def rank(answer: Any) -> tuple[float, float, bytes]:
            away = sum(weight[other] * self.distance(answer, other) for other in distinct)
            # Rounded, for sums of floats depend on their order.
            return round(away, 9), -round(weight[answer], 9), msgspec.json.encode(answer.plain())

        return min(distinct, key=rank)  # type: ignore[no-any-return]  # an answer

    def skills(self, items: Sequence[Mapping[int, Any]]) -> FusionSkill:
        from labelwright.stats import skill_by_likeness

        return skill_by_likeness(items, self.similarity, lambda others, weights, own: self.similarity(self.fused(others, weights), own))


class OrderedQuestion(MedianQuestion, frozen=True, kw_only=True):
    """Asks for an answer of which any two are in an order, such as numbers and dates: of several the weighted median stands."""

    def place(self, answer: Any) -> Any:
        """Return what answers are ordered by."""
        raise AttributeError(f"{type(self).__name__} does not define place()")

    def fused(self, answers: Sequence[Any], weights: Sequence[float]) -> Answer:
        """Return the first answer, in their order, up to which half of the weight lies: the lower one of two middles."""
        ranked = sorted(zip(answers, weights, strict=True), key=lambda one: self.place(one[0]))
        half, so_far = sum(weights) / 2, 0.0
        for answer, weight in ranked:
            so_far += weight
            if so_far >= half - 1e-9:
                return answer  # type: ignore[no-any-return]  # an answer
        return ranked[-1][0]  # type: ignore[no-any-return]  # an answer
