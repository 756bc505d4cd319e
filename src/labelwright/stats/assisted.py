"""Labels from answers some of which were given with a suggestion in view.

Who sees a suggestion may take it without looking. Two people who took the same one are then no two witnesses, and a model that takes
their answers to be independent believes far more than is true. Here each answer that is the suggested one is either copied or the person's
own; how often people copy follows from the answers to which the same suggestions were hidden by lot.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.errors import InvalidInput
from labelwright.stats.answers import BLOCK, Codes, Floats, stretches

__all__ = ["AssistedAggregation", "AssistedAnswers", "AssistedModel", "aggregate_assisted"]

CLEAR, HARD = 0, 1
"""The two kinds of tasks: people, labelers and copying differ between them, which is what makes them depend on each other."""

FEWEST_ALONE = 20
"""With fewer answers beside a hidden suggestion nothing is known of copying, and all that took a suggestion count as copies."""

MOST_TASKS = 20_000
"""The model is fitted to so many tasks at most."""

PULL = 10.0
"""So many answers pull what is learned of one person to what is true of everybody."""

ROWS = 50.0
"""So many answers pull each row of the table of everybody's own answers: the tables of two kinds are many numbers."""

TOLERANCE = 2e-4
"""The fit ends where no parameter moves by more."""

NORMAL_95 = 1.6448536269514722

LOW, HIGH = 0.005, 0.995


@dataclass(frozen=True, eq=False)
class AssistedAnswers:
    """n answers by code, in ascending order of the task.

    `label` is a place among the classes. `suggestion` is that of the suggestion which stood as the answer was given, -1 where none is
    known. `shown` tells whether it was in view. `score` is the labeler's own score from 0 to 1, NaN where it gave none.
    """

    task: NDArray[np.int64]
    annotator: NDArray[np.int64]
    label: NDArray[np.int64]
    suggestion: NDArray[np.int64]
    shown: NDArray[np.bool_]
    score: Floats

    def __post_init__(self) -> None:
        lengths = {len(column) for column in (self.task, self.annotator, self.label, self.suggestion, self.shown, self.score)}
        if len(lengths) != 1:
            raise InvalidInput("All columns of the answers have to be equally long.")
        if not len(self.task):
            raise InvalidInput("There is no answer to aggregate.")
        if bool((self.task[1:] < self.task[:-1]).any()):
            raise InvalidInput("The answers have to come in ascending order of the task.")

    def take(self, rows: NDArray[np.bool_] | slice) -> AssistedAnswers:
        """Return some of the answers."""
        columns = (self.annotator[rows], self.label[rows], self.suggestion[rows], self.shown[rows], self.score[rows])
        return AssistedAnswers(self.task[rows], *columns)

    @property
    def took(self) -> NDArray[np.bool_]:
        """Where the answer is a suggestion that was in view: copied, or the person's own."""
        found: NDArray[np.bool_] = self.shown & (self.suggestion == self.label)
        return found


