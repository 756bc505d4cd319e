"""The bootstrap over items: an interval for any coefficient of agreement, whatever its formula.

B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979); the percentiles are expanded as T. Hesterberg
advises in "What teachers should know about the bootstrap", The American Statistician 69 (2015), for with few items plain ones are too
narrow. It speaks of other items judged by annotators like these: for other annotators take `jackknife_interval`, for a bootstrap over few
annotators covers far too little.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import Agreement, no_agreement
from labelwright.stats.agreement.jackknife import Statistic, as_columns, shared_tasks, value_of
from labelwright.stats.answers import encode
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["bootstrap_interval"]


def bootstrap_interval(
    statistic: Statistic, tasks: Any, annotators: Any, values: Any, *, confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Agreement:
    """Return a coefficient of agreement with an interval that speaks of other items.

    Args:
        statistic: a function of tasks, annotators and values that returns an `Agreement` or a number; it is called once with everything
            and once for each resample.
        tasks: n task ids, one an answer.
        annotators: n annotator ids.
        values: n values of any kind that the statistic understands.
        confidence: of the interval, above 0 and below 1.
        resamples: how often items are drawn anew with replacement, at least 20.
        seed: of the draws.

    Returns:
        An `Agreement`; low and high are NaN with a note where there are fewer than two items, or hardly a resample has a value.

    Raises:
        InvalidInput: lengths differ, there is no answer, or an argument is out of range.

    >>> from labelwright.stats import percent_agreement
    >>> tasks, people = [1, 1, 2, 2, 3, 3, 4, 4], ["a", "b"] * 4
    >>> result = bootstrap_interval(percent_agreement, tasks, people, list("xxxyyyxx"), resamples=100)
    >>> result.value, result.low < 0.75 < result.high
    (0.75, True)
    """
    from scipy.special import ndtr, stdtrit

    checked_confidence(confidence)
    if resamples < 20:
        raise InvalidInput(f"{resamples} resamples are too few for an interval.", where="resamples")
    columns = as_columns(tasks, annotators, values)
    whole = value_of(statistic, columns)
    items = shared_tasks(columns)
    if np.isnan(whole):
        return no_agreement("The statistic has no value for these answers.", confidence=confidence, items=items)
    task, distinct = encode(columns[0], what="task")
    n = len(distinct)
    if n < 2:
        return Agreement(whole, float("nan"), float("nan"), confidence, items, "One item says nothing about others.")
    order = np.argsort(task, kind="stable")
    count = np.bincount(task, minlength=n)
    start = np.cumsum(count) - count
    rng = np.random.default_rng(seed)
    drawn = np.empty(resamples)
    for number in range(resamples):
        chosen = rng.integers(n, size=n)
        # An item that is drawn twice counts as two items.
        length = count[chosen]
        offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        rows = order[np.repeat(start[chosen], length) + offset]
        drawn[number] = value_of(statistic, (np.repeat(np.arange(n), length), columns[1][rows], columns[2][rows]))
    drawn = drawn[~np.isnan(drawn)]
    if len(drawn) < resamples / 2:
        return Agreement(whole, float("nan"), float("nan"), confidence, items, "Most resamples have no value.")
    tail = float(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - confidence) / 2)))
    low, high = (float(value) for value in np.quantile(drawn, [tail, 1 - tail]))
    if whole < 1:
        # On the scale of the logarithm of the disagreement; the wider of the two covers where either alone falls short.
        apart = np.log(np.maximum(1 - drawn, 1e-9))
        reach = float(-stdtrit(n - 1, (1 - confidence) / 2) * apart.std(ddof=1) * np.sqrt(n / (n - 1)))
        low, high = min(low, float(1 - (1 - whole) * np.exp(reach))), max(high, float(1 - (1 - whole) * np.exp(-reach)))
    return Agreement(whole, min(low, whole), max(high, whole), confidence, items)
