"""The inner loops that the models share: posteriors from what is known of the annotators, and counts for the next round.

`Table` serves the models with a confusion table, an array (cells, truth) with a row for each answer that an annotator gives, so that the
entries that one answer needs lie side by side and nothing is kept of answers that an annotator never gave; `Votes` those in which an
answer speaks for its own class alone, an array (annotators, answer). Both have two forms with the same results: products and counts of
SciPy and NumPy, and, where Numba is installed and the work is long enough to pay for loading it, one fused loop that never holds more than
the posteriors and runs on every core.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._cells import Cells
from labelwright.stats.answers import Answers, Floats

__all__ = [
    "Table",
    "Votes",
    "checked_prior",
    "fit_tables",
    "in_parts",
    "is_long",
    "kernels",
    "log_rows",
    "most_moved",
    "softmax_rows",
    "starting_posteriors",
]

LONG = 200_000
"""From this many answers on the compiled loop is worth its loading time."""

PARTS = 8
"""The compiled loop works on so many parts of the tasks, whatever the number of cores, so that sums come out the same everywhere."""


class Table:
    """The answers of `answers` as a sparse matrix, or as arrays for the compiled loop, made once and used in every iteration."""

    def __init__(self, answers: Answers, *, compiled: bool | None = None) -> None:
        """Prepare; `compiled` None chooses by the number of answers and by whether Numba is there."""
        self.answers, self.cells = answers, Cells(answers)
        self.compiled = is_long(answers) if compiled is None else compiled
        self._weight = np.empty(0) if answers.weight is None else answers.weight
        if not self.compiled:
            from scipy.sparse import csr_array

            shape = len(answers.tasks), len(self.cells)
            self._rows = csr_array((answers.weights, self.cells.of_answer, answers.start), shape=shape)

    def begin(self) -> tuple[Floats, Floats]:
        """Return the shares of the votes as posteriors, as `starting_posteriors` does, and the counts that follow from them."""
        answers = self.answers
        if not self.compiled:
            posteriors = starting_posteriors(answers)
            return posteriors, self.counts(posteriors)
        n_tasks, _, n_classes = answers.shape
        overall = np.bincount(answers.label, weights=answers.weight, minlength=n_classes).astype(np.float64, copy=False)
        overall /= overall.sum()
        kernel, cell, weight, posteriors = kernels().begin, self.cells.of_answer, self._weight, np.empty((n_tasks, n_classes))

        def part(first: int, last: int, counts: Floats) -> float:
            found: float = kernel(first, last, answers.start, cell, answers.label, weight, overall, posteriors, counts)
            return found

        counts, _ = in_parts(answers, (len(self.cells), n_classes), part)
        return posteriors, counts

    def posteriors(self, logs: Floats, base: Floats) -> tuple[Floats, float]:
        """Return posteriors (tasks, classes) and the log-likelihood, given log table and base, the log of the classes' shares.

        `base` is an array (classes,) or (tasks, classes).
        """
        posteriors = self._scores(logs, base)
        return posteriors, softmax_rows(posteriors)

    def counts(self, posteriors: Floats) -> Floats:
        """Return the expected number of answers, an array (cells, truth)."""
        if self.compiled:
            counts = np.zeros((len(self.cells), posteriors.shape[1]))
            kernels().count(self.answers.start, self.cells.of_answer, self._weight, posteriors, counts)
            return counts
        summed: Floats = self._rows.T @ posteriors
        return summed

    def step(self, logs: Floats, base: Floats, posteriors: Floats) -> tuple[Floats, float]:
        """Write new posteriors over the old ones; return the counts that follow from them, and by how much a posterior moved at most."""
        if self.compiled and base.ndim == 1:
            answers, kernel, cell, weight = self.answers, kernels().step, self.cells.of_answer, self._weight
            logs = np.ascontiguousarray(logs)

            def part(first: int, last: int, counts: Floats) -> float:
                found: float = kernel(first, last, answers.start, cell, weight, logs, base, posteriors, counts)
                return found

            return in_parts(answers, logs.shape, part)
        after, _ = self.posteriors(logs, base)
        moved = most_moved(posteriors, after)
        posteriors[:] = after
        return self.counts(posteriors), moved

    def _scores(self, logs: Floats, base: Floats) -> Floats:
        if self.compiled:
            answers = self.answers
            scores = np.empty((answers.shape[0], logs.shape[1]))
            scores[:] = base
            kernels().score(answers.start, self.cells.of_answer, self._weight, np.ascontiguousarray(logs), scores)
            return scores
        scored: Floats = self._rows @ logs + base
        return scored


class Votes:
    """The answers of `answers` for models in which an answer speaks for its own class alone, made once and used in every iteration."""

    def __init__(self, answers: Answers, *, compiled: bool | None = None) -> None:
        """Prepare; `compiled` None chooses by the number of answers and by whether Numba is there."""
        self.answers = answers
        self.compiled = is_long(answers) if compiled is None else compiled
        self._weight = np.empty(0) if answers.weight is None else answers.weight
        n_classes = len(answers.classes)
        if not self.compiled:
            self._cell = answers.annotator.astype(np.int64) * n_classes + answers.label
            self._place = answers.task.astype(np.int64) * n_classes + answers.label

    def hits(self, posteriors: Floats) -> Floats:
        """Return the expected number of answers that are right, an array (annotators, answer)."""
        _, n_annotators, n_classes = self.answers.shape
        if self.compiled:
            return self._run(np.zeros((n_annotators, n_classes)), np.zeros(n_classes), posteriors, only_hits=True)[0]
        right = posteriors.ravel()[self._place]
        if self.answers.weight is not None:
            right *= self.answers.weight
        counted: Floats = np.bincount(self._cell, weights=right, minlength=n_annotators * n_classes).astype(np.float64, copy=False)
        return counted.reshape(n_annotators, n_classes)

    def step(self, gain: Floats, base: Floats, posteriors: Floats) -> tuple[Floats, float]:
        """Write new posteriors over the old ones; return `hits` of them, and by how much a posterior moved at most.

        `gain` (annotators, answer) is the log odds by which an answer speaks for its class, `base` (classes,) the log shares.
        """
        if self.compiled:
            return self._run(gain, base, posteriors)
        after = self.answers.weighed(gain.ravel()[self._cell] * self.answers.weights)
        after += base
        softmax_rows(after)
        moved = most_moved(posteriors, after)
        posteriors[:] = after
        return self.hits(posteriors), moved

    def _run(self, gain: Floats, base: Floats, posteriors: Floats, *, only_hits: bool = False) -> tuple[Floats, float]:
        answers, kernel, weight = self.answers, kernels().vote, self._weight
        gain = np.ascontiguousarray(gain)

        def part(first: int, last: int, hits: Floats) -> float:
            found: float = kernel(
                first, last, answers.start, answers.annotator, answers.label, weight, gain, base, posteriors, hits, only_hits
            )
            return found

        return in_parts(answers, gain.shape, part)


def checked_prior(*counts: float, above: bool = False) -> None:
    """Raise unless all pseudo-counts are finite numbers of at least 0, or above it."""
    if not all((count > 0 if above else count >= 0) and count < np.inf for count in counts):
        raise InvalidInput(f"Pseudo-counts of a prior have to be finite numbers{' above 0' if above else ', and none negative'}.")


def in_parts(answers: Answers, shape: tuple[int, ...], work: Callable[[int, int, Floats], float]) -> tuple[Floats, float]:
    """Call `work(first, last, sums)` for parts of the tasks, on every core, and return the sum of the sums and the largest result.

    Each part has sums of its own, zeros of `shape`; where that would take more memory than the answers there is one part.
    """
    n_parts = PARTS if np.prod(shape) * PARTS <= len(answers.task) else 1
    sums = np.zeros((n_parts, *shape))
    # Parts of equally many answers.
    cuts = np.searchsorted(answers.start, np.linspace(0, len(answers.task), n_parts + 1)[1:-1])
    bounds = [0, *cuts.tolist(), len(answers.tasks)]
    if n_parts == 1:
        return sums[0], work(bounds[0], bounds[-1], sums[0])
    with ThreadPoolExecutor(min(n_parts, _cores())) as pool:
        found = list(pool.map(work, bounds[:-1], bounds[1:], sums))
    summed: Floats = sums.sum(axis=0)
    return summed, max(found)


def fit_tables(
    answers: Answers,
    logs: Callable[[Cells, Floats], Floats],
    base: Callable[[Floats], Floats],
    *,
    iterations: int,
    tolerance: float,
    compiled: bool | None = None,
) -> tuple[Floats, Cells, Floats, int]:
    """Alternate between tables and posteriors, from the shares of the votes on, until no posterior moves by more than `tolerance`.

    `logs` makes the log table (cells, truth) from the expected counts of the same shape; `base` makes the classes' log shares from their
    expected numbers of tasks. Returns posteriors, the cells, their last counts and the number of iterations.

    Raises:
        InvalidInput: there is to be no iteration.
    """
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.")
    table = Table(answers, compiled=compiled)
    posteriors, counts = table.begin()
    done = 0
    while done < iterations:
        done += 1
        counts, moved = table.step(logs(table.cells, counts), base(np.einsum("tk->k", posteriors)), posteriors)
        if moved <= tolerance:
            break
    return posteriors, table.cells, counts, done


def starting_posteriors(answers: Answers) -> Floats:
    """Return the shares of the votes as posteriors; a task without answers gets the shares of the classes over all votes."""
    votes = answers.votes()
    overall = votes.sum(axis=0)
    # By einsum, for NumPy sums short rows slowly.
    total = np.einsum("tk->t", votes)[:, None]
    silent = total[:, 0] == 0
    if silent.any():
        votes[silent] = overall
        total[silent] = overall.sum()
    votes /= total
    return votes


def log_rows(values: Floats, *, axis: int) -> Floats:
    """Return the logarithm of counts scaled to the sum 1; a count of 0 stays possible, barely, so that nothing is infinite."""
    floored = np.maximum(values, 1e-10)
    logs: Floats = np.log(floored / floored.sum(axis=axis, keepdims=True))
    return logs


def softmax_rows(scores: Floats) -> float:
    """Turn rows of log scores into rows of probabilities, in place, and return the sum of the rows' log normalizers."""
    # Column by column where there are few, and sums by einsum: NumPy reduces over short rows slowly, and threads of BLAS cost more.
    if scores.shape[1] <= 32:
        top = scores[:, 0].copy()
        for column in scores.T[1:]:
            np.maximum(top, column, out=top)
    else:
        top = scores.max(axis=1)
    scores -= top[:, None]
    np.exp(scores, out=scores)
    total = np.einsum("ij->i", scores)
    scores /= total[:, None]
    return float(np.log(total).sum() + top.sum())


def most_moved(before: Floats, after: Floats) -> float:
    """Return by how much a number differs at most; what was before is written over."""
    before -= after
    return max(float(before.max(initial=0.0)), -float(before.min(initial=0.0)))


@cache
def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _numba_is_there() -> bool:
    return find_spec("numba") is not None


def is_long(answers: Answers) -> bool:
    """Say whether the compiled loop is there and worth its loading time."""
    return len(answers.task) >= LONG and _numba_is_there()


@cache
def kernels() -> Any:
    """Return the compiled loops."""
    from labelwright.stats.aggregate import _compiled

    return _compiled
