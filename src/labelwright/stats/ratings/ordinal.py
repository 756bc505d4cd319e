"""Ordered levels, such as poor, fair and good, become one level a task: a near miss is likelier than a far one.

Each annotator perceives the true level shifted by some amount and blurred by some noise, and answers the level nearest to what they
perceived: a latent-trait model with equally wide levels, after J. S. Uebersax and W. M. Grove, "A Latent Trait Finite Mixture Model for
the Analysis of Rating Agreement", Biometrics 49 (1993). The table of chances that follows from shift and noise is the prior of the
annotator's own table in the model of A. P. Dawid and A. M. Skene (1979): few answers are read by the order of the levels, and many may
speak for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._em import Table, log_rows
from labelwright.stats.aggregate.base import TIE, likeliest
from labelwright.stats.answers import Answers, Duplicates, Floats, encode_answers

__all__ = ["OrdinalAggregation", "aggregate_ordinal"]

MANY_LEVELS = 50
"""More levels than this are numbers."""
SHIFTS, NOISES = 15, 15
"""Points of the grid over shifts and over noises."""


@dataclass(frozen=True, eq=False)
class OrdinalAggregation:
    """The level of every task, how sure it is, and how each annotator errs.

    `posteriors` is an array (tasks, levels) whose rows sum to 1. `confusion` is an array (annotators, truth, answer) whose rows sum
    to 1. `shifts` and `noises` are arrays (annotators,) in levels: by how much an annotator perceives too high, and the standard
    deviation of what they perceive. `iterations` says after how many the fit stopped.
    """

    tasks: list[Any] = field(repr=False)
    annotators: list[Any] = field(repr=False)
    levels: list[Any]
    posteriors: Floats = field(repr=False)
    confusion: Floats = field(repr=False)
    shifts: Floats = field(repr=False)
    noises: Floats = field(repr=False)
    answered: Any = field(repr=False)
    iterations: int

    @cached_property
    def labels(self) -> dict[Any, Any]:
        """The most probable level of each task, of tied ones the first; None where every annotator abstained."""
        return self._named(likeliest(self.posteriors))

    @cached_property
    def medians(self) -> dict[Any, Any]:
        """The level of each task that is fewest levels off on average: half of the posterior lies at most there; None as in `labels`."""
        return self._named((np.cumsum(self.posteriors, axis=1) >= 0.5 - TIE).argmax(axis=1))

    @cached_property
    def confidence(self) -> dict[Any, float]:
        """The posterior probability, 0 to 1, of each task's most probable level."""
        return dict(zip(self.tasks, self.posteriors.max(axis=1).tolist(), strict=True))

    @cached_property
    def skill(self) -> dict[Any, float]:
        """The probability, 0 to 1, that each annotator answers the true level, the levels weighted by how often they seem to occur."""
        share = self.posteriors.mean(axis=0)
        right = np.einsum("akk,k->a", self.confusion, share)
        return dict(zip(self.annotators, right.tolist(), strict=True))

    def _named(self, codes: Any) -> dict[Any, Any]:
        chosen = np.where(self.answered, codes, len(self.levels)).tolist()
        named = [*self.levels, None]
        return {task: named[code] for task, code in zip(self.tasks, chosen, strict=True)}


