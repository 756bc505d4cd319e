"""What every aggregation method takes and gives: `fit(answers, **options) -> Fit`, and the result that people see, `Aggregation`.

A method is a file of this folder (or an entry point in the group `labelwright.aggregate`) with one function, `fit`. It takes encoded
answers (`labelwright.stats.answers.Answers`) and keyword options and returns a `Fit`. Everything around it, such as encoding, labels,
ties and annotators' skill, is shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from labelwright.stats.answers import Answers, Codes, Floats

__all__ = ["TIE", "Aggregation", "Fit", "FittedPart", "Guesses", "Layers", "Tables", "likeliest"]

TIE = 1e-9
"""Two classes tie where their posteriors differ by no more than this."""


@dataclass(frozen=True, eq=False)
class Guesses:
    """How annotators answer who either know or guess whatever the truth is: the confusion tables of such models, in few numbers.

    `knows[a]` is the chance that annotator `a` gives the true class by knowing it; `guesses[a, l]`, an array (annotators, classes) or
    (annotators, 1), is the chance of the answer `l` otherwise. Two thousand annotators of two hundred classes are tables of 80 million
    numbers, and so are made only where somebody wants to see them.
    """

    knows: Floats
    guesses: Floats
    n_classes: int

    def table(self) -> Floats:
        """Return the array (annotators, truth, answer)."""
        table = np.repeat(self.guesses[:, None, :], self.n_classes, axis=1)
        if table.shape[2] != self.n_classes:
            table = table.repeat(self.n_classes, axis=2)
        every = np.arange(self.n_classes)
        table[:, every, every] += self.knows[:, None]
        return table

    def chance(self, posteriors: Floats, annotator: Codes, label: Codes) -> Floats:
        """Return how probable each answer is, given the posteriors (answers, classes) of its task."""
        found: Floats = self.knows[annotator] * posteriors[np.arange(len(label)), label]
        found += self.guesses[annotator, label if self.guesses.shape[1] > 1 else 0]
        return found


@dataclass(frozen=True, eq=False)
class Tables:
    """Confusion tables of which only those parts are kept that are the annotators' own.

    `annotator`, `label` and the rows of `values`, an array (cells, truths), say how probable an answer is that the annotator has given.
    One that `a` has never given has the probability `other[answer, truth] / total[a, truth]`.
    """

    annotator: Codes
    label: Codes
    values: Floats
    other: Floats
    total: Floats

    def table(self) -> Floats:
        """Return the array (annotators, truth, answer)."""
        table = self.other / self.total[:, None, :]
        table[self.annotator, self.label] = self.values
        return table.transpose(0, 2, 1)

    def chance(self, posteriors: Floats, annotator: Codes, label: Codes) -> Floats:
        """Return how probable each answer is, given the posteriors (answers, truths) of its task."""
        cell = np.full((len(self.total), len(self.other)), -1)
        cell[self.annotator, self.label] = np.arange(len(self.label))
        cell = cell[annotator, label]
        found: Floats = np.einsum("ns,ns->n", posteriors, self.values[cell])
        new = cell < 0
        found[new] = np.einsum("ns,ns->n", posteriors[new], self.other[label[new]] / self.total[annotator[new]])
        return found


@dataclass(frozen=True, eq=False)
class Layers:
    """Confusion tables that are annotators' own where they answered, and their `coins` where not.

    `annotator`, `label` and the rows of `values`, an array (cells, truths), say how probable an answer is that the annotator has given.
    One that `a` has never given has the probability that the coin of `a` gives it, times `held[a, truth]`.
    """

    annotator: Codes
    label: Codes
    values: Floats
    coins: Guesses
    held: Floats

    def table(self) -> Floats:
        """Return the array (annotators, truth, answer)."""
        table = self.coins.table()
        table *= self.held[:, :, None]
        table[self.annotator, :, self.label] = self.values
        return table

    def chance(self, posteriors: Floats, annotator: Codes, label: Codes) -> Floats:
        """Return how probable each answer is, given the posteriors (answers, truths) of its task."""
        cell = np.full((len(self.held), self.coins.n_classes), -1)
        cell[self.annotator, self.label] = np.arange(len(self.label))
        cell = cell[annotator, label]
        found: Floats = np.einsum("ns,ns->n", posteriors, self.values[cell])
        new = cell < 0
        found[new] = self.coins.chance(posteriors[new] * self.held[annotator[new]], annotator[new], label[new])
        # A guess is as probable in every truth, and so weighs by how much of each row is held.
        spread = (posteriors[new] * self.held[annotator[new]]).sum(axis=1) - 1.0
        column = label[new] if self.coins.guesses.shape[1] > 1 else 0
        found[new] += spread * self.coins.guesses[annotator[new], column]
        return found


@dataclass(frozen=True, eq=False)
class FittedPart:
    """What one model learned, by which tasks are judged that it was not fitted to.

    `weight`, 0 to 1, is its share in the average; `shares`, an array (classes,) with the sum 1, says how frequent it takes each class to
    be, and `confusion`, as in `Fit`, how annotators answer.
    """

    weight: float
    shares: Floats
    confusion: Floats | Guesses | Tables | Layers

    @property
    def coins(self) -> Floats | None:
        """For each annotator the chance to know, and then those of the answers by guess, as in `Guesses`; None where each has a table."""
        if not isinstance(self.confusion, Guesses):
            return None
        return np.column_stack([self.confusion.knows, self.confusion.guesses])

    @property
    def tables(self) -> Floats:
        """The array (annotators, truth, answer): how probable each answer is."""
        return self.confusion if isinstance(self.confusion, np.ndarray) else self.confusion.table()


@dataclass(frozen=True, eq=False)
class Fit:
    """What a method found.

    `posteriors` is an array (tasks, classes) whose rows sum to 1. `confusion[a, k, l]` is the probability that annotator `a` answers
    class `l` where the truth is class `k`, or the `Guesses`, `Tables` or `Layers` that say the same; a method that has no such table
    leaves it out. `shares`, an array (classes,) with the sum 1, says how frequent the method takes each class to be beforehand, where
    that is not the mean of the posteriors. A method that averages models gives their `parts`, and the codes of annotators who are `copies`.
    `tied` marks tasks whose votes tied before the method broke the tie by a rule. `reason` says in a sentence why the method was chosen
    or where it stopped.
    """

    posteriors: Floats
    confusion: Floats | Guesses | Tables | Layers | None = None
    tied: Any = None
    reason: str = ""
    method: str = ""
    shares: Floats | None = None
    parts: Sequence[FittedPart] = ()
    copies: Sequence[Sequence[int]] = ()

    def part(self, weight: float) -> FittedPart:
        """Return what judges other tasks, with a weight; only a method with a table has it."""
        assert self.confusion is not None
        return FittedPart(weight, self.posteriors.mean(axis=0) if self.shares is None else self.shares, self.confusion)


@dataclass(frozen=True, eq=False)
class Aggregation:
    """The consensus on every task, how sure it is, and how good each annotator seems.

    `posteriors` is an array (tasks, classes) whose rows sum to 1, in the order of `tasks` and `classes`. `method` and `reason` say what
    was done and why. The posterior is what the model believes: it steers work, and it is no certificate of quality.
    """

    answers: Answers = field(repr=False)
    posteriors: Floats = field(repr=False)
    method: str
    reason: str
    _fit: Fit | None = field(default=None, repr=False)

    @cached_property
    def tasks(self) -> list[Any]:
        """The tasks, in the order of the rows of `posteriors`."""
        return _listed(self.answers.tasks)

    @cached_property
    def annotators(self) -> list[Any]:
        """The annotators, in the order of the first axis of `confusion`."""
        return _listed(self.answers.annotators)

    @property
    def classes(self) -> list[Any]:
        """The classes, in the order of the columns of `posteriors`."""
        return self.answers.classes

    @cached_property
    def codes(self) -> Any:
        """The chosen class of each task as a place in `classes`, of tied ones the first; -1 where nobody answered."""
        chosen = likeliest(self.posteriors)
        chosen[self.answers.start[1:] == self.answers.start[:-1]] = -1
        return chosen

    @cached_property
    def labels(self) -> dict[Any, Any]:
        """The consensus label of each task; None where every annotator abstained."""
        named = [*self.classes, None]
        return {task: named[code] for task, code in zip(self.tasks, self.codes.tolist(), strict=True)}

    @cached_property
    def confidence(self) -> dict[Any, float]:
        """The posterior probability, 0 to 1, of each task's most probable class."""
        return dict(zip(self.tasks, self.posteriors.max(axis=1).tolist(), strict=True))

    @cached_property
    def ties(self) -> list[Any]:
        """The tasks for which two or more classes tie for the first place, so that the label is no better than its runner-up."""
        if self._fit is not None and self._fit.tied is not None:
            tied = np.asarray(self._fit.tied, dtype=bool)
        elif len(self.classes) < 2:
            return []
        else:
            top = np.partition(self.posteriors, -2, axis=1)
            tied = (top[:, -1] - top[:, -2] <= TIE) & (np.diff(self.answers.start) > 0)
        return [self.tasks[place] for place in np.flatnonzero(tied)]

    @cached_property
    def confusion(self) -> Floats:
        """The array (annotators, truth, answer): how probable each answer is, given the truth; every row sums to 1.

        Where the method has no such table it is counted from the posteriors, shrunk to the pool of all annotators by one answer a row.
        """
        found = self._fit.confusion if self._fit is not None else None
        if isinstance(found, Guesses | Tables | Layers):
            return found.table()
        return found if found is not None else counted_confusion(self.answers, self.posteriors)

    @cached_property
    def parts(self) -> Sequence[FittedPart]:
        """What judges tasks that come later: the models that were averaged, or the one; their weights sum to 1."""
        if self._fit is not None and self._fit.parts:
            return self._fit.parts
        if self._fit is not None and self._fit.confusion is not None:
            return [self._fit.part(1.0)]
        return [FittedPart(1.0, self.posteriors.mean(axis=0), self.confusion)]

    @property
    def copies(self) -> list[list[Any]]:
        """The groups of annotators who are copies of one another and share one vote."""
        return [[self.annotators[code] for code in group] for group in (self._fit.copies if self._fit is not None else ())]

    @cached_property
    def skill(self) -> dict[Any, float]:
        """The expected accuracy, 0 to 1, of each annotator's own answers under the posteriors, shrunk to the pool by two answers."""
        answers = self.answers
        right = self.posteriors[answers.task, answers.label] * answers.weights
        n_annotators = len(answers.annotators)
        pool = right.sum() / answers.weights.sum()
        hits = np.bincount(answers.annotator, weights=right, minlength=n_annotators)
        given = np.bincount(answers.annotator, weights=answers.weight, minlength=n_annotators)
        return dict(zip(self.annotators, ((hits + 2 * pool) / (given + 2)).tolist(), strict=True))


