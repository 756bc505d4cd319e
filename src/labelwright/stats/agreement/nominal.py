"""Alpha and percent agreement of labels, each over items and over annotators, from one encoding: there may be millions of answers."""

from __future__ import annotations

from typing import Any, NamedTuple

from labelwright.stats.agreement.base import Agreement
from labelwright.stats.agreement.krippendorff import nominal_alpha, nominal_over_annotators
from labelwright.stats.agreement.percent import percent_of, percent_over_annotators
from labelwright.stats.answers import encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["NominalAgreement", "nominal_agreement"]


class NominalAgreement(NamedTuple):
    """Krippendorff's alpha and the share of equal pairs, with intervals that speak of other items, and of other annotators."""

    alpha: Agreement
    percent: Agreement
    alpha_by_annotators: Agreement
    percent_by_annotators: Agreement


def nominal_agreement(tasks: Any, annotators: Any, values: Any, *, confidence: float = 0.95) -> NominalAgreement:
    """Return what `krippendorff_alpha` and `percent_agreement` do, over items and over annotators.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.
        confidence: of the intervals, above 0 and below 1.

    Raises:
        InvalidInput: lengths differ, there is no answer, or the confidence is out of range.

    >>> found = nominal_agreement([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, ["x", "x", "y", "y", "x", "y"])
    >>> round(found.alpha.value, 4), round(found.percent.value, 4)
    (0.4444, 0.6667)
    """
    checked_confidence(confidence)
    answers = encode_answers(tasks, annotators, values, duplicates="last")
    alpha, percent = nominal_alpha(answers, confidence=confidence), percent_of(answers, confidence=confidence)
    return NominalAgreement(alpha, percent, nominal_over_annotators(answers, alpha), percent_over_annotators(answers, percent))
