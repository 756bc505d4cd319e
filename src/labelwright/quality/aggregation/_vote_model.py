"""Consensus of choices: a statistical model over all answers, refitted as they grow; between two fits, the items that are touched.

A fit costs seconds for a hundred thousand answers, and one answer more changes it little. So what each of its models learned, how
annotators answer and how frequent each label is, is kept, and the few items that were answered since are judged by all of them.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from labelwright import stats
from labelwright.quality.aggregation.base import AssistedFit, ModelFit, QuestionFit
from labelwright.quality.answers import Given
from labelwright.quality.belief import CERTAIN, expected_accuracy
from labelwright.quality.pairs import placed
from labelwright.schema import Question
from labelwright.stats.answers import stretches

__all__ = ["FEWEST_TAKEN", "Judged", "Suggested", "VoteColumns", "judge", "learned_of", "one_model", "posteriors_by", "settle"]

ASSISTED = "assisted"
"""The method where suggestions were in view: `labelwright.stats.aggregate_assisted`."""

FEWEST_TAKEN = 0.02
"""From this share of answers that took a suggestion on, `auto` is the model of copying: below, hardly a label rests on it."""

MOST_NUMBERS = 200_000
"""No more numbers than this are kept of a fit: of models that have too many, none; without any model, one skill an annotator."""


class Suggested(NamedTuple):
    """The suggestions beside the answers: rows of the columns, the suggested label's place or -1, whether in view, and the score or NaN."""

    row: Any
    label: Any
    shown: Any
    score: Any

    def took(self, label: Any) -> Any:
        """Return a mask over all answers: those that took the suggestion in view."""
        found = np.zeros(len(label), dtype=bool)
        found[self.row] = self.shown & (self.label == label[self.row])
        return found


class VoteColumns:
    """All answers to one question by column, in ascending order of the item: 46 bytes each, where lists of numbers take some 200."""

    def __init__(self, name: str, question: Question) -> None:
        self._name, self._question = name, question
        self._code = {label: index for index, label in enumerate(question.labels)}
        self._item, self._user, self._annotation, self._version = (array("q") for _ in range(4))
        self._label, self._at = array("i"), array("d")
        self._independent, self._alone = array("b"), array("b")
        # Of answers beside a suggestion only, for there may be none: which answer, the suggested label or -1, in view, score.
        self._beside, self._suggestion, self._shown, self._score = array("q"), array("i"), array("b"), array("d")

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
                    if (beside := given.beside.get(self._name)) is not None:
                        self._beside.append(len(self._item) - 1)
                        vote = None if beside.answer is None else self._question.vote(beside.answer)
                        self._suggestion.append(-1 if beside.answer is None else self._code[vote or ""])
                        self._shown.append(beside.in_view)
                        self._score.append(math.nan if beside.score is None else beside.score)

    def suggested(self) -> Suggested:
        """Return what stood beside the answers."""
        return Suggested(
            np.frombuffer(self._beside, dtype=np.int64),
            np.frombuffer(self._suggestion, dtype=np.int32),
            np.frombuffer(self._shown, dtype=np.bool_),
            np.frombuffer(self._score, dtype=np.float64),
        )

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


def settle(
    question: Question, data: Mapping[str, Any], suggested: Suggested, method: str, gold: Mapping[int, tuple[float, int]]
) -> tuple[Judged, QuestionFit]:
    """Fit the model to all answers and return the consensus of every item, and what was learned."""
    took = suggested.took(data["label"])
    if method == "auto" and len(question.labels) > 1 and took.sum() >= FEWEST_TAKEN * len(took):
        return _settle_assisted(question, data, suggested, took)
    result = stats.aggregate(data["item"], data["user"], data["label"], method=method)
    present = np.array([int(code) for code in result.classes], dtype=np.int64)
    posteriors = result.posteriors
    items, start = stretches(data["item"])
    # `aggregate` codes integers in ascending order, and so its rows are those of `items`.
    chosen = present[posteriors.argmax(axis=1)]
    learned = learned_of(
        question,
        data,
        ~took,
        present,
        posteriors,
        method=result.method,
        reason=result.reason,
        models=[] if result.method == "majority" else _models([int(user) for user in result.annotators], result),
        copies=[[int(user) for user in group] for group in result.copies],
    )
    unweighted = result.method == "majority"
    confidence = _belief(data, took, start, chosen, len(question.labels), gold) if unweighted else np.minimum(posteriors.max(axis=1), 1.0)
    return Judged(items, chosen, np.round(confidence, 6), start), learned


