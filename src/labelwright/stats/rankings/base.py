"""What every model of preferences gives, `Ranking`, and the standard errors that they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["Ranking", "checked", "refuse_disconnected", "refuse_infinite", "standard_errors"]

DENSE = 2000
"""Up to so many items standard errors come from the inverse of the information; beyond they are estimated."""
PROBES = 32
"""Random vectors for that estimate."""
CERTAIN = 25.0
"""No finite number of comparisons makes a difference of scores as great as this."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """How much each item is preferred, how sure that is, and how reliable each annotator seems.

    `scores` is an array (items,) with mean 0: an item is preferred to another with the log odds of the difference of their scores.
    `errors` is an array (items,) of their standard errors, `interval` one (items, 2) that holds each score with the probability
    `confidence`. `skill` is the probability, 0 to 1, that an annotator prefers what the scores prefer, and empty where the model has no
    annotators. `note` says what kept the result from being exact, if anything.
    """

    items: list[Any] = field(repr=False)
    scores: Floats = field(repr=False)
    errors: Floats = field(repr=False)
    confidence: float
    iterations: int
    skill: dict[Any, float] = field(default_factory=dict, repr=False)
    note: str | None = None

    @cached_property
    def order(self) -> list[Any]:
        """The items from the most to the least preferred one; of equals the one that was named first comes first."""
        return [self.items[place] for place in np.argsort(-self.scores, kind="stable")]

    @cached_property
    def interval(self) -> Floats:
        """The array (items, 2) of lower and upper ends."""
        from scipy.special import ndtri

        reach = float(ndtri((1 + self.confidence) / 2)) * self.errors
        return np.column_stack([self.scores - reach, self.scores + reach])

    def chance(self, first: Any, second: Any) -> float:
        """Return the probability, 0 to 1, with which the first item is preferred to the second.

        Raises:
            InvalidInput: an item was never compared.
        """
        from scipy.special import expit

        for item in (first, second):
            if item not in self._place:
                raise InvalidInput(f"Item {item!r} was never compared.")
        return float(expit(self.scores[self._place[first]] - self.scores[self._place[second]]))

    @cached_property
    def _place(self) -> dict[Any, int]:
        return {item: place for place, item in enumerate(self.items)}


def standard_errors(links: Any, own: Floats, less: Any = None) -> tuple[Floats, str | None]:
    """Return the standard errors of scores whose mean is 0, and a note where they are estimates.

    Args:
        links: a symmetric sparse matrix (items, items) without diagonal: the information on the difference of each pair of scores.
        own: the information (items,) that a prior has on each score.
        less: a sparse matrix (items, items) of information that is lost to other parameters.
    """
    size = len(own)
    if size == 1:
        return np.zeros(1), None
    degree = np.asarray(links.sum(axis=1)).ravel() + own
    # The mean of the scores is fixed, so information on it changes nothing and makes the matrix regular.
    level = max(float(degree.mean()), 1e-12) / size
    if size <= DENSE:
        whole = np.diag(degree) - links.toarray() + level
        if less is not None:
            whole -= less.toarray()
        covariance = np.linalg.inv(whole)
        covariance -= covariance.mean(axis=0)
        covariance -= covariance.mean(axis=1, keepdims=True)
        return np.sqrt(np.maximum(np.diag(covariance), 0.0)), None
    return _probed_errors(links, degree, level, less)


def _probed_errors(links: Any, degree: Floats, level: float, less: Any) -> tuple[Floats, str]:
    """Estimate the diagonal of the inverse by random signs.

    C. Bekas, E. Kokiopoulou and Y. Saad, "An Estimator for the Diagonal of a Matrix", Applied Numerical Mathematics 57 (2007).
    """
    from scipy.sparse.linalg import LinearOperator, cg

    size = len(degree)

    def apply(x: Floats) -> Floats:
        x = x.ravel()
        product: Floats = degree * x - links @ x + level * x.sum()
        return product if less is None else product - less @ x

    whole = LinearOperator((size, size), matvec=apply, dtype=np.float64)
    scaled = LinearOperator((size, size), matvec=lambda x: x.ravel() / degree, dtype=np.float64)
    rng = np.random.default_rng(0)
    total = np.zeros(size)
    for _ in range(PROBES):
        signs = rng.choice([-1.0, 1.0], size)
        found, _ = cg(whole, signs - signs.mean(), rtol=1e-4, maxiter=500, M=scaled)
        total += signs * (found - found.mean())
    # No score is known better than its own comparisons would tell if all others were known.
    variance = np.maximum(total / PROBES, (1 - 1 / size) / degree)
    return np.sqrt(variance), f"With more than {DENSE} items the standard errors are estimates, right to about a tenth."


def refuse_disconnected(better: Any, worse: Any, items: list[Any]) -> None:
    """Refuse preferences for which no finite scores are the most likely ones, as L. R. Ford proved in 1957.

    Raises:
        InvalidInput: some items were never preferred to, or never less than, any of the others.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    graph = csr_array((np.ones(len(better)), (better, worse)), shape=(len(items), len(items)))
    hint = "Collect comparisons between them, or give a prior above 0."
    parts, part = connected_components(graph, directed=True, connection="weak")
    if parts > 1:
        first, second = items[0], items[int(np.flatnonzero(part != part[0])[0])]
        raise InvalidInput(f"Items {first!r} and {second!r} cannot be ranked: no chain of comparisons links them.", hint=hint)
    parts, part = connected_components(graph, directed=True, connection="strong")
    if parts > 1:
        crossing = part[better] != part[worse]
        beaten = np.zeros(parts, dtype=bool)
        beaten[part[np.asarray(worse)[crossing]]] = True
        unbeaten = np.flatnonzero(~beaten[part])
        others = "" if len(unbeaten) == 1 else f" and {len(unbeaten) - 1} more"
        name = items[int(unbeaten[0])]
        raise InvalidInput(f"Item {name!r}{others} never lost against the others, so that the score would be infinite.", hint=hint)


def refuse_infinite(better: Any, worse: Any, scores: Floats, items: list[Any]) -> None:
    """Refuse scores that have run away from one another, as they do where all that speaks against an order is taken for slips.

    Raises:
        InvalidInput: no chain of comparisons that could have gone either way links all items.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    open_ = np.abs(scores[better] - scores[worse]) <= CERTAIN
    graph = csr_array((np.ones(int(open_.sum())), (better[open_], worse[open_])), shape=(len(items), len(items)))
    parts, part = connected_components(graph, directed=False)
    if parts > 1:
        first, second = items[0], items[int(np.flatnonzero(part != part[0])[0])]
        raise InvalidInput(
            f"The scores of {first!r} and {second!r} are infinitely far apart: all that speaks against it passes for slips.",
            hint="Collect more comparisons between them, or give a prior above 0.",
        )


def checked(prior: float, confidence: float, iterations: int) -> None:
    """Refuse arguments out of range."""
    checked_confidence(confidence)
    if not 0 <= prior < float("inf"):
        raise InvalidInput("The prior has to be a finite number of at least 0.", where="prior")
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.", where="iterations")
