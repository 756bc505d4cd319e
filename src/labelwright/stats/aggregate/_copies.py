"""Annotators who are copies of one another: the same model under several names, or people who share one account's answers.

C. Spearman, "General Intelligence, Objectively Determined and Measured", American Journal of Psychology 15 (1904), for the tetrads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelwright.stats.answers import Answers, Floats

__all__ = ["find_copies", "share_votes"]

Places = NDArray[np.intp]

ENOUGH = 10
"""So many tasks two annotators have to share before they are compared."""

SAME = 0.75
"""From this agreement beyond chance (Cohen's kappa) on two may be copies …"""

BEYOND = 0.15
"""… if they agree so much more with each other than what either shares with all others foretells …"""

SURE = 3.0
"""… by so many standard errors."""

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
    """Return groups of annotators, by their codes, who agree with one another more than the truth explains, each smaller than the rest.

    Where only the truth makes annotators agree, the agreement beyond chance of two is the product of what each of them knows. So what
    two share follows from what each shares with others, and what those share: experts among guessers pass this test, and copies do not.
    It says that one of two groups copies and not which, so that only a minority that agrees nearly everywhere is taken for copies.
    """
    from scipy.sparse.csgraph import connected_components

    shared = _shared(answers)
    if shared is None:
        return []
    # The largest of so many standard normal numbers is about this.
    by_chance = float(np.sqrt(2 * np.log(max((shared.tasks >= ENOUGH).sum() / 2, 2))))
    close = _close(shared, by_chance)
    if not close.any():
        return []
    count, member = connected_components(close, directed=False)
    found = []
    for number in np.flatnonzero(np.bincount(member, minlength=count) >= 2):
        inside = np.flatnonzero(member == number)
        others = np.flatnonzero((member != number) & (shared.tasks[inside].sum(axis=0) > 0))
        if len(others) > len(inside) and _copies(shared, inside, others, by_chance):
            found.append(shared.people[inside].tolist())
    return found


@dataclass(frozen=True, eq=False)
class _Shared:
    """What pairs of annotators share: arrays (people, people), zeros on the diagonal.

    `tasks` counts the tasks that both answered, `same` those that they answered alike, and `chance` is the share of those that they
    would answer alike by the frequency of their answers alone.
    """

    people: Places
    tasks: Floats
    same: Floats
    chance: Floats

    def beyond(self) -> tuple[Floats, Floats]:
        """Return by how many tasks each pair agrees beyond chance, and by how many it could."""
        return self.same - self.tasks * self.chance, self.tasks * (1 - self.chance)

    def kappa(self, one: Places, other: Places) -> tuple[float, float]:
        """Return the agreement beyond chance between two groups, over all of their pairs, and its standard error."""
        block = np.ix_(one, other)
        tasks, chance = self.tasks[block], self.chance[block]
        kappa = float((self.same[block] - tasks * chance).sum() / max((tasks * (1 - chance)).sum(), 1e-9))
        pairs = tasks.sum() / (2 if one is other else 1)
        return kappa, float(np.sqrt(max(1 - kappa**2, 0.05) / max(pairs, 1.0)))

    def surprise(self, foretold: Any) -> Floats:
        """Return by how many standard errors each pair agrees more than foretold, an agreement beyond chance, 0 to 1."""
        alike = self.chance + (1 - self.chance) * np.clip(foretold, 0.0, 0.98)
        spread = np.sqrt(np.maximum(self.tasks * alike * (1 - alike), 1e-9))
        found: Floats = (self.same - self.tasks * alike) / spread
        return found


def _close(shared: _Shared, by_chance: float) -> Any:
    """Mark the pairs that agree nearly everywhere, and far more than what each of the two shares with the rest foretells."""
    beyond, most = shared.beyond()
    alike = (beyond >= SAME * most) & (shared.tasks >= ENOUGH)
    # Copies among those from whom it is foretold would hide themselves.
    beyond, most = np.where(alike, 0.0, beyond), np.where(alike, 0.0, most)
    own = np.maximum(beyond.sum(axis=1) / np.maximum(most.sum(axis=1), 1e-9), 0.0)
    among = max(float(beyond.sum() / max(most.sum(), 1e-9)), 0.02)
    return alike & (shared.surprise(np.outer(own, own) / among) > by_chance)


def _copies(shared: _Shared, inside: Places, others: Places, by_chance: float) -> bool:
    """Say whether a group's agreement breaks the tetrads with the others: within x among others > across x across."""
    within, _ = shared.kappa(inside, inside)
    across, across_error = shared.kappa(inside, others)
    among, among_error = shared.kappa(others, others)
    if among <= SURE * among_error:
        return False
    foretold = max(across, 0.0) ** 2 / among
    block = np.ix_(inside, inside)
    tasks, chance = shared.tasks[block].sum() / 2, float(np.average(shared.chance[block], weights=shared.tasks[block]))
    own_error = np.sqrt(max(1 - min(foretold, 1.0) ** 2, 0.05) / tasks / max(1 - chance, 1e-9))
    error = np.sqrt(own_error**2 + (2 * across * across_error / among) ** 2 + (foretold * among_error / among) ** 2)
    return bool(within >= SAME and within - foretold > max(BEYOND, (by_chance + 1) * error))


def _shared(answers: Answers) -> _Shared | None:
    """Count what the annotators share who answered most; None where nobody can be compared."""
    from scipy.sparse import csr_array

    n_tasks, n_annotators, n_classes = answers.shape
    given = np.bincount(answers.annotator, minlength=n_annotators)
    people = np.flatnonzero(given >= ENOUGH)
    if len(people) < 2:
        return None
    people = np.sort(people[np.argsort(-given[people], kind="stable")[:MOST]])
    column = np.full(n_annotators, -1)
    column[people] = np.arange(len(people))
    kept = column[answers.annotator] >= 0
    task, who, label = answers.task[kept], column[answers.annotator[kept]], answers.label[kept]
    answered = csr_array((np.ones(len(task)), (task, who)), shape=(n_tasks, len(people)))
    answered.data[:] = np.minimum(answered.data, 1)
    tasks = (answered.T @ answered).toarray()
    cells = csr_array((np.ones(len(task)), (task.astype(np.int64) * n_classes + label, who)), shape=(n_tasks * n_classes, len(people)))
    same = (cells.T @ cells).toarray()
    shares = np.zeros((len(people), n_classes))
    np.add.at(shares, (who, label), 1.0)
    shares /= shares.sum(axis=1, keepdims=True)
    chance = np.minimum(shares @ shares.T, 1 - 1e-9)
    for counted in (tasks, same):
        np.fill_diagonal(counted, 0.0)
    return _Shared(people, tasks, np.minimum(same, tasks), chance)
