"""Several annotators' masks of one thing become one mask, with a probability for every pixel and each annotator's sensitivity; and masks
of several things are matched before.

S. K. Warfield, K. H. Zou and W. M. Wells, "Simultaneous Truth and Performance Level Estimation (STAPLE): An Algorithm for the Validation of
Image Segmentation", IEEE Transactions on Medical Imaging 23 (2004): Dawid-Skene with two classes, pixels for tasks.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.fusion.grouping import checked_weights, group_units, name_order
from labelwright.stats.fusion.matching import Labeled, checked_masks, mask_iou

__all__ = ["FusedInstance", "FusedMask", "fuse_instances", "fuse_masks"]

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


@dataclass(frozen=True, eq=False)
class FusedInstance:
    """A thing whose masks annotators agree on.

    `probability` is an array (height, width), 0 to 1, `mask` where it is at least a half. `confidence`, 0 to 1, is the share of the
    annotators' weight behind this label here; `iou`, 0 to 1, how well the members overlap; `members` are (annotator, mask) places in the
    input.
    """

    label: Hashable
    mask: Any
    probability: Floats
    confidence: float
    iou: float
    members: tuple[tuple[int, int], ...]


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
    try:
        array = np.asarray(masks) != 0
    except ValueError as error:
        raise InvalidInput("The masks of one thing have to be of one size.") from error
    if array.ndim != 3 or not len(array):
        raise InvalidInput("Masks have to be truth values of the shape (annotators, height, width), of one annotator at least.")
    if method not in ("staple", "vote"):
        raise InvalidInput(f"There is no method '{method}'.", hint="Known are: staple, vote.")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.", where="iterations")
    weight = checked_weights(weights, len(array))
    # Sums over annotators are taken in an order that follows from their masks, so that no order of annotators changes a digit.
    order = np.array(sorted(range(len(array)), key=lambda who: (_key(array[who]), weight[who])))
    weight = weight[order]
    flat = array[order].reshape(len(array), -1)
    share: Floats = weight @ flat / weight.sum()
    counted = flat[weight > 0]
    disputed = np.flatnonzero(counted.any(axis=0) & ~counted.all(axis=0))
    share[counted.all(axis=0)] = 1.0
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
    back = np.argsort(order)
    # Rounding of the weights must not decide where exactly half of them are on each side.
    return FusedMask(shaped >= 0.5 - 1e-9, shaped, sensitivity[back], specificity[back], confidence)


def fuse_instances(
    annotators: Sequence[Labeled],
    *,
    method: Literal["staple", "vote"] = "vote",
    weights: Sequence[float] | None = None,
    iou: float = 0.5,
    quorum: float = 0.5,
) -> list[FusedInstance]:
    """Fuse the masks of several annotators who marked several things: group by overlap, vote on existence and label, then on each pixel.

    Args:
        annotators: one (labels, masks) for each annotator who saw the picture, masks truth values (n, height, width); whoever saw it and
            marked nothing is `([], [])` and votes against every mask.
        method: how the masks of one group become one, see `fuse_masks`. With few masks a thing, `vote` is the safer one.
        weights: one weight an annotator, such as the skill; 1 by default.
        iou: the least mean overlap, above 0 and at most 1, within a group.
        quorum: the least share, 0 to 1, of the weight of all annotators for a thing to be kept.

    Returns:
        The fused things, the most confident first.

    Raises:
        InvalidInput: no annotator, wrong weights, a wrong mask, or `iou` or `quorum` out of range.

    >>> left, right = [[1, 1, 0, 0]], [[0, 0, 0, 1]]
    >>> fused = fuse_instances([(["cell", "dirt"], [left, right]), (["cell"], [left]), (["cell"], [[[1, 1, 1, 0]]])])
    >>> [(one.label, one.mask.astype(int).tolist(), one.confidence) for one in fused]
    [('cell', [[1, 1, 0, 0]], 1.0)]
    """
    masks = [checked_masks(units[1]) for units in annotators]
    if len({one.shape[1:] for one in masks if len(one)}) > 1:
        raise InvalidInput("The masks of one picture have to be of one size.")
    # Each distinct mask has a number, in the order of their pixels, so that equal ones have one and nobody comes first.
    distinct = {_key(one): one for of in masks for one in of}
    number = {key: place for place, key in enumerate(sorted(distinct))}
    flat = [distinct[key] for key in number]
    units: list[Labeled] = [
        (list(labels), np.array([[number[_key(one)]] for one in of], dtype=np.float64).reshape(-1, 1))
        for (labels, _), of in zip(annotators, masks, strict=True)
    ]

    def overlap(first: Any, second: Any) -> Floats:
        return mask_iou([flat[int(one)] for one in first[:, 0]], [flat[int(one)] for one in second[:, 0]])

    fused = []
    for group in group_units(units, overlap, lambda one: one, weights=weights, iou=iou, quorum=quorum):
        members = [flat[int(place)] for place in group.geometry[:, 0]]
        one = fuse_masks(members, method=method, weights=group.weights.tolist())
        fused.append(FusedInstance(group.label, one.mask, one.probability, group.confidence, group.iou, group.members))
    return sorted(fused, key=lambda one: (-one.confidence, -one.iou, _key(one.mask), name_order(one.label)))


def _key(mask: Any) -> bytes:
    """Return what masks are sorted by: those that begin further up and further left come first."""
    return np.packbits(~mask).tobytes()


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
