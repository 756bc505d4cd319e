"""The bootstrap over items: an interval for any coefficient of agreement, whatever its formula.

B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979); the percentiles are expanded as T. Hesterberg
advises in "What teachers should know about the bootstrap", The American Statistician 69 (2015), for with few items plain ones are too
narrow. It speaks of other items judged by annotators like these: for other annotators take `jackknife_interval`, for a bootstrap over few
annotators covers far too little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import Agreement, no_agreement
from labelwright.stats.agreement.jackknife import Statistic, as_columns, shared_tasks, value_of
from labelwright.stats.answers import Floats, encode
from labelwright.stats.certificates.binomial import binomial_upper_bound, checked_confidence

__all__ = ["bootstrap_interval"]

Columns = tuple[Any, Any, Any]

MANY = 10_000
"""With more items than these no single one can matter."""
RARE = 10
"""So many of the rarest values are tried for the one more item on which all agree."""


def bootstrap_interval(
    statistic: Statistic, tasks: Any, annotators: Any, values: Any, *, confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Agreement:
    """Return a coefficient of agreement with an interval that speaks of other items.

    A class that is hardly seen makes all agreement look like chance and every resample like the other, so that the interval also holds
    those after one more item: one on which all agree on a rare value (values that cannot be hashed, such as lists, have none), and one
    like the item that lowers the coefficient most.

    Args:
        statistic: a function of tasks, annotators and values that returns an `Agreement` or a number; it is called once with everything
            and three times for each resample.
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
    rng = np.random.default_rng(seed)
    drawn, times = _drawn(statistic, columns, task, n, resamples, rng)
    if len(drawn) < resamples / 2:
        return Agreement(whole, float("nan"), float("nan"), confidence, items, "Most resamples have no value.")
    if whole >= 1 - 1e-12 and bool((drawn >= 1 - 1e-12).all()):
        low = _unseen(statistic, columns, task, n, confidence)
        return Agreement(whole, min(low, whole), whole, confidence, items, "No disagreement was observed.")
    low, high = _ends(drawn, whole, n, confidence)
    for value, more, more_task in _with_one_more(statistic, columns, task, n, drawn, times):
        other, _ = _drawn(statistic, more, more_task, n + 1, resamples, rng)
        if len(other) >= resamples / 2 and not np.isnan(value):
            ends = _ends(other, value, n + 1, confidence)
            low, high = min(low, ends[0]), max(high, ends[1])
    return Agreement(whole, min(low, whole), max(high, whole), confidence, items)


def _drawn(statistic: Statistic, columns: Columns, task: Any, n: int, resamples: int, rng: np.random.Generator) -> tuple[Floats, Any]:
    """Return what the statistic is of items drawn anew, as often as it has a value, and how often each item was drawn."""
    order = np.argsort(task, kind="stable")
    count = np.bincount(task, minlength=n)
    start = np.cumsum(count) - count
    drawn, times = np.empty(resamples), np.zeros((resamples, n), dtype=np.int8) if n <= MANY else None
    for number in range(resamples):
        chosen = rng.integers(n, size=n)
        if times is not None:
            times[number] = np.minimum(np.bincount(chosen, minlength=n), 127)
        # An item that is drawn twice counts as two items.
        length = count[chosen]
        offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        rows = order[np.repeat(start[chosen], length) + offset]
        drawn[number] = value_of(statistic, (np.repeat(np.arange(n), length), columns[1][rows], columns[2][rows]))
    there = ~np.isnan(drawn)
    return drawn[there], None if times is None else times[there]


def _ends(drawn: Floats, whole: float, n: int, confidence: float) -> tuple[float, float]:
    from scipy.special import ndtr, stdtrit

    tail = float(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - confidence) / 2)))
    low, high = (float(value) for value in np.quantile(drawn, [tail, 1 - tail]))
    if whole < 1:
        # On the scale of the logarithm of the disagreement, and upwards halfway to the plain one, as the analytic intervals are; the wider
        # of the two covers where either alone falls short.
        # A resample without disagreement counts as half of the least that another has.
        apart = 1 - drawn
        apart = np.log(np.maximum(apart, max(float(apart[apart > 1e-9].min(initial=1 - whole)) / 2, 1e-9)))
        reach = float(-stdtrit(n - 1, (1 - confidence) / 2) * apart.std(ddof=1) * np.sqrt(n / (n - 1)))
        low = min(low, float(1 - (1 - whole) * np.exp(min(reach, 700.0))))
        high = max(high, float(1 - (1 - whole) * (np.exp(-reach) + max(1 - reach, 0.0)) / 2))
    return low, high


def _with_one_more(
    statistic: Statistic, columns: Columns, task: Any, n: int, drawn: Floats, times: Any
) -> Iterator[tuple[float, Columns, Any]]:
    """Yield the value, the columns and the items after one more item.

    One is an item on which all agree, on the rare value that raises the statistic most. The other repeats the item that lowers it most,
    as the resamples say in which it was drawn often.
    """
    best: tuple[float, Columns, Any] | None = None
    for value in _rare(columns[2]):
        people = list(dict.fromkeys(columns[1].tolist()))[: max(2, round(len(task) / n))]
        more = (np.append(task, np.full(len(people), n)), _longer(columns[1], people), _longer(columns[2], [value] * len(people)))
        then = value_of(statistic, more)
        if not np.isnan(then) and (best is None or then > best[0]):
            best = (then, more, more[0])
    if best is not None:
        yield best
    if times is not None:
        pull = (drawn - drawn.mean()) @ times
        again = np.flatnonzero(task == int(pull.argmin()))
        grown = np.append(task, np.full(len(again), n))
        more = (grown, np.concatenate([columns[1], columns[1][again]]), np.concatenate([columns[2], columns[2][again]]))
        yield value_of(statistic, more), more, grown


def _rare(values: Any) -> list[Any]:
    """Return the values given least often; lists of spans and the like have none."""
    try:
        found = Counter(value for value in values.tolist() if _there(value))
    except TypeError:
        return []
    return sorted(found, key=lambda value: found[value])[:RARE]


def _unseen(statistic: Statistic, columns: Columns, task: Any, n: int, confidence: float) -> float:
    """Return what the statistic would be if as many items were disputed as may have gone unseen; NaN where there is no other value."""
    try:
        found = [value for value, _ in Counter(columns[2].tolist()).most_common() if _there(value)]
    except TypeError:
        return float("nan")
    if len(found) < 2:
        return float("nan")
    disputed = np.flatnonzero(task < np.ceil(n * binomial_upper_bound(0, n, (1 + confidence) / 2)))
    values = columns[2].copy()
    # Every other answer to such an item is another value than it was.
    for place in disputed[np.argsort(task[disputed], kind="stable")][::2]:
        values[place] = found[1] if values[place] == found[0] else found[0]
    return value_of(statistic, (task, columns[1], values))


def _there(value: Any) -> bool:
    return value is not None and bool(value == value)


def _longer(column: Any, more: list[Any]) -> Any:
    added = np.empty(len(more), dtype=column.dtype)
    added[:] = more
    return np.concatenate([column, added])
