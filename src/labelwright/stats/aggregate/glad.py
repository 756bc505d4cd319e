"""GLAD: an answer is right the more surely, the more able the annotator and the easier the task.

J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma and J. Movellan, "Whose Vote Should Count More: Optimal Integration of Labels from Labelers of
Unknown Expertise", NIPS (2009).
"""

from __future__ import annotations

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.aggregate._em import (
    checked_prior,
    in_parts,
    is_long,
    kernels,
    log_rows,
    most_moved,
    softmax_rows,
    starting_posteriors,
)
from labelwright.stats.aggregate.base import Fit
from labelwright.stats.answers import Answers, Floats

__all__ = ["fit"]


def fit(
    answers: Answers,
    *,
    shares: float | None = None,
    iterations: int = 100,
    steps: int = 10,
    tolerance: float = 1e-4,
    compiled: bool | None = None,
) -> Fit:
    """Fit an ability to every annotator and an easiness to every task.

    The log odds of a right answer are the ability times the easiness, and wrong answers spread evenly. Beforehand abilities are normal
    with mean 1 and deviation 1, and so are the logarithms of the easinesses.

    Args:
        answers: encoded answers.
        shares: None takes all classes for equally probable beforehand; a number of pseudo-tasks, at least 0, of each class learns
            their shares, which in a crowd of little skill can run away to one class.
        iterations: the most iterations of expectation and maximisation, at least 1.
        steps: scaled gradient steps in each maximisation, at least 1.
        tolerance: stop when no posterior moved by more than this.
        compiled: whether to use the loop compiled by Numba; None decides by size. It changes the time and not the answer.

    Returns:
        A `Fit` with posteriors.

    Raises:
        InvalidInput: the pseudo-count is negative, or there is to be no iteration or step.

    >>> from labelwright.stats import aggregate
    >>> aggregate([1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2, list("xxyyyy"), method="glad").labels
    {1: 'x', 2: 'y'}
    """
    checked_prior(shares or 0.0)
    if iterations < 1 or steps < 1:
        raise InvalidInput("There has to be at least one iteration and one step.")
    n_tasks, n_annotators, n_classes = answers.shape
    ability, ease = np.ones(n_annotators), np.ones(n_tasks)
    compiled = is_long(answers) if compiled is None else compiled
    maximised = _maximised_compiled if compiled else _maximised
    posteriors = starting_posteriors(answers)
    place = answers.task.astype(np.int64) * n_classes + answers.label
    done = 0
    while done < iterations:
        done += 1
        ability, ease = maximised(answers, posteriors.ravel()[place], ability, ease, steps)
        # log(right) - log(wrong / (K - 1)) of the logistic model is the logit plus log(K - 1).
        logit = ability[answers.annotator] * np.exp(ease)[answers.task]
        after = answers.weighed((logit + np.log(max(n_classes - 1, 1))) * answers.weights)
        if shares is not None:
            after += log_rows(posteriors.sum(axis=0) + shares, axis=0)
        softmax_rows(after)
        moved = most_moved(posteriors, after)
        posteriors = after
        if moved <= tolerance:
            break
    return Fit(posteriors, reason=f"Asked for: abilities and easinesses, {done} iterations.")


def _maximised(answers: Answers, right: Floats, ability: Floats, ease: Floats, steps: int) -> tuple[Floats, Floats]:
    """Climb the expected log-likelihood by Newton steps with the diagonal of the expected curvature, damped to at most 1."""
    from scipy.special import expit

    task, annotator, weight = answers.task, answers.annotator, answers.weights
    n_tasks, n_annotators, _ = answers.shape
    for _ in range(steps):
        slope = np.exp(ease)[task]
        logit = ability[annotator] * slope
        chance = expit(logit)
        error = (right - chance) * weight
        bend = chance * (1 - chance) * weight
        gain = np.bincount(annotator, weights=error * slope, minlength=n_annotators) - (ability - 1)
        curve = np.bincount(annotator, weights=bend * slope**2, minlength=n_annotators) + 1
        gain_ease = np.bincount(task, weights=error * logit, minlength=n_tasks) - (ease - 1)
        curve_ease = np.bincount(task, weights=bend * logit**2, minlength=n_tasks) + 1
        ability = ability + 0.5 * np.clip(gain / curve, -1, 1)
        ease = np.clip(ease + 0.5 * np.clip(gain_ease / curve_ease, -1, 1), -6, 6)
    return ability, ease


def _maximised_compiled(answers: Answers, right: Floats, ability: Floats, ease: Floats, steps: int) -> tuple[Floats, Floats]:
    """Do the same in one compiled pass over the answers a step."""
    kernel, weight = kernels().climb, np.empty(0) if answers.weight is None else answers.weight
    ease = ease.copy()
    for _ in range(steps):
        known = ability

        def part(first: int, last: int, sums: Floats, known: Floats = known) -> float:
            found: float = kernel(first, last, answers.start, answers.annotator, weight, right, known, ease, sums)
            return found

        sums, _ = in_parts(answers, (len(ability), 2), part)
        ability = ability + 0.5 * np.clip((sums[:, 0] - (ability - 1)) / (sums[:, 1] + 1), -1, 1)
    return ability, ease
