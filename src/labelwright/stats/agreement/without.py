"""Agreement without each annotator in turn, for the jackknife: as sums from which one annotator's part is taken, in one pass.

Leaving out an annotator changes nothing but the items that this annotator answered, so that all of them cost as much as one, and not as
many times as much as there are annotators.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.stats.answers import BLOCK, Answers, Floats

__all__ = ["alpha_without_each", "pairs_without_each", "percent_without_each"]


class _Block:
    """Some items, and for each answer to one that has two or more what its item has.

    `many` is how many answers the item has, `same` how many of them have this answer's label, itself included, and `equal` how many
    ordered pairs of its answers are the same.
    """

    def __init__(self, answers: Answers, first: int, last: int) -> None:
        here = slice(answers.start[first], answers.start[last])
        of_item = np.diff(answers.start[first : last + 1])
        kept = (of_item >= 2)[answers.task[here] - first]
        size = len(answers.classes)
        item = (np.cumsum(of_item >= 2) - 1)[answers.task[here][kept] - first]
        self.of_item = of_item[of_item >= 2].astype(np.float64)
        self.item, self.label, self.person = item, answers.label[here][kept].astype(np.int64), answers.annotator[here][kept]
        _, cell, times = np.unique(item * size + self.label, return_inverse=True, return_counts=True)
        self.same = times[cell].astype(np.float64)
        self.equal_of_item = np.bincount(item, weights=self.same - 1, minlength=len(self.of_item))
        self.many, self.equal = self.of_item[item], self.equal_of_item[item]
        self.last = self.many == 2  # without this answer the item has one alone, and says nothing


def _blocks(answers: Answers) -> Iterator[_Block]:
    """Yield all items, so many at a time that what is needed on the way stays small beside the answers."""
    n_tasks = len(answers.tasks)
    for first in range(0, n_tasks, BLOCK):
        yield _Block(answers, first, min(first + BLOCK, n_tasks))


def _sharing(answers: Answers) -> NDArray[np.int64]:
    """The annotators who share an item with anybody, in ascending order."""
    return np.unique(answers.annotator[(np.diff(answers.start) >= 2)[answers.task]]).astype(np.int64)


def percent_without_each(answers: Answers) -> Floats:
    """Return the mean share of equal pairs an item without each annotator who shares an item; NaN where no item is left."""
    people = len(answers.annotators)
    change, gone, total, items = np.zeros(people), np.zeros(people), 0.0, 0
    for block in _blocks(answers):
        share = block.equal_of_item / (block.of_item * (block.of_item - 1))
        rest = np.where(block.last, 1.0, (block.many - 1) * (block.many - 2))
        after = np.where(block.last, 0.0, (block.equal - 2 * (block.same - 1)) / rest)
        change += np.bincount(block.person, weights=after - share[block.item], minlength=people)
        gone += np.bincount(block.person, weights=block.last, minlength=people)
        total, items = total + float(share.sum()), items + len(share)
    return _ratio(total + change, items - gone)[_sharing(answers)]


def alpha_without_each(answers: Answers) -> Floats:
    """Return Krippendorff's nominal alpha without each annotator who shares an item; NaN where it then has no value."""
    _, people, size = answers.shape
    change, gone, total, counts = np.zeros(people), np.zeros(people * size), 0.0, np.zeros(size)
    for block in _blocks(answers):
        apart = block.of_item - block.equal_of_item / (block.of_item - 1)
        rest = np.where(block.last, 1.0, block.many - 2)
        after = np.where(block.last, 0.0, block.many - 1 - (block.equal - 2 * (block.same - 1)) / rest)
        change += np.bincount(block.person, weights=after - apart[block.item], minlength=people)
        total += float(apart.sum())
        counts += np.bincount(block.label, minlength=size)
        gone += np.bincount(block.person * np.int64(size) + block.label, minlength=len(gone))
        # Where an item had two answers, the other one is left alone, and is no part of what chance would bring either.
        alone = np.flatnonzero(block.last)
        other = alone.reshape(-1, 2)[:, ::-1].ravel()
        gone += np.bincount(block.person[alone] * np.int64(size) + block.label[other], minlength=len(gone))
    left = counts - gone.reshape(people, size)
    answered = left.sum(axis=1)
    # At least a pair has to differ for there to be chance.
    chance = answered**2 - (left**2).sum(axis=1)
    return (1 - _ratio((total + change) * (answered - 1), chance))[_sharing(answers)]


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
