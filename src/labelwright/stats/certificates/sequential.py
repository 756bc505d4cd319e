"""Bounds that stay valid however often they are looked at, after every answer if need be.

H. Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm", Annals of Mathematical Statistics 41 (1970), for the
mixture; I. Waudby-Smith and A. Ramdas, "Confidence sequences for sampling without replacement", NeurIPS (2020), for finite populations;
doubling looks split the risk over the looks of an exact bound.
"""

from __future__ import annotations

from labelwright.errors import InvalidInput
from labelwright.stats.certificates.binomial import checked_confidence, checked_counts, whole

__all__ = ["confidence_of_look", "sequential_upper_bound"]


def sequential_upper_bound(
    errors: int, audits: int, confidence: float = 0.95, *, population: int | None = None, expected: float = 0.02
) -> float:
    """Return an upper bound, 0 to 1, on the error rate that holds at all looks together.

    Whatever the true rate, the chance that the bound falls below it at any time, however often it is computed as audits come in, is at
    most 1 - confidence. The price against a single exact look is about twice the audits. The audits are uniformly random items, in the
    order of the draw.

    Args:
        errors: errors found so far, 0 to `audits`.
        audits: items audited so far.
        confidence: above 0 and below 1.
        population: the number of items if they are drawn without replacement from so many; None for a stream without end.
        expected: the error rate, above 0 and below 1, at which the bound is to be sharpest. It has to be fixed before the first audit; a
            bad guess costs width and never validity.

    Raises:
        InvalidInput: a count, the confidence or the expected rate is out of range.

    >>> round(sequential_upper_bound(0, 500), 4), sequential_upper_bound(0, 0)
    (0.0108, 1.0)
    """
    import numpy as np
    from scipy.special import betaln

    checked_counts(errors, audits)
    risk = 1 - checked_confidence(confidence)
    if not 0 < expected < 1:
        raise InvalidInput(f"The expected error rate has to lie between 0 and 1, and is {expected}.")
    if population is not None and (not whole(population) or population < max(audits, 1)):
        raise InvalidInput(f"A population of {population} items cannot have had {audits} of them audited.")
    if audits == 0:
        return 1.0
    a, b = 1.0, 1 / expected - 1
    wealth = float(betaln(a + errors, b + audits - errors) - betaln(a, b))
    if population is not None:
        return _finite(errors, audits, population, a, b, risk)
    # The mixture's wealth against the rate p grows with p above the share found, so that the bound is bisected.
    low, high = errors / audits, 1.0
    if errors == audits:
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if wealth - errors * np.log(max(middle, 1e-300)) - (audits - errors) * np.log1p(-min(middle, 1 - 1e-15)) < -np.log(risk):
            low = middle
        else:
            high = middle
    return float(high)


def confidence_of_look(look: int, confidence: float = 0.95) -> float:
    """Return the confidence to give the exact bound at a look, so that all looks together keep `confidence`.

    The risk is halved with every look: half of it for the first, a quarter for the second. It suits few looks, each after about twice as
    many audits as the last.

    Args:
        look: 1 for the first look.
        confidence: above 0 and below 1, for all looks together.

    Raises:
        InvalidInput: the look is not a whole number from 1 on, comes after so many that no risk is left, or the confidence is out of range.

    >>> confidence_of_look(2, 0.95)
    0.9875
    """
    if not whole(look) or look < 1:
        raise InvalidInput(f"Looks are counted from 1, and this one is {look}.")
    left: float = 1 - (1 - checked_confidence(confidence)) / 2.0 ** min(int(look), 1000)
    if left == 1:
        raise InvalidInput(f"After {look - 1} looks no risk is left for another one.", hint="Use `sequential_upper_bound`.")
    return left


def _finite(errors: int, audits: int, population: int, a: float, b: float, risk: float) -> float:
    """Invert the ratio of prior to posterior over the number of wrong items in the population, a martingale under each number."""
    import numpy as np
    from scipy.special import betaln, gammaln

    def choose(n: float, k: float) -> float:
        return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    gained = float(betaln(a + errors, b + audits - errors) - betaln(a, b))

    def log_ratio(wrong: int) -> float:
        rest, left = population - audits, wrong - errors
        return gained + choose(population, wrong) - choose(rest, left)

    # The log ratio of counts is convex in the number of wrong items with its least value near the share found.
    low = min(max(errors, round(population * errors / audits)), population - audits + errors)
    high = population - audits + errors
    if log_ratio(high) < -np.log(risk):
        return high / population
    while high - low > 1:
        middle = (low + high) // 2
        if log_ratio(middle) < -np.log(risk):
            low = middle
        else:
            high = middle
    return low / population
