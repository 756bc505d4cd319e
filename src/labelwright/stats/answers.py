"""Answers as arrays: ids and labels become codes, sorted by task, with duplicates and abstentions settled once for every method.

Everything in `labelwright.stats` that works on (task, annotator, label) starts here, so that the contract on missing answers and on
repeated answers is one contract.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labelwright.errors import InvalidInput

__all__ = ["Answers", "Codes", "Duplicates", "Floats", "encode", "encode_answers", "stretches"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Duplicates = Literal["share", "all", "last", "error"]

BLOCK = 65_536
"""So many tasks are counted at once."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers by code, in ascending order of the task's code.

    `task`, `annotator` and `label` have one entry per answer; the answers to task `t` lie at `start[t]:start[t + 1]`. `weight` is None
    where every answer weighs 1. `abstained` holds one row (task, annotator) for each explicit abstention, which is no answer.
    """

    tasks: Sequence[Any]
    annotators: Sequence[Any]
    classes: list[Any]
    task: Codes
    annotator: Codes
    label: Codes
    weight: Floats | None
    start: NDArray[np.int64]
    abstained: Codes

    @property
    def shape(self) -> tuple[int, int, int]:
        """The numbers of tasks, annotators and classes."""
        return len(self.tasks), len(self.annotators), len(self.classes)

    @property
    def weights(self) -> Floats:
        """One weight per answer, ones where none were needed."""
        return np.ones(len(self.task)) if self.weight is None else self.weight

    def votes(self) -> Floats:
        """Return the weight of the votes for each class, an array (tasks, classes)."""
        return self.weighed(self.weight)

    def weighed(self, weight: Floats | None) -> Floats:
        """Return the summed weight, one for each answer, of the answers for each class, an array (tasks, classes)."""
        n_tasks, _, n_classes = self.shape
        summed = np.empty((n_tasks, n_classes))
        # Block by block, so that what is needed on the way stays small beside the result.
        for first in range(0, n_tasks, BLOCK):
            last = min(first + BLOCK, n_tasks)
            here = slice(self.start[first], self.start[last])
            cell = (self.task[here].astype(np.int64) - first) * n_classes + self.label[here]
            found = np.bincount(cell, weights=None if weight is None else weight[here], minlength=(last - first) * n_classes)
            summed[first:last] = found.reshape(last - first, n_classes)
        return summed

    def take(self, keep: NDArray[np.bool_]) -> Answers:
        """Return the same tasks, annotators and classes with only the answers where `keep`, a mask over the answers, is true."""
        task = self.task[keep]
        return replace(
            self,
            task=task,
            annotator=self.annotator[keep],
            label=self.label[keep],
            weight=None if self.weight is None else self.weight[keep],
            start=_starts(task, len(self.tasks)),
        )

    def only(self, chosen: NDArray[np.bool_]) -> Answers:
        """Return only the tasks where `chosen`, a mask over the tasks, is true, with their answers; annotators and classes stay."""
        kept = self.take(chosen[self.task])
        number = np.cumsum(chosen, dtype=np.int32) - np.int32(1)
        task = number[kept.task]
        tasks = [self.tasks[place] for place in np.flatnonzero(chosen).tolist()]
        abstained = self.abstained[chosen[self.abstained[:, 0]]]
        abstained = np.column_stack([number[abstained[:, 0]], abstained[:, 1]])
        return replace(kept, tasks=tasks, task=task, start=_starts(task, len(tasks)), abstained=abstained)


def encode(values: Any, *, what: str = "value") -> tuple[Codes, Any]:
    """Return a code 0, 1, ... for each value, and the distinct values in the order of their codes.

    Integers are coded in ascending order, everything else in the order of first appearance.

    Args:
        values: a sequence of n hashable values, or an array of one dimension.
        what: what a value is called in an error message.

    Raises:
        InvalidInput: a value is missing (None or NaN) or cannot be hashed, or there are several dimensions.

    >>> codes, distinct = encode(["b", "a", "b"])
    >>> codes.tolist(), list(distinct)
    ([0, 1, 0], ['b', 'a'])
    """
    array = values if isinstance(values, np.ndarray) else None
    if array is None and hasattr(values, "__array__") and getattr(getattr(values, "dtype", None), "kind", "O") in "iub":
        array = np.asarray(values)
    if array is not None and array.ndim != 1:
        raise InvalidInput(f"Each {what} has to be one value, and an array of {array.ndim} dimensions was given.")
    if array is not None and array.dtype.kind in "iu":
        return _encode_integers(array)
    listed: list[Any] = array.tolist() if array is not None else list(values)
    try:
        code = {value: place for place, value in enumerate(dict.fromkeys(listed))}
    except TypeError as error:
        raise InvalidInput(f"A {what} cannot be hashed: {error}.", hint="Use strings or numbers.") from error
    if any(value is None or value != value for value in code):
        raise InvalidInput(f"A {what} is missing (None or NaN).")
    return np.fromiter(map(code.__getitem__, listed), dtype=np.int32, count=len(listed)), list(code)


def encode_answers(
    tasks: Any,
    annotators: Any,
    labels: Any,
    *,
    abstain: Hashable = None,
    duplicates: Duplicates = "share",
    classes: Sequence[Any] | None = None,
    scores: Any = None,
) -> Answers:
    """Turn three equally long sequences into `Answers`.

    Args:
        tasks: n task ids.
        annotators: n annotator ids.
        labels: n labels; one that equals `abstain`, or is None or NaN, says that the annotator abstained.
        abstain: the label that means an abstention.
        duplicates: what happens when an annotator answers a task k > 1 times: `share` gives each answer the weight 1/k, so that the
            order of the answers does not matter; `all` counts each as a full vote; `last` keeps the last in the given order; `error`
            refuses.
        classes: all classes, if some may not occur among the labels; by default the labels that occur, sorted.
        scores: n numbers, 0 to 1: how sure each annotator is of the answer, NaN where that is not known and the answer counts in full. An
            answer weighs 1 at the score 1 and nothing at 1 / K, where its score says no more than a guess among the K classes.

    Raises:
        InvalidInput: lengths differ, there is no answer at all, a label is not among `classes`, a score is not from 0 to 1, or an
            annotator answered twice while `duplicates` is "error".

    >>> answers = encode_answers([7, 7, 3], ["ann", "bob", "ann"], ["cat", "dog", None])
    >>> answers.shape, answers.votes().tolist()
    ((2, 2, 2), [[1.0, 1.0], [0.0, 0.0]])
    """
    if not len(tasks) == len(annotators) == len(labels):
        lengths = f"{len(tasks)}, {len(annotators)} and {len(labels)}"
        raise InvalidInput(f"Tasks, annotators and labels have to be equally long, and have {lengths} entries.")
    if duplicates not in ("share", "all", "last", "error"):
        raise InvalidInput(f"There is no treatment of duplicates named '{duplicates}'.", hint="Known are: share, all, last, error.")
    task, task_ids = encode(tasks, what="task")
    annotator, annotator_ids = encode(annotators, what="annotator")
    label, known = _encode_labels(labels, abstain, classes)
    if not known or label.max(initial=-1) < 0:
        raise InvalidInput("There is no answer to aggregate.", hint="Every label is missing or an abstention." if len(label) else None)
    weight = None if scores is None else _weights_of(scores, len(label), len(known))
    silent = label < 0 if weight is None else (label < 0) | (weight <= 0)
    if bool(silent.all()):
        raise InvalidInput("There is no answer to aggregate.", hint="Every score is that of a guess.")
    abstained = np.empty((0, 2), dtype=np.int32)
    if silent.any():
        abstained = np.column_stack([task[silent], annotator[silent]])
        task, annotator, label = task[~silent], annotator[~silent], label[~silent]
        weight = None if weight is None else weight[~silent]
    if weight is not None:
        # The same stable order by task as below.
        weight = weight[np.argsort(task, kind="stable")]
    if len(task) > 1 and bool((task[1:] < task[:-1]).any()):
        task, annotator, label, start = _by_task(task, annotator, label, (len(task_ids), len(annotator_ids), len(known)))
    else:
        start = _starts(task, len(task_ids))
    answers = Answers(task_ids, annotator_ids, known, task, annotator, label, weight, start, abstained)
    return answers if duplicates == "all" else _settle_duplicates(answers, duplicates)


def _weights_of(scores: Any, count: int, n_classes: int) -> Floats:
    found = np.asarray(scores, dtype=np.float64)
    if found.shape != (count,):
        raise InvalidInput(f"There have to be {count} scores, one an answer.", where="scores")
    unknown = np.isnan(found)
    if not bool(((found >= 0) & (found <= 1) | unknown).all()):
        raise InvalidInput("A score has to be a number from 0 to 1.", where="scores")
    guess = 1 / n_classes if n_classes > 1 else 0.0
    weight: Floats = np.where(unknown, 1.0, np.clip((found - guess) / (1 - guess), 0.0, 1.0))
    return weight


def _encode_integers(array: NDArray[Any]) -> tuple[Codes, Any]:
    if not len(array):
        return np.empty(0, dtype=np.int32), []
    low, high = int(array.min()), int(array.max())
    if high - low > 4 * len(array) + 1024:
        distinct, inverse = np.unique(array, return_inverse=True)
        return inverse.astype(np.int32), distinct
    # Narrow integers cannot hold the difference of two of them.
    narrow = array.dtype.itemsize < 4 or (array.dtype.itemsize == 4 and high - low >= 2**31)
    wide = array.astype(np.int64) if narrow else array
    shifted = wide if low == 0 else wide - wide.dtype.type(low)
    seen = np.zeros(high - low + 1, dtype=bool)
    seen[shifted] = True
    distinct = (np.flatnonzero(seen).astype(wide.dtype) + wide.dtype.type(low)).astype(array.dtype)
    if len(distinct) == len(seen):
        return shifted.astype(np.int32, copy=False), distinct
    code = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    return code[shifted], distinct


def _encode_labels(labels: Any, abstain: Hashable, classes: Sequence[Any] | None) -> tuple[Codes, list[Any]]:
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and labels.ndim == 1:
        code, found = _encode_integers(labels)
        distinct = [value.item() for value in np.asarray(found)]
    else:
        listed = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
        # A missing label is an abstention: None and NaN become one code that `encode` accepts.
        blank = object()
        try:
            code, found = encode([blank if value is None or value != value else value for value in listed], what="label")
        except ValueError as error:
            raise InvalidInput("A label has to be one value, not an array.") from error
        distinct = [abstain if value is blank else value for value in found]
    known = list(classes) if classes is not None else _sorted({value for value in distinct if not _is(value, abstain)})
    place = {value: index for index, value in enumerate(known)}
    if len(place) != len(known):
        raise InvalidInput("A class is named twice.")
    strange = [value for value in distinct if not _is(value, abstain) and value not in place]
    if strange:
        raise InvalidInput(f"Label {strange[0]!r} is not among the classes.")
    table = np.array([-1 if _is(value, abstain) else place[value] for value in distinct], dtype=np.int32)
    if np.array_equal(table, np.arange(len(table))):
        return code, known
    return table[code] if len(code) else code, known


def _is(value: Any, abstain: Hashable) -> bool:
    return value is None or (value is abstain) or bool(value == abstain)


def _sorted(values: set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda value: (type(value).__name__, repr(value)))


def stretches(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the values of an ascending array, each once, and where each begins, with the length of the array behind them.

    >>> [found.tolist() for found in stretches(np.array([3, 3, 7, 9, 9]))]
    [[3, 7, 9], [0, 2, 3, 5]]
    """
    once, first = np.unique(values, return_index=True)
    return once, np.append(first, len(values))


