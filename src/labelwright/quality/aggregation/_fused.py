"""What marks and medians share: a sample of items is compared, and all items are brought together by what that shows of annotators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import ClassVar, Literal

from labelwright.api.reports import QuestionAgreement
from labelwright.quality import agreement
from labelwright.quality.aggregation.base import QuestionFit, Scores, Standing, Written, measured
from labelwright.quality.annotators import Measured, ReviewedAnswers
from labelwright.quality.answers import Given, Page
from labelwright.quality.belief import expected_accuracy
from labelwright.quality.consensus import ConsensusRow
from labelwright.quality.pairs import Comparison, Guidelines
from labelwright.quality.sample import Sample
from labelwright.schema import Answer, Question
from labelwright.store.codec import encode

__all__ = ["GatheredSample", "judge", "pairwise"]

WEIGHED_GROWTH = 1.5
"""By how many times the answers grow until their annotators are weighed anew."""


class GatheredSample:
    """All answers to one question, of which a sample of items is compared."""

    method: ClassVar[str]
    """What it is called."""

    reason: ClassVar[str]
    """What the answers come to, in a sentence."""

    weighed: ClassVar[str]
    """What annotators weigh by, in another one."""

    def __init__(self, name: str, question: Question, guidelines: Mapping[int, Guidelines]) -> None:
        self.stood = False
        self._name, self._question, self._guidelines = name, question, guidelines
        self._sample = Sample(name, question)
        self._comparison: Comparison | None = None

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        self._sample.add(items)

    @property
    def answered(self) -> bool:
        return bool(self._sample.people)

    def fit(self, old: QuestionFit | None, method: str, gold: Scores, *, full: bool) -> QuestionFit:
        comparison, count = self.compare(), sum(self._sample.people.values())
        # Other weights are other labels, so they stand until there is much more to tell them from.
        if old is not None and not full and count <= WEIGHED_GROWTH * old.weighed:
            self.stood = True
            return self._fitted(old.weights, comparison.skill, count, old.weighed)
        return self._fitted(_weights(comparison.weight), comparison.skill, count, count)

    def rows(self, fit: QuestionFit, gold: Scores, pages: Iterable[Page], standing: Standing) -> Iterator[Written]:
        for page in pages:
            rows, kept = judge(self._name, self._question, page.items, fit, gold, standing)
            yield Written(rows, page.upto, kept, page.size)

    def compare(self) -> Comparison:
        if self._comparison is None:
            self._comparison = self.compared(self._sample, self._guidelines)
        return self._comparison

    def agreement(self, comparison: Comparison, names: Mapping[int, str]) -> QuestionAgreement:
        return agreement.of_sample(self._name, self._question, self._sample, comparison, self._guidelines, names)

    def measured(self, fit: QuestionFit, reviewed: ReviewedAnswers) -> dict[int, Measured]:
        agreed = _agreed(self._sample, fit.weights, reviewed)
        return measured(self._sample.people, agreed, reviewed.agreement.get(self._name, {}), self.compare().skill)

    def compared(self, sample: Sample, guidelines: Mapping[int, Guidelines]) -> Comparison:
        """Compare the answers of the sample in pairs."""
        raise NotImplementedError

    def _fitted(self, weights: dict[int, float], skill: dict[int, float], answers: int, weighed: int) -> QuestionFit:
        reason = f"{self.reason} {self.weighed}" if weights else self.reason
        return QuestionFit(
            method=_method(self.method, weights), reason=reason, answers=answers, skill=skill, weights=weights, weighed=weighed
        )


def judge(
    name: str, question: Question, answered: Mapping[int, Sequence[Given]], fit: QuestionFit, gold: Scores, standing: Standing
) -> tuple[list[ConsensusRow], set[int]]:
    """Bring the answers of a page together where they changed; return the rows, and the items whose rows stand as they are."""
    known = standing(sorted(answered))
    rows, kept = [], set()
    for item_id, given in answered.items():
        row = _row(name, question, item_id, given, fit.weights, fit.method, gold, known.get(item_id))
        if isinstance(row, ConsensusRow):
            rows.append(row)
        elif row == "unchanged":
            kept.add(item_id)
    return rows, kept


def _row(
    name: str,
    question: Question,
    item_id: int,
    given: Sequence[Given],
    weights: Mapping[int, float],
    method: str,
    gold: Mapping[int, tuple[float, int]],
    known: tuple[str, str] | None,
) -> ConsensusRow | Literal["unchanged"] | None:
    """Return the row of an item.

    It is `unchanged` where `known`, the annotations and the method of the row that stands, says so, and None where nobody answered.
    """
    answered = [one for one in given if name in one.values]
    people = [one for one in answered if one.annotation_id is not None]
    if not people:
        return None
    numbers = encode(sorted(one.annotation_id or 0 for one in people))
    if len(answered) == 1:
        method = "single"
    if known == (numbers, method) and len(answered) == len(people):
        return "unchanged"
    values = [one.values[name] for one in answered]
    share = _shares(weights, answered)
    fused = question.fused(values, share)
    doubt = 1.0
    taken = [one for one in answered if one.took(name)]
    # Those who took one suggestion are no more witnesses than the surest of them.
    for one in (one for one in answered if not one.took(name)):
        doubt *= 1 - expected_accuracy(gold, one.user_id)
    if taken:
        doubt *= 1 - max(expected_accuracy(gold, one.user_id) for one in taken)
    close = sum(weight * question.similarity(fused, value) for weight, value in zip(share, values, strict=True)) / sum(share)
    same = pairwise(question, [one.values[name] for one in people])
    confidence = round(close * (1 - doubt), 6)
    return ConsensusRow(item_id, encode(fused), confidence, None if same is None else round(same, 6), len(people), numbers, method)


def pairwise(question: Question, answers: Sequence[Answer]) -> float | None:
    """Return the mean similarity of all pairs of answers; None where there is no pair."""
    values = [question.similarity(first, second) for first, second in combinations(answers, 2)]
    return sum(values) / len(values) if values else None


def _method(name: str, weights: Mapping[int, float]) -> str:
    """Name the method; other weights of the annotators are another method, so that what they would change is redone.

    >>> _method("median", {})
    'median'
    """
    if not weights:
        return name
    import hashlib

    digest = hashlib.blake2b(encode(sorted(weights.items())).encode(), digest_size=4).hexdigest()
    return f"{name}, weighted {digest}"


def _shares(weights: Mapping[int, float], given: Sequence[Given]) -> list[float]:
    """Return the weight of each answer; whoever could not be compared yet weighs as much as the others do on average."""
    usual = sum(weights.values()) / len(weights) if weights else 1.0
    return [weights.get(one.user_id, usual) for one in given]


def _agreed(sample: Sample, weights: Mapping[int, float], reviewed: ReviewedAnswers) -> dict[int, tuple[float, int]]:
    """Each person's agreement with the fused answer, over the sampled items, leaving out what reviews have judged."""
    found: dict[int, tuple[float, int]] = {}
    for _, given in sample.items:
        values = [one.values[sample.name] for one in given]
        fused = sample.question.fused(values, _shares(weights, given))
        for one, value in zip(given, values, strict=True):
            if one.annotation_id not in reviewed.annotations:
                total, count = found.get(one.user_id, (0.0, 0))
                found[one.user_id] = (total + sample.question.similarity(value, fused), count + 1)
    return found


def _weights(weight: Mapping[int, float]) -> dict[int, float]:
    """Each annotator's weight in steps of a tenth, so that a small change of it changes no label; none where all weigh the same."""
    weights = {user_id: max(round(value, 1), 0.1) for user_id, value in weight.items()}
    return weights if len(set(weights.values())) > 1 else {}
