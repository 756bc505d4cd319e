"""Labels of several annotators judged with a model as one more annotator.

H. W. Goh, U. Tkachenko and J. Mueller, "CROWDLAB: Supervised learning to infer consensus labels and quality scores for data with multiple
annotators", NeurIPS workshop (2022).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Answers, Floats, encode_answers

__all__ = ["CrowdQuality", "crowd_label_quality"]


@dataclass(frozen=True, eq=False)
class CrowdQuality:
    """What people and the model say together.

    `posteriors` is an array (tasks, K) whose rows sum to 1; `labels` the likeliest class of each task, and `quality` its probability.
    `answer_quality` has one number, 0 to 1, for each given answer: how probable it is that it is right; NaN for an
    abstention, and for an answer that a later one of the same annotator replaced. `annotators` is each annotator's
    mean of it, and `model_weight` what the model counted against an annotator of weight 1 on average.
    """

    posteriors: Floats
    labels: dict[Any, Any]
    quality: dict[Any, float]
    answer_quality: Floats
    annotators: dict[Any, float]
    model_weight: float


def crowd_label_quality(
    tasks: Any, annotators: Any, labels: Any, probabilities: Any, *, classes: Sequence[Any] | None = None, abstain: Hashable = None
) -> CrowdQuality:
    """Weigh every annotator, and the model, by how often they agree with the others, and judge each answer by all of them.

    Tasks with one answer gain most: there the model is the second opinion. The weights are measured against always giving the most
    frequent class; one that is no better than that counts nothing.

    Args:
        tasks: n task ids, one an answer.
        annotators: n annotator ids.
        labels: n labels; one that equals `abstain`, or is None or NaN, is an abstention. Of several of one annotator the last counts.
        probabilities: an array (tasks, K) of out-of-fold probabilities, the tasks in the order of their first answer, or ascending where
            they are an array of integers, as `aggregate` has them.
        classes: the K classes in the order of the columns; by default the labels that occur, sorted.
        abstain: the label that means an abstention.

    Raises:
        InvalidInput: lengths differ, there is no answer, or the probabilities do not fit.

    >>> sure = [[0.9, 0.1], [0.1, 0.9], [0.8, 0.2]]
    >>> result = crowd_label_quality([1, 1, 2, 2, 3], ["a", "b", "a", "b", "a"], ["x", "x", "y", "y", "y"], sure)
    >>> bool(result.answer_quality[4] < result.answer_quality[0])
    True
    """
    answers = encode_answers(tasks, annotators, labels, abstain=abstain, duplicates="last", classes=classes)
    n_tasks, n_annotators, n_classes = answers.shape
    model = np.asarray(probabilities, dtype=np.float64)
    if model.shape != (n_tasks, n_classes) or not bool((model >= 0).all()) or not np.allclose(model.sum(axis=1), 1, atol=1e-3):
        raise InvalidInput(f"There have to be {n_tasks} rows of {n_classes} probabilities that sum to 1.")
    m = np.diff(answers.start).astype(np.float64)
    votes = answers.votes()
    # Where votes tie the model decides.
    majority = np.argmax(votes + 1e-6 * model, axis=1)
    shared = m >= 2
    given, task, person = answers.label, answers.task, answers.annotator
    several = shared[task]
    frequent = float((majority[shared] == np.bincount(majority, minlength=n_classes).argmax()).mean()) if shared.any() else 0.0

    def above_chance(right: float) -> float:
        return max(0.0, 1 - (1 - right) / max(1 - frequent, 1e-6)) if frequent < 1 else 0.0

    # An annotator agrees with another one of the same task: pairs within tasks, nobody with oneself.
    others = votes[task, given] - 1
    agreed = np.bincount(person[several], weights=(others / np.maximum(m[task] - 1, 1))[several], minlength=n_annotators)
    count = np.bincount(person[several], minlength=n_annotators)
    overall = float(agreed.sum() / count.sum()) if count.sum() else 0.75
    skill = (agreed + 2 * overall) / (count + 2)
    weight = np.array([above_chance(one) for one in skill]) if shared.any() else np.ones(n_annotators)
    believed = model.argmax(axis=1)
    right = float((believed == majority)[shared].mean()) if shared.any() else float((believed[task] == given).mean())
    model_weight = above_chance(right) * float(np.sqrt(m[m > 0].mean()))
    if not weight.any() and not model_weight:
        weight = np.ones(n_annotators)
    rest = (1 - overall) / max(n_classes - 1, 1)
    heard = weight[person]
    mixed = model_weight * model
    mixed += np.bincount(task, weights=heard, minlength=n_tasks)[:, None] * rest
    np.add.at(mixed, (task, given), heard * (overall - rest))
    total = mixed.sum(axis=1, keepdims=True)
    posteriors = np.where(total > 0, mixed / np.where(total > 0, total, 1.0), model)
    answer_quality = posteriors[task, given]
    # Each answer's score stands where the answer was given; abstentions have none.
    order = _places(tasks, annotators, labels, abstain, answers)
    scores = np.full(len(tasks), np.nan)
    scores[order >= 0] = answer_quality[order[order >= 0]]
    mean = np.bincount(person, weights=answer_quality, minlength=n_annotators) / np.maximum(np.bincount(person, minlength=n_annotators), 1)
    likeliest = posteriors.argmax(axis=1)
    names = list(answers.tasks)
    return CrowdQuality(
        posteriors,
        {name: answers.classes[place] for name, place in zip(names, likeliest.tolist(), strict=True)},
        dict(zip(names, posteriors.max(axis=1).tolist(), strict=True)),
        scores,
        dict(zip(list(answers.annotators), mean.tolist(), strict=True)),
        model_weight,
    )


def _places(tasks: Any, annotators: Any, labels: Any, abstain: Hashable, answers: Answers) -> Any:
    """Return where each given answer stands among the encoded ones, -1 for abstentions and for what a later answer replaced."""
    task_of = {name: place for place, name in enumerate(list(answers.tasks))}
    person_of = {name: place for place, name in enumerate(list(answers.annotators))}
    place = {pair: index for index, pair in enumerate(zip(answers.task.tolist(), answers.annotator.tolist(), strict=True))}
    found = np.full(len(tasks), -1)
    last: dict[int, int] = {}
    for row, (task, person, label) in enumerate(zip(list(tasks), list(annotators), list(labels), strict=True)):
        if label is None or label != label or label == abstain:
            continue
        last[place[task_of[task], person_of[person]]] = row
    for index, row in last.items():
        found[row] = index
    return found
