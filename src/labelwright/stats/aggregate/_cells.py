"""The answers that each annotator gives, as rows of a table: of two thousand annotators and two hundred classes most pairs never occur."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from labelwright.stats.aggregate.base import Tables
from labelwright.stats.answers import Answers, Codes, Floats

__all__ = ["LEAST", "Cells"]

LEAST = 1e-10
"""A count of 0 stays possible, barely, so that no logarithm is infinite."""

ROWS = 4096
"""So many rows are worked on at a time, where that saves a copy of all."""


class Cells:
    """The pairs (annotator, answer) that occur in `answers`, in ascending order; an array (cells, truth) has a row for each.

    `annotator` and `label` are those of each cell, and `of_answer` is the cell of each answer. What models know of a pair that never
    occurs follows from their prior alone.
    """

    def __init__(self, answers: Answers) -> None:
        _, n_annotators, n_classes = answers.shape
        pair = answers.annotator.astype(np.int64) * n_classes + answers.label
        seen = np.bincount(pair, minlength=n_annotators * n_classes) > 0
        self.of_answer = (np.cumsum(seen, dtype=np.int32) - np.int32(1))[pair]
        annotator, label = np.divmod(np.flatnonzero(seen), n_classes)
        self.annotator, self.label = annotator.astype(np.int32), label.astype(np.int32)
        self._absent = (~seen).reshape(n_annotators, n_classes).astype(np.float64)

    def __len__(self) -> int:
        return len(self.label)

    def by_annotator(self, values: Floats) -> Floats:
        """Return the sums (annotators, truth) of an array (cells, truth)."""
        sums: Floats = self._of_annotator @ values
        return sums

    def by_answer(self, values: Floats) -> Floats:
        """Return the sums (answer, truth) of an array (cells, truth)."""
        sums: Floats = self._of_answer @ values
        return sums

    def totals(self, values: Floats, prior: Floats) -> Floats:
        """Return the sums (annotators, truth) over all answers: `values` of those that occur, `prior` (answer, truth) of the others."""
        return self.by_annotator(values) + self._absent @ prior

    def with_prior(self, counts: Floats, prior: Floats) -> Floats:
        """Return the counts with a prior (answer, truth), at least `LEAST`."""
        values = np.empty_like(counts)
        for part in self.parts():
            np.maximum(counts[part] + prior[self.label[part]], LEAST, out=values[part])
        return values

    def log_rows(self, counts: Floats, prior: Floats) -> Floats:
        """Return the logarithms of counts with a prior, scaled so that an annotator's answers sum to 1 in each truth."""
        values = self.with_prior(counts, prior)
        total = np.log(self.totals(values, np.maximum(prior, LEAST)))
        for part in self.parts():
            values[part] = np.log(values[part]) - total[self.annotator[part]]
        return values

    def tables(self, counts: Floats, prior: Floats) -> Tables:
        """Return the confusion tables that follow from counts with a prior."""
        values, other = self.with_prior(counts, prior), np.maximum(prior, LEAST)
        total = self.totals(values, other)
        for part in self.parts():
            values[part] /= total[self.annotator[part]]
        return Tables(self.annotator, self.label, values, other, total)

    def whole(self, values: Floats) -> Floats:
        """Return an array (annotators, answer, truth), zeros where nothing occurs."""
        table = np.zeros((*self._absent.shape, values.shape[1]))
        table[self.annotator, self.label] = values
        return table

    def parts(self) -> Iterator[slice]:
        """Yield all cells, some at a time."""
        for start in range(0, len(self), ROWS):
            yield slice(start, start + ROWS)

    @cached_property
    def _of_annotator(self) -> Any:
        return self._summing(self.annotator, len(self._absent))

    @cached_property
    def _of_answer(self) -> Any:
        return self._summing(self.label, self._absent.shape[1])

    def _summing(self, place: Codes, size: int) -> Any:
        """Return the sparse matrix that sums rows by place; models need it in every iteration."""
        from scipy.sparse import csr_array

        every = np.arange(len(self))
        return csr_array((np.ones(len(self)), (place, every)), shape=(size, len(self)))
