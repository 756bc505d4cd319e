"""Exact binomial bounds on an error rate, from one look at a random audit.

C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934).
"""

from __future__ import annotations

from labelwright.errors import InvalidInput

__all__ = ["audits_needed", "binomial_interval", "binomial_upper_bound", "checked_confidence", "checked_counts", "whole"]


def binomial_upper_bound(errors: int, audits: int, confidence: float = 0.95) -> float:
    """Return the upper confidence bound, 0 to 1, on the error rate after `errors` errors in `audits` uniformly random audits.

    The bound is exact for one look: whatever the true rate, the chance that the bound lies below it is at most 1 - confidence. Looking
    again and again until the bound pleases breaks that promise.

    Args:
        errors: errors found, 0 to `audits`.
        audits: items audited; with 0 the bound is 1.
        confidence: above 0 and below 1.

    Raises:
        InvalidInput: a count or the confidence is out of range.

    >>> round(binomial_upper_bound(0, 299), 5)
    0.00997
    """
    checked_counts(errors, audits)
    level = checked_confidence(confidence)
    if errors == audits:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(errors + 1, audits - errors, level))


def binomial_interval(errors: int, audits: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the two-sided exact interval on the error rate, each side at half of the risk.

    Args:
        errors: errors found, 0 to `audits`.
        audits: items audited; with 0 the interval is (0, 1).
        confidence: above 0 and below 1.

    Raises:
        InvalidInput: a count or the confidence is out of range.

    >>> [round(end, 4) for end in binomial_interval(2, 100)]
    [0.0024, 0.0704]
    """
    half = (1 + checked_confidence(confidence)) / 2
    high = binomial_upper_bound(errors, audits, half)
    return 1 - binomial_upper_bound(audits - errors, audits, half), high


def audits_needed(target: float, confidence: float = 0.95, errors: int = 0) -> int:
    """Return the least number of audits after which `errors` errors still certify an error rate of at most `target`.

    Args:
        target: the error rate, above 0 and below 1, to certify.
        confidence: above 0 and below 1.
        errors: errors that the audit may find, at least 0.

    Raises:
        InvalidInput: an argument is out of range.

    >>> audits_needed(0.01)
    299
    """
    if not _between(target):
        raise InvalidInput(f"The error rate to certify has to lie between 0 and 1, and is {target}.")
    checked_counts(errors, errors)
    high = errors + 1
    while binomial_upper_bound(errors, high, confidence) > target:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if middle > errors and binomial_upper_bound(errors, middle, confidence) <= target:
            high = middle
        else:
            low = middle
    return high


def checked_counts(errors: int, audits: int) -> None:
    """Raise unless 0 <= errors <= audits, both whole numbers."""
    if not (whole(errors) and whole(audits) and 0 <= errors <= audits):
        raise InvalidInput(f"Errors have to be a whole number from 0 to the number of audits, and are {errors} of {audits}.")


def checked_confidence(confidence: float) -> float:
    """Return the confidence if it lies between 0 and 1."""
    if not _between(confidence):
        raise InvalidInput(f"The confidence has to lie between 0 and 1, and is {confidence}.")
    return confidence


def whole(value: object) -> bool:
    """Tell whether a value is a whole number."""
    try:
        return bool(value == int(value))  # type: ignore[call-overload]  # what int does not take is no number
    except (TypeError, ValueError, OverflowError):
        return False


def _between(value: float) -> bool:
    try:
        return 0 < value < 1
    except TypeError:
        return False
