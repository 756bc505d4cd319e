"""The method that the answers themselves support, with the reason.

No single model is best on every crowd, so several are fitted and averaged, in the spirit of J. A. Hoeting et al., "Bayesian Model
Averaging", Statistical Science 14 (1999), with weights from how well answers are foretold that were held out, never from the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from labelwright.stats.aggregate import dawid_skene, difficulty, glad, labeling_functions, mace, majority, one_coin, pooled, shared_coin
from labelwright.stats.aggregate._copies import find_copies, share_votes
from labelwright.stats.aggregate._em import LONG
from labelwright.stats.aggregate._evidence import Foretelling, advantage, foretold, weights_of
from labelwright.stats.aggregate.base import Fit, Guesses, Tables
from labelwright.stats.answers import Answers, Floats

__all__ = ["fit"]

CLEAR_GAIN = 0.01
"""Nats an answer from which on the models with difficulty carry the whole weight: an answer is foretold 1% better."""

ROUGHLY = {"iterations": 25, "tolerance": 1e-3}
"""Where there are many answers no model is fitted beyond this: what one would still move is less than what they differ among each other."""

TRUST = 0.7
"""So much of the weight that annotators' own skills earn is spread evenly over the usual models, whatever they foretell."""

USUAL = ("dawid_skene", "pooled", "one_coin", "mace")

NEGLIGIBLE = 0.01
"""A model with a smaller weight is not fitted."""

TOO_MANY = 20
"""Confusion tables with so many numbers for each answer cannot be learned, and one number an annotator stands for them."""

_Model = Callable[..., Fit]
_SMALL: dict[str, _Model] = {
    "one_coin": one_coin.fit,
    "one_coin with shares": partial(one_coin.fit, shares=1.0),
    "mace": mace.fit,
    "shared_coin": shared_coin.fit,
}
_MODELS: dict[str, _Model] = {"dawid_skene": dawid_skene.fit, "pooled": pooled.fit, **_SMALL}


def fit(answers: Answers) -> Fit:
    """Choose by how much the answers can tell about annotators and tasks.

    1. Hardly any task has two answers, or only one class occurs: majority vote, since nothing can be learned.
    2. Most answers come from annotators who only ever give one class: they are labeling functions, and that they spoke
       is the evidence.
    3. Otherwise models of annotators are averaged: Dawid-Skene and its pooled form, one coin for each and one for all, and MACE. One
       part of the weight follows from how well each foretells answers that were held out, the larger part is spread evenly over the
       usual ones, unless one coin for all foretells best. Where letting tasks differ in difficulty foretells better still, the two
       models that do carry a part of the weight, or all of it.

    Annotators who are copies of one another share one vote beforehand, if others are then foretold better.

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
    copies = _copies(answers)
    answers = share_votes(answers, copies) if copies else answers
    weights, gain = _weights(answers)
    hard = float(np.clip(gain / CLEAR_GAIN, 0.0, 1.0))
    how: dict[str, Any] = ROUGHLY if len(answers.task) >= LONG else {}
    shares = [(_MODELS[name], (1 - hard) * weight) for name, weight in weights.items()]
    shares += [(difficulty.fit, hard / 2), (glad.fit, hard / 2)]
    posteriors = np.zeros((len(answers.tasks), len(answers.classes)))
    for model, share in shares:
        if share > 0:
            _add(posteriors, model(answers, **how).posteriors, share)
    listed = ", ".join(f"{name} {weight:.0%}" for name, weight in sorted(weights.items(), key=lambda one: -one[1]))
    reason = (
        f"Models weigh by how well they foretell answers that were held out: {listed}. Letting tasks differ in difficulty foretells an "
        f"answer by {gain:+.3f} nats, so models with difficulty weigh {hard:.0%} and models of annotators alone {1 - hard:.0%}."
    )
    if copies:
        reason += f" {sum(map(len, copies))} annotators are copies of one another and share {len(copies)} votes."
    return Fit(posteriors, method="average", reason=reason)


def _add(total: Floats, posteriors: Floats, share: float) -> None:
    """Add a share of a model's posteriors, which are written over: those of many tasks take much memory."""
    posteriors *= share
    total += posteriors


def _copies(answers: Answers) -> list[list[int]]:
    """Return the groups of annotators who are copies: all others are foretold better when each group has one vote."""
    groups = find_copies(answers)
    if not groups:
        return []
    others = np.ones(len(answers.annotators), dtype=bool)
    others[[member for group in groups for member in group]] = False
    each = partial(_by_confusion, dawid_skene.fit)
    logs = foretold(answers, {"each": each, "shared": lambda known: each(share_votes(known, groups))}, of=others)
    return groups if advantage(logs["shared"], logs["each"]) > 1 else []


def _weights(answers: Answers) -> tuple[dict[str, float], float]:
    """Return the weights of the models of annotators, and by how many nats an answer is better foretold with difficulty than without."""
    _, n_annotators, n_classes = answers.shape
    small = n_annotators * n_classes**2 > TOO_MANY * len(answers.task)
    models = _SMALL if small else _MODELS
    asked: dict[str, Foretelling] = {name: partial(_by_confusion, model) for name, model in models.items()}
    if not small:
        asked["difficulty"] = _by_kinds
    logs = foretold(answers, asked)
    hard, plain = logs.pop("difficulty", np.empty(0)), logs.get("dawid_skene", np.empty(0))
    gain = float((hard - plain).mean()) if len(hard) else 0.0
    found = weights_of(logs)
    # A model may foretell answers best and still not the truth: unless one coin for all does it best, the usual ones keep their say.
    alone = found["shared_coin"]
    usual = [name for name in USUAL if name in found]
    for name in found:
        if name != "shared_coin":
            found[name] = (1 - TRUST) * found[name] + (TRUST * (1 - alone) / len(usual) if name in usual else 0.0)
    weights = {name: weight for name, weight in found.items() if weight >= NEGLIGIBLE}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}, gain


def _by_confusion(model: _Model, answers: Answers) -> tuple[Floats, Guesses | Tables]:
    found = model(answers)
    assert isinstance(found.confusion, Guesses | Tables)
    return found.posteriors, found.confusion


def _by_kinds(answers: Answers) -> tuple[Floats, Tables]:
    kinds, tables, _ = difficulty.fit_kinds(answers)
    return kinds, tables