@dataclass(frozen=True, eq=False)
class AssistedModel:
    """What is learned: H = 2 kinds of tasks, K classes, B bins of the labeler's score, of which the first holds the answers without one.

    `kinds` (H,) and `shares` (K,) are frequencies. `own` (H, K, K) is the chance of each answer, the last axis, where a person decides
    alone; `person` says by how much the log odds that somebody's own answer is right differ. `labeler` (H, B) is the chance that the
    suggestion is right, once fitted the least that the answers without a suggestion in view allow for, and `slips` (K, K) what it is where
    it is wrong. `copying` (H, B) is the chance that a person takes a suggestion without an answer of their own, and `copier` says by how
    much the log odds of that differ. `edges` separate the bins of the scores.
    """

    kinds: Floats
    shares: Floats
    own: Floats
    person: dict[int, float]
    labeler: Floats
    slips: Floats
    copying: Floats
    copier: dict[int, float]
    edges: Floats

    def posteriors(self, answers: AssistedAnswers, *, counted: Any = False) -> tuple[NDArray[np.int64], Floats]:
        """Return the tasks and an array (tasks, classes) whose rows sum to 1.

        A suggestion that somebody took is evidence once, however many took it; one that nobody took is none but where `counted`, for all
        tasks or a mask over them, in ascending order, says that labelers are annotators.
        """
        tasks, start = stretches(answers.task)
        found = np.empty((len(tasks), len(self.shares)))
        counts = np.broadcast_to(np.asarray(counted, dtype=bool), len(tasks))
        for first, last, part in _blocks(answers, start):
            terms = _Terms.of(self, part)
            took = np.zeros(last - first, dtype=bool)
            took[terms.task[part.took]] = True
            found[first:last] = terms.responsibilities(self, took | counts[first:last]).sum(axis=1)
        return tasks, found

    def chosen(self, answers: AssistedAnswers, posteriors: Floats, *, counted: Any = False) -> NDArray[np.int64]:
        """Return the class of each task: the most credible of those that somebody gave, or a labeler where `counted`.

        Where next to nothing is known of copying, or of the labelers, a task whose answers all took a suggestion is believed to be of the
        most frequent class hardly less than of any other. That says how little is known, and is no reason to answer for people.
        """
        tasks, task = np.unique(answers.task, return_inverse=True)
        given = np.zeros(posteriors.shape, dtype=bool)
        given[task, answers.label] = True
        voiced = (answers.suggestion >= 0) & np.broadcast_to(np.asarray(counted, dtype=bool), len(tasks))[task]
        given[task[voiced], answers.suggestion[voiced]] = True
        return np.asarray(np.where(given, posteriors, -1.0).argmax(axis=1), dtype=np.int64)

    def copied(self, answers: AssistedAnswers) -> float | None:
        """Return the share of the answers with a suggestion in view that were copied, 0 to 1; None where there are none."""
        if not answers.shown.any():
            return None
        copied = 0.0
        _, start = stretches(answers.task)
        for _, _, part in _blocks(answers, start):
            terms = _Terms.of(self, part)
            found = terms.responsibilities(self, True)
            copied += float((found[terms.task] - terms.owned(found)).sum())
        return min(max(copied / int(answers.shown.sum()), 0.0), 1.0)


@dataclass(frozen=True, eq=False)
class AssistedAggregation:
    """The consensus on every task: `labels` has the class of each, the most credible of those that somebody gave, and `posteriors` is an
    array (tasks, classes) whose rows sum to 1, both in the order of `tasks`.

    The posterior is what the model believes: it steers work, and it is no certificate of quality.
    """

    tasks: NDArray[np.int64]
    labels: NDArray[np.int64]
    posteriors: Floats
    model: AssistedModel
    reason: str


def aggregate_assisted(answers: AssistedAnswers, n_classes: int, *, counted: Any = False, iterations: int = 100) -> AssistedAggregation:
    """Find the most credible class of every task, where suggestions were in view of some answers and hidden from others by lot.

    The latent values of a task are its class and whether it is clear or hard; expectation maximisation in the manner of A. P. Dawid and
    A. M. Skene, Applied Statistics 28 (1979), with one more latent value for each answer that took a suggestion: copied, or the person's
    own. Copying, people and labelers may all be other on hard tasks, and copying by the labeler's score and by person.

    Args:
        answers: one answer of each annotator to each task at most.
        n_classes: K, at least 2.
        counted: whether a labeler's suggestion is evidence also where nobody took it; one value, or a mask over the ascending tasks.
        iterations: the most iterations, at least 1.

    Raises:
        InvalidInput: there are fewer than two classes, or there is to be no iteration.

    >>> n, one = 40, np.ones(80)
    >>> task, label = np.repeat(np.arange(n), 2), np.zeros(80, dtype=int)
    >>> shown = np.tile([True, False], n)
    >>> found = aggregate_assisted(AssistedAnswers(task, np.tile([0, 1], n), label, label, shown, one), 2)
    >>> found.posteriors.argmax(axis=1).tolist() == [0] * n
    True
    """
    if n_classes < 2:
        raise InvalidInput("There have to be at least two classes.")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    hidden = int((~answers.shown & (answers.suggestion >= 0)).sum())
    known = hidden >= FEWEST_ALONE
    model = _first(answers, n_classes, known)
    sample = _sample(answers)
    for _ in range(iterations):
        before, model = model, _next(sample, model, known)
        if _moved(before, model) <= TOLERANCE:
            break
    if sample is not answers:
        # Once over all answers, for most of the people.
        model = _next(answers, model, known)
    copied = model.copied(answers)
    model = replace(model, labeler=np.maximum(model.labeler - _doubt(answers, model, hidden), 1 / n_classes))
    tasks, posteriors = model.posteriors(answers, counted=counted)
    took, shown = int(answers.took.sum()), int(answers.shown.sum())
    if known:
        share = copied or 0.0
        reason = (
            f"{took:,} of {shown:,} answers with a suggestion in view took it. By {hidden:,} answers from which it was hidden, {share:.0%} "
            f"of the {shown:,} were copied; a suggestion counts once, however many took it."
        )
    else:
        reason = (
            f"{took:,} of {shown:,} answers with a suggestion in view took it, and all of them may be copied: only {hidden:,} answers were "
            f"given with it hidden (assist.unassisted). They count once a task."
        )
    return AssistedAggregation(tasks, model.chosen(answers, posteriors, counted=counted), posteriors, model, reason)


