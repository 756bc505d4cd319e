"""Votes: each answer stands for one label, and a model of all of them says which label is right and how good annotators are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from labelwright.api.reports import QuestionAgreement
from labelwright.quality import agreement
from labelwright.quality.aggregation._vote_model import Judged, VoteColumns, settle
from labelwright.quality.aggregation._vote_model import judge as judge_votes
from labelwright.quality.aggregation._vote_pairs import compare_votes
from labelwright.quality.aggregation.base import QuestionFit, Scores, Standing, Written, measured
from labelwright.quality.annotators import Measured, ReviewedAnswers
from labelwright.quality.answers import PAGE, Given, Page
from labelwright.quality.consensus import ConsensusRow
from labelwright.quality.likeness import likeness, pairwise
from labelwright.quality.pairs import Comparison, Guidelines, placed
from labelwright.schema import Question
from labelwright.store.codec import encode

__all__ = ["ANSWERS", "GatheredVotes", "judge", "rows_of", "unfitted"]


class GatheredVotes:
    """All votes on one question."""

    def __init__(self, name: str, question: Question, guidelines: Mapping[int, Guidelines]) -> None:
        self.stood = False
        self._name, self._question, self._guidelines = name, question, guidelines
        self._votes = VoteColumns(name, question)
        self._data: dict[str, Any] = {}
        self._judged: Judged | None = None

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        self._votes.add(items)

    @property
    def answered(self) -> bool:
        return len(self._votes) > 0

    def fit(self, old: QuestionFit | None, method: str, gold: Scores, *, full: bool) -> QuestionFit:
        self._data = self._votes.arrays()
        self._judged, learned = settle(self._question, self._data, self._votes.suggested(), method, gold)
        return learned

    def rows(self, fit: QuestionFit, gold: Scores, pages: Iterable[Page], standing: Standing) -> Iterator[Written]:
        assert self._judged is not None
        for rows in rows_of(self._question, self._data, self._judged, fit.method):
            yield Written(rows, rows[-1].item_id, set(), len(rows))

    def compare(self) -> Comparison:
        return compare_votes(self._question, self._data, self._guidelines)

    def agreement(self, comparison: Comparison, names: Mapping[int, str]) -> QuestionAgreement:
        return agreement.of_votes(self._name, self._question, self._data, comparison, self._guidelines, names)

    def measured(self, fit: QuestionFit, reviewed: ReviewedAnswers) -> dict[int, Measured]:
        assert self._judged is not None
        people, answers = np.unique(self._data["user"][self._data["annotation"] > 0], return_counts=True)
        counted = dict(zip(people.tolist(), answers.tolist(), strict=True))
        agreed = _agreed(self._question, self._data, self._judged, reviewed.annotations)
        return measured(counted, agreed, reviewed.agreement.get(self._name, {}), fit.skill)


ANSWERS = GatheredVotes


def unfitted() -> QuestionFit:
    """Return the majority, which needs to know nothing of annotators."""
    return QuestionFit(method="majority", reason="", answers=0)


def judge(
    name: str, question: Question, answered: Mapping[int, Sequence[Given]], fit: QuestionFit, gold: Scores, standing: Standing
) -> tuple[list[ConsensusRow], set[int]]:
    """Return the consensus of a page of items by what was learned."""
    votes = VoteColumns(name, question)
    votes.add(answered)
    data = votes.arrays()
    judged = judge_votes(question, data, votes.suggested(), fit, gold)
    return [row for rows in rows_of(question, data, judged, fit.method) for row in rows], set()


def rows_of(question: Question, data: Mapping[str, Any], judged: Judged, method: str) -> Iterator[list[ConsensusRow]]:
    """Yield the rows of a question, as many at a time as are written in one transaction."""
    answers = [encode(question.elected(label)) for label in question.labels]
    person = data["annotation"] > 0
    same = _pairwise(question, data, judged, person)
    people = np.add.reduceat(person.astype(np.int64), judged.start[:-1]) if len(judged.items) else np.zeros(0, dtype=np.int64)
    for first in range(0, len(judged.items), PAGE):
        page = slice(first, first + PAGE)
        start = judged.start[first : first + PAGE + 1]
        given = data["annotation"][start[0] : start[-1]].tolist()
        columns = [column[page] for column in (judged.items, judged.labels, judged.confidence, same, people)]
        columns += [start[:-1] - start[0], start[1:] - start[0]]
        yield [
            ConsensusRow(
                item,
                answers[label],
                confidence,
                None if alike < 0 else alike,
                count,
                encode(sorted(number for number in given[begin:end] if number)),
                method,
            )
            for item, label, confidence, alike, count, begin, end in zip(*(column.tolist() for column in columns), strict=True)
        ]


def _pairwise(question: Question, data: Mapping[str, Any], judged: Judged, person: Any) -> Any:
    """The share of pairs of people's answers that are the same, or how far they are alike, for each item; negative with one answer."""
    task = np.repeat(np.arange(len(judged.items)), np.diff(judged.start))[person]
    if question.graded:
        return np.round(pairwise(task, data["label"][person], len(judged.items), likeness(question)), 6)
    size = len(question.labels)
    count = np.bincount(task, minlength=len(judged.items)).astype(np.float64)
    cell, times = np.unique(task * np.int64(size) + data["label"][person], return_counts=True)
    same = np.bincount(cell // size, weights=times * (times - 1.0), minlength=len(judged.items))
    pairs = count * (count - 1)
    return np.round(np.where(pairs > 0, same / np.where(pairs > 0, pairs, 1.0), -1.0), 6)


def _agreed(question: Question, data: Mapping[str, Any], judged: Judged, without: set[int]) -> dict[int, tuple[float, int]]:
    """Return each person's agreement with the consensus on items that others answered too, leaving out the annotations `without`."""
    sizes = np.diff(judged.start)
    shared = np.repeat(sizes >= 2, sizes) & (data["annotation"] > 0)
    if without:
        shared &= ~np.isin(data["annotation"], np.fromiter(without, dtype=np.int64))
    consensus, given = np.repeat(judged.labels, sizes)[shared], data["label"][shared]
    right = likeness(question)[consensus, given] if question.graded else consensus == given
    people, place = placed(data["user"][shared])
    hits, counts = np.bincount(place, weights=right.astype(np.float64)), np.bincount(place)
    return {int(user): (float(hit), int(count)) for user, hit, count in zip(people, hits, counts, strict=True)}
