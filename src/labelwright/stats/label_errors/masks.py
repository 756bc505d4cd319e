"""Label errors in segmented pictures: pixels that a model is sure about and that say something else.

V. Lad and J. Mueller, "Estimating label quality and errors in semantic segmentation data via any model", ICML workshop (2023), who found
the soft minimum over the pixels to rank pictures best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.label_errors.confident import Prune, find_label_errors

__all__ = ["MaskErrors", "find_mask_errors"]

SOFT = 0.1
"""The temperature of the soft minimum over a picture's pixels."""


@dataclass(frozen=True, eq=False)
class MaskErrors:
    """The doubtful pixels of each picture.

    `wrong` has a truth value a pixel for each picture, an array (height, width); `share` the share of its pixels that are doubtful, and
    `score`, 0 to 1, is low where some pixels surely say something else; `order` are the pictures, the most doubtful first.
    """

    wrong: list[Any]
    share: Floats
    score: Floats

    @property
    def order(self) -> list[int]:
        """The pictures, the most doubtful first."""
        return [int(place) for place in np.argsort(self.score, kind="stable")]


def find_mask_errors(labels: Sequence[Any], probabilities: Sequence[Any], *, prune: Prune = "both", every: int = 1) -> MaskErrors:
    """Find the pixels whose class is probably wrong.

    Args:
        labels: for each picture an array (height, width) of classes 0 to K - 1.
        probabilities: for each picture an array (K, height, width) of predicted probabilities from a model not trained on it.
        prune: as in `find_label_errors`.
        every: look at every so many-th row and column only, at least 1; the others follow the nearest one looked at.

    Raises:
        InvalidInput: shapes do not fit, a class is out of range, or a probability is wrong.

    >>> truth = np.zeros((4, 4), dtype=int); truth[:, 2:] = 1
    >>> sure = np.where(truth == np.arange(2)[:, None, None], 0.9, 0.1)
    >>> given = truth.copy(); given[0, 0] = 1
    >>> find_mask_errors([given], [sure]).wrong[0].nonzero()
    (array([0]), array([0]))
    """
    if len(labels) != len(probabilities):
        raise InvalidInput(f"There are {len(labels)} pictures of labels and {len(probabilities)} of probabilities.")
    if every < 1:
        raise InvalidInput("At least every row has to be looked at.", where="every")
    codes, rows, shapes, whole = [], [], [], []
    for picture, (given, sure) in enumerate(zip(labels, probabilities, strict=True)):
        mask, chance = np.asarray(given), np.asarray(sure, dtype=np.float64)
        if mask.ndim != 2 or chance.ndim != 3 or chance.shape[1:] != mask.shape:
            raise InvalidInput("The shapes have to be (height, width) and (K, height, width).", where=f"picture {picture}")
        whole.append(mask.shape)
        mask, chance = mask[::every, ::every], chance[:, ::every, ::every]
        shapes.append(mask.shape)
        codes.append(mask.ravel())
        rows.append(chance.reshape(len(chance), -1).T)
    if not codes or not sum(len(one) for one in codes):
        return MaskErrors([np.zeros(shape, dtype=bool) for shape in whole], np.zeros(len(whole)), np.ones(len(whole)))
    found = find_label_errors(np.concatenate(codes), np.concatenate(rows), prune=prune)
    doubtful = np.zeros(len(found.score), dtype=bool)
    doubtful[found.suspects] = True
    ends = np.cumsum([len(one) for one in codes])
    wrong, share, score = [], np.zeros(len(codes)), np.ones(len(codes))
    for picture, (shape, full, end) in enumerate(zip(shapes, whole, ends, strict=True)):
        part = slice(end - shape[0] * shape[1], end)
        mask = doubtful[part].reshape(shape)
        wrong.append(np.repeat(np.repeat(mask, every, axis=0), every, axis=1)[: full[0], : full[1]])
        if mask.size:
            pixels = found.score[part]
            weight = np.exp((pixels.min() - pixels) / SOFT)
            share[picture], score[picture] = mask.mean(), (pixels * weight).sum() / weight.sum()
    return MaskErrors(wrong, share, score)
