"""What the answers themselves say about two models: how well each foretells answers that were held out."""

from __future__ import annotations

import numpy as np

from labelwright.stats.aggregate import dawid_skene
from labelwright.stats.aggregate._em import starting_posteriors
from labelwright.stats.aggregate.difficulty import fit_kinds
from labelwright.stats.answers import Answers, Floats

__all__ = ["gain_of_difficulty"]

FOLDS = 10
ENOUGH = 20_000
"""From this many answers on a part of the tasks is evidence enough."""

FLOOR = 0.02
"""Part of each prediction that is spread evenly, so that no single answer decides."""


def gain_of_difficulty(answers: Answers) -> float:
    """Return by how many nats an answer is better foretold, on average, when tasks may be clear or hard than by Dawid-Skene.

    Each tenth of the answers is held out in turn. Which tenth an answer belongs to follows from its annotator's and task's other
    answers alone, so that neither names nor order matter.
    """
    answers = _part(answers)
    n_classes = len(answers.classes)
    place = _signature(answers, starting_posteriors(answers))
    fold = (place * FOLDS).astype(np.int64)
    gained, count = 0.0, 0
    for held in range(FOLDS):
        known = answers.take(fold != held)
        asked = (fold == held) & (np.diff(known.start)[answers.task] > 0)
        if not asked.any() or not len(known.task):
            continue
        task, annotator, label = answers.task[asked], answers.annotator[asked], answers.label[asked]
        kinds, table, _ = fit_kinds(known)
        plain = dawid_skene.fit(known)
        assert plain.confusion is not None
        with_difficulty = (kinds[task] * table[annotator, label]).sum(axis=1)
        without = (plain.posteriors[task] * plain.confusion[annotator, :, label]).sum(axis=1)
        gained += float((_floored(with_difficulty, n_classes) - _floored(without, n_classes)).sum())
        count += len(task)
    return gained / count if count else 0.0


def _floored(chance: Floats, n_classes: int) -> Floats:
    logs: Floats = np.log((1 - FLOOR) * chance + FLOOR / n_classes)
    return logs


def _part(answers: Answers) -> Answers:
    """Return only a part of the tasks where there are many, chosen by their answers."""
    if len(answers.task) <= ENOUGH:
        return answers
    place = _signature(answers, starting_posteriors(answers))
    first = place[answers.start[:-1].clip(max=len(place) - 1)]
    chosen = first <= ENOUGH / len(answers.task)
    return answers.only(chosen & (np.diff(answers.start) > 0))


def _signature(answers: Answers, posteriors: Floats) -> Floats:
    """Return a number in 0..1 for each answer, scattered as if by chance, that names and order do not change."""
    n_tasks, n_annotators, n_classes = answers.shape
    right = posteriors[answers.task, answers.label]
    given = np.bincount(answers.annotator, minlength=n_annotators)
    person = (np.bincount(answers.annotator, weights=right, minlength=n_annotators) + given * np.sqrt(3))[answers.annotator]
    # Who agrees with whom, and on how frequent a class, is all that tells a task without naming anything.
    cell = answers.task.astype(np.int64) * n_classes + answers.label
    allies = np.bincount(cell, weights=person, minlength=n_tasks * n_classes)[cell]
    frequent = np.log1p(np.bincount(answers.label, minlength=n_classes))[answers.label]
    item = np.bincount(answers.task, weights=person * np.sqrt(allies) * (1 + frequent), minlength=n_tasks)
    # Tasks that are alike in all their answers are told apart by counting them; which is which then makes no difference.
    item = np.round(item, 6)
    order = np.argsort(item, kind="stable")
    fresh = np.r_[True, np.diff(item[order]) > 0]
    turn = np.empty(len(item))
    turn[order] = np.arange(len(item)) - np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
    item += turn * np.sqrt(7)
    # Rounded before it is scattered, so that the order of summation leaves no trace.
    mixed = np.round(person * np.sqrt(2) + item[answers.task] * np.sqrt(5), 6) * 1e3
    scattered: Floats = np.modf(np.abs(np.sin(mixed)) * 1e4)[0]
    return scattered