def _sample(answers: AssistedAnswers) -> AssistedAnswers:
    """Return the answers to `MOST_TASKS` tasks, spread evenly: what everybody has in common they tell as well as millions do."""
    tasks = np.unique(answers.task)
    if len(tasks) <= MOST_TASKS:
        return answers
    chosen = tasks[np.linspace(0, len(tasks) - 1, MOST_TASKS).astype(np.int64)]
    place = np.searchsorted(chosen, answers.task).clip(max=len(chosen) - 1)
    return answers.take(chosen[place] == answers.task)


def _next(answers: AssistedAnswers, model: AssistedModel, known: bool) -> AssistedModel:
    """Return the model that follows from what `model` expects of all answers: one iteration."""
    counts = _Counts(len(model.shares), model.labeler.shape[1])
    _, start = stretches(answers.task)
    for _, _, part in _blocks(answers, start):
        counts.add(model, part)
    return counts.learned(model, known)


def _doubt(answers: AssistedAnswers, model: AssistedModel, hidden: int) -> float:
    """Return by how much labelers may be worse than they seem, a one-sided bound at 95%.

    How good they are is told by the answers from which their suggestions were hidden, and by nothing else that does not rest on how often
    people copy: where these are few, many pairs of both explain the answers as well, and believing the likeliest is believing too much.
    """
    if hidden < FEWEST_ALONE:
        return 1.0
    alone = ~answers.shown & (answers.suggestion >= 0)
    same = (float((answers.suggestion == answers.label)[alone].sum()) + 1) / (hidden + 2)
    right = float((np.diagonal(model.own, axis1=1, axis2=2).mean(axis=1) * model.kinds).sum())
    by_chance = (1 - right) / (len(model.shares) - 1)
    return NORMAL_95 * math.sqrt(same * (1 - same) / hidden) / max(right - by_chance, 0.1)


def _first(answers: AssistedAnswers, n_classes: int, known: bool) -> AssistedModel:
    scores = answers.score[np.isfinite(answers.score) & (answers.suggestion >= 0)]
    edges = np.unique(np.quantile(scores, [1 / 3, 2 / 3])) if len(scores) else np.empty(0)
    bins = len(edges) + 2
    off = (1 - np.eye(n_classes)) / (n_classes - 1)
    own = np.stack([np.eye(n_classes) * right + off * (1 - right) for right in (0.9, 0.7)])
    copying = np.full((2, bins), 0.4 if known else HIGH)
    labeler = np.repeat([[0.85], [0.6]], bins, axis=1)
    every = {int(user): 0.0 for user in np.unique(answers.annotator).tolist()}
    shares = np.full(n_classes, 1 / n_classes)
    return AssistedModel(np.array([0.5, 0.5]), shares, own, every, labeler, off, copying, dict(every), edges)


