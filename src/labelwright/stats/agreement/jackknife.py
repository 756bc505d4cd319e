"""The jackknife over annotators: an interval for a claim about people who were not there, for any coefficient of agreement.

J. W. Tukey, "Bias and confidence in not-quite large samples" (1958): each annotator is left out in turn, and the spread of what the
coefficient then is gives its standard error, used with Student's t. Agreement is a mean over pairs of annotators, and for such means the
jackknife errs, if at all, towards too wide (B. Efron and C. Stein, "The jackknife estimate of variance", Annals of Statistics 9, 1981).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import UNSEEN, Agreement, no_agreement
from labelwright.stats.answers import Answers, Floats, encode, encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["Statistic", "as_columns", "checked_over", "jackknife_interval", "of_others", "over_annotators", "shared_tasks", "value_of"]

Statistic = Callable[[Any, Any, Any], Agreement | float]
"""A coefficient of agreement as a function of tasks, annotators and values, such as `krippendorff_alpha`."""


def jackknife_interval(statistic: Statistic, tasks: Any, annotators: Any, values: Any, *, confidence: float = 0.95) -> Agreement:
    """Return a coefficient of agreement with an interval that speaks of other annotators, who judge items like these.

    Args:
        statistic: a function of tasks, annotators and values that returns an `Agreement` or a number; it is called once with everything
            and once without each annotator.
        tasks: n task ids, one an answer.
        annotators: n annotator ids.
        values: n values of any kind that the statistic understands: labels, numbers, lists of spans.
        confidence: of the interval, above 0 and below 1.

    Returns:
        An `Agreement`; low and high are NaN with a note where fewer than three annotators can be left out.

    Raises:
        InvalidInput: lengths differ, there is no answer, or the confidence is out of range.

    >>> from labelwright.stats import percent_agreement
    >>> tasks, people = [1, 1, 1, 2, 2, 2], ["a", "b", "c"] * 2
    >>> result = jackknife_interval(percent_agreement, tasks, people, ["x", "x", "y", "y", "y", "y"])
    >>> round(result.value, 4), result.items
    (0.6667, 2)
    """
    checked_confidence(confidence)
    columns = as_columns(tasks, annotators, values)
    who, people = encode(columns[1], what="annotator")
    whole = value_of(statistic, columns)
    items = shared_tasks(columns)
    if np.isnan(whole):
        return no_agreement("The statistic has no value for these answers.", confidence=confidence, items=items)
    left = [value_of(statistic, tuple(column[who != one] for column in columns)) for one in range(len(people)) if len(people) > 1]
    return of_others(Agreement(whole, whole, whole, confidence, items), np.array(left, dtype=np.float64))


def of_others(whole: Agreement, left_out: Floats) -> Agreement:
    """Return the agreement of all annotators with an interval from what it is without each one, NaN where it then has no value."""
    from scipy.special import stdtrit

    left_out = left_out[~np.isnan(left_out)]
    n = len(left_out)
    if n < 3:
        note = "Fewer than three annotators can be left out, too few to speak of others."
        return replace(whole, low=float("nan"), high=float("nan"), note=note)
    # On the scale of the arcsine, where a share's spread does not depend on its size; below 0 there is no such scale.
    # What is below 0 or above 1 by rounding alone is not, or the order of the answers would decide.
    every = np.append(left_out, whole.value)
    stable = bool(((every >= -UNSEEN) & (every <= 1 + UNSEEN)).all())
    scaled = np.arcsin(np.sqrt(np.clip(left_out, 0, 1))) if stable else left_out
    # The pseudo-values' mean error, over n - 1 degrees of freedom.
    reach = float(stdtrit(n - 1, (1 + whole.confidence) / 2) * np.sqrt((n - 1) / n * ((scaled - scaled.mean()) ** 2).sum()))
    if not stable:
        return replace(whole, low=whole.value - reach, high=max(whole.value, min(1.0, whole.value + reach)))
    middle = float(np.arcsin(np.sqrt(np.clip(whole.value, 0, 1))))
    low, high = np.sin(max(0.0, middle - reach)) ** 2, np.sin(min(np.pi / 2, middle + reach)) ** 2
    return replace(whole, low=min(float(low), whole.value), high=max(float(high), whole.value))


def over_annotators(answers: Answers, coefficient: Callable[[Answers], Agreement], whole: Agreement) -> Agreement:
    """Return `whole`, the coefficient of all answers, with an interval from leaving out one annotator at a time."""
    if np.isnan(whole.value):
        return whole
    # Whoever shares no item with anybody is no part of it.
    people = np.unique(answers.annotator[(np.diff(answers.start) >= 2)[answers.task]])
    return of_others(whole, np.array([coefficient(answers.take(answers.annotator != one)).value for one in people], dtype=np.float64))


def checked_over(over: str) -> None:
    """Raise unless an interval is asked for over items or over annotators."""
    if over not in ("items", "annotators"):
        raise InvalidInput(f"An interval over '{over}' is not known.", hint="Known are: items, annotators.")


def as_columns(tasks: Any, annotators: Any, values: Any) -> tuple[Any, Any, Any]:
    """Return three equally long arrays that can be indexed together, of objects where the input was no array."""
    if not len(tasks) == len(annotators) == len(values):
        lengths = f"{len(tasks)}, {len(annotators)} and {len(values)}"
        raise InvalidInput(f"Tasks, annotators and values have to be equally long, and have {lengths} entries.")
    if not len(tasks):
        raise InvalidInput("There is no answer.")
    return _column(tasks), _column(annotators), _column(values)


def shared_tasks(columns: tuple[Any, Any, Any]) -> int:
    """Return how many tasks have answers of two annotators or more."""
    silent = np.array([value is None or (isinstance(value, float) and value != value) for value in columns[2].tolist()])
    if silent.all():
        return 0
    answers = encode_answers(columns[0][~silent], columns[1][~silent], np.zeros(int((~silent).sum()), dtype=np.int64), duplicates="last")
    return int((np.diff(answers.start) >= 2).sum())


def value_of(statistic: Statistic, columns: tuple[Any, ...]) -> float:
    """Return the number that the statistic gives for these columns; NaN where it has no answer."""
    try:
        result = statistic(*columns)
    except InvalidInput:
        # A part of the answers may hold none at all, such as those of all but the only annotator who did not abstain.
        return float("nan")
    return float(result.value if isinstance(result, Agreement) else result)


def _column(values: Any) -> Any:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return values
    column = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        column[place] = value
    return column
