"""Consensus of choices: a statistical model over all answers, refitted as they grow; between two fits, the items that are touched.

A fit costs seconds for a hundred thousand answers, and one answer more changes it little. So what it learned, each annotator's table of
confusions and how frequent each label is, is kept, and the few items that were answered since are judged by it.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright import stats
from labelwright.quality.aggregation.base import QuestionFit
from labelwright.quality.answers import Given
from labelwright.quality.belief import CERTAIN, expected_accuracy
from labelwright.quality.pairs import placed
from labelwright.schema import Question

__all__ = ["Judged", "VoteColumns", "judge", "settle"]

MOST_NUMBERS = 200_000
"""A fit with more numbers than this keeps one skill an annotator in place of a table."""


class VoteColumns:
    """All answers to one question by column, in ascending order of the item: 46 bytes each, where lists of numbers take some 200."""

    def __init__(self, name: str, question: Question) -> None:
        self._name, self._question = name, question
        self._code = {label: index for index, label in enumerate(question.labels)}
        self._item, self._user, self._annotation, self._version = (array("q") for _ in range(4))
        self._label, self._at = array("i"), array("d")
        self._independent, self._alone = array("b"), array("b")

    def __len__(self) -> int:
        return len(self._item)

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        """Take up a page of answers."""
        for item_id in sorted(items):
            for given in items[item_id]:
                answer = given.values.get(self._name)
                if answer is not None:
                    self._item.append(item_id)
                    self._user.append(given.user_id)
                    self._label.append(self._code[self._question.vote(answer) or ""])
                    self._annotation.append(given.annotation_id or 0)
                    self._version.append(given.version)
                    self._independent.append(given.independent)
                    self._alone.append(given.alone(self._name))
                    self._at.append(given.at)

    def arrays(self) -> dict[str, Any]:
        """Return the columns as arrays over the same memory; nothing can be added afterwards."""
        return {
            "item": np.frombuffer(self._item, dtype=np.int64),
            "user": np.frombuffer(self._user, dtype=np.int64),
            "label": np.frombuffer(self._label, dtype=np.int32),
            "annotation": np.frombuffer(self._annotation, dtype=np.int64),
            "version": np.frombuffer(self._version, dtype=np.int64),
            "independent": np.frombuffer(self._independent, dtype=np.bool_),
            "alone": np.frombuffer(self._alone, dtype=np.bool_),
            "at": np.frombuffer(self._at, dtype=np.float64),
        }


@dataclass(frozen=True, eq=False)
class Judged:
    """The consensus of some items: their label as a place among the question's labels, and how sure it is, 0 to 1."""

    items: Any
    labels: Any
    confidence: Any
    start: Any
    """The answers to item i are the rows `start[i]:start[i + 1]` of the arrays that were judged."""


def settle(question: Question, data: Mapping[str, Any], method: str, gold: Mapping[int, tuple[float, int]]) -> tuple[Judged, QuestionFit]:
    """Fit the model to all answers and return the consensus of every item, and what was learned."""
    result = stats.aggregate(data["item"], data["user"], data["label"], method=method)
    labels = question.labels
    present = np.array([int(code) for code in result.classes], dtype=np.int64)
    posteriors = result.posteriors
    items, start = _bounds(data["item"])
    # `aggregate` codes integers in ascending order, and so its rows are those of `items`.
    chosen = present[posteriors.argmax(axis=1)]
    people = [int(user) for user in result.annotators]
    skill = _skill(data, items, start, posteriors, present)
    numbers = len(people) * len(present) ** 2
    learned = QuestionFit(
        method=result.method,
        reason=result.reason,
        answers=len(data["item"]),
        labels=[labels[code] for code in present],
        prior=[round(float(share), 6) for share in posteriors.mean(axis=0)],
        confusion={} if numbers > MOST_NUMBERS else _tables(people, result.confusion),
        skill=skill,
    )
    unweighted = result.method == "majority"
    confidence = _belief(data, start, chosen, len(labels), gold) if unweighted else np.minimum(posteriors.max(axis=1), 1.0)
    return Judged(items, chosen, np.round(confidence, 6), start), learned


