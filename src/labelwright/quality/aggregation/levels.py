"""Levels: each answer stands for one of several ordered labels, and a model in which near misses are likelier says which is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labelwright import stats
from labelwright.quality.aggregation._vote_model import FEWEST_TAKEN, Judged, VoteColumns, learned_of, one_model, posteriors_by
from labelwright.quality.aggregation.base import FEWEST_SHARED, QuestionFit, Scores, Standing
from labelwright.quality.aggregation.votes import GatheredVotes, rows_of, unfitted
from labelwright.quality.aggregation.votes import judge as judge_votes
from labelwright.quality.answers import Given
from labelwright.quality.consensus import ConsensusRow
from labelwright.quality.likeness import likeness
from labelwright.schema import Question
from labelwright.stats.answers import stretches

__all__ = ["ANSWERS", "judge", "unfitted"]

METHOD = "ordinal"

REASON = "The labels are in order: a near miss counts as likelier than a far one, and the middle of what is believed is the label."


class GatheredLevels(GatheredVotes):
    """All answers to one question whose labels are in order."""

    def fit(self, old: QuestionFit | None, method: str, gold: Scores, *, full: bool) -> QuestionFit:
        """Fit `labelwright.stats.aggregate_ordinal`, unless another method is asked for or the answers call for one.

        Where people took suggestions, how far they copied matters more than the order of the labels; and where nothing can be learned,
        as where everybody gives one label whatever there is, answers are brought together as votes are.
        """
        data, suggested = self._votes.arrays(), self._votes.suggested()
        took = suggested.took(data["label"])
        _, start = stretches(data["item"])
        shared = float((np.diff(start) >= 2).mean())
        varied = len(np.unique(np.stack([data["user"], data["label"]]), axis=1).T) > len(np.unique(data["user"]))
        if method != "auto" or shared < FEWEST_SHARED or not varied or took.sum() >= FEWEST_TAKEN * len(took):
            return super().fit(old, method, gold, full=full)
        self._data = data
        self._judged, learned = _settle(self._question, data, took)
        return learned


ANSWERS = GatheredLevels


def judge(
    name: str, question: Question, answered: Mapping[int, Sequence[Given]], fit: QuestionFit, gold: Scores, standing: Standing
) -> tuple[list[ConsensusRow], set[int]]:
    """Return the consensus of a page of items by what was learned."""
    if fit.method != METHOD:
        return judge_votes(name, question, answered, fit, gold, standing)
    votes = VoteColumns(name, question)
    votes.add(answered)
    data = votes.arrays()
    items, start = stretches(data["item"])
    judged = _middle(question, items, start, posteriors_by(fit, list(question.labels), data, start))
    return [row for rows in rows_of(question, data, judged, fit.method) for row in rows], set()


def _settle(question: Question, data: Mapping[str, Any], took: Any) -> tuple[Judged, QuestionFit]:
    levels = list(range(len(question.labels)))
    result = stats.aggregate_ordinal(data["item"], data["user"], data["label"], levels=levels)
    items, start = stretches(data["item"])
    learned = learned_of(
        question,
        data,
        ~took,
        np.array(levels, dtype=np.int64),
        result.posteriors,
        method=METHOD,
        reason=REASON,
        models=one_model([int(user) for user in result.annotators], result.posteriors, result.confusion),
    )
    return _middle(question, items, start, result.posteriors), learned


def _middle(question: Question, items: Any, start: Any, posteriors: Any) -> Judged:
    """Return the label of each item that is fewest labels off on average, and how probable it is that the right one counts as the same."""
    # Half of the belief lies at most there; of two middles the lower one.
    chosen = (np.cumsum(posteriors, axis=1) >= 0.5 - 1e-9).argmax(axis=1)
    same = likeness(question) == 1
    confidence = (posteriors * same[chosen]).sum(axis=1)
    return Judged(items, chosen, np.round(np.minimum(confidence, 1.0), 6), start)
