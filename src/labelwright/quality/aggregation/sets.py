"""Sets: each answer is a set of labels, and a model of a yes or no for each label says which are right and how good annotators are."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from labelwright import stats
from labelwright.quality.aggregation import medians
from labelwright.quality.aggregation._vote_model import FEWEST_TAKEN, MOST_NUMBERS
from labelwright.quality.aggregation.base import FEWEST_SHARED, ModelFit, QuestionFit, Scores, Standing, Written
from labelwright.quality.aggregation.medians import unfitted
from labelwright.quality.answers import Given, Page
from labelwright.quality.belief import CERTAIN
from labelwright.quality.consensus import ConsensusRow
from labelwright.quality.pairs import Guidelines
from labelwright.schema import Question
from labelwright.stats.answers import stretches
from labelwright.store.codec import encode

__all__ = ["ANSWERS", "judge", "unfitted"]

METHOD = "multilabel"

Columns = dict[str, Any]


class GatheredSets(medians.ANSWERS):
    """All answers to one question whose answers are sets of labels.

    Where too few items have two answers to tell anything of annotators, or people took suggestions, each label is kept that half of the
    annotators' weight gives.
    """

    method = "majority of each label"
    reason = "Each label stands that half of the answers, by the weight of their annotators, give."

    def __init__(self, name: str, question: Question, guidelines: Mapping[int, Guidelines]) -> None:
        super().__init__(name, question, guidelines)
        self._sets = _Sets(name, question)

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        super().add(items)
        self._sets.add(items)

    def fit(self, old: QuestionFit | None, method: str, gold: Scores, *, full: bool) -> QuestionFit:
        data = self._sets.arrays()
        items, start = stretches(data["item"])
        shared = float((np.diff(start) >= 2).mean()) if len(items) else 0.0
        varied = len({one for one in self._sets.sets if one}) > 0
        if method == "majority" or shared < FEWEST_SHARED or not varied or data["taken"].mean() >= FEWEST_TAKEN:
            return super().fit(old, method, gold, full=full)
        labels = list(self._question.labels)
        given = [self._sets.sets[place] for place in data["set"].tolist()]
        result = stats.aggregate_multilabel(data["item"], data["user"], given, classes=labels)
        people = [int(user) for user in result.annotators]
        order = [result.classes.index(label) for label in labels]
        tables = np.round(result.confusion[:, order], 5)
        carried = np.round(result.posteriors[:, order].mean(axis=0).clip(1e-4, 1 - 1e-4), 6)
        own = [dict(zip(people, tables[:, place].tolist(), strict=True)) for place in range(len(labels))]
        return QuestionFit(
            method=METHOD,
            reason=f"Each label is a question of its own to everybody who answered. {result.reason}",
            answers=len(given),
            labels=labels,
            models=[
                ModelFit(
                    weight=1.0, shares=[round(1 - float(share), 6), float(share)], tables=own[place] if tables.size <= MOST_NUMBERS else {}
                )
                for place, share in enumerate(carried)
            ],
            skill={int(user): round(value, 6) for user, value in result.skill.items()},
        )

    def rows(self, fit: QuestionFit, gold: Scores, pages: Iterable[Page], standing: Standing) -> Iterator[Written]:
        for page in pages:
            rows, kept = judge(self._name, self._question, page.items, fit, gold, standing)
            yield Written(rows, page.upto, kept, page.size)


ANSWERS = GatheredSets


def judge(
    name: str, question: Question, answered: Mapping[int, Sequence[Given]], fit: QuestionFit, gold: Scores, standing: Standing
) -> tuple[list[ConsensusRow], set[int]]:
    """Return the consensus of a page of items by what was learned; a label is new to a fit that does not know it."""
    if fit.method != METHOD or set(fit.labels) != set(question.labels):
        return medians.judge(name, question, answered, fit, gold, standing)
    sets = _Sets(name, question)
    sets.add(answered)
    data = sets.arrays()
    if not len(data["item"]):
        return [], set()
    items, start = stretches(data["item"])
    task = np.repeat(np.arange(len(items)), np.diff(start))
    # Those who took one suggestion are one witness.
    takers = np.bincount(task[data["taken"]], minlength=len(items))
    voice = np.where(data["taken"], 1 / np.maximum(takers, 1)[task], 1.0)
    people, author = np.unique(data["user"], return_inverse=True)
    said = np.array([[label in one for label in question.labels] for one in sets.sets], dtype=np.int64)[data["set"]]
    sure = np.empty((len(items), len(question.labels)))
    for place, label in enumerate(question.labels):
        model = fit.models[fit.labels.index(label)]
        tables = np.log(np.stack([_table(fit, model, int(user)) for user in people]))
        evidence = voice * (tables[author, 1, said[:, place]] - tables[author, 0, said[:, place]])
        odds = np.bincount(task, weights=evidence, minlength=len(items)) + np.log(model.shares[1] / model.shares[0])
        sure[:, place] = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    rows = []
    for number, item in enumerate(items.tolist()):
        answer = question.best(sure[number].tolist())
        has = np.isin(question.labels, list(question.classes(answer)))
        here = [one for one in answered[item] if name in one.values and one.annotation_id is not None]
        confidence = min(float(np.where(has, sure[number], 1 - sure[number]).prod()), CERTAIN)
        same = medians.pairwise(question, [one.values[name] for one in here])
        numbers = encode(sorted(one.annotation_id or 0 for one in here))
        if here:
            alike = None if same is None else round(same, 6)
            rows.append(ConsensusRow(item, encode(answer), round(confidence, 6), alike, len(here), numbers, METHOD))
    return rows, set()


def _table(fit: QuestionFit, model: ModelFit, user: int) -> Any:
    """The array (lacks or carries, left out or given) of one annotator for one label; by skill alone where there is none."""
    if user in model.tables:
        return np.maximum(np.asarray(model.tables[user]), 1e-6)
    known = list(fit.skill.values())
    skill = min(max(fit.skill.get(user, float(np.mean(known)) if known else 0.8), 0.5), CERTAIN)
    return np.array([[skill, 1 - skill], [1 - skill, skill]])


class _Sets:
    """All answers to one question by column, in ascending order of the item; equal sets are one."""

    def __init__(self, name: str, question: Question) -> None:
        self._name, self._question = name, question
        self._item, self._user, self._set, self._taken = array("q"), array("q"), array("i"), array("b")
        self._place: dict[frozenset[str], int] = {}

    @property
    def sets(self) -> list[frozenset[str]]:
        """The sets that were given, in the order in which they came."""
        return list(self._place)

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        """Take up a page of answers."""
        for item_id in sorted(items):
            for given in items[item_id]:
                answer = given.values.get(self._name)
                if answer is not None:
                    one = frozenset(self._question.classes(answer))
                    self._item.append(item_id)
                    self._user.append(given.user_id)
                    self._set.append(self._place.setdefault(one, len(self._place)))
                    self._taken.append(given.took(self._name))

    def arrays(self) -> Columns:
        """Return the columns as arrays over the same memory; nothing can be added afterwards."""
        return {
            "item": np.frombuffer(self._item, dtype=np.int64),
            "user": np.frombuffer(self._user, dtype=np.int64),
            "set": np.frombuffer(self._set, dtype=np.int32),
            "taken": np.frombuffer(self._taken, dtype=np.bool_),
        }
