"""The one of several texts that is nearest to all: something that somebody wrote, and no patchwork.

J. Braylan and M. Lease, "Modeling and Aggregation of Complex Annotations via Annotation Distances", The Web Conference (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.texts.distance import checked_unit, text_distance

__all__ = ["MedoidText", "checked_texts", "medoid_text"]


@dataclass(frozen=True)
class MedoidText:
    """The chosen text, its place among those given, and a confidence, 0 to 1: one minus its mean distance to the others."""

    text: str
    place: int
    confidence: float


def medoid_text(
    texts: Sequence[str], *, weights: Sequence[float] | None = None, by: Literal["words", "characters"] = "words"
) -> MedoidText:
    """Return the text with the least weighted mean distance to the others; of equal ones the first in the order of the alphabet.

    Args:
        texts: n texts of different annotators.
        weights: one weight an annotator, such as the skill; 1 by default.
        by: whether texts are compared by words or by characters.

    Raises:
        InvalidInput: there is no text, a weight is wrong, or there is no such unit.

    >>> medoid_text(["the cat sat", "the cat sat", "a cat sad"]).text
    'the cat sat'
    """
    weight = checked_texts(texts, weights)
    checked_unit(by)
    count = len(texts)
    apart = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            apart[i, j] = apart[j, i] = text_distance(texts[i], texts[j], by=by)
    cost = [fsum(row * weight) for row in apart]
    best = min(range(count), key=lambda place: (round(float(cost[place]), 12), -weight[place], texts[place]))
    others = fsum(weight) - float(weight[best])
    return MedoidText(texts[best], best, 1 - float(cost[best]) / others if others > 0 else 1.0)


def checked_texts(texts: Sequence[str], weights: Sequence[float] | None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the weights of the texts' annotators after checking both."""
    if not len(texts) or not all(isinstance(text, str) for text in texts):
        raise InvalidInput("There has to be at least one text, and nothing but texts.")
    weight = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (len(texts),) or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise InvalidInput(f"There have to be {len(texts)} weights, one a text, none negative and not all 0.")
    return weight
