"""Several annotators' masks of one thing become one mask, with a probability for every pixel and each annotator's sensitivity.

S. K. Warfield, K. H. Zou and W. M. Wells, "Simultaneous Truth and Performance Level Estimation (STAPLE): An Algorithm for the Validation of
Image Segmentation", IEEE Transactions on Medical Imaging 23 (2004): Dawid-Skene with two classes, pixels for tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats

__all__ = ["FusedMask", "fuse_masks"]

EDGE = 1e-6


@dataclass(frozen=True, eq=False)
class FusedMask:
    """One mask made of several.

    `probability` is an array (height, width), 0 to 1, `mask` where it is at least a half. `sensitivity` and `specificity` have one number
    an annotator: how much of the thing, and of the ground, the annotator marks as such. `confidence` is the mean certainty, 0.5 to 1, of
    the pixels that annotators disagree about, 1 where they agree on all.
    """

    mask: Any
    probability: Floats
    sensitivity: Floats
    specificity: Floats
    confidence: float


def fuse_masks(
    masks: Any,
    *,
    method: Literal["staple", "vote"] = "staple",
    weights: Sequence[float] | None = None,
    iterations: int = 100,
    tolerance: float = 1e-6,
) -> FusedMask:
    """Fuse the masks of several annotators.

    Args:
        masks: truth values of the shape (annotators, height, width).
        method: `staple` estimates each annotator's sensitivity and specificity along with the mask; `vote` takes the share of the weight.
        weights: one weight an annotator, such as the skill; 1 by default.
        iterations: the most iterations of `staple`, at least 1.
        tolerance: `staple` stops when no probability moved by more than this.

    Returns:
        A `FusedMask`. Pixels on which all agree are settled, and only the others are estimated, so that a large ground does not make every
        annotator look alike.

    Raises:
        InvalidInput: there is no annotator, a shape or weight is wrong, or the method is unknown.

    >>> rows = np.array([[[1, 1, 0]], [[1, 1, 0]], [[1, 0, 1]]])
    >>> fuse_masks(rows, method="vote").probability.round(3).tolist()
    [[1.0, 0.667, 0.333]]
    >>> fuse_masks(rows).mask.tolist()
    [[True, True, False]]
    """
    array = np.asarray(masks) != 0
    if array.ndim != 3 or not len(array):
        raise InvalidInput("Masks have to be truth values of the shape (annotators, height, width), of one annotator at least.")
    if method not in ("staple", "vote"):
        raise InvalidInput(f"There is no method '{method}'.", hint="Known are: staple, vote.")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.", where="iterations")
    weight = np.ones(len(array)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (len(array),) or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise InvalidInput(f"There have to be {len(array)} weights, one an annotator, none negative and not all 0.")
    flat = array.reshape(len(array), -1)
    share: Floats = weight @ flat / weight.sum()
    disputed = np.flatnonzero((share > 0) & (share < 1))
    probability = share.copy()
    if method == "staple" and len(disputed):
        probability[disputed] = _staple(flat[:, disputed], share[disputed], weight / weight.max(), iterations, tolerance)
    # How much each marks of the thing and of the ground, over the pixels in dispute and pulled to one half by a pixel each.
    found, given = probability[disputed], flat[:, disputed].astype(np.float64)
    sensitivity = (given @ found + 0.5) / (found.sum() + 1.0)
    specificity = ((1 - given) @ (1 - found) + 0.5) / ((1 - found).sum() + 1.0)
    if not len(disputed):
        sensitivity, specificity = np.ones(len(array)), np.ones(len(array))
    confidence = float(np.maximum(found, 1 - found).mean()) if len(disputed) else 1.0
    shaped = probability.reshape(array.shape[1:])
    return FusedMask(shaped >= 0.5, shaped, sensitivity, specificity, confidence)


def _staple(given: Any, start: Floats, weight: Floats, iterations: int, tolerance: float) -> Floats:
    """Estimate the probability of each disputed pixel by expectation maximisation; one pseudo-pixel of each kind is the prior."""
    marks = given.astype(np.float64)
    # Many pixels have the same pattern of marks: each pattern is estimated once.
    code, place, count = np.unique(np.packbits(given, axis=0), axis=1, return_inverse=True, return_counts=True)
    first = np.zeros(code.shape[1], dtype=np.int64)
    place = np.asarray(place).ravel()
    first[place] = np.arange(len(place))
    marks, probability, times = marks[:, first], start[first], count.astype(np.float64)
    for _ in range(iterations):
        inside, outside = times * probability, times * (1 - probability)
        sensitivity = np.clip((marks @ inside + 2.0) / (inside.sum() + 3.0), EDGE, 1 - EDGE)
        specificity = np.clip(((1 - marks) @ outside + 2.0) / (outside.sum() + 3.0), EDGE, 1 - EDGE)
        prior = (inside.sum() + 1) / (times.sum() + 2)
        odds = np.log(prior / (1 - prior))
        odds = odds + (weight * np.log(sensitivity / (1 - specificity))) @ marks
        odds = odds + (weight * np.log((1 - sensitivity) / specificity)) @ (1 - marks)
        after = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
        moved = float(np.abs(after - probability).max())
        probability = after
        if moved <= tolerance:
            break
    found: Floats = probability[place]
    return found
