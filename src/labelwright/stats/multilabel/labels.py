"""Sets of labels become one set a task: a yes-or-no question for each label, with annotators' skill shared between the labels.

A label that hardly occurs says little about anyone, so an annotator's table for one label is pulled to the annotator's table for all
labels, and that to the table of all annotators: the partial pooling of R. J. Passonneau and B. Carpenter, "The Benefits of a Model of
Annotation", TACL 2 (2014), over labels instead of annotators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from labelwright import plugins
from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._em import log_rows
from labelwright.stats.aggregate.base import TIE
from labelwright.stats.answers import Answers, Duplicates, Floats, encode, encode_answers

__all__ = ["MultilabelAggregation", "aggregate_multilabel"]

POOLING = 8.0
"""Pseudo-answers that an annotator's skill in all labels counts for in that of each label."""


@dataclass(frozen=True, eq=False)
class MultilabelAggregation:
    """The set of labels of every task, how sure each label is, and how good each annotator seems.

    `posteriors` is an array (tasks, classes): the probability, 0 to 1, that the task carries the label. `confusion` is an array
    (annotators, classes, 2, 2): the chances that the annotator leaves the label out or gives it (last axis) where the task lacks it or
    carries it (axis before); each row sums to 1. `reason` says what was done.
    """

    tasks: list[Any] = field(repr=False)
    annotators: list[Any] = field(repr=False)
    classes: list[Any]
    posteriors: Floats = field(repr=False)
    confusion: Floats = field(repr=False)
    answered: Any = field(repr=False)
    weights: Floats = field(repr=False)
    method: str
    reason: str

    @cached_property
    def labels(self) -> dict[Any, frozenset[Any] | None]:
        """The labels of each task that are more probable than not; None where every annotator abstained."""
        chosen: list[list[Any]] = [[] for _ in self.tasks]
        for task, label in zip(*(places.tolist() for places in np.nonzero(self.posteriors > 0.5 + TIE)), strict=True):
            chosen[task].append(self.classes[label])
        return {
            task: frozenset(found) if known else None for task, found, known in zip(self.tasks, chosen, self.answered.tolist(), strict=True)
        }

    @cached_property
    def confidence(self) -> dict[Any, float]:
        """The probability, 0 to 1, that the whole set of each task is right, the labels taken as independent."""
        sure = np.maximum(self.posteriors, 1 - self.posteriors).prod(axis=1)
        return dict(zip(self.tasks, sure.tolist(), strict=True))

    @cached_property
    def skill(self) -> dict[Any, float]:
        """The probability, 0 to 1, that each annotator answers a yes-or-no question right whose two answers are equally frequent.

        It is the mean of sensitivity and specificity over labels, each label weighed by how often it seems to occur: 0.5 is a guess.
        """
        right = (self.confusion[:, :, 0, 0] + self.confusion[:, :, 1, 1]) / 2
        return dict(zip(self.annotators, (right @ (self.weights / self.weights.sum())).tolist(), strict=True))


def aggregate_multilabel(
    tasks: Any,
    annotators: Any,
    labels: Sequence[Any],
    *,
    method: str = "dawid_skene",
    pooling: float | None = None,
    duplicates: Duplicates = "share",
    classes: Sequence[Any] | None = None,
    iterations: int = 100,
    tolerance: float = 1e-4,
) -> MultilabelAggregation:
    """Find the most credible set of labels of every task from the sets that several annotators gave.

    Each label is a yes-or-no question to everyone who answered the task. `method` answers each of them on its own; then expectation
    maximisation goes on from there with skill that is pooled over labels, so that the method only decides where it starts. It takes no
    scores: every answer counts in full.

    Args:
        tasks: n task ids, one for each answer.
        annotators: n annotator ids.
        labels: n sets, lists or tuples of labels. An empty one says that no label fits; None is an abstention.
        method: one of `methods()`.
        pooling: pseudo-answers, at least 0, that an annotator's skill over all labels counts for in that of one label. 0 leaves every
            label to the method alone. None takes 0 for the majority vote, which knows no skill, and 8 for every other method.
        duplicates: what happens when an annotator answers a task twice, as in `aggregate`.
        classes: all labels that were offered, if some may never have been given. By default the labels that occur, sorted.
        iterations: the most iterations of the pooling, at least 1.
        tolerance: stop when no posterior moved by more than this.

    Returns:
        A `MultilabelAggregation`. Neither the names nor the order of tasks, annotators, labels and answers change it.

    Raises:
        InvalidInput: lengths differ, nobody answered anything, an answer is no set of hashable labels, a label is not among `classes`,
            no label occurs, or an argument is out of range.

    >>> answers = [{"cat"}, {"cat"}, {"cat", "dog"}, [], [], ["dog"]]
    >>> result = aggregate_multilabel([1, 1, 1, 2, 2, 2], ["ann", "bob", "cyd"] * 2, answers)
    >>> sorted(result.labels[1]), sorted(result.labels[2]), result.posteriors.shape
    (['cat'], [], (2, 2))
    """
    if pooling is None:
        pooling = 0.0 if method == "majority" else POOLING
    if not 0 <= pooling < np.inf:
        raise InvalidInput("The pooling has to be a finite number, and not negative.", where="pooling")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.", where="iterations")
    sets, code = _encode_sets(labels)
    answers = encode_answers(tasks, annotators, code, abstain=-1, duplicates=duplicates, classes=range(max(len(sets), 1)))
    known, given = _membership(sets, classes)
    model = plugins.load("aggregate", method)
    posteriors = np.empty((len(answers.tasks), len(known)))
    for place in range(len(known)):
        posteriors[:, place] = model.fit(_question(answers, given[:, place])).posteriors[:, 1]
    counts = _counts(answers, given, posteriors)
    reason = f"One fit a label by the method '{method}'"
    if pooling > 0:
        done = _pool(answers, given, posteriors, counts, pooling, iterations, tolerance)
        reason += f", then skill pooled over labels, {done} iterations"
    return MultilabelAggregation(
        tasks=_listed(answers.tasks),
        annotators=_listed(answers.annotators),
        classes=known,
        posteriors=posteriors,
        confusion=np.exp(_tables(counts, pooling)),
        answered=np.diff(answers.start) > 0,
        weights=posteriors.sum(axis=0) + 1e-12,
        method=method,
        reason=f"{reason}.",
    )


