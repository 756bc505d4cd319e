"""Medians: of several numbers or texts the one that is nearest to all of them, by the weight of their annotators."""

from __future__ import annotations

from collections.abc import Mapping

from labelwright.quality.aggregation._fused import GatheredSample, judge, pairwise
from labelwright.quality.aggregation._sample_pairs import compare_answers
from labelwright.quality.aggregation.base import QuestionFit
from labelwright.quality.pairs import Comparison, Guidelines
from labelwright.quality.sample import Sample

__all__ = ["ANSWERS", "judge", "pairwise", "unfitted"]


class GatheredMedians(GatheredSample):
    """All answers to one question."""

    method = "median"
    reason = "The answer stands that is nearest to all answers of the item."
    weighed = "An annotator weighs by the log odds of agreeing with what the others' answers come to."

    def compared(self, sample: Sample, guidelines: Mapping[int, Guidelines]) -> Comparison:
        return compare_answers(sample, guidelines)


ANSWERS = GatheredMedians


def unfitted() -> QuestionFit:
    """Return what is known before anything is: all annotators weigh the same."""
    return QuestionFit(method=GatheredMedians.method, reason="", answers=0)
