"""Annotators who are copies of one another: the same model under several names, or people who share one account's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from labelwright.stats.answers import Answers

__all__ = ["find_copies", "share_votes"]

ENOUGH = 100
"""So many tasks two annotators have to share before they are compared."""

SAME = 0.7
"""From this agreement beyond chance (Cohen's kappa) on two may be copies …"""

BEYOND = 0.15
"""… if they agree so much more with each other than either does with those who are no copies of it."""

MOST = 2000
"""Copies are looked for among so many annotators at most, those who answered most."""


def share_votes(answers: Answers, groups: Sequence[Sequence[int]]) -> Answers:
    """Return the answers with lower weights, so that the members of a group who answered the same task share one vote among them."""
    n_tasks, n_annotators, _ = answers.shape
    group = np.full(n_annotators, -1)
    for number, members in enumerate(groups):
        group[list(members)] = number
    mine = group[answers.annotator]
    place = np.where(mine >= 0, answers.task.astype(np.int64) * len(groups) + mine, 0)
    together = np.bincount(place[mine >= 0], minlength=n_tasks * len(groups))
    weight = np.where(mine >= 0, 1.0 / np.maximum(together[place], 1), 1.0)
    return replace(answers, weight=answers.weights * weight)


def find_copies(answers: Answers) -> list[list[int]]:
    """Return groups of annotators, by their codes, who answer alike, and so much more alike than anybody else that they may be copies.

    Whether they are copies or the only ones who know cannot be told from this: what tells is whether others are foretold better when
    the group has one vote.
    """
    from scipy.sparse.csgraph import connected_components

    people, kappa, common = _agreement(answers)
    if not len(people):
        return []
    close = (common >= ENOUGH) & (kappa >= SAME)
    np.fill_diagonal(close, False)
    if not close.any():
        return []
    count, member = connected_components(close, directed=False)
    found = []
    for number in range(count):
        inside = np.flatnonzero(member == number)
        if len(inside) < 2:
            continue
        outside = np.flatnonzero(member != number)
        others = kappa[np.ix_(inside, outside)][common[np.ix_(inside, outside)] >= ENOUGH // 5]
        within = kappa[np.ix_(inside, inside)][close[np.ix_(inside, inside)]]
        if len(others) and np.median(within) - np.median(others) >= BEYOND:
            found.append(sorted(int(people[place]) for place in inside))
    return found


def _agreement(answers: Answers) -> tuple[Any, Any, Any]:
    """Return who was compared, the kappas of all pairs, and how many tasks each pair shares."""
    from scipy.sparse import csr_array

    n_tasks, n_annotators, n_classes = answers.shape
    given = np.bincount(answers.annotator, minlength=n_annotators)
    people = np.flatnonzero(given >= ENOUGH)
    if len(people) < 2:
        return people[:0], np.empty((0, 0)), np.empty((0, 0))
    people = np.sort(people[np.argsort(-given[people], kind="stable")[:MOST]])
    column = np.full(n_annotators, -1)
    column[people] = np.arange(len(people))
    kept = column[answers.annotator] >= 0
    task, who, label = answers.task[kept], column[answers.annotator[kept]], answers.label[kept]
    ones = np.ones(len(task))
    votes = csr_array((ones, (task, who)), shape=(n_tasks, len(people)))
    votes.data[:] = np.minimum(votes.data, 1)
    common = (votes.T @ votes).toarray()
    same, chance = np.zeros_like(common), np.zeros_like(common)
    shares = np.zeros((len(people), n_classes))
    np.add.at(shares, (who, label), 1.0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    for one in range(n_classes):
        mine = label == one
        cells = csr_array((ones[: int(mine.sum())], (task[mine], who[mine])), shape=(n_tasks, len(people)))
        same += (cells.T @ cells).toarray()
        chance += np.outer(shares[:, one], shares[:, one])
    observed = np.minimum(same / np.maximum(common, 1.0), 1.0)
    return people, (observed - chance) / np.maximum(1 - chance, 1e-9), common