def learned_of(
    question: Question,
    data: Mapping[str, Any],
    own: Any,
    present: Any,
    posteriors: Any,
    *,
    method: str,
    reason: str,
    models: list[ModelFit],
    copies: list[list[int]] | None = None,
) -> QuestionFit:
    """Return what models learned, to be kept: `posteriors` (items, labels) and `models` are over `present`.

    Without models, only the shares of the labels are kept. `own` is the mask of the answers that tell how good annotators are.
    """
    items, start = stretches(data["item"])
    return QuestionFit(
        method=method,
        reason=reason,
        answers=len(data["item"]),
        labels=[question.labels[code] for code in present],
        models=models or [_shares(posteriors)],
        copies=copies or [],
        skill=_skill(data, items, start, posteriors, present, own),
    )


def one_model(people: list[int], posteriors: Any, confusion: Any) -> list[ModelFit]:
    """Return what is kept of a single model with the tables `confusion` (people, labels, labels); nothing where these are too many."""
    if confusion.size > MOST_NUMBERS:
        return []
    return [replace(_shares(posteriors), tables=dict(zip(people, np.round(confusion, 5).tolist(), strict=True)))]


def _settle_assisted(question: Question, data: Mapping[str, Any], suggested: Suggested, took: Any) -> tuple[Judged, QuestionFit]:
    """The same where people took suggestions that they saw: taken answers are copies in part."""
    labels = question.labels
    present = np.union1d(data["label"], suggested.label[suggested.label >= 0]).astype(np.int64)
    if len(present) == 1:
        present = np.union1d(present, [0, 1])
    answers, counted = _assisted_answers(data, suggested, present)
    found = stats.aggregate_assisted(answers, len(present), counted=counted)
    items, start = stretches(data["item"])
    model = found.model
    learned = QuestionFit(
        method=ASSISTED,
        reason=found.reason,
        answers=len(data["item"]),
        labels=[labels[code] for code in present],
        models=[_shares(found.posteriors)],
        skill=_skill(data, items, start, found.posteriors, present, ~took),
        assisted=AssistedFit(
            kinds=model.kinds.tolist(),
            shares=model.shares.tolist(),
            own=np.round(model.own, 6).tolist(),
            person={user: round(value, 4) for user, value in model.person.items()},
            labeler=model.labeler.tolist(),
            slips=np.round(model.slips, 6).tolist(),
            copying=model.copying.tolist(),
            copier={user: round(value, 4) for user, value in model.copier.items()},
            edges=model.edges.tolist(),
        ),
    )
    return Judged(items, present[found.labels], _assisted_confidence(found.posteriors, found.labels), start), learned


def _assisted_confidence(posteriors: Any, labels: Any) -> Any:
    """How much the model of copying believes in each label, 0 to 1."""
    return np.round(np.minimum(posteriors[np.arange(len(labels)), labels], CERTAIN), 6)


def _assisted_answers(data: Mapping[str, Any], suggested: Suggested, present: Any) -> tuple[stats.AssistedAnswers, Any]:
    """Return the answers for the model of copying, and for which items a labeler counts as an annotator.

    A machine that is an annotator and says what stood as a suggestion is one voice with it, and no answer of its own.
    """
    place = np.full(int(present.max()) + 1, -1)
    place[present] = np.arange(len(present))
    size = len(data["item"])
    suggestion, shown, score = np.full(size, -1), np.zeros(size, dtype=bool), np.full(size, np.nan)
    known = np.where((suggested.label >= 0) & (suggested.label < len(place)), place[suggested.label.clip(0, len(place) - 1)], -1)
    suggestion[suggested.row], shown[suggested.row], score[suggested.row] = known, suggested.shown, suggested.score
    label = place[data["label"]]
    items, task = np.unique(data["item"], return_inverse=True)
    said = np.full(len(items), -1)
    stood = suggestion >= 0
    said[task[stood]] = suggestion[stood]
    twin = (data["annotation"] <= 0) & (said[task] == label)
    counted = np.zeros(len(items), dtype=bool)
    counted[task[twin]] = True
    answers = stats.AssistedAnswers(data["item"], data["user"], label, suggestion, shown, score)
    # Nothing is copied where all rows stay, for there may be millions.
    return answers.take(~twin) if twin.any() else answers, counted


