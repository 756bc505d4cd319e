"""Which pairs of labels annotators confuse: what the guidelines have to explain better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.stats.answers import encode_answers

__all__ = ["Confusable", "confusable_labels"]


@dataclass(frozen=True)
class Confusable:
    """Two labels and how often one annotator gave the first and another the second to one task.

    `pairs` counts pairs of answers; `share`, 0 to 1, is their part of all pairs of answers in which either label occurs.
    """

    first: Any
    second: Any
    pairs: int
    share: float


def confusable_labels(tasks: Any, annotators: Any, labels: Any) -> list[Confusable]:
    """Return the pairs of labels that annotators gave to one task, the most frequent first.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        labels: n labels; None and NaN are missing.

    Raises:
        InvalidInput: lengths differ or there is no answer.

    >>> confusable_labels([1, 1, 2, 2], ["a", "b"] * 2, ["bug", "question", "bug", "bug"])
    [Confusable(first='bug', second='question', pairs=1, share=0.5)]
    """
    from scipy.sparse import csr_array

    answers = encode_answers(tasks, annotators, labels, duplicates="last")
    n_tasks, _, n_classes = answers.shape
    cells = csr_array((np.ones(len(answers.task)), (answers.task, answers.label)), shape=(n_tasks, n_classes))
    together = (cells.T @ cells).tocoo()
    own = np.bincount(answers.label, minlength=n_classes)
    # The diagonal counts each answer with itself and each pair twice.
    met = np.zeros(n_classes)
    apart: dict[tuple[int, int], int] = {}
    for i, j, count in zip(together.row.tolist(), together.col.tolist(), together.data.tolist(), strict=True):
        if i == j:
            met[i] += (count - own[i]) / 2 if count > own[i] else 0.0
        else:
            met[i] += count
            if i < j:
                apart[i, j] = int(count)
    names = answers.classes
    found = [Confusable(names[i], names[j], count, count / float(met[i] + met[j] - count)) for (i, j), count in apart.items()]
    return sorted(found, key=lambda pair: (-pair.pairs, -pair.share, str(pair.first), str(pair.second)))
