"""How sure a label is that rests on few answers, before the answers themselves can tell how good their authors are.

Each annotator is right with some chance: what gold items showed, pulled towards 80% by ten answers. A single answer of somebody unknown
is believed at 80%, so that an overlap that grows until the consensus is sure does grow.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CERTAIN", "expected_accuracy"]

PRIOR, PULL = 0.8, 10.0
CERTAIN = 0.99
"""Nobody is believed more than this."""


def expected_accuracy(gold: Mapping[int, tuple[float, int]], user_id: int) -> float:
    """Return the chance that an annotator is right, from `gold`: how many gold answers were right, and how many there were.

    >>> expected_accuracy({7: (20.0, 20)}, 7), expected_accuracy({}, 8)
    (0.9333333333333333, 0.8)
    """
    right, answers = gold.get(user_id, (0.0, 0))
    return min(CERTAIN, (right + PRIOR * PULL) / (answers + PULL))
