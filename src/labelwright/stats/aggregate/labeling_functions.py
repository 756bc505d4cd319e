"""Weak supervision: labeling functions that speak up on some items only, often always for one class.

A. Ratner, C. De Sa, S. Wu, D. Selsam and C. Re, "Data Programming", NIPS (2016), for the setting. A confusion table says nothing about a
function that only ever votes for one class, since it is always "right" given that it spoke. What tells is that it spoke: each function
has a rate of speaking in every class. Silence is not counted as evidence, because functions share their blind spots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._correlation import independent_weights
from labelwright.stats.aggregate._em import Table, starting_posteriors
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers, Floats

__all__ = ["fit", "share_of_one_class_voters"]


def fit(
    answers: Answers,
    *,
    precision: float = 0.7,
    strength: float = 10.0,
    discount: bool = True,
    balance: Sequence[float] | None = None,
    iterations: int = 100,
    tolerance: float = 1e-5,
) -> Fit:
    """Fit to every function the rate of each of its votes in each true class, by expectation maximisation.

    Beforehand a function's votes are right with the chance `precision`, and wrong ones fall on the other classes as often as those occur;
    this prior is worth `strength` votes of each kind. The classes' shares are those of the votes unless `balance` tells them: functions
    say much of the classes that somebody wrote functions for, and little of how frequent these are.

    Args:
        answers: encoded answers; what a function did not vote on, it abstained on.
        precision: above 0 and below 1.
        strength: pseudo-votes, at least 0.
        discount: whether functions that vote together more often than the truth explains share one vote among them, found by a first fit
            and applied in a second.
        balance: how frequent each class is, in the order of the classes, numbers above 0 that are scaled to the sum 1; None takes the
            shares of the votes.
        iterations: the most iterations, at least 1.
        tolerance: stop when no posterior moved by more than this.

    Returns:
        A `Fit` with posteriors. The confusion tables are of the votes given, abstentions left out.

    Raises:
        InvalidInput: an argument is out of range.

    >>> from labelwright.stats import aggregate
    >>> tasks, functions = [1, 1, 2, 3, 3], ["has_refund", "has_money", "has_crash", "has_refund", "has_crash"]
    >>> aggregate(tasks, functions, ["refund", "refund", "bug", "refund", "bug"], method="labeling_functions").labels[1]
    'refund'
    """
    if not (0 < precision < 1 and 0 <= strength < np.inf):
        raise InvalidInput("The precision has to lie between 0 and 1, and the strength to be at least 0.")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    shares = answers.votes().sum(axis=0) + 1 if balance is None else np.asarray(balance, dtype=np.float64)
    if shares.shape != (len(answers.classes),) or not bool((shares > 0).all()):
        raise InvalidInput(f"The balance has to be {len(answers.classes)} numbers above 0, one for each class.", where="balance")
    shares = shares / shares.sum()
    posteriors, done = _climb(answers, shares, precision, strength, iterations, tolerance)
    heard = ""
    if discount and len(answers.annotators) > 1:
        weight = independent_weights(answers, posteriors)
        if weight.min() < 1:
            lowered = replace(answers, weight=answers.weights * weight[answers.annotator])
            posteriors, more = _climb(lowered, shares, precision, strength, iterations, tolerance)
            done += more
            heard = f"; {int((weight < 1).sum())} of {len(weight)} vote together with others and are discounted"
    return Fit(posteriors, reason=f"Asked for: rates of speaking in each class, {done} iterations{heard}.")


def _climb(answers: Answers, shares: Floats, precision: float, strength: float, iterations: int, tolerance: float) -> tuple[Floats, int]:
    """Alternate between rates and posteriors until no posterior moves by more than `tolerance`."""
    n_tasks, _, n_classes = answers.shape
    table = Table(answers, compiled=False)
    cells = table.cells
    given = np.bincount(cells.of_answer, weights=answers.weight)
    # A rate is needed up to a factor common to all classes, which leaves the posteriors as they are.
    known = (given / np.maximum(given + strength, 1e-10))[:, None]
    posteriors = starting_posteriors(answers)
    done = 0
    while done < iterations:
        done += 1
        size = (posteriors.sum(axis=0) + 1) / (n_tasks + n_classes)
        rates, before = table.counts(posteriors), strength * _before(size, precision)
        for part in cells.parts():
            rates[part] = np.log(np.maximum((rates[part] + before[cells.label[part]]) / size * known[part], 1e-10))
        after, _ = table.posteriors(rates, np.log(shares))
        moved = float(np.abs(after - posteriors).max())
        posteriors = after
        if moved <= tolerance:
            break
    return posteriors, done


def share_of_one_class_voters(answers: Answers, *, least: int = 5) -> float:
    """Return the share of all answers that come from annotators who answered `least` tasks or more and always with one class.

    Where that class is so frequent that chance alone would have an annotator give no other in one case of a hundred, it says nothing.
    """
    _, n_annotators, n_classes = answers.shape
    cell = answers.annotator.astype(np.int64) * n_classes + answers.label
    given = np.bincount(cell, minlength=n_annotators * n_classes).reshape(n_annotators, n_classes)
    total = given.sum(axis=1)
    share = given.sum(axis=0) / given.sum()
    by_chance = total * np.log(share[given.argmax(axis=1)]) >= np.log(0.01)
    single = (given.max(axis=1) == total) & (total >= least) & ~by_chance
    return float(total[single].sum() / total.sum())


def _before(size: Floats, precision: float) -> Floats:
    """Return, for a vote for each class (rows), the chance of each true class (columns) before anything was seen."""
    others = np.tile(size, (len(size), 1))
    np.fill_diagonal(others, 0.0)
    total = others.sum(axis=1, keepdims=True)
    chance = (1 - precision) * others / np.where(total > 0, total, 1.0)
    np.fill_diagonal(chance, precision)
    return chance
