"""SPRT: tests a newcomer with as few gold items as the decision needs.

A. Wald, "Sequential Tests of Statistical Hypotheses", Annals of Mathematical Statistics 16 (1945).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.control.cusum import _checked

__all__ = ["Qualification", "qualify"]


@dataclass(frozen=True, eq=False)
class Qualification:
    """The decision, `open` while it needs more answers; `decided_at` counts the answers that it took, and is None while open.

    `path[t]` is the log-likelihood ratio for passing after answer `t`; it passes at `upper` and fails at `lower`.
    """

    decision: Literal["pass", "fail", "open"]
    decided_at: int | None
    path: Floats
    lower: float
    upper: float


def qualify(
    outcomes: Any, *, passing: float = 0.9, failing: float = 0.7, false_pass: float = 0.05, false_fail: float = 0.05
) -> Qualification:
    """Decide whether an annotator whose answers come one by one reaches the accuracy `passing` or only `failing`.

    Whoever answers at the rate `failing` or worse passes with probability at most about `false_pass`, and whoever answers at `passing`
    or better fails with at most about `false_fail`; in between, either may happen, after more answers.

    Args:
        outcomes: n outcomes on gold items in the order in which they came, 1 or true for right.
        passing: the accuracy to be reached, below 1.
        failing: the accuracy that is too low, above 0 and below `passing`.
        false_pass: above 0, below one half.
        false_fail: above 0, below one half.

    Raises:
        InvalidInput: an outcome is neither right nor wrong, or a rate is out of range.

    >>> qualify([1] * 14).decision, qualify([1, 0, 0, 0]).decision, qualify([1, 1]).decision
    ('pass', 'fail', 'open')
    """
    right = _checked(outcomes)
    if not 0 < failing < passing < 1:
        raise InvalidInput("The failing accuracy has to lie above 0 and below the passing one, and that below 1.")
    if not (0 < false_pass < 0.5 and 0 < false_fail < 0.5):
        raise InvalidInput("The chances of a wrong decision have to lie between 0 and one half.")
    lower, upper = float(np.log(false_fail / (1 - false_pass))), float(np.log((1 - false_fail) / false_pass))
    path: Floats = np.cumsum(np.where(right, np.log(passing / failing), np.log((1 - passing) / (1 - failing))), dtype=np.float64)
    ended = np.flatnonzero((path >= upper) | (path <= lower))
    if not len(ended):
        return Qualification("open", None, path, lower, upper)
    at = int(ended[0])
    return Qualification("pass" if path[at] >= upper else "fail", at + 1, path, lower, upper)
