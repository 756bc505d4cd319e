"""Aggregation that keeps up with the annotators: each answer changes the consensus on its task at once, at a cost that does not grow.

R. M. Neal and G. E. Hinton, "A View of the EM Algorithm that Justifies Incremental, Sparse, and Other Variants" (1998), and O. Cappe and
E. Moulines, "On-line expectation-maximization algorithm for latent data models", JRSS B 71 (2009), for the way; the model and its prior
are those of the method `dawid_skene`.

The expected counts of all tasks are held as one sum. A new answer takes the share of its own task out of the sum, finds the task's
posterior anew and puts its share back; all other tasks wait until they are touched, or until `OnlineAggregation.refresh`.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate import dawid_skene
from labelwright.stats.aggregate._em import Table, checked_prior, softmax_rows
from labelwright.stats.aggregate.base import Aggregation
from labelwright.stats.answers import Answers, Codes, Floats, encode_answers

__all__ = ["OnlineAggregation", "TaskUpdate"]

SWEEPS = 2
"""How often a touched task's posterior is found anew: the second time its annotators' tables know of the new answer."""


@dataclass(frozen=True, eq=False)
class TaskUpdate:
    """What one answer changed: the consensus on its task, and how good its annotator seems.

    `label` is the most probable class, None where the task has no answer, and `confidence` its posterior probability, 0 to 1. `posterior`
    has one entry for each of `OnlineAggregation.classes`. `skill` is the annotator's expected accuracy, 0 to 1, as in `Aggregation.skill`.
    """

    task: Any
    annotator: Any
    label: Any
    confidence: float
    posterior: Floats
    skill: float


class OnlineAggregation:
    """The consensus by Dawid-Skene on answers that come one at a time.

    `add` and `remove` cost time in proportion to the answers of the one task, times the classes, however many tasks there are; arrays
    grow by doubling, so that a rare call is slower. Between two refreshes the posteriors are those of incremental EM: a touched task is up
    to date with all that is known, an untouched one is as old as its last answer. `refresh` fits everything anew, and from then on
    the order in which the answers came leaves no trace.

    An annotator has one answer a task: a second replaces the first, as with `duplicates="last"`. It takes no scores: every answer counts in
    full, also one that weighed less in the aggregation that it goes on from. One object serves one thread at a time.

    >>> online = OnlineAggregation()
    >>> for annotator, label in [("ann", "cat"), ("bob", "cat"), ("cyd", "dog")]:
    ...     update = online.add("picture 1", annotator, label)
    >>> update.label, update.confidence > 0.5
    ('cat', True)
    >>> online.add("picture 1", "cyd", "cat").confidence > update.confidence
    True
    """

    def __init__(
        self,
        *,
        classes: Sequence[Any] = (),
        right: float = 2.0,
        wrong: float = 1.0,
        shares: float = 1.0,
        iterations: int = 100,
        tolerance: float = 1e-5,
        refresh_every: int | None = None,
    ) -> None:
        """Begin without answers.

        Args:
            classes: classes that are known beforehand; others are added when they first occur.
            right: pseudo-answers, at least 0, that agree with the truth, in each row of an annotator's table.
            wrong: pseudo-answers, at least 0, in the rest of each row together.
            shares: pseudo-tasks, at least 0, of each class.
            iterations: the most iterations of a refresh, at least 1.
            tolerance: a refresh stops when no posterior moved by more than this.
            refresh_every: refresh by itself after so many changes, at least 1; the call that triggers it takes as long as the refresh.

        Raises:
            InvalidInput: a number is out of range, or a class is named twice or missing.
        """
        checked_prior(right, wrong, shares)
        if iterations < 1:
            raise InvalidInput("There has to be at least one iteration.")
        if refresh_every is not None and refresh_every < 1:
            raise InvalidInput(f"A refresh after every {refresh_every} changes cannot be.", hint="Use None for no refresh by itself.")
        self.right, self.wrong, self.shares = float(right), float(wrong), float(shares)
        self.iterations, self.tolerance = int(iterations), float(tolerance)
        self.refresh_every = refresh_every
        self.changes = 0
        """How many answers were added, replaced or removed since the last refresh."""
        self._tasks: dict[Any, int] = {}
        self._annotators: dict[Any, int] = {}
        self._classes: dict[Any, int] = {}
        # The answers of task t are the entries start[t] : start[t] + count[t] of the store, whose room[t] entries belong to the task; an
        # entry with the label -1 is an abstention. A task that needs more room moves to the end of the store.
        self._start, self._count, self._room = (np.zeros(0, dtype=np.int64) for _ in range(3))
        self._annotator, self._label = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        self._used = 0
        self._posteriors = np.zeros((0, 0))
        # The sums over all tasks: answers (annotator, answer, truth), the same without the answer, tasks (truth), and answers held right.
        self._counts, self._given, self._sizes = np.zeros((0, 0, 0)), np.zeros((0, 0)), np.zeros(0)
        self._hits, self._answers = 0.0, 0
        for value in classes:
            value = _plain(value, "class")
            if value in self._classes:
                raise InvalidInput(f"The class {value!r} is named twice.")
            self._class(value)

    @classmethod
    def from_answers(
        cls, tasks: Any, annotators: Any, labels: Any, *, abstain: Hashable = None, classes: Sequence[Any] | None = None, **options: Any
    ) -> OnlineAggregation:
        """Begin with many answers at once, and refresh.

        Args:
            tasks: n task ids, one for each answer: any hashable values, or an array of one dimension.
            annotators: n annotator ids.
            labels: n labels; one that equals `abstain`, or is None or NaN, says that the annotator saw the task and abstained. Of several
                answers of an annotator to a task the last counts.
            abstain: the label that means an abstention.
            classes: all classes known so far, if some may not occur among the labels.
            options: those of `OnlineAggregation`.

        Raises:
            InvalidInput: as in `aggregate`, or an option is out of range.

        >>> online = OnlineAggregation.from_answers([1, 1, 2], ["ann", "bob", "ann"], ["x", "x", "y"])
        >>> bool(online.posterior(2).argmax() == online.classes.index("y"))
        True
        """
        online = cls(**options)
        online._load(encode_answers(tasks, annotators, labels, abstain=abstain, duplicates="last", classes=classes))
        online.refresh()
        return online

    @classmethod
    def from_aggregation(cls, aggregation: Aggregation, **options: Any) -> OnlineAggregation:
        """Go on from the answers and posteriors of a finished aggregation, by whatever method, without fitting it again.

        Args:
            aggregation: what `aggregate` returned.
            options: those of `OnlineAggregation`.

        Raises:
            InvalidInput: an annotator has several answers to a task there, or an option is out of range.

        >>> from labelwright.stats import aggregate
        >>> result = aggregate([1, 1, 2], ["ann", "bob", "ann"], ["x", "x", "y"], method="dawid_skene")
        >>> bool((OnlineAggregation.from_aggregation(result).posterior(1) == result.posteriors[0]).all())
        True
        """
        answers = aggregation.answers
        pair = answers.task.astype(np.int64) * len(answers.annotators) + answers.annotator
        if len(np.unique(pair)) < len(pair):
            raise InvalidInput("An annotator answered a task more than once.", hint="Aggregate with duplicates='last' beforehand.")
        online = cls(**options)
        online._load(answers, aggregation.posteriors)
        return online

    @property
    def tasks(self) -> list[Any]:
        """The tasks, in the order in which they came."""
        return list(self._tasks)

    @property
    def annotators(self) -> list[Any]:
        """The annotators, in the order in which they came."""
        return list(self._annotators)

    @property
    def classes(self) -> list[Any]:
        """The classes, in the order in which they came, which is the order of every posterior's entries."""
        return list(self._classes)

    def __len__(self) -> int:
        """Return the number of answers held, abstentions left out."""
        return self._answers

    def add(self, task: Hashable, annotator: Hashable, label: Hashable) -> TaskUpdate:
        """Take one answer, in place of an earlier one of the same annotator to the same task, and return what it changed.

        Args:
            task: the task's id; a new one is taken in.
            annotator: the annotator's id; a new one is taken in.
            label: the label, a new one being a new class; None or NaN is an abstention, which makes task and annotator known and, being no
                answer, leaves an earlier answer as it is.

        Raises:
            InvalidInput: an id is missing or cannot be hashed, or the label cannot.
        """
        task, annotator = _plain(task, "task"), _plain(annotator, "annotator")
        abstention = label is None or (isinstance(label, float | np.floating) and bool(np.isnan(label)))
        label = None if abstention else _plain(label, "label")
        row, person = self._task(task), self._person(annotator)
        self._answer(row, person, -1 if abstention else self._class(label), keep=abstention)
        return self._update(task, annotator)

    def remove(self, task: Hashable, annotator: Hashable) -> TaskUpdate:
        """Take an answer back, as if the annotator had abstained, and return what that changed; task, annotator and class stay known.

        Raises:
            InvalidInput: the annotator has no answer to the task.

        >>> online = OnlineAggregation.from_answers([1, 1], ["ann", "bob"], ["x", "y"])
        >>> online.remove(1, "bob").label
        'x'
        """
        task, annotator = _plain(task, "task"), _plain(annotator, "annotator")
        row, person = self._tasks.get(task, -1), self._annotators.get(annotator, -1)
        entries = self._entries_of(row) if row >= 0 else slice(0, 0)
        if not ((self._annotator[entries] == person) & (self._label[entries] >= 0)).any():
            raise InvalidInput(f"Annotator {annotator!r} has no answer to task {task!r} that could be removed.")
        self._answer(row, person, -1)
        return self._update(task, annotator)

    def posterior(self, task: Hashable) -> Floats:
        """Return the probability of each of `classes` for a task.

        Raises:
            InvalidInput: the task is not known.
        """
        row = self._tasks.get(_plain(task, "task"))
        if row is None:
            raise InvalidInput(f"There is no task {task!r}.")
        return self._posteriors[row, : len(self._classes)].copy()

    def skill(self, annotator: Hashable) -> float:
        """Return the expected accuracy, 0 to 1, of an annotator's own answers, shrunk to that of all annotators by two answers.

        Raises:
            InvalidInput: the annotator is not known.
        """
        person = self._annotators.get(_plain(annotator, "annotator"))
        if person is None:
            raise InvalidInput(f"There is no annotator {annotator!r}.")
        prior = self.right + self.wrong
        # Before the first answer of anybody there is only the prior.
        pool = self._hits / self._answers if self._answers else self.right / prior if prior else 0.5
        hits, given = float(self._counts[person].trace()), float(self._given[person].sum())
        return min(max((hits + 2 * pool) / (given + 2), 0.0), 1.0)

    def aggregation(self) -> Aggregation:
        """Return the present state as a result like that of `aggregate`: labels, confidences, ties and skills of everything.

        Raises:
            InvalidInput: there is no answer yet.
        """
        if not self._answers:
            raise InvalidInput("There is no answer to aggregate.")
        posteriors = self._posteriors[: len(self._tasks), : len(self._classes)].copy()
        reason = f"Asked for: one confusion table an annotator, kept up with {self.changes} changes since the last refresh."
        return Aggregation(self._encoded(), posteriors, "dawid_skene", reason)

    def refresh(self) -> None:
        """Fit all answers anew, so that the posteriors are those of `aggregate(..., method="dawid_skene")` for the same answers.

        The fit begins with the shares of the votes, as it does there, and not with the present posteriors, from which it might climb to
        another optimum. Without any answer nothing happens.

        >>> from labelwright.stats import aggregate
        >>> rows = [(1, "ann", "x"), (1, "bob", "y"), (2, "ann", "x"), (2, "bob", "x"), (3, "bob", "y")]
        >>> online = OnlineAggregation()
        >>> for row in rows:
        ...     _ = online.add(*row)
        >>> online.refresh()
        >>> batch = aggregate(*zip(*rows), method="dawid_skene")
        >>> bool(abs(online.aggregation().posteriors - batch.posteriors).max() < 1e-6)
        True
        """
        if self._answers:
            fit = dawid_skene.fit(
                self._encoded(),
                right=self.right,
                wrong=self.wrong,
                shares=self.shares,
                iterations=self.iterations,
                tolerance=self.tolerance,
            )
            self._store(*self._entries(), fit.posteriors)
        self.changes = 0

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the whole state as arrays without Python objects, for `numpy.savez` and the like; `from_arrays` takes them back.

        Ids and classes become a list in JSON, as bytes.

        Raises:
            InvalidInput: an id or a class is neither text, number nor truth value.

        >>> online = OnlineAggregation.from_answers([1, 1], ["ann", "bob"], ["x", "y"])
        >>> OnlineAggregation.from_arrays(online.to_arrays()).posterior(1).tolist() == online.posterior(1).tolist()
        True
        """
        task, annotator, label = self._entries()
        return {
            "tasks": _named_as_bytes(self.tasks, "task"),
            "annotators": _named_as_bytes(self.annotators, "annotator"),
            "classes": _named_as_bytes(self.classes, "class"),
            "task": task,
            "annotator": annotator,
            "label": label,
            "posteriors": self._posteriors[: len(self._tasks), : len(self._classes)].copy(),
            "prior": np.array([self.right, self.wrong, self.shares]),
            "tolerance": np.array(self.tolerance),
            "counters": np.array([self.iterations, self.refresh_every or 0, self.changes], dtype=np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> OnlineAggregation:
        """Restore what `to_arrays` returned, or what `numpy.load` read of it.

        Raises:
            InvalidInput: an array is missing, or the arrays do not fit together.
        """
        try:
            tasks, annotators, classes = (json.loads(bytes(arrays[name])) for name in ("tasks", "annotators", "classes"))
            (right, wrong, shares), tolerance = arrays["prior"].tolist(), float(arrays["tolerance"])
            iterations, every, changes = arrays["counters"].tolist()
            task, annotator, label = (np.asarray(arrays[name], dtype=np.int32) for name in ("task", "annotator", "label"))
            posteriors = np.array(arrays["posteriors"], dtype=np.float64)
        except KeyError as error:
            raise InvalidInput(f"The array {error} is missing.", hint="Give all arrays that to_arrays returned.") from error
        except (ValueError, TypeError) as error:
            raise InvalidInput(f"The arrays are not those of an online aggregation: {error}.") from error
        options = {"right": right, "wrong": wrong, "shares": shares, "iterations": iterations, "tolerance": tolerance}
        online = cls(classes=classes, refresh_every=every or None, **options)
        online._tasks, online._annotators = ({value: code for code, value in enumerate(values)} for values in (tasks, annotators))
        within = ((task, 0, len(tasks)), (annotator, 0, len(annotators)), (label, -1, len(classes)))
        fits = (
            len(online._tasks) == len(tasks)
            and len(online._annotators) == len(annotators)
            and posteriors.shape == (len(tasks), len(classes))
            and task.shape == annotator.shape == label.shape == (len(task),)
            and all(values.min(initial=low) >= low and values.max(initial=-1) < high for values, low, high in within)
            and bool((np.diff(task) >= 0).all())
            and len(np.unique(task.astype(np.int64) * len(annotators) + annotator)) == len(task)
        )
        if not fits:
            raise InvalidInput("The arrays of an online aggregation do not fit together.", hint="Give all arrays that to_arrays returned.")
        online._store(task, annotator, label, posteriors)
        online.changes = changes
        return online

    def _answer(self, row: int, person: int, label: int, *, keep: bool = False) -> None:
        """Write an answer, or -1, to the store and let the task's posterior follow; `keep` leaves what is already there."""
        entries = self._entries_of(row)
        found = np.flatnonzero(self._annotator[entries] == person)
        if len(found):
            place = entries.start + int(found[0])
            before = int(self._label[place])
            if keep or before == label:
                label = before
        else:
            before, place = -1, self._new_entry(row, person)
        if before >= 0 and before != label:
            self._shift(self._posteriors[row, : len(self._classes)] * -1, np.array([person]), np.array([before]))
            self._answers -= 1
        # The new answer's own share is added only after the first sweep: until then it says nothing about its annotator.
        self._label[place] = label
        fresh = label >= 0 and before != label
        self._settle(row, place if fresh else -1)
        self._answers += fresh
        self.changes += before != label
        if self.refresh_every is not None and self.changes >= self.refresh_every:
            self.refresh()

    def _settle(self, row: int, fresh: int) -> None:
        """Find a task's posterior anew, with the sums following; the entry `fresh`, if not -1, is not yet part of the sums."""
        n_classes = len(self._classes)
        entries = self._entries_of(row)
        person, label = self._annotator[entries], self._label[entries]
        given = label >= 0
        person, label = person[given], label[given]
        counted = np.flatnonzero(given) + entries.start != fresh
        posterior = self._posteriors[row, :n_classes]
        turn = np.arange(len(label))
        apart = self.wrong / max(n_classes - 1, 1)
        prior = self.right + (self.wrong if n_classes > 1 else 0.0)
        for _ in range(SWEEPS if len(label) else 1):
            scores = np.log(np.maximum(self._sizes[:n_classes] + self.shares, 1e-10))
            if len(label):
                chance = self._counts[person, label, :n_classes] + apart
                chance[turn, label] += self.right - apart
                total = np.maximum(self._given[person, :n_classes] + prior, n_classes * 1e-10)
                scores += (np.log(np.maximum(chance, 1e-10)) - np.log(total)).sum(axis=0)
            scores = scores[None]
            if n_classes:
                softmax_rows(scores)
            moved = scores[0] - posterior
            self._sizes[:n_classes] += moved
            self._shift(moved, person[counted], label[counted])
            posterior += moved
            if not counted.all():
                self._shift(posterior, person[~counted], label[~counted])
                counted[:] = True

    def _shift(self, share: Floats, person: Codes, label: Codes) -> None:
        """Add a task's share to the sums of the answers given; no annotator occurs twice."""
        n_classes = len(share)
        self._counts[person, label, :n_classes] += share
        self._given[person, :n_classes] += share
        self._hits += float(share[label].sum())

    def _update(self, task: Any, annotator: Any) -> TaskUpdate:
        posterior = self.posterior(task)
        answered = bool((self._label[self._entries_of(self._tasks[task])] >= 0).any())
        top = int(posterior.argmax()) if len(posterior) else -1
        label = self.classes[top] if answered else None
        return TaskUpdate(task, annotator, label, float(posterior[top]) if top >= 0 else 0.0, posterior, self.skill(annotator))

    def _entries_of(self, row: int) -> slice:
        start = int(self._start[row])
        return slice(start, start + int(self._count[row]))

    def _new_entry(self, row: int, person: int) -> int:
        """Make room for one more entry of a task and return its place."""
        count = int(self._count[row])
        if count == self._room[row]:
            old, room = int(self._start[row]), max(4, 2 * count)
            self._annotator, self._label = (_grown(array, self._used + room) for array in (self._annotator, self._label))
            for array in (self._annotator, self._label):
                array[self._used : self._used + count] = array[old : old + count]
            self._start[row], self._room[row] = self._used, room
            self._used += room
        place = int(self._start[row]) + count
        self._annotator[place] = person
        self._count[row] = count + 1
        return place

    def _task(self, value: Any) -> int:
        row = self._tasks.get(value)
        if row is not None:
            return row
        row = self._tasks[value] = len(self._tasks)
        self._start, self._count, self._room = (_grown(array, row + 1) for array in (self._start, self._count, self._room))
        self._posteriors = _grown(self._posteriors, row + 1, len(self._classes))
        if self._classes:
            expected = np.maximum(self._sizes[: len(self._classes)] + self.shares, 1e-10)
            self._posteriors[row, : len(expected)] = expected / expected.sum()
            self._sizes[: len(expected)] += self._posteriors[row, : len(expected)]
        return row

    def _person(self, value: Any) -> int:
        person = self._annotators.setdefault(value, len(self._annotators))
        n_classes = len(self._classes)
        self._counts = _grown(self._counts, person + 1, n_classes, n_classes)
        self._given = _grown(self._given, person + 1, n_classes)
        return person

    def _class(self, value: Any) -> int:
        code = self._classes.get(value)
        if code is not None:
            return code
        code = self._classes[value] = len(self._classes)
        self._counts = _grown(self._counts, len(self._annotators), code + 1, code + 1)
        self._given = _grown(self._given, len(self._annotators), code + 1)
        self._sizes = _grown(self._sizes, code + 1)
        self._posteriors = _grown(self._posteriors, len(self._tasks), code + 1)
        if code == 0:
            # Tasks on which everybody abstained so far can only be of the first class known.
            self._posteriors[: len(self._tasks), 0] = 1.0
            self._sizes[0] = len(self._tasks)
        return code

    def _entries(self) -> tuple[Codes, Codes, Codes]:
        """Return task, annotator and label of all entries, abstentions included, by task and in the order in which they came."""
        count = self._count[: len(self._tasks)]
        first = np.cumsum(count) - count
        place = np.repeat(self._start[: len(self._tasks)] - first, count) + np.arange(int(count.sum()))
        return np.repeat(np.arange(len(count), dtype=np.int32), count), self._annotator[place], self._label[place]

    def _encoded(self) -> Answers:
        task, person, label = self._entries()
        given = label >= 0
        abstained = np.column_stack([task[~given], person[~given]])
        start = np.zeros(len(self._tasks) + 1, dtype=np.int64)
        np.cumsum(np.bincount(task[given], minlength=len(self._tasks)), out=start[1:])
        return Answers(self.tasks, self.annotators, self.classes, task[given], person[given], label[given], None, start, abstained)

    def _load(self, answers: Answers, posteriors: Floats | None = None) -> None:
        """Take over encoded answers, and posteriors where there are any, in place of everything."""
        ids = (answers.tasks, answers.annotators)
        self._tasks, self._annotators = (
            {value: code for code, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values)} for values in ids
        )
        places = np.array([self._class(_plain(value, "class")) for value in answers.classes], dtype=np.int32)
        n_people = len(answers.annotators)
        task, person = (
            np.r_[mine, abstained] for mine, abstained in zip((answers.task, answers.annotator), answers.abstained.T, strict=True)
        )
        label = np.r_[places[answers.label], np.full(len(answers.abstained), -1, dtype=np.int32)]
        if len(answers.abstained):
            # An annotator's answers come before the abstentions, so that the first entry of each pair is the one that counts.
            _, first = np.unique(task.astype(np.int64) * n_people + person, return_index=True)
            first.sort()
            first = first[np.argsort(task[first], kind="stable")]
            task, person, label = task[first], person[first], label[first]
        held = np.zeros((len(answers.tasks), len(self._classes)))
        if posteriors is None:
            held[:, 0] = 1.0
        else:
            held[:, places] = posteriors
        self._store(task, person, label, held)

    def _store(self, task: Codes, person: Codes, label: Codes, posteriors: Floats) -> None:
        """Write entries, sorted by task, and posteriors in place of what is held, and sum up anew."""
        n_tasks, n_people, n_classes = len(self._tasks), len(self._annotators), len(self._classes)
        self._count = np.bincount(task, minlength=n_tasks).astype(np.int64)
        self._start, self._room = np.cumsum(self._count) - self._count, self._count.copy()
        self._annotator, self._label, self._used = person.copy(), label.copy(), len(label)
        self._posteriors = posteriors
        self._sizes = posteriors.sum(axis=0)
        self._counts = np.zeros((n_people, n_classes, n_classes))
        self._answers = int((label >= 0).sum())
        if self._answers:
            table = Table(self._encoded())
            self._counts[:] = table.cells.whole(table.counts(posteriors))
        self._given = self._counts.sum(axis=1)
        self._hits = float(np.einsum("akk->", self._counts))