def likeliest(posteriors: Floats) -> Codes:
    """Return the place of the greatest entry of each row, of tied ones the first: rounding, which follows the order of answers, is none.

    Rows sum to 1, so that nothing ties with an entry above one half.
    """
    first: Codes = posteriors.argmax(axis=1).astype(np.int32)
    greatest = posteriors[np.arange(len(first)), first]
    unsure = np.flatnonzero(greatest <= 0.5 + TIE)
    first[unsure] = (posteriors[unsure] >= greatest[unsure, None] - TIE).argmax(axis=1)
    return first


def counted_confusion(answers: Answers, posteriors: Floats, *, pull: float = 1.0) -> Floats:
    """Count an array (annotators, truth, answer) from posteriors, each row pulled to the pool of all annotators by `pull` answers."""
    _, n_annotators, n_classes = answers.shape
    counts = np.zeros((n_annotators * n_classes, n_classes))
    cell = answers.annotator.astype(np.int64) * n_classes + answers.label
    weighted = posteriors[answers.task] * answers.weights[:, None]
    for truth in range(n_classes):
        counts[:, truth] = np.bincount(cell, weights=weighted[:, truth], minlength=n_annotators * n_classes)
    table = counts.reshape(n_annotators, n_classes, n_classes).transpose(0, 2, 1)
    pool = table.sum(axis=0) + np.eye(n_classes)
    pool /= pool.sum(axis=1, keepdims=True)
    table = table + pull * pool
    normalized: Floats = table / table.sum(axis=2, keepdims=True)
    return normalized


def _listed(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
