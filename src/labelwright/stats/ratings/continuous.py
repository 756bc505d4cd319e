"""Numbers that several annotators gave become one number a task: annotators have a bias and a precision, and both are learned.

The model is a linear mixed model: an answer is the task's value plus the annotator's bias plus normal noise with the annotator's own
deviation; values and biases are normal, too. V. C. Raykar et al., "Learning From Crowds", JMLR 11 (2010), section 5, weigh annotators of
numbers by precision; the bias, the priors and the uncertainty of the biases are added here. The robust variant has Student's t for the
noise: K. L. Lange, R. J. A. Little and J. M. G. Taylor, "Robust Statistical Modeling Using the t Distribution", JASA 84 (1989).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Answers, Duplicates, Floats, encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["RatingAggregation", "aggregate_ratings"]

PSEUDO = 2.0
"""Pseudo-answers that pull each annotator's variance to everyone's, and pseudo-tasks that do so for the variance of the values."""
DEGREES = 4.0
"""Degrees of freedom of the noise in the robust variant."""
JOINT = ((200, 500_000), (1000, 10_000_000))
"""Up to these numbers of annotators and of pairs of answers to one task, all biases' covariances enter every step; and the last one."""


@dataclass(frozen=True, eq=False)
class RatingAggregation:
    """The value of every task with its uncertainty, and how each annotator rates.

    `means` and `deviations` are arrays (tasks,): the posterior mean and standard deviation of each value. `biases` and `noises` are
    arrays (annotators,): by how much an annotator rates too high, and the standard deviation of the annotator's noise; in the robust
    variant the noise is the scale of Student's t with four degrees of freedom. `degrees`, an array (tasks,), are the degrees of freedom
    with which each deviation is known. `note` says what the data could not tell, if anything.
    """

    tasks: list[Any] = field(repr=False)
    annotators: list[Any] = field(repr=False)
    means: Floats = field(repr=False)
    deviations: Floats = field(repr=False)
    biases: Floats = field(repr=False)
    noises: Floats = field(repr=False)
    answered: Any = field(repr=False)
    iterations: int
    note: str | None = None
    degrees: Floats | None = field(default=None, repr=False)

    @cached_property
    def values(self) -> dict[Any, float | None]:
        """The posterior mean of each task; None where every annotator abstained."""
        means = self.means.tolist()
        return {task: mean if known else None for task, mean, known in zip(self.tasks, means, self.answered.tolist(), strict=True)}

    @cached_property
    def skill(self) -> dict[Any, float]:
        """The share, 0 to 1, of the variance of an annotator's answers that the values explain, the bias set aside: the reliability."""
        signal = float(np.var(self.means) + np.mean(self.deviations**2))
        total = signal + self.noises**2
        shares = np.where(total > 0, signal / np.where(total > 0, total, 1.0), 1.0)
        return dict(zip(self.annotators, shares.tolist(), strict=True))

    def interval(self, confidence: float = 0.95) -> Floats:
        """Return an array (tasks, 2): between which two numbers each value lies with this probability, above 0 and below 1.

        The interval is Student's, for the variances are estimated themselves.

        Raises:
            InvalidInput: the confidence is out of range.
        """
        from scipy.special import ndtri, stdtrit

        half = (1 + checked_confidence(confidence)) / 2
        reach = (ndtri(half) if self.degrees is None else stdtrit(self.degrees, half)) * self.deviations
        return np.column_stack([self.means - reach, self.means + reach])


def aggregate_ratings(
    tasks: Any,
    annotators: Any,
    values: Any,
    *,
    robust: bool = False,
    duplicates: Duplicates = "share",
    iterations: int = 100,
    tolerance: float = 1e-4,
) -> RatingAggregation:
    """Estimate one number for each task from the numbers that several annotators gave.

    A bias that all annotators share cannot be seen: biases are taken to be normal around 0, and how far the mean of so few of them may
    lie from 0 is part of each deviation. With a handful of annotators that part is itself estimated from a handful of numbers, so that the
    intervals are Student's, and long. Simulated coverage of 95% intervals: five annotators with biases four times the noise 94% (standard
    error 1%), as large as the noise 95%, twenty annotators 95%; three with small biases 99%.

    Args:
        tasks: n task ids, one for each answer.
        annotators: n annotator ids.
        values: n finite numbers; None and NaN are abstentions.
        robust: take the noise for Student's t instead of normal, so that a slip of the pen hardly moves a task or an annotator.
        duplicates: what happens when an annotator answers a task twice, as in `aggregate`.
        iterations: the most iterations of expectation and maximisation, at least 1.
        tolerance: stop when the values moved by no more than this share, root mean square, of the answers' standard deviation.

    Returns:
        A `RatingAggregation`. Neither the names nor the order of tasks, annotators and answers change it, and it follows any change of
        unit or origin of the values.

    Raises:
        InvalidInput: lengths differ, nobody answered anything, a value is no finite number, or there is to be no iteration.

    >>> result = aggregate_ratings([1, 1, 1, 2, 2, 2], ["ann", "bob", "cyd"] * 2, [3.0, 3.2, 3.1, 7.9, 8.1, 8.0])
    >>> [round(value, 1) for value in result.values.values()]
    [3.1, 8.0]
    """
    if iterations < 1:
        raise InvalidInput("There has to be at least one iteration.", where="iterations")
    answers = encode_answers(tasks, annotators, values, duplicates=duplicates)
    answered = np.diff(answers.start) > 0
    numbers = _numbers(answers)
    center, scale = float(numbers.mean()), float(numbers.std())
    if scale <= 1e-12 * abs(center):
        scale = 0.0
    model = _Model(answers, (numbers - center) / (scale or 1.0), DEGREES if robust else None)
    done, moved = 0, np.inf
    while done < iterations and moved > tolerance:
        done += 1
        moved = model.improve()
    means, deviations, degrees = model.posterior()
    return RatingAggregation(
        tasks=_listed(answers.tasks),
        annotators=_listed(answers.annotators),
        means=center + scale * means,
        deviations=scale * deviations,
        biases=scale * model.bias,
        noises=scale * np.sqrt(model.noise),
        answered=answered,
        iterations=done,
        note=model.note,
        degrees=degrees,
    )