def judge(
    question: Question, data: Mapping[str, Any], suggested: Suggested, fit: QuestionFit, gold: Mapping[int, tuple[float, int]]
) -> Judged:
    """Return the consensus of the items in `data` by what an earlier fit learned."""
    items, start = stretches(data["item"])
    labels = list(question.labels)
    if fit.assisted is not None and len(items) and (judged := _judge_assisted(labels, data, suggested, fit, fit.assisted)) is not None:
        return judged
    if fit.method == "majority":
        took = suggested.took(data["label"])
        task = np.repeat(np.arange(len(items)), np.diff(start))
        votes = np.zeros((len(items), len(labels)))
        np.add.at(votes, (task, data["label"]), 1.0)
        # The same rule as the method's own: a tie goes to the label that is more frequent.
        chosen = (votes + 1e-3 * _frequency(_kept_models(fit)[0], fit.labels, labels)).argmax(axis=1)
        return Judged(items, chosen, np.round(_belief(data, took, start, chosen, len(labels), gold), 6), start)
    posteriors = posteriors_by(fit, labels, data, start)
    return Judged(items, posteriors.argmax(axis=1), np.round(posteriors.max(axis=1), 6), start)


def posteriors_by(fit: QuestionFit, labels: list[str], data: Mapping[str, Any], start: Any) -> Any:
    """Return how probable each label of each item is, an array (items, labels), by the models that an earlier fit learned."""
    size = len(start) - 1
    task = np.repeat(np.arange(size), np.diff(start))
    people, author = placed(data["user"])
    voice = _voices(fit, data["user"], task)[:, None]
    posteriors, models = np.zeros((size, len(labels))), _kept_models(fit)
    for model in models:
        tables = np.log(np.stack([_table(fit, model, int(user), labels) for user in people])) if len(people) else np.empty((0, 0, 0))
        logs = np.log(_frequency(model, fit.labels, labels))[None].repeat(size, axis=0)
        if len(task):
            np.add.at(logs, task, voice * tables[author, :, data["label"]])
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        posteriors += model.weight * logs / logs.sum(axis=1, keepdims=True)
    posteriors /= sum(model.weight for model in models)
    return posteriors


def _kept_models(fit: QuestionFit) -> list[ModelFit]:
    """The models of a fit; of one that kept none, as those of earlier versions, one in which all labels are equally frequent."""
    return fit.models or [ModelFit(weight=1.0, shares=[1 / len(fit.labels)] * len(fit.labels) if fit.labels else [])]


def _judge_assisted(
    labels: list[str], data: Mapping[str, Any], suggested: Suggested, fit: QuestionFit, learned: AssistedFit
) -> Judged | None:
    """Judge by a model of copying; None where there is a label that it does not know."""
    if any(label not in labels for label in fit.labels):
        return None
    present = np.array([labels.index(label) for label in fit.labels])
    if not np.isin(data["label"], present).all():
        return None
    answers, counted = _assisted_answers(data, suggested, present)
    arrays = {name: np.asarray(getattr(learned, name)) for name in ("kinds", "shares", "own", "labeler", "slips", "copying", "edges")}
    model = stats.AssistedModel(**arrays, person=learned.person, copier=learned.copier)
    items, start = stretches(data["item"])
    _, posteriors = model.posteriors(answers, counted=counted)
    chosen = model.chosen(answers, posteriors, counted=counted)
    return Judged(items, present[chosen], _assisted_confidence(posteriors, chosen), start)


def _models(people: list[int], result: stats.Aggregation) -> list[ModelFit]:
    """Return what is kept of the models: those of a few numbers an annotator, and then those with tables, while there is room."""
    tables, left, kept = len(people) * len(result.classes) ** 2, MOST_NUMBERS, []
    for part in sorted(result.parts, key=lambda part: part.coins is None):
        coins = part.coins
        left -= tables if coins is None else coins.size
        if left < 0:
            break
        model = ModelFit(weight=part.weight, shares=np.round(part.shares, 6).tolist())
        if coins is None:
            kept.append(replace(model, tables=dict(zip(people, np.round(part.tables, 5).tolist(), strict=True))))
        else:
            kept.append(replace(model, coins=dict(zip(people, np.round(coins, 5).tolist(), strict=True))))
    return kept