def _blocks(answers: AssistedAnswers, start: NDArray[np.int64]) -> Iterator[tuple[int, int, AssistedAnswers]]:
    """Yield the answers to so many tasks at a time, so that what is needed on the way stays small, whatever the number of classes."""
    classes = int(max(answers.label.max(), answers.suggestion.max())) + 1
    step = max(BLOCK * 4 // max(classes, 4), 1024)
    for first in range(0, len(start) - 1, step):
        last = min(first + step, len(start) - 1)
        yield first, last, answers.take(slice(start[first], start[last]))


def _logit(chance: Any) -> Any:
    return np.log(chance / (1 - chance))


def _chance(odds: Any) -> Any:
    return 1 / (1 + np.exp(-odds))


def _of(offsets: dict[int, float], annotator: NDArray[np.int64]) -> Floats:
    """The offset of each answer's annotator, 0 where the annotator is new."""
    people, place = np.unique(annotator, return_inverse=True)
    found: Floats = np.array([offsets.get(int(user), 0.0) for user in people.tolist()])[place]
    return found


@dataclass(frozen=True, eq=False)
class _Terms:
    """How probable the answers of a block are. Arrays over answers, kinds and classes of the task."""

    task: Codes
    tasks: int
    bins: Codes
    suggestion: NDArray[np.int64]
    suggestion_bin: Codes
    own: Floats
    """(answers, H, K): the chance of the answer, were it the person's own."""
    copying: Floats
    """(answers, H): the chance that the person copies; 0 where no suggestion is in view."""
    likelihood: Floats
    """(answers, H, K): the chance of the answer, whichever it is."""

    @classmethod
    def of(cls, model: AssistedModel, answers: AssistedAnswers) -> _Terms:
        tasks, task = np.unique(answers.task, return_inverse=True)
        n_classes = len(model.shares)
        bins = np.where(np.isfinite(answers.score), 1 + np.searchsorted(model.edges, np.nan_to_num(answers.score)), 0)
        right = np.clip(model.own[:, np.arange(n_classes), np.arange(n_classes)], LOW, HIGH)
        wrong = model.own / (1 - right)[:, :, None]
        able = _chance(_logit(right)[None] + _of(model.person, answers.annotator)[:, None, None])
        slip = wrong[:, :, answers.label].transpose(2, 0, 1) * (1 - able)
        is_it = np.arange(n_classes)[None, :] == answers.label[:, None]
        own = np.maximum(np.where(is_it[:, None, :], able, slip), 1e-9)
        copying = _chance(_logit(model.copying[:, bins].T) + _of(model.copier, answers.annotator)[:, None])
        copying = np.where((answers.shown & (answers.suggestion >= 0))[:, None], copying, 0.0)
        likelihood = (1 - copying)[:, :, None] * own + np.where(answers.took[:, None], copying, 0.0)[:, :, None]
        # The labeler speaks once about a task: what stood as the last answer was given.
        suggestion, of_task = np.full(len(tasks), -1), np.zeros(len(tasks), dtype=np.int32)
        known = answers.suggestion >= 0
        suggestion[task[known]], of_task[task[known]] = answers.suggestion[known], bins[known]
        return cls(task.astype(np.int32), len(tasks), bins.astype(np.int32), suggestion, of_task, own, copying, likelihood)

    def responsibilities(self, model: AssistedModel, counted: Any) -> Floats:
        """Return how probable each kind and class is, an array (tasks, H, K); the labeler is evidence where `counted`."""
        n_classes = len(model.shares)
        logs = np.tile(np.log(model.kinds)[:, None] + np.log(model.shares)[None], (self.tasks, 1, 1))
        each = np.log(self.likelihood).reshape(len(self.task), -1)
        for column in range(each.shape[1]):
            logs.reshape(self.tasks, -1)[:, column] += np.bincount(self.task, weights=each[:, column], minlength=self.tasks)
        spoke = (self.suggestion >= 0) & counted
        right = model.labeler[:, self.suggestion_bin].T[:, :, None]
        slips = model.slips[:, self.suggestion].T[:, None, :]
        is_it = (np.arange(n_classes)[None] == self.suggestion[:, None])[:, None, :]
        logs += np.where(spoke[:, None, None], np.log(np.where(is_it, right, np.maximum((1 - right) * slips, 1e-9))), 0.0)
        logs -= logs.max(axis=(1, 2), keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=(1, 2), keepdims=True)
        return logs

    def owned(self, responsibilities: Floats) -> Floats:
        """Return how probable each kind and class is while the answer is the person's own, an array (answers, H, K)."""
        found: Floats = responsibilities[self.task]
        found *= (1 - self.copying)[:, :, None] * self.own / self.likelihood
        return found


class _Counts:
    """What is expected of the latent values, summed over all answers: the next model follows from it."""

    def __init__(self, n_classes: int, bins: int) -> None:
        self.kinds, self.shares = np.zeros(2), np.zeros(n_classes)
        self.own = np.zeros((2, n_classes, n_classes))
        self.labeler = np.zeros((2, bins, 2))
        self.slips = np.zeros((n_classes, n_classes))
        self.copying = np.zeros((2, bins, 2))
        self.person: dict[int, Floats] = {}
        """Of each annotator: own answers that are right, those expected of anybody, and all own answers; copies, expected, and chances."""

    def add(self, model: AssistedModel, answers: AssistedAnswers) -> None:
        n_classes = len(self.shares)
        terms = _Terms.of(model, answers)
        found = terms.responsibilities(model, True)
        self.kinds += found.sum(axis=(0, 2))
        self.shares += found.sum(axis=(0, 1))
        owned = terms.owned(found)
        for label in range(n_classes):
            self.own[:, :, label] += owned[answers.label == label].sum(axis=0)
        of_answer = found.sum(axis=2)[terms.task]
        copied = of_answer - owned.sum(axis=2)
        open_to = np.where((answers.shown & (answers.suggestion >= 0))[:, None], of_answer, 0.0)
        spoke = terms.suggestion >= 0
        agreed = found[np.flatnonzero(spoke), :, terms.suggestion[spoke]]
        bins = self.labeler.shape[1]
        for kind in (CLEAR, HARD):
            self.copying[kind, :, 0] += np.bincount(terms.bins, weights=copied[:, kind], minlength=bins)
            self.copying[kind, :, 1] += np.bincount(terms.bins, weights=open_to[:, kind], minlength=bins)
            self.labeler[kind, :, 0] += np.bincount(terms.suggestion_bin[spoke], weights=agreed[:, kind], minlength=bins)
            self.labeler[kind, :, 1] += np.bincount(terms.suggestion_bin[spoke], weights=found[spoke, kind].sum(axis=1), minlength=bins)
        joined = found.sum(axis=1)
        for label in range(n_classes):
            self.slips[:, label] += joined[spoke & (terms.suggestion == label)].sum(axis=0)
        right = owned[np.arange(len(answers.label)), :, answers.label].sum(axis=1)
        usual = model.own[:, np.arange(n_classes), np.arange(n_classes)]
        expected = (owned * usual[None]).sum(axis=(1, 2))
        of_anybody = (open_to * model.copying[:, terms.bins].T).sum(axis=1)
        people, place = np.unique(answers.annotator, return_inverse=True)
        values = (right, expected, owned.sum(axis=(1, 2)), copied.sum(axis=1), of_anybody, open_to.sum(axis=1))
        summed = np.stack([np.bincount(place, weights=value) for value in values], axis=1)
        for user, row in zip(people.tolist(), summed, strict=True):
            self.person[user] = self.person.get(user, 0.0) + row

    def learned(self, model: AssistedModel, known: bool) -> AssistedModel:
        """Return the next model. Pseudo-answers keep it in reason where there are few."""
        n_classes = len(self.shares)
        eye, off = np.eye(n_classes), (1 - np.eye(n_classes)) / (n_classes - 1)
        pool = self.own.sum(axis=0)
        right = (np.trace(self.own, axis1=1, axis2=2) + 8) / (self.own.sum(axis=(1, 2)) + 10)
        # Each row is pulled to what is right of all classes, its slips to those of both kinds.
        slips = pool * (1 - eye) + off
        slips /= slips.sum(axis=1, keepdims=True)
        prior = ROWS * np.stack([eye * one + slips * (1 - one) for one in right])
        own = self.own + prior
        own = np.clip(own / own.sum(axis=2, keepdims=True), LOW / n_classes, HIGH)
        labeler = np.clip((self.labeler[:, :, 0] + 7) / (self.labeler[:, :, 1] + 10), 1 / n_classes, HIGH)
        wrong = self.slips * (1 - eye) + PULL * off
        person = {user: _offset(row[0], row[1], row[2]) for user, row in self.person.items()}
        copying, copier = model.copying, model.copier
        if known:
            copying = np.clip((self.copying[:, :, 0] + 1) / (self.copying[:, :, 1] + 3), LOW, HIGH)
            copier = {user: _offset(row[3], row[4], row[5]) for user, row in self.person.items()}
        return replace(
            model,
            kinds=(self.kinds + 20) / (self.kinds + 20).sum(),
            shares=(self.shares + 1) / (self.shares + 1).sum(),
            own=own,
            person=person,
            labeler=labeler,
            slips=wrong / wrong.sum(axis=1, keepdims=True),
            copying=copying,
            copier=copier,
        )


def _offset(hits: float, expected: float, count: float) -> float:
    """Return by how much the log odds of a person differ from what is expected of anybody, pulled to nothing by `PULL` answers."""
    if count <= 0:
        return 0.0
    usual = float(np.clip(expected / count, LOW, HIGH))
    own = float(np.clip((hits + PULL * usual) / (count + PULL), LOW, HIGH))
    return float(_logit(own) - _logit(usual))


def _moved(before: AssistedModel, after: AssistedModel) -> float:
    pairs: Sequence[tuple[Floats, Floats]] = (
        (before.kinds, after.kinds),
        (before.shares, after.shares),
        (before.own, after.own),
        (before.labeler, after.labeler),
        (before.copying, after.copying),
    )
    return max(float(np.abs(one - other).max()) for one, other in pairs)