def _starts(task: Codes, n_tasks: int) -> NDArray[np.int64]:
    start = np.zeros(n_tasks + 1, dtype=np.int64)
    np.cumsum(np.bincount(task, minlength=n_tasks), out=start[1:])
    return start


def _by_task(task: Codes, annotator: Codes, label: Codes, shape: tuple[int, int, int]) -> tuple[Codes, Codes, Codes, Any]:
    # SciPy turns rows into columns by a stable counting sort in C, carrying a value along: several times faster than argsort and takes.
    from scipy.sparse import csr_array

    n_tasks, n_annotators, n_classes = shape
    bits = n_classes.bit_length()
    whole: Any = np.int32 if n_annotators << bits < 2**31 else np.int64
    cell = annotator.astype(whole) << whole(bits) | label
    one_a_row = csr_array((cell, task, np.arange(len(task) + 1, dtype=np.int32)), shape=(len(task), n_tasks))
    columns = one_a_row.tocsc()
    start = columns.indptr.astype(np.int64)
    ordered = np.repeat(np.arange(n_tasks, dtype=np.int32), np.diff(start))
    people, given = columns.data >> whole(bits), columns.data & whole((1 << bits) - 1)
    return ordered, people.astype(np.int32, copy=False), given.astype(np.int32, copy=False), start


def _settle_duplicates(answers: Answers, duplicates: Duplicates) -> Answers:
    pair = answers.task.astype(np.int64) * len(answers.annotators) + answers.annotator
    ordered = np.sort(pair, kind="stable")
    if len(pair) < 2 or not bool((ordered[1:] == ordered[:-1]).any()):
        return answers
    if duplicates == "error":
        twice = int(ordered[1:][ordered[1:] == ordered[:-1]][0])
        who, what = answers.annotators[twice % len(answers.annotators)], answers.tasks[twice // len(answers.annotators)]
        raise InvalidInput(f"Annotator {who!r} answered task {what!r} more than once.")
    if duplicates == "last":
        _, reverse = np.unique(pair[::-1], return_index=True)
        keep = np.zeros(len(pair), dtype=bool)
        keep[len(pair) - 1 - reverse] = True
        return answers.take(keep)
    _, inverse, count = np.unique(pair, return_inverse=True, return_counts=True)
    return replace(answers, weight=answers.weights / count[inverse])
