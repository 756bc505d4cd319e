"""One bound from audits of several strata: the strata's evidence is multiplied, so that none is paid for alone.

V. Vovk and R. Wang, "E-values: Calibration, combination and applications", Annals of Statistics 49 (2021): a product of independent
e-values is one. J. V. Spertus and P. B. Stark, "Sweeter than SUITE" (2022), for strata of an election audit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.certificates.binomial import checked_confidence, checked_counts, whole

__all__ = ["stratified_upper_bound"]


def stratified_upper_bound(
    errors: Sequence[int], audits: Sequence[int], sizes: Sequence[int], confidence: float = 0.95, *, expected: float = 0.02
) -> float:
    """Return an upper bound, 0 to 1, on the error rate over all strata, valid at all looks together.

    Among all numbers of wrong items in the strata that the audits do not rule out together, it is the worst overall rate before anything
    was corrected. Each stratum's audits are uniformly random within it, without replacement, and strata may be audited at different
    rates. A stratum that was audited whole counts as known; which ones are to be audited whole has to be settled before.

    Args:
        errors: errors found in each stratum.
        audits: items audited in each stratum, at most its size.
        sizes: items in each stratum, at least 1.
        confidence: above 0 and below 1.
        expected: the error rate, above 0 and below 1, at which the bound is to be sharpest, fixed before the first audit.

    Raises:
        InvalidInput: lengths differ, or a number is out of range.

    >>> round(stratified_upper_bound([0, 1], [400, 100], [9000, 1000]), 3) < 0.03
    True
    """
    if not len(errors) == len(audits) == len(sizes) or not len(sizes) or not all(whole(size) and size >= 1 for size in sizes):
        raise InvalidInput("There have to be errors, audits and a size, a whole number of at least 1, for each stratum.")
    for found, looked in zip(errors, audits, strict=True):
        checked_counts(found, looked)
    if any(looked > size for looked, size in zip(audits, sizes, strict=True)):
        raise InvalidInput("A stratum cannot have had more items audited than it has.")
    limit = -np.log(1 - checked_confidence(confidence))
    if not 0 < expected < 1:
        raise InvalidInput(f"The expected error rate has to lie between 0 and 1, and is {expected}.")
    from scipy.optimize import brentq
    from scipy.special import betaln, digamma, gammaln

    s, n, size = np.asarray(errors, float), np.asarray(audits, float), np.asarray(sizes, float)
    a, b = 1.0, 1 / expected - 1
    wealth = betaln(a + s, b + n - s) - betaln(a, b)
    most = size - n + s

    def chosen(items: Floats, wrong: Floats) -> Floats:
        return np.asarray(gammaln(items + 1) - gammaln(wrong + 1) - gammaln(items - wrong + 1))

    def evidence(wrong: Floats) -> float:
        each = wealth + chosen(size, wrong) - chosen(size - n, wrong - s)
        return float(each[n < size].sum())

    def cost(wrong: Floats) -> Floats:
        # How much evidence one more wrong item costs; it grows with their number.
        gained = digamma(size - wrong + 1) - digamma(most - wrong + 1)
        return np.asarray(gained - digamma(wrong + 1) + digamma(wrong - s + 1))

    def wrong_at(price: float) -> Floats:
        low, high = s.copy(), most.copy()
        for _ in range(50):
            middle = (low + high) / 2
            cheap = cost(middle) < price
            low, high = np.where(cheap, middle, low), np.where(cheap, high, middle)
        return np.asarray(np.where(n > 0, high, most))

    # The worst numbers of wrong items cost the same evidence for one more in every stratum: that price is found at which it just suffices.
    # It is sought by its logarithm, from next to nothing to more than any item costs.
    low, high = -30.0, 30.0
    if evidence(wrong_at(np.exp(high))) >= limit:
        high = brentq(lambda price: evidence(wrong_at(np.exp(price))) - limit, low, high, xtol=1e-9)
    return min(1.0, float(np.floor(wrong_at(np.exp(high)).sum() + 1e-3) / size.sum()))
