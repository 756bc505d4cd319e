"""Cohen's kappa: the agreement of two annotators beyond what their own habits would give by chance.

J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960), and "Weighted kappa",
Psychological Bulletin 70 (1968); the standard error follows Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import LEAST, Agreement, no_agreement, ratio_agreement
from labelwright.stats.answers import Floats, encode_answers

__all__ = ["cohen_kappa"]


def cohen_kappa(first: Any, second: Any, *, weights: Literal["linear", "quadratic"] | None = None, confidence: float = 0.95) -> Agreement:
    """Return kappa for the answers of two annotators to the same n items: 1 is perfect, 0 is chance.

    Args:
        first: n answers of the one; None and NaN are missing, and the item is left out.
        second: n answers of the other, in the same order of items.
        weights: None counts each disagreement the same; `linear` and `quadratic` weigh it by the distance, or its square, of the places
            of the two answers among the sorted ones.
        confidence: of the interval over items, above 0 and below 1.

    Returns:
        An `Agreement`; NaN with a note where no item has both answers or both annotators always gave one and the same answer.

    Raises:
        InvalidInput: lengths differ, there is no answer, or an argument is out of range.

    >>> round(cohen_kappa(list("aabbb"), list("aabba")).value, 4)
    0.6154
    """
    if len(first) != len(second):
        raise InvalidInput(f"The annotators' answers have to be equally many, and are {len(first)} and {len(second)}.")
    if weights not in (None, "linear", "quadratic"):
        raise InvalidInput(f"There is no weighting named '{weights}'.", hint="Known are: linear, quadratic.")
    n = len(first)
    item = np.tile(np.arange(n), 2)
    answers = encode_answers(item, np.repeat([0, 1], n), [*first, *second], duplicates="all")
    a, b = np.full(n, -1), np.full(n, -1)
    tasks, people = np.asarray(answers.tasks)[answers.task], np.asarray(answers.annotators)[answers.annotator]
    a[tasks[people == 0]] = answers.label[people == 0]
    b[tasks[people == 1]] = answers.label[people == 1]
    both = (a >= 0) & (b >= 0)
    a, b, n = a[both], b[both], int(both.sum())
    if not n:
        return no_agreement("No item has both answers.", confidence=confidence)
    apart = _disagreements(len(answers.classes), weights)
    p = np.bincount(a, minlength=len(apart)) / n
    q = np.bincount(b, minlength=len(apart)) / n
    observed, expected = float(apart[a, b].mean()), float(p @ apart @ q)
    if expected <= 0:
        return no_agreement("Both gave one and the same answer throughout.", confidence=confidence, items=n)
    first_apart, second_apart = apart @ q, p @ apart
    change = first_apart[a] + second_apart[b] - 2 * expected
    return ratio_agreement(
        observed,
        expected,
        apart[a, b] - observed,
        change,
        confidence=confidence,
        worst=float(apart.max()),
        unseen=(-observed, float((first_apart + second_apart).max()) - 2 * expected),
        least=LEAST,
    )


def _disagreements(n_classes: int, weights: str | None) -> Floats:
    place = np.arange(n_classes, dtype=np.float64)
    distance = np.abs(place[:, None] - place[None])
    if weights == "linear":
        return distance
    return distance**2 if weights == "quadratic" else (distance > 0).astype(np.float64)
