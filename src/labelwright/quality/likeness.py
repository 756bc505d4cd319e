"""How far votes are alike where their kind tells more than whether they are the same: a rating of 2 is nearer to 3 than to 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.schema import Question
from labelwright.schema.kinds import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["distances", "likeness", "pairwise", "partners", "same_labels"]


def likeness(question: Question) -> NDArray[np.float64]:
    """Return how far an answer with one label is alike one with another, 0 to 1, as an array (label, label) in the order of the labels."""
    answers = [question.elected(label) for label in question.labels]
    return np.array([[question.similarity(first, second) for second in answers] for first in answers], dtype=np.float64)


def same_labels(question: Question, labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether a part with one label counts as the same as it would be with another, as an array (label, label).

    Marks never do. Answers about the whole field do where the question's yardstick says so, as ratings that are near enough.
    """
    if question.shape is not None:
        return np.eye(len(labels), dtype=bool)
    answers = [question.with_parts([Part(label)]) for label in labels]
    return np.array([[question.alike(first, second) for second in answers] for first in answers], dtype=bool).reshape((len(labels),) * 2)


def distances(question: Question) -> list[list[float]]:
    """Return how far the answers with two labels are apart, in the order of the labels."""
    answers = [question.elected(label) for label in question.labels]
    return [[question.distance(first, second) for second in answers] for first in answers]


def partners(task: Any) -> tuple[Any, Any]:
    """Return the rows of both answers of each pair to one item, where `task` has the items of the answers, in ascending order."""
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    lag = 1
    # Partners of a pair lie one, two, … places apart.
    while lag < len(task) and len(found := np.flatnonzero(task[lag:] == task[:-lag])):
        first.append(found)
        second.append(found + lag)
        lag += 1
    return np.concatenate(first), np.concatenate(second)


def pairwise(task: Any, label: Any, items: int, alike: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the answers to each item are alike, as the mean over all pairs of them; negative where there is one answer.

    Args:
        task: n places of items, in ascending order, one an answer.
        label: n places of labels.
        items: how many items there are.
        alike: how far labels are alike, (label, label).

    >>> pairwise(np.array([0, 0, 1]), np.array([0, 1, 0]), 2, np.array([[1, 0.75], [0.75, 1]])).tolist()
    [0.75, -1.0]
    """
    first, second = partners(task)
    total = np.bincount(task[first], weights=alike[label[first], label[second]], minlength=items)
    count = np.bincount(task, minlength=items)
    pairs = count * (count - 1) / 2
    found: NDArray[np.float64] = np.where(pairs > 0, total / np.where(pairs > 0, pairs, 1.0), -1.0)
    return found
