"""Honest bounds when the auditors err themselves: planted errors measure how many they find, and the bound pays for the rest.

W. J. Rogan and B. Gladen, "Estimating prevalence from the results of a screening test", American Journal of Epidemiology 107 (1978), with
exact bounds in place of estimates.
"""

from __future__ import annotations

from labelwright.errors import InvalidInput
from labelwright.stats.certificates.binomial import binomial_interval, binomial_upper_bound, checked_confidence, checked_counts

__all__ = ["upper_bound_with_missed_errors"]


def upper_bound_with_missed_errors(errors: int, audits: int, found: int, planted: int, confidence: float = 0.95) -> float:
    """Return an upper bound, 0 to 1, on the error rate when auditors find a wrong label only with some chance.

    Half of the risk goes to the share of wrong labels that auditors report, half to the share of planted errors that they find; the bound
    is the first, from above, over the second, from below. Right labels reported as wrong only make it wider. Planted errors have to be
    as hard to see as real ones, which no arithmetic can check.

    Args:
        errors: labels that the auditors reported as wrong, planted ones left out.
        audits: items audited, planted ones left out.
        found: planted errors that the auditors reported.
        planted: planted errors that they were shown; with 0 the bound is 1.
        confidence: above 0 and below 1, for one look.

    Raises:
        InvalidInput: a count or the confidence is out of range.

    >>> round(upper_bound_with_missed_errors(2, 500, 45, 50), 4)
    0.0184
    """
    checked_counts(errors, audits)
    half = (1 - checked_confidence(confidence)) / 2
    if found != int(found) or planted != int(planted) or not 0 <= found <= planted:
        raise InvalidInput(f"Planted errors found have to be a whole number from 0 to the planted, and are {found} of {planted}.")
    reported = binomial_upper_bound(errors, audits, 1 - half)
    # A two-sided interval at 1 - 2 half has the risk `half` on its lower side.
    least_found = binomial_interval(found, planted, 1 - 2 * half)[0]
    return min(1.0, reported / least_found) if least_found > 0 else 1.0
