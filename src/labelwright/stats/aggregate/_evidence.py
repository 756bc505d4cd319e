"""What the answers themselves say about models: how well each foretells answers that were held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.stats.answers import Answers, Floats

__all__ = ["Foretelling", "foretold", "signatures", "weights_of"]

FOLDS = 10
ENOUGH = 20_000
"""From this many answers on a part of the tasks is evidence enough."""

FLOOR = 0.02
"""Part of each prediction that is spread evenly, so that no single answer decides."""

Foretelling = Callable[[Answers], tuple[Floats, Any]]
"""Fits a model and returns posteriors (tasks, states) and the table (annotators, answer, states) of what is answered in each state."""

Hashes = NDArray[np.uint64]


def foretold(answers: Answers, models: Mapping[str, Foretelling], *, of: NDArray[np.bool_] | None = None) -> dict[str, Floats]:
    """Return for each model the log of the chance that it gave each held-out answer, in the same order for all.

    Each tenth of the answers is held out in turn, and told from the other answers to its task. Which tenth an answer belongs to follows
    from how its annotator and its task were answered alone, so that neither names nor order matter. `of` is a mask of the annotators
    whose answers are to be foretold; None means all.
    """
    answers = _part(answers)
    n_classes = len(answers.classes)
    fold = (signatures(answers)[0] % np.uint64(FOLDS)).astype(np.int64)
    logs: dict[str, list[Floats]] = {name: [] for name in models}
    for held in range(FOLDS):
        known = answers.take(fold != held)
        asked = (fold == held) & (np.diff(known.start)[answers.task] > 0)
        if of is not None:
            asked &= of[answers.annotator]
        if not asked.any() or not len(known.task):
            continue
        task, annotator, label = answers.task[asked], answers.annotator[asked], answers.label[asked]
        for name, model in models.items():
            posteriors, table = model(known)
            chance = np.einsum("ns,ns->n", posteriors[task], table[annotator, label])
            logs[name].append(np.log((1 - FLOOR) * chance + FLOOR / n_classes))
    return {name: np.concatenate(found) if found else np.empty(0) for name, found in logs.items()}


def weights_of(logs: Mapping[str, Floats]) -> dict[str, float]:
    """Return a weight for each model, with the sum 1: one that foretells worse than the best by z standard errors weighs exp(-z) of it.

    >>> found = weights_of({"good": np.array([-0.1, -0.2, -0.1]), "bad": np.array([-1.0, -1.3, -0.9])})
    >>> found["good"] > 0.99
    True
    """
    best = max(logs, key=lambda name: float(logs[name].mean()) if len(logs[name]) else 0.0)
    weights = {}
    for name, found in logs.items():
        behind = logs[best] - found
        error = float(behind.std() / np.sqrt(len(behind))) if len(behind) else 0.0
        weights[name] = float(np.exp(-behind.mean() / error)) if error > 0 else 1.0
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


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
    agreeing = np.bincount(cell, minlength=n_tasks * n_classes)[cell].astype(np.uint64)
    asked = np.diff(answers.start)[task].astype(np.uint64)
    frequent = np.bincount(label, minlength=n_classes)[label].astype(np.uint64)
    # Who agrees with how many of how many, on a label how frequent: all that tells an annotator without naming anybody.
    alone = _mixed(agreeing + _mixed(asked + _mixed(frequent)))
    person = _mixed(_summed(annotator, alone, n_annotators))[annotator]
    allies = _summed(cell, person, n_tasks * n_classes)[cell]
    own = _mixed(_summed(task, _mixed(person + _mixed(allies + _mixed(frequent))), n_tasks))
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
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
