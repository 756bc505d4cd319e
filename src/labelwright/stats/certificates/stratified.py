"""One bound from audits of several strata: the strata's evidence is multiplied, so that none is paid for alone.

V. Vovk and R. Wang, "E-values: Calibration, combination and applications", Annals of Statistics 49 (2021): a product of independent
e-values is one. J. V. Spertus and P. B. Stark, "Sweeter than SUITE" (2022), for strata of an election audit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.certificates.binomial import checked_confidence, checked_counts

__all__ = ["stratified_upper_bound"]


def stratified_upper_bound(
    errors: Sequence[int], audits: Sequence[int], sizes: Sequence[int], confidence: float = 0.95, *, expected: float = 0.02
) -> float:
    """Return an upper bound, 0 to 1, on the error rate over all strata, valid at all looks together.

    Among all error rates of the strata that the audits do not rule out together, it is the worst overall rate. Each stratum's audits are
    uniformly random within it, and strata may be audited at different rates.

    Args:
        errors: errors found in each stratum.
        audits: items audited in each stratum.
        sizes: items in each stratum, at least 1.
        confidence: above 0 and below 1.
        expected: the error rate, above 0 and below 1, at which the bound is to be sharpest, fixed before the first audit.

    Raises:
        InvalidInput: lengths differ, or a number is out of range.

    >>> round(stratified_upper_bound([0, 1], [400, 100], [9000, 1000]), 3) < 0.03
    True
    """
    if not len(errors) == len(audits) == len(sizes) or not len(sizes) or min(sizes) < 1:
        raise InvalidInput("There have to be errors, audits and a size, at least 1, for each stratum.")
    for found, looked in zip(errors, audits, strict=True):
        checked_counts(found, looked)
    limit = -np.log(1 - checked_confidence(confidence))
    if not 0 < expected < 1:
        raise InvalidInput(f"The expected error rate has to lie between 0 and 1, and is {expected}.")
    from scipy.special import betaln

    s, n, w = np.asarray(errors, float), np.asarray(audits, float), np.asarray(sizes, float) / sum(sizes)
    a, b = 1.0, 1 / expected - 1
    wealth = betaln(a + s, b + n - s) - betaln(a, b)

    def rates(price: float) -> Floats:
        # The rate at which a little more of w p costs `price` times as much evidence: s / p - (n - s) / (1 - p) = -w / price.
        slope = w / price
        middle = slope - n
        root = (middle + np.sqrt(middle**2 + 4 * slope * s)) / (2 * slope)
        return np.asarray(np.clip(root, 0.0, 1.0))

    def evidence(p: Floats) -> float:
        # A stratum without audits rules nothing out; otherwise 0 log 0 is 0.
        right = np.where(n - s > 0, (n - s) * np.log1p(-np.minimum(p, 1 - 1e-15)), 0.0)
        return float((wealth - np.where(s > 0, s * np.log(np.maximum(p, 1e-300)), 0.0) - right).sum())

    low, high = 1e-12, 1e12
    # The dearer evidence is, the lower the rates; the price is found at which the evidence just suffices.
    for _ in range(200):
        price = float(np.sqrt(low * high))
        if evidence(rates(price)) < limit:
            high = price
        else:
            low = price
    return min(1.0, float(w @ rates(low)))
