"""The method that the answers themselves support, with the reason.

No single model is best on every crowd, so several are fitted and averaged, in the spirit of J. A. Hoeting et al., "Bayesian Model
Averaging", Statistical Science 14 (1999), with weights from how well answers are foretold that were held out, never from the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from labelwright.stats.aggregate import difficulty, labeling_functions, layered, mace, majority, one_coin, shared_coin
from labelwright.stats.aggregate._copies import find_copies, share_votes
from labelwright.stats.aggregate._em import LONG
from labelwright.stats.aggregate._evidence import Foretelling, foretold, weights_of
from labelwright.stats.aggregate.base import Fit, Guesses, Layers, Tables
from labelwright.stats.answers import Answers, Floats

__all__ = ["by_confusion", "by_kinds", "fit", "shared_out"]

ROUGHLY: dict[str, Any] = {"iterations": 25, "tolerance": 1e-3}
"""Where there are many answers, or the fit only foretells, no model is fitted beyond this: what would still move is less than what they
differ among each other."""

TRUST = 0.5
"""So much of the weight goes by what a model foretells, and the rest is spread evenly: one may foretell answers best because it knows
people's habits, and still not the truth."""

TOO_MANY = 20
"""Confusion tables with so many numbers for each answer cannot be learned, and one number an annotator stands for them."""

ENOUGH = 4.0
"""From so many answers a task on hard tasks can be told from those of another class: with fewer, what splits the votes is either."""

_Model = Callable[..., Fit]
_SMALL: dict[str, _Model] = {"one_coin": one_coin.fit, "mace": partial(mace.fit, belief=layered.BELIEF), "shared_coin": shared_coin.fit}
_MODELS: dict[str, _Model] = {"layered": layered.fit, "layered without tables": partial(layered.fit, own=np.inf), **_SMALL}
_KINDS: dict[str, _Model] = {"difficulty": difficulty.fit}


def fit(answers: Answers) -> Fit:
    """Choose by how much the answers can tell about annotators and tasks.

    1. Hardly any task has two answers, or only one class occurs: majority vote, since nothing can be learned.
    2. Most answers come from annotators who only ever give one class: they are labeling functions, and that they spoke
       is the evidence.
    3. Otherwise models are averaged that differ in what they take for granted: that annotators are equal, that each has one accuracy, a
       habit of guessing, or a confusion table, and, where tasks have four answers or more, that tasks differ in difficulty. All but the
       last hold to the vote where little is known; tables that do not are left out. Half of the weight follows from how well each model
       foretells answers that were held out, the other half is the same for all, unless one accuracy for everybody foretells best.

    Annotators who are copies of one another share one vote beforehand.

    >>> from labelwright.stats import aggregate
    >>> result = aggregate([1, 2, 3], ["ann", "ann", "bob"], ["x", "y", "x"])
    >>> result.method, result.reason
    ('majority', 'Only 0% of the tasks have two answers or more, so the answers say nothing about the annotators.')
    """
    per_task = np.diff(answers.start)
    shared = float((per_task >= 2).sum() / max((per_task > 0).sum(), 1))
    if len(np.unique(answers.label)) < 2:
        return replace(majority.fit(answers), method="majority", reason="Only one class occurs.")
    one_sided = labeling_functions.share_of_one_class_voters(answers)
    if one_sided > 0.5:
        reason = (
            f"{one_sided:.0%} of the answers come from annotators who only ever give one class, as labeling functions do, so that they "
            f"spoke is the evidence; averaged with the majority vote. Who knows how frequent the classes are does better with "
            f"method='labeling_functions' and its option `balance`."
        )
        # How frequent each class is cannot be told from such votes, so that the model breaks ties and no more than a narrow majority.
        posteriors = (2 * majority.fit(answers).posteriors + labeling_functions.fit(answers).posteriors) / 3
        return Fit(posteriors, method="labeling_functions", reason=reason)
    if shared < 0.05:
        reason = f"Only {shared:.0%} of the tasks have two answers or more, so the answers say nothing about the annotators."
        return replace(majority.fit(answers), method="majority", reason=reason)
    copies = find_copies(answers)
    answers = share_votes(answers, copies) if copies else answers
    models = _models(answers)
    logs = _foretold(answers, models)
    weights = shared_out(weights_of(logs))
    how = ROUGHLY if len(answers.task) >= LONG else {}
    # Whether a task is hard cannot be judged by what is known of others.
    later = shared_out(weights_of({name: found for name, found in logs.items() if name not in _KINDS}))
    posteriors, parts = np.zeros((len(answers.tasks), len(answers.classes))), []
    for name, weight in weights.items():
        found = models[name](answers, **how)
        if name in later:
            parts.append(found.part(later[name]))
        _add(posteriors, found.posteriors, weight)
    listed = ", ".join(f"{name} {weight:.0%}" for name, weight in sorted(weights.items(), key=lambda one: -one[1]))
    reason = f"Models are averaged, half of the weight by how well they foretell answers that were held out: {listed}."
    if copies:
        reason += f" {sum(map(len, copies))} annotators are copies of one another and share {len(copies)} votes."
    return Fit(posteriors, method="average", reason=reason, parts=parts, copies=copies)


def _add(total: Floats, posteriors: Floats, share: float) -> None:
    """Add a share of a model's posteriors, which are written over: those of many tasks take much memory."""
    posteriors *= share
    total += posteriors


def _models(answers: Answers) -> dict[str, _Model]:
    """Return the models that the answers can tell anything about."""
    _, n_annotators, n_classes = answers.shape
    if n_annotators * n_classes**2 > TOO_MANY * len(answers.task):
        return _SMALL
    # As an answer sees it: of a task with many there are many.
    beside = float(np.diff(answers.start)[answers.task].mean())
    return _MODELS | _KINDS if beside >= ENOUGH else _MODELS


def _foretold(answers: Answers, models: dict[str, _Model]) -> dict[str, Floats]:
    """Return for each model the logs of how probable it found each answer that was held out."""
    asked: dict[str, Foretelling] = {name: partial(by_confusion, partial(model, **ROUGHLY)) for name, model in models.items()}
    if "difficulty" in asked:
        asked["difficulty"] = by_kinds
    return foretold(answers, asked)


def shared_out(found: Mapping[str, float], trust: float = TRUST) -> dict[str, float]:
    """Return weights of which the part `trust`, 0 to 1, is `found`, and the rest is even.

    Where people differ too little to be told apart, models of their skills run away, and the even part goes to one coin for all.

    >>> shared_out({"mace": 1.0, "shared_coin": 0.0})
    {'mace': 0.75, 'shared_coin': 0.25}
    """
    alone = found["shared_coin"]
    even = {name: (1 - alone) / len(found) for name in found}
    even["shared_coin"] += alone
    return {name: trust * weight + (1 - trust) * even[name] for name, weight in found.items()}


def by_confusion(model: _Model, answers: Answers) -> tuple[Floats, Guesses | Tables | Layers]:
    """Fit a model that says how annotators answer, to foretell by."""
    found = model(answers)
    assert isinstance(found.confusion, Guesses | Tables | Layers)
    return found.posteriors, found.confusion


def by_kinds(answers: Answers) -> tuple[Floats, Tables]:
    """Fit `difficulty`, to foretell by the classes of both kinds of tasks."""
    kinds, tables, _ = difficulty.fit_kinds(answers, **ROUGHLY)
    return kinds, tables
