"""Bounds for many classes or slices at once, that all hold together.

S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979), and Bonferroni's
inequality.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from labelwright.errors import InvalidInput
from labelwright.stats.certificates.binomial import binomial_upper_bound, checked_confidence, checked_counts

__all__ = ["certified_slices", "slice_upper_bounds"]


def slice_upper_bounds(audits: Mapping[Hashable, tuple[int, int]], confidence: float = 0.95) -> dict[Hashable, float]:
    """Return an upper bound on the error rate of every slice, such that all hold together with `confidence`.

    Args:
        audits: for each class or slice (errors, audits) of uniformly random audits within it.
        confidence: above 0 and below 1, for one look at all slices.

    Raises:
        InvalidInput: a count or the confidence is out of range.

    >>> bounds = slice_upper_bounds({"refund": (0, 300), "bug": (2, 300)})
    >>> round(bounds["refund"], 4), round(bounds["bug"], 4)
    (0.0122, 0.0239)
    """
    risk = (1 - checked_confidence(confidence)) / max(len(audits), 1)
    return {name: binomial_upper_bound(errors, looked, 1 - risk) for name, (errors, looked) in audits.items()}


def certified_slices(audits: Mapping[Hashable, tuple[int, int]], target: float, confidence: float = 0.95) -> list[Hashable]:
    """Return the slices whose error rate is at most `target`, such that no slice is named wrongly with `confidence`.

    The slices are tried in the order of their evidence, each with the risk over the number of slices left (Holm), which names at least
    as many as comparing `slice_upper_bounds` with the target would.

    Args:
        audits: for each class or slice (errors, audits) of uniformly random audits within it.
        target: the error rate, above 0 and below 1.
        confidence: above 0 and below 1, for one look at all slices.

    Raises:
        InvalidInput: a count, the target or the confidence is out of range.

    >>> certified_slices({"refund": (0, 400), "bug": (9, 400)}, 0.02)
    ['refund']
    """
    from scipy.stats import binom

    risk = 1 - checked_confidence(confidence)
    if not 0 < target < 1:
        raise InvalidInput(f"The error rate to certify has to lie between 0 and 1, and is {target}.")
    chance = {}
    for name, (errors, looked) in audits.items():
        checked_counts(errors, looked)
        chance[name] = float(binom.cdf(errors, looked, target))
    named: list[Hashable] = []
    for left, name in zip(range(len(chance), 0, -1), sorted(chance, key=lambda one: chance[one]), strict=True):
        if chance[name] > risk / left:
            break
        named.append(name)
    return named
