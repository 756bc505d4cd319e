"""Bounds for many classes or slices at once, that all hold together.

S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979), and Bonferroni's
inequality.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from labelwright.errors import InvalidInput
from labelwright.stats.certificates.binomial import binomial_upper_bound, checked_confidence

__all__ = ["certified_slices", "slice_upper_bounds"]


Bound = Callable[..., float]
"""A bound as a function of a slice's counts and the confidence, such as `binomial_upper_bound`."""


def slice_upper_bounds(
    audits: Mapping[Hashable, Sequence[int]], confidence: float = 0.95, *, bound: Bound = binomial_upper_bound
) -> dict[Hashable, float]:
    """Return an upper bound on the error rate of every slice, such that all hold together with `confidence`.

    Args:
        audits: for each class or slice (errors, audits) of uniformly random audits within it, or whatever else the bound begins with.
        confidence: above 0 and below 1, for all slices together.
        bound: the bound of one slice, called with its counts and a confidence. `binomial_upper_bound` holds for one look;
            `hypergeometric_upper_bound` takes (errors, audits, population); with `sequential_upper_bound` all bounds hold at all looks.

    Raises:
        InvalidInput: a count or the confidence is out of range.

    >>> bounds = slice_upper_bounds({"refund": (0, 300), "bug": (2, 300)})
    >>> round(bounds["refund"], 4), round(bounds["bug"], 4)
    (0.0122, 0.0239)
    >>> from labelwright.stats import hypergeometric_upper_bound
    >>> slice_upper_bounds({"refund": (0, 300, 400), "bug": (2, 300, 300)}, bound=hypergeometric_upper_bound)["bug"] == 2 / 300
    True
    """
    risk = (1 - checked_confidence(confidence)) / max(len(audits), 1)
    return {name: bound(*counts, 1 - risk) for name, counts in audits.items()}


def certified_slices(
    audits: Mapping[Hashable, Sequence[int]], target: float, confidence: float = 0.95, *, bound: Bound = binomial_upper_bound
) -> list[Hashable]:
    """Return the slices whose error rate is at most `target`, such that no slice is named wrongly with `confidence`.

    Every slice is tried with the risk over the number of slices not yet named, again and again while that names more (Holm), which names
    at least as many as comparing `slice_upper_bounds` with the target would. With a bound that holds at all looks, so do the names.

    Args:
        audits: for each class or slice (errors, audits) of uniformly random audits within it, or whatever else the bound begins with.
        target: the error rate, above 0 and below 1.
        confidence: above 0 and below 1, for all slices together.
        bound: the bound of one slice, as in `slice_upper_bounds`.

    Raises:
        InvalidInput: a count, the target or the confidence is out of range.

    >>> certified_slices({"refund": (0, 400), "bug": (9, 400)}, 0.02)
    ['refund']
    """
    risk = 1 - checked_confidence(confidence)
    if not 0 < target < 1:
        raise InvalidInput(f"The error rate to certify has to lie between 0 and 1, and is {target}.")
    left, named = dict(audits), list[Hashable]()
    while left:
        bounds = {name: bound(*counts, 1 - risk / len(left)) for name, counts in left.items()}
        met = sorted((name for name in left if bounds[name] <= target), key=lambda name: bounds[name])
        if not met:
            break
        named += met
        left = {name: counts for name, counts in left.items() if name not in met}
    return named