def judge(question: Question, data: Mapping[str, Any], fit: QuestionFit, gold: Mapping[int, tuple[float, int]]) -> Judged:
    """Return the consensus of the items in `data` by what an earlier fit learned."""
    items, start = _bounds(data["item"])
    labels = list(question.labels)
    prior = np.full(len(labels), 1e-6)
    for label, share in zip(fit.labels, fit.prior, strict=True):
        if label in labels:
            prior[labels.index(label)] = max(share, 1e-6)
    task = np.repeat(np.arange(len(items)), np.diff(start))
    votes = np.zeros((len(items), len(labels)))
    np.add.at(votes, (task, data["label"]), 1.0)
    if fit.method == "majority":
        # The same rule as the method's own: a tie goes to the label that is more frequent.
        chosen = (votes + 1e-3 * prior / prior.sum()).argmax(axis=1)
        return Judged(items, chosen, np.round(_belief(data, start, chosen, len(labels), gold), 6), start)
    logs = np.log(prior / prior.sum())[None].repeat(len(items), axis=0)
    tables = {user: _table(fit, user, labels) for user in set(data["user"].tolist())}
    for row in range(len(task)):
        logs[task[row]] += np.log(tables[int(data["user"][row])][:, data["label"][row]])
    logs -= logs.max(axis=1, keepdims=True)
    posteriors = np.exp(logs)
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    return Judged(items, posteriors.argmax(axis=1), np.round(posteriors.max(axis=1), 6), start)


def _bounds(item: Any) -> tuple[Any, Any]:
    items, first = np.unique(item, return_index=True)
    return items, np.append(first, len(item))


def _tables(people: list[int], confusion: Any) -> dict[int, list[list[float]]]:
    rounded = np.round(np.asarray(confusion, dtype=np.float64), 5).tolist()
    return {user: rounded[place] for place, user in enumerate(people)}


def _table(fit: QuestionFit, user: int, labels: list[str]) -> Any:
    """The array (truth, answer) of one annotator over all labels; by skill alone where there is no table, or none of this annotator."""
    size = len(labels)
    known = list(fit.skill.values())
    skill = min(max(fit.skill.get(user, float(np.mean(known)) if known else 0.8), 1 / size, 0.01), CERTAIN)
    table = np.full((size, size), (1 - skill) / max(size - 1, 1))
    np.fill_diagonal(table, skill)
    if user in fit.confusion:
        places = [labels.index(label) for label in fit.labels if label in labels]
        kept = [index for index, label in enumerate(fit.labels) if label in labels]
        table[np.ix_(places, places)] = np.asarray(fit.confusion[user])[np.ix_(kept, kept)]
    return np.maximum(table, 1e-6)


def _skill(data: Mapping[str, Any], items: Any, start: Any, posteriors: Any, present: Any) -> dict[int, float]:
    """The expected accuracy of each annotator over items that others answered too, pulled to everybody's by two answers."""
    sizes = np.diff(start)
    shared = np.repeat(sizes >= 2, sizes)
    if not shared.any():
        return {}
    task = np.repeat(np.arange(len(items), dtype=np.int32), sizes)[shared]
    right = posteriors[task, np.searchsorted(present, data["label"][shared])]
    people, place = placed(data["user"][shared])
    hits, given = np.bincount(place, weights=right), np.bincount(place)
    skill = (hits + 2 * right.mean()) / (given + 2)
    return {int(user): round(float(value), 6) for user, value in zip(people, skill, strict=True)}


def _belief(data: Mapping[str, Any], start: Any, chosen: Any, size: int, gold: Mapping[int, tuple[float, int]]) -> Any:
    """How sure a majority is: the chance that the chosen label is right where each annotator is right with the expected accuracy."""
    if size == 1:
        return np.ones(len(chosen))
    people, author = placed(data["user"])
    chance = np.array([max(expected_accuracy(gold, user), 1 / size) for user in people.tolist()])[author]
    task = np.repeat(np.arange(len(chosen)), np.diff(start))
    # Each answer shifts the odds of its label against any other one by its author's odds.
    votes = np.zeros((len(chosen), size))
    np.add.at(votes, (task, data["label"]), np.log(chance * (size - 1) / (1 - chance)))
    votes = np.exp(votes - votes.max(axis=1, keepdims=True))
    return votes[np.arange(len(chosen)), chosen] / votes.sum(axis=1)
