"""How the answers to one question are brought together and measured: one file each, and a kind of answer names the one that fits it."""

from __future__ import annotations

from typing import cast

from labelwright import plugins
from labelwright.quality.aggregation.base import AggregationModule, GatheredAnswers, QuestionFit
from labelwright.schema import Question

__all__ = ["AggregationModule", "GatheredAnswers", "QuestionFit", "aggregation_of"]


def aggregation_of(question: Question) -> AggregationModule:
    """Return the way in which answers to a question are brought together.

    >>> from labelwright.schema.kinds.choice import ChoiceQuestion
    >>> aggregation_of(ChoiceQuestion(of="body", options=("a", "b"))).unfitted().method
    'majority'
    """
    return cast("AggregationModule", plugins.load("aggregation", question.aggregation))
