"""Gamma for spans and segments: agreement on where units are and on what they are, with the alignment that suits both best.

Y. Mathet, A. Widlöcher and J.-P. Métivier, "The Unified and Holistic Method Gamma for Inter-Annotator Agreement Measure and Alignment",
Computational Linguistics 41 (2015). Their alignment joins the units of all annotators at once; here each two annotators are aligned
exactly, and the disorders of all pairs are averaged, which is the same for two annotators and close to it for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.shapes import INTERVAL
from labelwright.stats.agreement.base import Agreement, no_agreement, ratio_agreement
from labelwright.stats.answers import Floats
from labelwright.stats.certificates.binomial import checked_confidence
from labelwright.stats.fusion.matching import Labeled, checked_units, overlap_of_labels

__all__ = ["gamma_agreement"]


def gamma_agreement(
    items: Sequence[Sequence[Labeled | None]],
    *,
    lengths: Sequence[float] | None = None,
    positional: float = 1.0,
    categorical: float = 1.0,
    chance: int = 30,
    confidence: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Return gamma: 1 where annotators marked the same units, 0 where they agree as by chance.

    Two units differ by `positional` times ((difference of starts + difference of ends) / sum of lengths) squared, plus `categorical`
    where their labels differ; a unit without partner costs 1. By chance means: beside somebody's units for another item, turned around
    by a random offset.

    Args:
        items: for each item one entry an annotator: (labels, intervals) with an array (n, 2) of start and end, or None for whoever did
            not see the item.
        lengths: how long each item is, in the intervals' unit; by default up to the last end that anybody marked.
        positional: the weight, at least 0, of the place.
        categorical: the weight, at least 0, of the label.
        chance: how many random partners each annotation meets, at least 1.
        confidence: of the interval over items, above 0 and below 1.
        seed: of the random partners.

    Returns:
        An `Agreement`; NaN with a note where no item was seen by two annotators or nothing was marked.

    Raises:
        InvalidInput: an interval is wrong or an argument is out of range.

    >>> one = (["A", "B"], [[0, 4], [10, 14]])
    >>> gamma_agreement([[one, one], [(["A"], [[3, 9]]), (["A"], [[3, 9]])]]).value
    1.0
    """
    checked_confidence(confidence)
    if min(positional, categorical) < 0 or chance < 1:
        raise InvalidInput("Weights have to be at least 0, and at least one random partner is needed.")
    if lengths is not None and len(lengths) != len(items):
        raise InvalidInput(f"There are {len(items)} items and {len(lengths)} lengths.")
    seen: list[list[tuple[Sequence[Any], Floats]]] = []
    long: list[float] = []
    for number, item in enumerate(items):
        units = [(one[0], checked_units(one, INTERVAL.checked)) for one in item if one is not None]
        if len(units) >= 2:
            seen.append(units)
            least = max((float(places.max(initial=0.0)) for _, places in units), default=0.0)
            long.append(max(least, float(lengths[number]) if lengths is not None else 0.0, 1e-9))
    if not seen:
        return no_agreement("No item was seen by two annotators.", confidence=confidence)
    size = np.array([np.mean([len(places) for _, places in item]) for item in seen])
    if not size.any():
        return no_agreement("Nobody marked anything.", confidence=confidence, items=len(seen))

    def disorder(first: tuple[Sequence[Any], Floats], second: tuple[Sequence[Any], Floats]) -> float:
        return _disorder(first, second, positional, categorical)

    observed = np.array([np.mean([disorder(a, b) for a, b in combinations(item, 2)]) for item in seen])
    met, met_size = _by_chance(seen, long, chance, disorder, np.random.default_rng(seed))
    rate, expected = float(observed.sum() / size.sum()), float(met.sum() / met_size.sum())
    if expected <= 0:
        return no_agreement("By chance there would be no disagreement either.", confidence=confidence, items=len(seen))
    return ratio_agreement(
        rate,
        expected,
        (observed - rate * size) / size.mean(),
        # Each item is met by others as often as it meets them.
        2 * (met - expected * met_size) / met_size.mean(),
        confidence=confidence,
        worst=2.0,
    )


def _by_chance(seen: Any, long: list[float], chance: int, disorder: Any, rng: Any) -> tuple[Floats, Floats]:
    """Return for each item the mean disorder beside random partners, and the mean number of units of the two."""
    met, met_size = np.zeros(len(seen)), np.zeros(len(seen))
    for place, item in enumerate(seen):
        for _ in range(chance):
            own = item[int(rng.integers(len(item)))]
            other = int(rng.integers(len(seen)))
            if other == place and len(seen) > 1:
                other = (other + 1) % len(seen)
            labels, units = seen[other][int(rng.integers(len(seen[other])))]
            stretch = long[place] / long[other]
            turned = (units * stretch + rng.random() * long[place]) if len(units) else units
            if len(units):
                # A unit that would reach over the end begins anew at the start, and is never cut.
                turned = turned - np.floor(turned[:, :1] / long[place]) * long[place]
            met[place] += disorder(own, (labels, turned)) / chance
            met_size[place] += (len(own[1]) + len(units)) / 2 / chance
    return met, met_size


def _disorder(first: tuple[Sequence[Any], Floats], second: tuple[Sequence[Any], Floats], positional: float, categorical: float) -> float:
    """Return the least cost at which the units of two annotators are paired or left alone; a unit left alone costs half on each side."""
    a, b = first[1], second[1]
    if not len(a) or not len(b):
        return float(len(a) + len(b))
    from scipy.optimize import linear_sum_assignment

    apart = np.abs(a[:, None, 0] - b[None, :, 0]) + np.abs(a[:, None, 1] - b[None, :, 1])
    span = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None]
    # Two units without length are in one place or far apart.
    share = np.where(span > 0, apart / np.where(span > 0, span, 1.0), np.where(apart > 0, 2.0, 0.0))
    cost = positional * share**2 + categorical * (1 - overlap_of_labels(first[0], second[0]))
    # A pair that costs more than leaving both alone is none.
    gain = np.maximum(2.0 - cost, 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return float(len(a) + len(b) - gain[rows, columns].sum())
