"""Agreement without each annotator in turn, for the jackknife: as sums from which one annotator's part is taken, in one pass.

Leaving out an annotator changes nothing but the items that this annotator answered, so that all of them cost as much as one, and not as
many times as much as there are annotators.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.stats.answers import Answers, Floats

__all__ = ["alpha_without_each", "pairs_without_each", "percent_without_each"]


class _Shared:
    """The answers to items that have two or more, and for each of them what its item has.

    `many` is how many answers the item has, `same` how many of them have this answer's label, itself included, and `equal` how many
    ordered pairs of its answers are the same.
    """

    def __init__(self, answers: Answers) -> None:
        kept = (np.diff(answers.start) >= 2)[answers.task]
        self.size = len(answers.classes)
        item, self.item = np.unique(answers.task[kept], return_inverse=True)
        self.label = answers.label[kept].astype(np.int64)
        self.people, self.person = np.unique(answers.annotator[kept], return_inverse=True)
        self.items = len(item)
        self.of_item = np.bincount(self.item, minlength=self.items).astype(np.float64)
        _, cell, times = np.unique(self.item * self.size + self.label, return_inverse=True, return_counts=True)
        self.same = times[cell].astype(np.float64)
        self.equal_of_item = np.bincount(self.item, weights=self.same - 1, minlength=self.items)
        self.many, self.equal = self.of_item[self.item], self.equal_of_item[self.item]
        self.last = self.many == 2  # without this answer the item has one alone, and says nothing

    def by_person(self, values: Any) -> Floats:
        return np.bincount(self.person, weights=values, minlength=len(self.people)).astype(np.float64, copy=False)


def percent_without_each(answers: Answers) -> Floats:
    """Return the mean share of equal pairs an item without each annotator who shares an item; NaN where no item is left."""
    all_of = _Shared(answers)
    share = all_of.equal_of_item / (all_of.of_item * (all_of.of_item - 1))
    rest = np.where(all_of.last, 1.0, (all_of.many - 1) * (all_of.many - 2))
    after = np.where(all_of.last, 0.0, (all_of.equal - 2 * (all_of.same - 1)) / rest)
    total = share.sum() + all_of.by_person(after - share[all_of.item])
    return _ratio(total, all_of.items - all_of.by_person(all_of.last))


def alpha_without_each(answers: Answers) -> Floats:
    """Return Krippendorff's nominal alpha without each annotator who shares an item; NaN where it then has no value."""
    all_of = _Shared(answers)
    apart = all_of.of_item - all_of.equal_of_item / (all_of.of_item - 1)
    rest = np.where(all_of.last, 1.0, all_of.many - 2)
    after = np.where(all_of.last, 0.0, all_of.many - 1 - (all_of.equal - 2 * (all_of.same - 1)) / rest)
    total = apart.sum() + all_of.by_person(after - apart[all_of.item])
    gone = np.bincount(all_of.person * all_of.size + all_of.label, minlength=len(all_of.people) * all_of.size)
    # Where an item had two answers, the other one is left alone, and is no part of what chance would bring either.
    alone = np.flatnonzero(all_of.last)
    other = alone.reshape(-1, 2)[:, ::-1].ravel()
    gone += np.bincount(all_of.person[alone] * all_of.size + all_of.label[other], minlength=len(gone))
    counts = np.bincount(all_of.label, minlength=all_of.size) - gone.reshape(-1, all_of.size).astype(np.float64)
    left = counts.sum(axis=1)
    # At least a pair has to differ for there to be chance.
    chance = left**2 - (counts**2).sum(axis=1)
    return 1 - _ratio(total * (left - 1), chance)


def pairs_without_each(item: NDArray[Any], first: NDArray[Any], second: NDArray[Any], value: Floats) -> Floats:
    """Return the mean over items of the mean over their pairs, without each annotator: NaN where no item is left.

    Args:
        item: the item of each pair.
        first: one annotator of each pair.
        second: the other one.
        value: how far the two agree.
    """
    _, place = np.unique(item, return_inverse=True)
    people, person = np.unique(np.concatenate([first, second]), return_inverse=True)
    twice = np.concatenate([place, place])
    seat, of_seat = np.unique(twice * np.int64(len(people)) + person, return_inverse=True)
    of_item, who = np.divmod(seat, len(people))
    count, total = np.bincount(place).astype(np.float64), np.bincount(place, weights=value)
    mine, of_mine = np.bincount(of_seat).astype(np.float64), np.bincount(of_seat, weights=np.concatenate([value, value]))
    left = count[of_item] - mine
    gone = left == 0
    after = np.where(gone, 0.0, (total[of_item] - of_mine) / np.where(gone, 1.0, left))
    mean = total / count
    summed = mean.sum() + np.bincount(who, weights=after - mean[of_item], minlength=len(people))
    return _ratio(summed, len(count) - np.bincount(who, weights=gone, minlength=len(people)).astype(np.float64, copy=False))


def _ratio(part: Floats, whole: Floats) -> Floats:
    nothing = whole <= 0.5
    found: Floats = np.where(nothing, np.nan, part / np.where(nothing, 1.0, whole))
    return found
