"""The exact bound for an audit without replacement from a finite population: tighter than the binomial where much was audited.

W. Feller, "An Introduction to Probability Theory and Its Applications", volume 1, chapter II; the bound inverts the exact test.
"""

from __future__ import annotations

from labelwright.errors import InvalidInput
from labelwright.stats.certificates.binomial import checked_confidence, checked_counts, whole

__all__ = ["hypergeometric_upper_bound"]


def hypergeometric_upper_bound(errors: int, audits: int, population: int, confidence: float = 0.95) -> float:
    """Return the upper confidence bound, 0 to 1, on the share of the population that was wrong before the audit corrected anything.

    The bound is the greatest number of wrong items under which `errors` or fewer would be found with a chance above 1 - confidence,
    over the population. It is exact for one final look at a uniformly random audit without replacement. What remains wrong after the
    errors found were corrected is at most the bound minus errors / population.

    Args:
        errors: errors found, 0 to `audits`.
        audits: items audited, at most `population`; with 0 the bound is 1.
        population: items in all, at least 1.
        confidence: above 0 and below 1.

    Raises:
        InvalidInput: a count or the confidence is out of range.

    >>> hypergeometric_upper_bound(0, 299, 1000) < 0.01
    True
    >>> hypergeometric_upper_bound(3, 50, 50)
    0.06
    """
    checked_counts(errors, audits)
    if not whole(population) or population < max(audits, 1):
        raise InvalidInput(f"A population of {population} items cannot have had {audits} of them audited.")
    risk = 1 - checked_confidence(confidence)
    from scipy.stats import hypergeom

    # The chance of so few errors falls as the wrong items grow in number, so the greatest number that is still credible is bisected.
    low, high = errors, population - (audits - errors)
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeom.cdf(errors, population, middle, audits) > risk:
            low = middle
        else:
            high = middle - 1
    return low / population
