"""Gwet's AC1 and AC2: agreement beyond chance that does not collapse where one label is far more frequent than the others.

K. L. Gwet, "Computing inter-rater reliability and its variance in the presence of high agreement", British Journal of Mathematical and
Statistical Psychology 61 (2008), and "Handbook of Inter-Rater Reliability" (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from labelwright.errors import InvalidInput
from labelwright.stats.agreement._chance import Chance, corrected, disagreements
from labelwright.stats.agreement.base import LEAST, Agreement, no_agreement
from labelwright.stats.agreement.jackknife import checked_over, over_annotators
from labelwright.stats.answers import Answers, Floats, encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["gwet_ac1", "gwet_ac2"]


def gwet_ac1(
    tasks: Any,
    annotators: Any,
    values: Any,
    *,
    classes: Sequence[Any] | None = None,
    confidence: float = 0.95,
    over: Literal["items", "annotators"] = "items",
) -> Agreement:
    """Return Gwet's AC1: 1 where annotators agree perfectly, 0 where they agree as by chance.

    Chance is small where one label prevails, since annotators who nearly always say the same hardly guess; kappa and alpha take such
    agreement for chance.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.
        classes: all values that could be given: chance depends on how many there are; by default those that occur.
        confidence: of the interval, above 0 and below 1.
        over: whether the interval speaks of other `items` or of other `annotators` (delete-one jackknife with Student's t).

    Returns:
        An `Agreement`; NaN with a note where no task has two answers or there is only one class.

    Raises:
        InvalidInput: lengths differ, there is no answer, a value is not among the classes, or an argument is out of range.

    >>> round(gwet_ac1([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, ["x", "x", "x", "x", "x", "y"]).value, 4)
    0.5385
    """
    return _gwet(tasks, annotators, values, None, classes, confidence, over)


def gwet_ac2(
    tasks: Any,
    annotators: Any,
    values: Any,
    *,
    weights: Literal["linear", "ordinal", "quadratic"] = "quadratic",
    classes: Sequence[Any] | None = None,
    confidence: float = 0.95,
    over: Literal["items", "annotators"] = "items",
) -> Agreement:
    """Return Gwet's AC2, the AC1 for ordered values, where a near miss counts as part agreement.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values that can be sorted; None and NaN are missing.
        weights: disagreement by the places of two answers among the ordered classes: `linear` by their distance, `quadratic` by its
            square, `ordinal` by the pairs of classes that lie between.
        classes: all values that could be given, in their order; by default those that occur, sorted.
        confidence: of the interval, above 0 and below 1.
        over: whether the interval speaks of other `items` or of other `annotators` (delete-one jackknife with Student's t).

    Returns:
        An `Agreement`; NaN with a note where no task has two answers or there is only one class.

    Raises:
        InvalidInput: lengths differ, there is no answer, a value is not among the classes, or an argument is out of range.

    >>> round(gwet_ac2([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, [1, 1, 3, 3, 1, 2], weights="linear").value, 4)
    0.6604
    """
    if weights is None:
        raise InvalidInput("AC2 needs weights.", hint="Known are: linear, ordinal, quadratic. Without weights it is gwet_ac1.")
    return _gwet(tasks, annotators, values, weights, classes, confidence, over)


def _gwet(tasks: Any, annotators: Any, values: Any, weights: str | None, classes: Any, confidence: float, over: str) -> Agreement:
    checked_confidence(confidence)
    checked_over(over)
    answers = encode_answers(tasks, annotators, values, classes=classes, duplicates="last")
    apart = disagreements(len(answers.classes), weights)
    if len(answers.classes) < 2:
        return no_agreement("There is only one class, so that chance agreement is perfect too.", confidence=confidence)

    def coefficient(some: Answers) -> Agreement:
        return corrected(some, apart, _chance(len(answers.classes), apart), confidence, least=LEAST if apart is None else float("-inf"))

    return coefficient(answers) if over == "items" else over_annotators(answers, coefficient, coefficient(answers))


def _chance(n_classes: int, apart: Floats | None) -> Chance:
    agreeing = float(n_classes) if apart is None else n_classes**2 - float(apart.sum())
    factor = agreeing / (n_classes * (n_classes - 1))

    def chance(share: Floats) -> tuple[float, Floats]:
        return 1 - factor * float(share @ (1 - share)), -factor * (1 - 2 * share)

    return chance