def _shares(posteriors: Any) -> ModelFit:
    """Return a model that knows how frequent each label is and no more."""
    return ModelFit(weight=1.0, shares=np.round(posteriors.mean(axis=0), 6).tolist())


def _frequency(model: ModelFit, known: list[str], labels: list[str]) -> Any:
    """Return the shares of all labels; one that the fit did not know, or no more, is rare."""
    shares = np.full(len(labels), 1e-6)
    for label, share in zip(known, model.shares, strict=True):
        if label in labels:
            shares[labels.index(label)] = max(share, 1e-6)
    return shares / shares.sum()


def _voices(fit: QuestionFit, user: Any, task: Any) -> Any:
    """Return what each answer counts for: copies who answered the same item share one vote."""
    voice = np.ones(len(user))
    for group in fit.copies:
        mine = np.isin(user, group)
        voice[mine] = 1 / np.bincount(task[mine], minlength=len(task))[task[mine]]
    return voice


def _table(fit: QuestionFit, model: ModelFit, user: int, labels: list[str]) -> Any:
    """The array (truth, answer) of one annotator over all labels; by skill alone where there is no table, or none of this annotator."""
    size = len(labels)
    known = list(fit.skill.values())
    skill = min(max(fit.skill.get(user, float(np.mean(known)) if known else 0.8), 1 / size, 0.01), CERTAIN)
    table = np.full((size, size), (1 - skill) / max(size - 1, 1))
    np.fill_diagonal(table, skill)
    if user in model.tables:
        own = np.asarray(model.tables[user])
    elif user in model.coins:
        knows, *guesses = model.coins[user]
        own = np.broadcast_to(guesses, (len(fit.labels),) * 2) + knows * np.eye(len(fit.labels))
    else:
        return np.maximum(table, 1e-6)
    places = [labels.index(label) for label in fit.labels if label in labels]
    kept = [index for index, label in enumerate(fit.labels) if label in labels]
    table[np.ix_(places, places)] = own[np.ix_(kept, kept)]
    return np.maximum(table, 1e-6)


def _skill(data: Mapping[str, Any], items: Any, start: Any, posteriors: Any, present: Any, own: Any) -> dict[int, float]:
    """The expected accuracy of each annotator over items that others answered too, pulled to everybody's by two answers.

    Only `own` answers tell it: one that took a suggestion in view may be the labeler's.
    """
    sizes = np.diff(start)
    shared = np.repeat(sizes >= 2, sizes) & own
    if not shared.any():
        return {}
    task = np.repeat(np.arange(len(items), dtype=np.int32), sizes)[shared]
    right = posteriors[task, np.searchsorted(present, data["label"][shared])]
    people, place = placed(data["user"][shared])
    hits, given = np.bincount(place, weights=right), np.bincount(place)
    skill = (hits + 2 * right.mean()) / (given + 2)
    return {int(user): round(float(value), 6) for user, value in zip(people, skill, strict=True)}


def _belief(data: Mapping[str, Any], took: Any, start: Any, chosen: Any, size: int, gold: Mapping[int, tuple[float, int]]) -> Any:
    """How sure a majority is: the chance that the chosen label is right where each annotator is right with the expected accuracy.

    Those who took the same suggestion in view are one witness together.
    """
    if size == 1:
        return np.ones(len(chosen))
    people, author = placed(data["user"])
    chance = np.array([max(expected_accuracy(gold, user), 1 / size) for user in people.tolist()])[author]
    task = np.repeat(np.arange(len(chosen)), np.diff(start))
    # Each answer shifts the odds of its label against any other one by its author's odds.
    votes = np.zeros((len(chosen), size))
    together = np.bincount(task[took], minlength=len(chosen))[task]
    witness = np.where(took, 1 / np.maximum(together, 1), 1.0)
    np.add.at(votes, (task, data["label"]), witness * np.log(chance * (size - 1) / (1 - chance)))
    votes = np.exp(votes - votes.max(axis=1, keepdims=True))
    return votes[np.arange(len(chosen)), chosen] / votes.sum(axis=1)
