"""Fleiss' kappa: the agreement of many annotators beyond what the pooled shares of the labels would give by chance.

J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971); missing answers as in K. L. Gwet,
"Handbook of Inter-Rater Reliability" (2014).
"""

from __future__ import annotations

from typing import Any, Literal

from labelwright.stats.agreement._chance import corrected, disagreements, pooled_chance
from labelwright.stats.agreement.base import Agreement
from labelwright.stats.agreement.jackknife import checked_over, over_annotators
from labelwright.stats.answers import Answers, encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["fleiss_kappa"]


def fleiss_kappa(
    tasks: Any,
    annotators: Any,
    values: Any,
    *,
    weights: Literal["linear", "ordinal", "quadratic"] | None = None,
    confidence: float = 0.95,
    over: Literal["items", "annotators"] = "items",
) -> Agreement:
    """Return Fleiss' kappa: 1 where annotators agree perfectly, 0 where they agree as by chance.

    The annotators of one task need not be those of another, and their number may differ.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.
        weights: None counts each disagreement the same; the others weigh it by the places of the two answers among the sorted values:
            `linear` by their distance, `quadratic` by its square, `ordinal` by the pairs of values that lie between.
        confidence: of the interval, above 0 and below 1.
        over: whether the interval speaks of other `items` or of other `annotators` (delete-one jackknife with Student's t).

    Returns:
        An `Agreement`; NaN with a note where no task has two answers or only one value occurs.

    Raises:
        InvalidInput: lengths differ, there is no answer, or an argument is out of range.

    >>> round(fleiss_kappa([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, ["x", "x", "y", "y", "x", "y"]).value, 4)
    0.3333
    """
    checked_confidence(confidence)
    checked_over(over)
    answers = encode_answers(tasks, annotators, values, duplicates="last")
    apart = disagreements(len(answers.classes), weights)

    def kappa(some: Answers) -> Agreement:
        return corrected(some, apart, pooled_chance(apart), confidence)

    return kappa(answers) if over == "items" else over_annotators(answers, kappa, kappa(answers))
