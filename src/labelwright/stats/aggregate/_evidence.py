"""What the answers themselves say about models: how well each foretells answers that were held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.stats.aggregate.base import Guesses, Layers, Tables
from labelwright.stats.answers import Answers, Floats

__all__ = ["Foretelling", "advantage", "foretold", "signatures", "weights_of"]

FOLDS = 10
ENOUGH = 20_000
"""From this many answers on a part of the tasks is evidence enough."""

FEW = 30
"""Up to so many answers each is held out by itself: too few to tell which belong together without looking at their order."""

FLOOR = 0.02
"""Part of each prediction that is spread evenly, so that no single answer decides."""

Foretelling = Callable[[Answers], tuple[Floats, Guesses | Tables | Layers]]
"""Fits a model and returns posteriors (tasks, states) and what each annotator answers in each state."""

Hashes = NDArray[np.uint64]


def foretold(answers: Answers, models: Mapping[str, Foretelling]) -> dict[str, Floats]:
    """Return for each model the log of the chance that it gave each held-out answer, in the same order for all.

    Each tenth of the answers is held out in turn, or each answer where there are few, and told from the other answers to its task.
    Which tenth an answer belongs to follows from how its annotator and its task were answered alone, so that neither names nor order
    matter.
    """
    answers = _part(answers)
    n_classes = len(answers.classes)
    few = len(answers.task) <= FEW
    fold = np.arange(len(answers.task)) if few else (signatures(answers)[0] % np.uint64(FOLDS)).astype(np.int64)
    logs: dict[str, list[Floats]] = {name: [] for name in models}
    for held in range(fold.max(initial=0) + 1):
        known = answers.take(fold != held)
        asked = (fold == held) & (np.diff(known.start)[answers.task] > 0)
        if not asked.any() or not len(known.task):
            continue
        task, annotator, label = answers.task[asked], answers.annotator[asked], answers.label[asked]
        for name, model in models.items():
            posteriors, table = model(known)
            chance = table.chance(posteriors[task], annotator, label)
            logs[name].append(np.log((1 - FLOOR) * chance + FLOOR / n_classes))
    return {name: np.concatenate(found) if found else np.empty(0) for name, found in logs.items()}


def weights_of(logs: Mapping[str, Floats]) -> dict[str, float]:
    """Return a weight for each model, with the sum 1: one that foretells worse than the best by z standard errors weighs exp(-z) of it.

    >>> found = weights_of({"good": np.full(100, -0.1), "bad": np.full(100, -0.9)})
    >>> found["good"] > 0.99
    True
    """
    best = max(logs, key=lambda name: float(logs[name].sum()))
    weights = {name: float(np.exp(-advantage(logs[best], found))) for name, found in logs.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def advantage(one: Floats, other: Floats) -> float:
    """Return by how many standard errors the first foretells better than the second, from the logs of the same answers.

    One imagined answer on which the two differ by a nat is added to the spread, so that few answers decide little, and that two
    which never differ do so by nothing but rounding decides nothing.

    >>> advantage(np.array([-0.1]), np.array([-1.1]))
    1.0
    """
    ahead = one - other
    if not len(ahead):
        return 0.0
    spread = (float(((ahead - ahead.mean()) ** 2).sum()) + 1.0) / len(ahead)
    return float(ahead.mean()) / float(np.sqrt(spread / len(ahead)))


def _part(answers: Answers) -> Answers:
    """Return only a part of the tasks where there are many, chosen by their answers."""
    if len(answers.task) <= ENOUGH:
        return answers
    of_task = signatures(answers)[1]
    chosen = of_task.astype(np.float64) / 2.0**64 <= ENOUGH / len(answers.task)
    return answers.only(chosen & (np.diff(answers.start) > 0))


def signatures(answers: Answers) -> tuple[Hashes, Hashes]:
    """Return a number for each answer and one for each task, scattered as if by chance, that names and order do not change.

    Sums of whole numbers that may overflow come out the same in every order.
    """
    n_tasks, n_annotators, n_classes = answers.shape
    task, annotator, label = answers.task, answers.annotator, answers.label
    cell = task.astype(np.int64) * n_classes + label
    of_annotator, of_class = np.zeros(n_annotators, dtype=np.uint64), np.zeros(n_classes, dtype=np.uint64)
    told_apart = 0
    # B. Weisfeiler and A. Leman (1968): each is told by what it meets, again and again, until nobody else is told apart.
    while True:
        person, sort = of_annotator[annotator], of_class[label]
        allies = _summed(cell, _mixed(person), n_tasks * n_classes)[cell]
        own = _mixed(_summed(task, _mixed(person + _mixed(sort + _mixed(allies))), n_tasks))
        count = len(np.unique(of_annotator)) + len(np.unique(of_class))
        if count <= told_apart:
            break
        told_apart = count
        of_annotator = _mixed(of_annotator + _summed(annotator, _mixed(own[task] + _mixed(sort + _mixed(allies))), n_annotators))
        of_class = _mixed(of_class + _summed(label, _mixed(own[task] + _mixed(person + _mixed(allies))), n_classes))
    # Tasks that are alike in all their answers are told apart by counting them; which is which then makes no difference.
    order = np.argsort(own, kind="stable")
    fresh = np.r_[True, own[order][1:] != own[order][:-1]]
    turn = np.empty(n_tasks, dtype=np.uint64)
    turn[order] = np.arange(n_tasks) - np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
    of_task = _mixed(own + _mixed(turn))
    return _mixed(person + _mixed(of_task[task])), of_task


def _summed(place: Any, values: Hashes, size: int) -> Hashes:
    sums = np.zeros(size, dtype=np.uint64)
    np.add.at(sums, place, values)
    return sums


def _mixed(values: Hashes) -> Hashes:
    """Scatter numbers over all of 64 bits: the finaliser of G. Steele, D. Lea and C. Flood's SplitMix (2014)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for by, times in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(by)
        mixed *= np.uint64(times)
    mixed ^= mixed >> np.uint64(31)
    return mixed
