"""Report `agreement`: how far annotators agree, overall, over time, in pairs, and under each version of the guidelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from labelwright import stats
from labelwright.api.reports import AgreementWindow, AnnotatorPair, GuidelinesAgreement, QuestionAgreement
from labelwright.quality.likeness import distances, likeness, pairwise, partners
from labelwright.quality.pairs import Comparison, Guidelines, only_rows, shared_items
from labelwright.quality.sample import Sample
from labelwright.schema import Question
from labelwright.schema.figure import Figure
from labelwright.stats.agreement.base import mean_agreement

__all__ = ["of_sample", "of_votes", "unanswered"]

MOST_PAIRS = 200
"""Pairs of annotators in a report: those with the most items in common."""

CHANCE_PAIRS = 10_000
"""Pairs of answers from which the disagreement by chance is estimated."""

WINDOWS, FEWEST = 10, 20
"""At most so many windows of time, of at least so many items with two answers each."""

FEWEST_ALONE = 20
"""Of fewer items that were answered alone nothing is said, where others were answered with suggestions in view."""

NO_PAIRS = "No item has answers of two people."

Over = Literal["items", "annotators"]
"""What an interval speaks of."""

OVER: tuple[Over, Over] = ("items", "annotators")


def of_votes(
    name: str,
    question: Question,
    data: Mapping[str, Any],
    comparison: Comparison,
    guidelines: Mapping[int, Guidelines],
    names: Mapping[int, str],
) -> QuestionAgreement:
    """Return the agreement on what is voted on."""
    aided = shared_items(data["item"][(data["annotation"] > 0) & data["independent"]])
    data = only_rows(data, (data["annotation"] > 0) & data["alone"])
    items = shared_items(data["item"])
    aided -= items
    if (few := _few(items, aided)) is not None:
        return _nothing(name, question, few, aided)
    whole = _measured(question, data)
    versions = []
    for digest, first in _first_versions(guidelines):
        numbers = [number for number, one in guidelines.items() if one.digest == digest]
        kept = np.isin(data["version"], numbers)
        if kept.any():
            part = whole if kept.all() else _measured(question, only_rows(data, kept))
            versions.append(GuidelinesAgreement(digest=digest, version=first, alpha=part.alpha, agreement=part.agreement))
    return QuestionAgreement(
        question=name,
        kind=question.kind,
        alpha=whole.alpha,
        agreement=whole.agreement,
        alpha_by_annotators=whole.alpha_by_annotators,
        agreement_by_annotators=whole.agreement_by_annotators,
        aided=aided,
        pairs=_pairs(comparison, names, whole=not question.graded),
        guidelines=versions,
        over_time=_votes_over_time(question, data),
    )


def of_sample(
    name: str, question: Question, sample: Sample, comparison: Comparison, guidelines: Mapping[int, Guidelines], names: Mapping[int, str]
) -> QuestionAgreement:
    """Return the agreement on marks, numbers or texts, of which a sample of items was compared."""
    if (few := _few(sample.seen, sample.aided)) is not None:
        return _nothing(name, question, few, sample.aided)
    items = sample.items
    versions = []
    for digest, first in _first_versions(guidelines):
        tally = comparison.guidelines.get(digest)
        if tally is not None:
            part = [[one for one in given if getattr(guidelines.get(one.version), "digest", None) == digest] for _, given in items]
            versions.append(
                GuidelinesAgreement(
                    digest=digest, version=first, alpha=_distance_alpha(name, question, part), agreement=_mean(tally.by_item)
                )
            )
    return QuestionAgreement(
        question=name,
        kind=question.kind,
        alpha=_distance_alpha(name, question, [given for _, given in items]),
        agreement=_likeness(comparison),
        alpha_by_annotators=_distance_alpha(name, question, [given for _, given in items], over="annotators"),
        agreement_by_annotators=_likeness(comparison, over="annotators"),
        overlap=_mean(comparison.overlaps, "Nothing that two people marked matches.") if question.shape is not None else None,
        sampled=len(items) if sample.seen > len(items) else None,
        aided=sample.aided,
        pairs=_pairs(comparison, names, whole=False),
        guidelines=versions,
        over_time=_means_over_time([sorted(one.at for one in given)[1] for _, given in items], comparison.overall.by_item),
    )


def unanswered(name: str, question: Question) -> QuestionAgreement:
    """Return the agreement on a question that nobody answered."""
    return _nothing(name, question, Figure.missing("Nobody has answered yet."))


def _nothing(name: str, question: Question, why: Figure, aided: int = 0) -> QuestionAgreement:
    return QuestionAgreement(
        question=name, kind=question.kind, alpha=why, agreement=why, alpha_by_annotators=why, agreement_by_annotators=why, aided=aided
    )


def _few(items: int, aided: int) -> Figure | None:
    """Say so where nearly all answers were given with a suggestion in view, which makes people agree; None where enough were not."""
    if not aided or items >= FEWEST_ALONE:
        return None
    reason = (
        f"Not enough evidence: {items} items have two answers that were given without a suggestion in view, and {aided} only with one. "
        f"Hide suggestions more often (assist.unassisted)."
    )
    return Figure.missing(reason, count=items)


class _Measured(NamedTuple):
    """How far people agree on votes, over items and over annotators."""

    alpha: Figure
    agreement: Figure
    alpha_by_annotators: Figure
    agreement_by_annotators: Figure


def _measured(question: Question, data: Mapping[str, Any]) -> _Measured:
    if not len(data["item"]):
        nothing = Figure.missing(NO_PAIRS)
        return _Measured(nothing, nothing, nothing, nothing)
    if not question.graded:
        return _Measured(*map(_figure, stats.nominal_agreement(data["item"], data["user"], data["label"])))
    apart, ends = distances(question), np.flatnonzero(np.diff(data["item"])) + 1
    labels, people = ([unit.tolist() for unit in np.split(data[column], ends)] for column in ("label", "user"))
    alpha, alpha_by_annotators = (
        _figure(stats.alpha_by_distance(labels, lambda one, other: apart[one][other], pairs=CHANCE_PAIRS, annotators=annotators))
        for annotators in (None, people)
    )
    first, second = partners(data["item"])
    if not len(first):
        return _Measured(alpha, Figure.missing(NO_PAIRS), alpha_by_annotators, Figure.missing(NO_PAIRS))
    columns = (
        data["item"][first],
        data["user"][first],
        data["user"][second],
        likeness(question)[data["label"][first], data["label"][second]],
    )
    agreement, agreement_by_annotators = (_figure(stats.mean_likeness(*columns, over=over)) for over in OVER)
    return _Measured(alpha, agreement, alpha_by_annotators, agreement_by_annotators)


def _likeness(comparison: Comparison, over: Over = "items") -> Figure:
    if not comparison.alike:
        return Figure.missing(NO_PAIRS)
    return _figure(stats.mean_likeness(*zip(*comparison.alike, strict=True), over=over))


def _votes_over_time(question: Question, data: Mapping[str, Any]) -> list[AgreementWindow]:
    if question.graded:
        _, place, times = np.unique(data["item"], return_inverse=True, return_counts=True)
        alike = pairwise(place, data["label"], len(times), likeness(question))
        second = [sorted(at.tolist())[1] for at in np.split(data["at"], np.cumsum(times)[:-1]) if len(at) >= 2]
        return _means_over_time(second, alike[times >= 2].tolist())
    _, place, times = np.unique(data["item"], return_inverse=True, return_counts=True)
    shared = (times >= 2)[place]
    windows = min(WINDOWS, int((times >= 2).sum()) // FEWEST)
    if windows < 2:
        return []
    columns = [data[column][shared] for column in ("item", "user", "label", "at")]
    found = stats.agreement_over_time(*columns, windows=windows, coefficient=stats.percent_agreement)
    return [AgreementWindow(start=one.start, end=one.end, agreement=_figure(one.agreement)) for one in found]


def _means_over_time(second: Sequence[float], by_item: Sequence[float]) -> list[AgreementWindow]:
    """The same of answers that are alike in part, from when each item had its second answer and its mean agreement."""
    windows = min(WINDOWS, len(second) // FEWEST)
    if windows < 2:
        return []
    at, values = np.array(second, dtype=np.float64), np.array(by_item, dtype=np.float64)
    parts = np.array_split(np.argsort(at, kind="stable"), windows)
    return [AgreementWindow(start=float(at[part].min()), end=float(at[part].max()), agreement=_mean(values[part])) for part in parts]


def _distance_alpha(name: str, question: Question, items: Sequence[Sequence[Any]], over: Over = "items") -> Figure:
    units = [[one.values[name] for one in given] for given in items]
    annotators = [[one.user_id for one in given] for given in items] if over == "annotators" else None
    return _figure(stats.alpha_by_distance(units, question.distance, pairs=CHANCE_PAIRS, annotators=annotators))


def _mean(values: Any, reason: str = NO_PAIRS) -> Figure:
    """The mean of values from 0 to 1, one an item, with its interval."""
    if not len(values):
        return Figure.missing(reason)
    return _figure(mean_agreement(np.array(values, dtype=np.float64), confidence=0.95))


def _figure(found: stats.Agreement) -> Figure:
    return Figure.of(found.value, found.low, found.high, count=found.items, confidence=found.confidence, reason=found.note)


def _pairs(comparison: Comparison, names: Mapping[int, str], *, whole: bool) -> list[AnnotatorPair]:
    found = []
    ordered = sorted(comparison.people.items(), key=lambda one: (-one[1][0], one[0]))
    for (first, second), (count, agreed) in ordered[:MOST_PAIRS]:
        low, high = stats.binomial_interval(round(agreed), count) if whole else (None, None)
        found.append(
            AnnotatorPair(
                first=names.get(first, str(first)),
                second=names.get(second, str(second)),
                first_id=first,
                second_id=second,
                agreement=Figure.of(agreed / count, low, high, count=count),
            )
        )
    return found


def _first_versions(guidelines: Mapping[int, Guidelines]) -> list[tuple[str, int]]:
    """Each version of the guidelines and the first pipeline version that had it, in the order in which they came."""
    first = {one.digest: one.first for one in guidelines.values()}
    return sorted(first.items(), key=lambda one: one[1])
