"""Agreement on masks: the matched overlap of every pair of annotators of a picture, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import Agreement, mean_agreement
from labelwright.stats.fusion.matching import Labeled, checked_masks, mask_iou, match_units

__all__ = ["mask_agreement", "mask_iou"]


def mask_agreement(
    items: Sequence[Sequence[Labeled | None]],
    *,
    iou: float = 0.5,
    same_label: bool = True,
    measure: Literal["f1", "iou"] = "f1",
    confidence: float = 0.95,
) -> Agreement:
    """Return the mean over pictures of how far every pair of annotators agrees on the masks, 0 to 1.

    Args:
        items: for each picture one entry an annotator: (labels, masks) with truth values (n, height, width), or None for whoever did not
            see it. Two who both marked nothing agree.
        iou: the least overlap, above 0 and at most 1, of two masks that match.
        same_label: whether matching masks need one label.
        measure: `f1` counts matched masks; `iou` sums their overlaps in place of counting them as 1.
        confidence: of the interval over pictures, above 0 and below 1.

    Returns:
        An `Agreement`; NaN with a note where no picture was seen by two annotators.

    Raises:
        InvalidInput: a mask is wrong or an argument is out of range.

    >>> cell = (["cell"], [[[1, 1, 0], [1, 1, 0]]])
    >>> mask_agreement([[cell, cell], [cell, ([], [])], [cell, None]]).value
    0.5
    """
    if measure not in ("f1", "iou"):
        raise InvalidInput(f"There is no measure named '{measure}'.", hint="Known are: f1, iou.")
    values = []
    for item in items:
        seen = [units for units in item if units is not None]
        if len(seen) < 2:
            continue
        found = []
        for a, b in combinations(seen, 2):
            matching = match_units(a, b, mask_iou, checked_masks, iou=iou, same_label=same_label)
            units = 2 * len(matching.pairs) + len(matching.first_unmatched) + len(matching.second_unmatched)
            found.append(matching.f1 if measure == "f1" else 2 * sum(matching.ious) / units if units else 1.0)
        values.append(np.mean(found))
    return mean_agreement(np.array(values, dtype=np.float64), confidence=confidence)
