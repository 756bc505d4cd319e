"""Where agreement is weak: for each class, for each pair of annotators, and as time goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement.base import Agreement, no_agreement
from labelwright.stats.agreement.jackknife import as_columns
from labelwright.stats.agreement.krippendorff import krippendorff_alpha
from labelwright.stats.answers import Floats, encode, encode_answers

__all__ = ["PairAgreement", "Window", "agreement_by_class", "agreement_by_pair", "agreement_over_time"]

Coefficient = Callable[[Any, Any, Any], Agreement]


@dataclass(frozen=True, eq=False)
class PairAgreement:
    """How far each two annotators agree.

    `percent` and `kappa` (Cohen's) are arrays (annotators, annotators), NaN where two share no task, `kappa` also where chance alone would
    make them agree; `tasks` counts what they share, and on its diagonal each one's own.
    """

    annotators: list[Any]
    percent: Floats
    kappa: Floats
    tasks: Any


@dataclass(frozen=True)
class Window:
    """The agreement on the tasks whose second answer came from `start` to `end`, both included, in the unit of the given times."""

    start: float
    end: float
    agreement: Agreement


def agreement_by_class(tasks: Any, annotators: Any, values: Any, *, coefficient: Coefficient = krippendorff_alpha) -> dict[Any, Agreement]:
    """Return for each class how far annotators agree on whether a task is of this class or of another.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.
        coefficient: any function of tasks, annotators and values; Krippendorff's alpha by default.

    Raises:
        InvalidInput: lengths differ or there is no answer.

    >>> result = agreement_by_class([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, ["x", "x", "y", "y", "y", "z"])
    >>> result["x"].value, result["z"].value < 0.5
    (1.0, True)
    """
    answers = encode_answers(tasks, annotators, values, duplicates="last")
    return {
        name: coefficient(answers.task, answers.annotator, (answers.label == place).astype(np.int64))
        for place, name in enumerate(answers.classes)
    }


def agreement_by_pair(tasks: Any, annotators: Any, values: Any) -> PairAgreement:
    """Return how far each two annotators agree, by percent and by Cohen's kappa, on the tasks that both answered.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.

    Raises:
        InvalidInput: lengths differ or there is no answer.

    >>> result = agreement_by_pair([1, 1, 2, 2, 3], ["a", "b", "a", "b", "c"], ["x", "x", "x", "y", "x"])
    >>> result.percent[0, 1].item(), result.tasks.tolist()
    (0.5, [[2, 2, 0], [2, 2, 0], [0, 0, 1]])
    """
    from scipy.sparse import csr_array

    answers = encode_answers(tasks, annotators, values, duplicates="last")
    n_tasks, n_annotators, n_classes = answers.shape
    ones = np.ones(len(answers.task))
    seen = csr_array((ones, (answers.task, answers.annotator)), shape=(n_tasks, n_annotators))
    together = (seen.T @ seen).toarray()
    same, met = np.zeros_like(together), np.zeros_like(together)
    for label in range(n_classes):
        mine = answers.label == label
        gave = csr_array((ones[mine], (answers.task[mine], answers.annotator[mine])), shape=(n_tasks, n_annotators))
        same += (gave.T @ gave).toarray()
        # How often the one gave this label on the tasks that the two share.
        often = (gave.T @ seen).toarray()
        met += often * often.T
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = np.where(together > 0, same / together, np.nan)
        chance = met / together**2
        kappa = np.where((together > 0) & (chance < 1), (percent - chance) / (1 - chance), np.nan)
    names = answers.annotators.tolist() if isinstance(answers.annotators, np.ndarray) else list(answers.annotators)
    return PairAgreement(names, percent, kappa, together.astype(np.int64))


def agreement_over_time(
    tasks: Any, annotators: Any, values: Any, times: Any, *, windows: int = 10, coefficient: Coefficient = krippendorff_alpha
) -> list[Window]:
    """Return the agreement in windows of time with about equally many tasks each, so that a fall is seen.

    A task belongs to the time of its second answer, for only then is there anything to agree on. Its last answer would not do: where those
    tasks are answered again whose answers differ, they would all be the latest, and a fall would be seen that never was.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids.
        values: n values; None and NaN are missing. A window without any other has NaN with a note.
        times: n numbers, such as seconds since 1970: when each answer was given.
        windows: how many, at least 1; there are fewer where there are fewer tasks.
        coefficient: any function of tasks, annotators and values; Krippendorff's alpha by default.

    Raises:
        InvalidInput: lengths differ, there is no answer, a time is no finite number, or there is to be no window.

    >>> found = agreement_over_time([1, 1, 2, 2], ["a", "b"] * 2, list("xyyy"), [0, 5, 9, 10], windows=2)
    >>> [(one.start, one.end) for one in found]
    [(5.0, 5.0), (10.0, 10.0)]
    """
    columns = as_columns(tasks, annotators, values)
    when = np.asarray(times, dtype=np.float64)
    if when.shape != columns[0].shape or not np.isfinite(when).all():
        raise InvalidInput("There has to be one finite time an answer.", where="times")
    if windows < 1:
        raise InvalidInput("There has to be at least one window.", where="windows")
    task, distinct = encode(columns[0], what="task")
    in_order = np.lexsort((when, task))
    given = np.bincount(task, minlength=len(distinct))
    second = when[in_order][np.cumsum(given) - given + np.minimum(given - 1, 1)]
    found = []
    for part in np.array_split(np.argsort(second, kind="stable"), min(windows, len(distinct))):
        chosen = np.isin(task, part)
        try:
            agreement = coefficient(*(column[chosen] for column in columns))
        except InvalidInput:
            # A window may hold nothing but missing values; where none has an answer the same error is raised for all of them.
            coefficient(*columns)
            agreement = no_agreement("Every value is missing.", confidence=0.95)
        found.append(Window(float(second[part].min()), float(second[part].max()), agreement))
    return found