def aggregate_ordinal(
    tasks: Any,
    annotators: Any,
    labels: Any,
    *,
    levels: Sequence[Any] | None = None,
    strength: float = 20.0,
    duplicates: Duplicates = "share",
    iterations: int = 100,
    tolerance: float = 1e-4,
) -> OrdinalAggregation:
    """Find the most credible of several ordered levels for every task. It takes no scores: every answer counts in full.

    Args:
        tasks: n task ids, one for each answer.
        annotators: n annotator ids.
        labels: n levels; None and NaN are abstentions.
        levels: all levels in their order, at most 50. By default the labels that occur, sorted, which is the order of numbers, and
            rarely that of words.
        strength: pseudo-answers, above 0, that shift and noise count for in each row of an annotator's table.
        duplicates: what happens when an annotator answers a task twice, as in `aggregate`.
        iterations: the most iterations, at least 1.
        tolerance: stop when the posteriors moved by no more than this, root mean square.

    Returns:
        An `OrdinalAggregation`. Neither the names nor the order of tasks, annotators and answers change it, and turning the order of
        the levels around turns it around.

    Raises:
        InvalidInput: lengths differ, nobody answered anything, a label is not among the levels, there are too many levels, or an
            argument is out of range.

    >>> answers = ["good", "good", "fair", "poor", "fair", "poor"]
    >>> result = aggregate_ordinal([1, 1, 1, 2, 2, 2], ["ann", "bob", "cyd"] * 2, answers, levels=["poor", "fair", "good"])
    >>> result.labels
    {1: 'good', 2: 'poor'}
    """
    if not 0 < strength < np.inf:
        raise InvalidInput("The strength has to be a finite number above 0.", where="strength")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.", where="iterations")
    answers = encode_answers(tasks, annotators, labels, duplicates=duplicates, classes=levels)
    n_levels = len(answers.classes)
    if n_levels > MANY_LEVELS:
        raise InvalidInput(f"There are {n_levels} levels, and at most {MANY_LEVELS} can be told apart.", hint="Use `aggregate_ratings`.")
    table, grid = Table(answers), _Grid(n_levels)
    counts = _first_counts(answers, table)
    posteriors = np.full((answers.shape[0], n_levels), 1 / n_levels)
    done, moved = 0, np.inf
    while done < iterations and moved > tolerance:
        done += 1
        tables, _, _ = grid.tables(counts, strength)
        share = log_rows(posteriors.sum(axis=0) + 1, axis=0)
        after, _ = table.posteriors(tables[table.cells.annotator, table.cells.label], share)
        moved = float(np.sqrt(np.mean((after - posteriors) ** 2)))
        posteriors = after
        counts = table.cells.whole(table.counts(posteriors))
    tables, shifts, noises = grid.tables(counts, strength)
    return OrdinalAggregation(
        tasks=_listed(answers.tasks),
        annotators=_listed(answers.annotators),
        levels=answers.classes,
        posteriors=posteriors,
        confusion=np.exp(tables).transpose(0, 2, 1),
        shifts=shifts,
        noises=noises,
        answered=np.diff(answers.start) > 0,
        iterations=done,
    )


class _Grid:
    """All combinations of a shift and a noise, with the log table (answer, truth) of each and its log prior."""

    def __init__(self, n_levels: int) -> None:
        from scipy.special import log_ndtr, logsumexp

        reach = max((n_levels - 1) / 2, 1.0)
        shifts, noises = np.meshgrid(np.linspace(-reach, reach, SHIFTS), np.geomspace(0.2, 2 * reach, NOISES))
        self.shift, self.noise = shifts.ravel(), noises.ravel()
        level = np.arange(n_levels, dtype=np.float64)
        # Levels are one apart, and the lowest and the highest answer take all that lies beyond them.
        middle = level[None, None, :] + self.shift[:, None, None]
        below = np.where(level == 0, -np.inf, level - 0.5)[None, :, None] - middle
        above = np.where(level == n_levels - 1, np.inf, level + 0.5)[None, :, None] - middle
        width = self.noise[:, None, None]
        # Far out on the right the difference of two chances near 1 is lost, so it is taken on the left.
        mirrored = below > 0
        low, high = np.where(mirrored, -above, below) / width, np.where(mirrored, -below, above) / width
        first = log_ndtr(high)
        with np.errstate(divide="ignore"):
            chance = first + np.log1p(-np.exp(np.minimum(log_ndtr(low) - first, 0.0)))
        # One answer in a hundred is a slip that falls anywhere.
        self.logs = logsumexp(np.stack([chance + np.log(0.99), np.full_like(chance, np.log(0.01 / n_levels))]), axis=0)
        self.prior = -0.5 * self.shift**2 - 0.5 * np.log(self.noise / 0.6) ** 2

    def tables(self, counts: Floats, strength: float) -> tuple[Floats, Floats, Floats]:
        """Return log tables (annotators, answer, truth), shifts and noises, given expected counts (annotators, answer, truth)."""
        flat = self.logs.reshape(len(self.logs), -1)
        scores = counts.reshape(len(counts), -1) @ flat.T + self.prior
        scores -= scores.max(axis=1, keepdims=True)
        belief = np.exp(scores)
        belief /= belief.sum(axis=1, keepdims=True)
        expected = (belief @ np.exp(flat)).reshape(counts.shape)
        return log_rows(counts + strength * expected, axis=1), belief @ self.shift, belief @ self.noise


def _first_counts(answers: Answers, table: Table) -> Floats:
    """Return the counts (annotators, answer, truth) if the truth is near the other answers to each task: votes, blurred a little."""
    level = np.arange(len(answers.classes))
    near = np.exp(-np.abs(level[:, None] - level[None]).astype(np.float64) * 2)
    votes = answers.votes() @ near
    shares = votes / np.where(votes.sum(axis=1, keepdims=True) > 0, votes.sum(axis=1, keepdims=True), 1.0)
    return table.cells.whole(table.counts(shares))


def _listed(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