def _grown(array: NDArray[Any], *sizes: int) -> NDArray[Any]:
    """Return the array with room for at least `sizes` along its first axes, twice what it had where that is more, zeros where new."""
    if all(have >= size for have, size in zip(array.shape, sizes, strict=False)):
        return array
    shape = [have if have >= size else max(size, 2 * have) for have, size in zip(array.shape, sizes, strict=False)]
    larger = np.zeros((*shape, *array.shape[len(sizes) :]), dtype=array.dtype)
    larger[tuple(slice(have) for have in array.shape)] = array
    return larger


def _plain(value: Any, what: str) -> Any:
    """Return an id as a plain Python value that can be hashed."""
    value = value.item() if isinstance(value, np.generic) else value
    try:
        hash(value)
    except TypeError as error:
        raise InvalidInput(f"A {what} cannot be hashed: {error}.", hint="Use strings or numbers.") from error
    if value is None or value != value:
        raise InvalidInput(f"A {what} is missing (None or NaN).")
    return value


def _named_as_bytes(values: list[Any], what: str) -> NDArray[np.uint8]:
    for value in values:
        if not isinstance(value, str | int | float):
            raise InvalidInput(f"The {what} {value!r} cannot be written to an array.", hint="Use text or numbers for what is to be saved.")
    return np.frombuffer(json.dumps(values).encode(), dtype=np.uint8)
