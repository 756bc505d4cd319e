"""Marks: the spans, segments or boxes of several annotators are grouped where they overlap, voted on, and laid together by weight."""

from __future__ import annotations

from collections.abc import Mapping

from labelwright.quality.aggregation._fused import GatheredSample, judge
from labelwright.quality.aggregation._sample_pairs import compare_marks
from labelwright.quality.aggregation.base import QuestionFit
from labelwright.quality.pairs import Comparison, Guidelines
from labelwright.quality.sample import Sample

__all__ = ["ANSWERS", "judge", "unfitted"]


class GatheredMarks(GatheredSample):
    """All marks for one question."""

    method = "fused"
    reason = "Places are grouped by overlap; those are kept, with their label, that carry half of the annotators' weight."
    weighed = "An annotator weighs by the log odds of agreeing with what the others' places come to."

    def compared(self, sample: Sample, guidelines: Mapping[int, Guidelines]) -> Comparison:
        return compare_marks(sample, guidelines)


ANSWERS = GatheredMarks


def unfitted() -> QuestionFit:
    """Return what is known before anything is: all annotators weigh the same."""
    return QuestionFit(method=GatheredMarks.method, reason="", answers=0)
