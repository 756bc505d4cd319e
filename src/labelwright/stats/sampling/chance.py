"""Samples by chance alone: the only ones that teach class shares and skills without bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.stats.answers import encode
from labelwright.stats.sampling._checks import checked_size

__all__ = ["random_sample", "stratified_sample"]


def random_sample(population: int, size: int, *, seed: int = 0) -> Any:
    """Return `size` different places below `population`, each equally likely, in random order.

    >>> sorted(random_sample(3, 5).tolist())
    [0, 1, 2]
    """
    return np.random.default_rng(seed).permutation(population)[: checked_size(size, population)]


def stratified_sample(strata: Any, size: int, *, at_least: int = 1, seed: int = 0) -> Any:
    """Return `size` places spread over the strata in proportion to their sizes, and `at_least` so many of each where it has them.

    Quotas are whole numbers by the method of largest remainders. Items of one stratum are equally likely; items of different strata are
    not where `at_least` lifts a small one, so that figures for all items have to be weighted by stratum.

    Args:
        strata: n hashable values, the stratum of each item.
        size: how many to pick; more are picked only where `at_least` demands it.
        at_least: the fewest of each stratum.
        seed: of the random order.

    Raises:
        InvalidInput: a stratum is missing, or the size is no whole number.

    >>> picked = stratified_sample(["a"] * 90 + ["b"] * 10, 10)
    >>> len(picked), int((picked >= 90).sum())
    (10, 1)
    """
    code, names = encode(strata, what="stratum")
    if not len(names):
        return np.empty(0, dtype=np.int64)
    counts = np.bincount(code, minlength=len(names))
    size = checked_size(size, len(code))
    quota = _quotas(counts, size, at_least)
    shuffled = np.random.default_rng(seed).permutation(len(code))
    # The rank of each item within its stratum, in the random order.
    by_stratum = np.argsort(code[shuffled], kind="stable")
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rank = np.empty(len(code), dtype=np.int64)
    rank[by_stratum] = np.arange(len(code)) - np.repeat(start, counts)
    return shuffled[rank < quota[code[shuffled]]]


def _quotas(counts: Any, size: int, at_least: int) -> Any:
    total = int(counts.sum())
    fair = counts * (size / total)
    quota = np.maximum(np.floor(fair).astype(np.int64), np.minimum(at_least, counts))
    for place in np.argsort(-(fair - np.floor(fair)), kind="stable"):
        if quota.sum() >= size:
            break
        if quota[place] < counts[place] and quota[place] <= fair[place]:
            quota[place] += 1
    # What small strata took beyond their share is given up by the largest ones.
    while quota.sum() > size and bool((quota > np.minimum(at_least, counts)).any()):
        quota[np.argmax(np.where(quota > np.minimum(at_least, counts), quota, -1))] -= 1
    return quota
