"""Honest bounds when the auditors err themselves: their error rates, known or measured with planted labels, correct what they report.

W. J. Rogan and B. Gladen, "Estimating prevalence from the results of a screening test", American Journal of Epidemiology 107 (1978), with
exact bounds in place of estimates. Auditors report a share r = p s + (1 - p) f of the labels, where p is the error rate, s the share of
wrong labels that they find and f the share of right ones that they report all the same, so that p = (r - f) / (s - f).
"""

from __future__ import annotations

from typing import Literal

from labelwright.errors import InvalidInput
from labelwright.stats.certificates.binomial import binomial_upper_bound, checked_confidence, checked_counts, whole
from labelwright.stats.certificates.hypergeometric import hypergeometric_upper_bound
from labelwright.stats.certificates.sequential import sequential_upper_bound

__all__ = ["corrected_error_rate", "upper_bound_with_known_reviewers", "upper_bound_with_missed_errors"]

Looks = Literal["one", "any"]


def corrected_error_rate(errors: int, audits: int, sensitivity: float, false_alarms: float = 0.0) -> float:
    """Return the error rate, 0 to 1, that makes what auditors with known error rates reported most likely.

    Args:
        errors: labels that the auditors reported as wrong.
        audits: items audited, at least 1.
        sensitivity: the share of the wrong labels that they find, above `false_alarms` and at most 1.
        false_alarms: the share of the right labels that they report as wrong, at least 0.

    Raises:
        InvalidInput: a count or a rate is out of range.

    >>> round(corrected_error_rate(20, 500, 0.9, 0.02), 4)
    0.0227
    """
    checked_counts(errors, audits)
    _checked_rates(sensitivity, false_alarms)
    if not audits:
        raise InvalidInput("Without an audit there is nothing to correct.")
    return min(1.0, max(0.0, (errors / audits - false_alarms) / (sensitivity - false_alarms)))


def upper_bound_with_known_reviewers(
    errors: int, audits: int, sensitivity: float, false_alarms: float = 0.0, confidence: float = 0.95, *, looks: Looks = "one"
) -> float:
    """Return an upper bound, 0 to 1, on the error rate when the auditors' own error rates are known.

    It is never below what a clean audit by auditors who do not err would show, however many of the reports false alarms explain. Rates
    that are too good to be true make the bound too low: where they were measured, take `upper_bound_with_missed_errors`.

    Args:
        errors: labels that the auditors reported as wrong.
        audits: items audited.
        sensitivity: the share of the wrong labels that they find, above `false_alarms` and at most 1.
        false_alarms: the share of the right labels that they report as wrong, at least 0.
        confidence: above 0 and below 1.
        looks: whether the bound holds for `one` look or at `any`.

    Raises:
        InvalidInput: a count, a rate or the confidence is out of range, or there are no such looks.

    >>> round(upper_bound_with_known_reviewers(20, 500, 0.9), 4), round(upper_bound_with_known_reviewers(20, 500, 0.9, 0.02), 4)
    (0.064, 0.0427)
    """
    _checked_rates(sensitivity, false_alarms)
    reported = _upper(errors, audits, confidence, looks)
    bound = (reported - false_alarms) / (sensitivity - false_alarms)
    return min(1.0, max(bound, _upper(0, audits, confidence, looks)))


def upper_bound_with_missed_errors(
    errors: int,
    audits: int,
    found: int,
    planted: int,
    confidence: float = 0.95,
    *,
    false_alarms: int = 0,
    clean: int = 0,
    looks: Looks = "one",
    population: int | None = None,
    expected: float = 0.02,
) -> float:
    """Return an upper bound on the error rate when planted labels measure how far the auditors err.

    Half of the risk goes to the share of labels that auditors report, the rest to the share of planted errors that they find and, where
    right labels were planted as well, a tenth to the share of those that they report: the first from above, the others from below.
    Without planted right labels false alarms only make the bound wider. What is planted has to be as hard to judge as the rest, which no
    arithmetic can check.

    Args:
        errors: labels that the auditors reported as wrong, planted ones left out.
        audits: items audited, planted ones left out.
        found: planted errors that the auditors reported.
        planted: planted errors that they were shown; with 0 the bound is 1.
        confidence: above 0 and below 1.
        false_alarms: planted right labels that the auditors reported as wrong.
        clean: planted right labels that they were shown.
        looks: whether the bound holds for `one` look or at `any`.
        population: the number of items if the audited ones are drawn without replacement from so many; None for a stream without end.
        expected: for looks at `any` time, the share of reported labels, above 0 and below 1, at which the bound is to be sharpest.

    Raises:
        InvalidInput: a count or the confidence is out of range, or there are no such looks.

    >>> round(upper_bound_with_missed_errors(2, 500, 45, 50), 4)
    0.0184
    >>> round(upper_bound_with_missed_errors(40, 500, 45, 50), 3)
    0.137
    >>> round(upper_bound_with_missed_errors(40, 500, 45, 50, false_alarms=10, clean=200), 3)
    0.117
    """
    checked_counts(errors, audits)
    risk = 1 - checked_confidence(confidence)
    for part, shown, what in ((found, planted, "Planted errors found"), (false_alarms, clean, "False alarms")):
        if not (whole(part) and whole(shown) and 0 <= part <= shown):
            raise InvalidInput(f"{what} have to be a whole number from 0 to the planted, and are {part} of {shown}.")
    reported = _upper(errors, audits, 1 - risk / 2, looks, population, expected)
    least_found = 1 - _upper(planted - found, planted, 1 - risk * (0.4 if clean else 0.5), looks)
    least_alarms = 1 - _upper(clean - false_alarms, clean, 1 - risk / 10, looks) if clean else 0.0
    if least_found <= least_alarms:
        return 1.0
    bound = (reported - least_alarms) / (least_found - least_alarms)
    return min(1.0, max(bound, _upper(0, audits, confidence, looks, population, expected)))


def _upper(errors: int, audits: int, confidence: float, looks: Looks, population: int | None = None, expected: float = 0.02) -> float:
    if looks == "one":
        if population is None or not audits:
            return binomial_upper_bound(errors, audits, confidence)
        return hypergeometric_upper_bound(errors, audits, population, confidence)
    if looks == "any":
        return sequential_upper_bound(errors, audits, confidence, population=population, expected=expected)
    raise InvalidInput(f"Looks cannot be '{looks}'.", hint="Known are: one, any.")


def _checked_rates(sensitivity: float, false_alarms: float) -> None:
    if not 0 <= false_alarms < sensitivity <= 1:
        raise InvalidInput("The share of wrong labels found has to lie above that of right ones reported, and both between 0 and 1.")