class _Model:
    """The state of the fit, in units of the standard deviation of all answers."""

    def __init__(self, answers: Answers, x: Floats, degrees: float | None) -> None:
        self.task, self.annotator, self.weight, self.x, self.degrees = answers.task, answers.annotator, answers.weights, x, degrees
        self.n_tasks, self.n_annotators, _ = answers.shape
        self.given = self.by_annotator(self.weight)
        mass = self.by_task(self.weight)
        rows = self.by_task(np.ones(len(x)))
        mean = self.by_task(self.weight * x) / np.where(mass > 0, mass, 1.0)
        spare = float((rows - 1)[rows > 1].sum())
        self.note = None if spare else "No task has two answers: half of the variance is taken for noise."
        inside = float(((x - mean[self.task]) ** 2).sum()) / spare if spare else 0.5
        # The floor keeps precisions finite where annotators agree to the last digit.
        self.floor = 1e-10
        self.usual = max(inside, self.floor)
        self.noise = np.full(self.n_annotators, self.usual)
        self.trust = np.ones(len(x))
        self.center, self.spread, self.bend = 0.0, 1.0, self.usual
        self.mean, self.bias = mean, np.zeros(self.n_annotators)
        size = float((rows**2).sum())
        self.joint, self.joint_at_last = (self.n_annotators <= people and size <= pairs for people, pairs in JOINT)
        self.pairs = _pairs(answers.start) if self.joint_at_last else (np.empty(0, np.int64),) * 2
        self.expect()

    def by_task(self, values: Floats) -> Floats:
        summed: Floats = np.bincount(self.task, weights=values, minlength=self.n_tasks).astype(np.float64, copy=False)
        return summed

    def by_annotator(self, values: Floats) -> Floats:
        summed: Floats = np.bincount(self.annotator, weights=values, minlength=self.n_annotators).astype(np.float64, copy=False)
        return summed

    def improve(self) -> float:
        """Update the variances and then the values and biases; return how far the values moved, root mean square."""
        before = self.mean
        if self.degrees:
            self.trust = (self.degrees + 1) / (self.degrees + self.errors / self.noise[self.annotator])
        wrong = self.by_annotator(self.weight * self.trust * self.errors)
        self.noise = np.maximum((wrong + PSEUDO * self.usual) / (self.given + PSEUDO), self.floor)
        self.usual = max(float((wrong.sum() + PSEUDO * self.usual) / (self.given.sum() + PSEUDO)), self.floor)
        self.bend = float(((self.bias**2 + self.bias_variance).sum() + self.usual) / (self.n_annotators + 1))
        outer = ((self.mean - self.center) ** 2 + self.variance).sum()
        self.spread = max(float((outer + PSEUDO) / (self.n_tasks + PSEUDO)), self.floor)
        self.expect()
        return float(np.sqrt(np.mean((self.mean - before) ** 2)))

    def expect(self, *, joint: bool | None = None) -> None:
        """Find the posterior of values, biases and the mean of all values, given the variances; `joint` asks for all covariances."""
        w = self.weight * self.trust / self.noise[self.annotator]
        prior = 1 / self.spread
        own = 1 / (prior + self.by_task(w))
        alone = own * self.by_task(w * self.x)
        diagonal = 1 / self.bend + self.by_annotator(w)
        pull = self.by_annotator(w * (self.x - alone[self.task]))
        if self.joint if joint is None else joint:
            size = self.n_annotators
            left, right = self.pairs
            cell = self.annotator[left] * np.int64(size) + self.annotator[right]
            shared = np.bincount(cell, weights=w[left] * (w * own[self.task])[right], minlength=size * size)
            # The mean of all values is one more unknown, after the biases: it draws on a task as an answer of weight -prior would.
            precision = np.empty((size + 1, size + 1))
            precision[:size, :size] = np.diag(diagonal) - shared.reshape(size, size)
            precision[:size, size] = precision[size, :size] = prior * self.by_annotator(w * own[self.task])
            precision[size, size] = prior * float((1 - prior * own).sum())
            covariance = np.linalg.inv(precision)
            found = covariance @ np.append(pull, prior * float(alone.sum()))
            self.bias, center = found[:size], float(found[size])
            self.bias_variance = np.diag(covariance)[:size].copy()
            with_center = covariance[:size, size][self.annotator]
            reach = np.bincount(left, weights=covariance[:size, :size].ravel()[cell] * w[right], minlength=len(w)) - prior * with_center
            doubt = self.by_task(w * reach) - prior * (self.by_task(w * with_center) - prior * covariance[size, size])
        else:
            # Where the mean of all values is free, the most probable biases sum to 0; their common error is that of the mean of so many.
            bias = self.solve(w, own, diagonal, pull)
            self.bias = bias - bias.mean()
            center = float((alone - own * self.by_task(w * self.bias[self.annotator])).sum() / (1 - prior * own).sum())
            self.bias_variance = 1 / diagonal + self.bend / self.n_annotators
            reach = w * self.bias_variance[self.annotator]
            doubt = self.by_task(w * reach) + self.bend / self.n_annotators / own**2
        self.mean = alone - own * (self.by_task(w * self.bias[self.annotator]) - prior * center)
        self.center = center
        self.variance = own + own**2 * doubt
        distance = self.x - self.mean[self.task] - self.bias[self.annotator]
        cross = self.variance[self.task] + self.bias_variance[self.annotator] - 2 * own[self.task] * reach
        self.errors = distance**2 + np.maximum(cross, 0.0)

    def solve(self, w: Floats, own: Floats, diagonal: Floats, pull: Floats) -> Floats:
        """Return the posterior means of the biases by conjugate gradients."""
        from scipy.sparse.linalg import LinearOperator, cg

        def apply(bias: Floats) -> Floats:
            met = own * self.by_task(w * bias.ravel()[self.annotator])
            return diagonal * bias.ravel() - self.by_annotator(w * met[self.task])

        size = (self.n_annotators, self.n_annotators)
        scaled = LinearOperator(size, matvec=lambda bias: bias.ravel() / diagonal, dtype=np.float64)
        bias, _ = cg(LinearOperator(size, matvec=apply, dtype=np.float64), pull, x0=self.bias, rtol=1e-6, maxiter=200, M=scaled)
        found: Floats = bias
        return found

    def posterior(self) -> tuple[Floats, Floats, Floats]:
        """Return the means and the standard deviations of the values, and with how many degrees of freedom these are known."""
        if self.joint_at_last and not self.joint:
            self.expect(joint=True)
        # The curvature at the mode takes Student's noise for more precise than it is: its information is (d + 1) / (d + 3) of that.
        wider = (self.degrees + 3) / (self.degrees + 1) if self.degrees else 1.0
        variance = np.where(self.variance < self.spread, np.minimum(self.variance * wider, self.spread), self.variance)
        # How far the mean of the biases lies from 0 is known from the spread of so many biases alone, less the one that was fitted.
        free = max(self.n_annotators - 1, 1)
        shared = np.minimum(self.bend / self.n_annotators, variance)
        own = variance - shared
        shared = shared * (self.n_annotators / free if self.n_annotators > 1 else 1.0)
        # The noises are known from their annotators' answers, less the share of these that the values took.
        w = self.weight * self.trust / self.noise[self.annotator]
        part = w / np.maximum(self.by_task(w)[self.task], 1e-300)
        spare = 1 - len(self.mean) / max(len(self.x), len(self.mean) + 1)
        unsure = self.by_task(part**2 / (self.given * spare + PSEUDO)[self.annotator])
        total = shared + own
        degrees = total**2 / np.maximum(shared**2 / free + own**2 * unsure, 1e-300)
        return self.mean, np.sqrt(total), np.clip(degrees, 1.0, 1e9)


def _pairs(start: Any) -> tuple[Any, Any]:
    """Return all ordered pairs of answers to one task, an answer with itself among them."""
    count = np.diff(start)
    left = np.repeat(np.arange(start[-1]), np.repeat(count, count))
    first = np.repeat(start[:-1], count**2)
    ahead = np.arange(len(left)) - np.repeat(np.cumsum(count**2) - count**2, count**2)
    return left, first + ahead % np.repeat(count, count**2)


def _numbers(answers: Answers) -> Floats:
    try:
        distinct = np.array([float(value) for value in answers.classes])
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"A rating has to be a number: {error}.", hint="For levels with names use `aggregate_ordinal`.") from error
    if not np.isfinite(distinct).all():
        raise InvalidInput("A rating has to be a finite number.", hint="Leave it out, or give None, where there is no answer.")
    return distinct[answers.label]


def _listed(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