def _pool(answers: Answers, given: Any, posteriors: Floats, counts: Floats, pooling: float, iterations: int, tolerance: float) -> int:
    """Alternate, in place, between posteriors and counts under pooled tables; return the number of iterations."""
    n_tasks = answers.shape[0]
    done = 0
    while done < iterations:
        done += 1
        tables = _tables(counts, pooling)
        evidence = tables[:, :, 1] - tables[:, :, 0]
        moved = 0.0
        for place in range(posteriors.shape[1]):
            share = (posteriors[:, place].sum() + 1) / (n_tasks + 2)
            said = given[answers.label, place]
            weight = evidence[:, place].ravel()[answers.annotator * np.int64(2) + said] * answers.weights
            scores = np.bincount(answers.task, weights=weight, minlength=n_tasks) + np.log(share / (1 - share))
            after = 1 / (1 + np.exp(-np.clip(scores, -500, 500)))
            moved = max(moved, float(np.abs(after - posteriors[:, place]).max()))
            posteriors[:, place] = after
            counts[:, place] = _count(answers, said, after)
        if moved <= tolerance:
            break
    return done


def _counts(answers: Answers, given: Any, posteriors: Floats) -> Floats:
    """Return the expected numbers of answers, an array (annotators, labels, truth, answer)."""
    counts = [_count(answers, given[answers.label, place], column) for place, column in enumerate(posteriors.T)]
    return np.stack(counts, axis=1)


def _count(answers: Answers, said: Any, truth: Floats) -> Floats:
    n_annotators = len(answers.annotators)
    cell = answers.annotator * np.int64(2) + said
    total = np.bincount(cell, weights=answers.weights, minlength=2 * n_annotators)
    carried = np.bincount(cell, weights=truth[answers.task] * answers.weights, minlength=2 * n_annotators)
    counts: Floats = np.stack([np.maximum(total - carried, 0.0).reshape(-1, 2), carried.reshape(-1, 2)], axis=1)
    return counts


def _tables(counts: Floats, pooling: float) -> Floats:
    """Return log tables (annotators, labels, truth, answer), each pulled to its annotator's own, and that to everyone's."""
    strength = pooling or 1.0
    everyone = np.exp(log_rows(counts.sum(axis=(0, 1)) + np.array([[2.0, 1.0], [1.0, 2.0]]), axis=1))
    own = np.exp(log_rows(counts.sum(axis=1) + strength * everyone, axis=2))
    return log_rows(counts + strength * own[:, None], axis=3)


def _question(answers: Answers, given: Any) -> Answers:
    """Return the answers to the question whether a task carries one label, given which of the sets hold it."""
    return replace(answers, classes=[False, True], label=given[answers.label].astype(np.int32))


def _encode_sets(labels: Sequence[Any]) -> tuple[list[frozenset[Any]], Any]:
    """Return the distinct sets and the place of each answer among them, -1 for an abstention."""
    place: dict[frozenset[Any], int] = {}
    code = np.empty(len(labels), dtype=np.int64)
    for row, answer in enumerate(labels):
        if answer is None:
            code[row] = -1
            continue
        if isinstance(answer, (str, bytes)) or not hasattr(answer, "__iter__"):
            raise InvalidInput(
                f"An answer has to be a set or a list of labels, and is {answer!r}.", where=f"labels[{row}]", hint="Put it into a list."
            )
        try:
            code[row] = place.setdefault(frozenset(answer), len(place))
        except TypeError as error:
            raise InvalidInput(f"A label cannot be hashed: {error}.", where=f"labels[{row}]", hint="Use strings or numbers.") from error
    return list(place), code


def _membership(sets: list[frozenset[Any]], classes: Sequence[Any] | None) -> tuple[list[Any], Any]:
    """Return all labels and a table (sets, labels) of 0 and 1 that says which set holds which."""
    occurring = [label for one in sets for label in one]
    known = list(classes) if classes is not None else _sorted(encode(occurring, what="label")[1])
    if not known:
        raise InvalidInput("No label occurs in any answer.", hint="Name the labels that were offered as `classes`.")
    place = {label: column for column, label in enumerate(known)}
    if len(place) != len(known):
        raise InvalidInput("A class is named twice.", where="classes")
    given = np.zeros((len(sets), len(known)), dtype=np.int8)
    for row, one in enumerate(sets):
        for label in one:
            if label not in place:
                raise InvalidInput(f"Label {label!r} is not among the classes.")
            given[row, place[label]] = 1
    return known, given


def _sorted(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda value: (type(value).__name__, repr(value)))


def _listed(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
