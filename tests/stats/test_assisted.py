"""Where suggestions are in view, people copy: what is believed of the labels is no more than is true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labelwright.errors import InvalidInput
from labelwright.stats import AssistedAnswers, aggregate, aggregate_assisted
from tests.stats.followers import HABITS, follow


def believed(world: Any, *, counted: bool = False) -> tuple[float, float]:
    """Return the mean confidence in the labels, and the share of labels that are right."""
    found = aggregate_assisted(world.answers, world.classes, counted=counted)
    sure = found.posteriors[np.arange(len(found.labels)), found.labels]
    return float(sure.mean()), float((found.labels == world.truth).mean())


@pytest.mark.parametrize("habit", HABITS)
def test_what_is_believed_of_followers_is_within_three_points_of_the_truth(habit: str) -> None:
    """People copy more on hard items, on high scores, on both, some people nearly always, or nobody: the confidence is as true as said."""
    mean, true = np.array([believed(follow(habit, seed=seed)) for seed in range(2)]).mean(axis=0)
    assert abs(mean - true) <= 0.03


def test_answers_that_pass_for_independent_are_believed_far_too_much() -> None:
    """The same answers without a word of the suggestions: believed above .93 where less than .84 are right, and more of them are wrong."""
    world = follow("hard", seed=0)
    answers = world.answers
    found = aggregate(answers.task, answers.annotator, answers.label)
    blind = float((np.array(found.classes)[found.posteriors.argmax(axis=1)] == world.truth).mean())
    assert found.posteriors.max(axis=1).mean() > 0.93
    assert blind < believed(world)[1] < 0.84


def test_a_suggestion_counts_once_however_many_took_it() -> None:
    """Where people copy nearly always, five who took a suggestion are believed hardly more than one."""
    world = follow("always", seed=1, overlap=5)
    model = aggregate_assisted(world.answers, world.classes).model

    def sure(takers: int) -> float:
        every = np.zeros(takers, dtype=np.int64)
        answers = AssistedAnswers(every, np.arange(takers), every, every, np.ones(takers, dtype=bool), np.full(takers, 0.7))
        return float(model.posteriors(answers)[1].max())

    assert sure(5) - sure(1) < 0.1


def test_without_hidden_suggestions_nothing_is_known_of_those_who_took_them() -> None:
    """Nobody answered without the suggestion: all may be copies of a labeler of whom nothing is known, and no label is believed in."""
    world = follow("hard", seed=2, hidden=0.0)
    found = aggregate_assisted(world.answers, world.classes)
    took = np.bincount(world.answers.task[world.answers.took], minlength=len(found.tasks)) == 3
    assert found.posteriors[took].max(axis=1).max() < 0.5
    assert "may be copied" in found.reason


@pytest.mark.parametrize("hidden", [0.0, 0.1])
def test_no_label_is_one_that_nobody_gave(hidden: float) -> None:
    """However little is known of copying, and however frequent another class is, a task's label is one of its answers."""
    world = follow("hard", seed=3, tasks=60, overlap=2, hidden=hidden)
    answers = world.answers
    # Two of three tasks are of the first class.
    label, suggestion = (np.where(answers.task % 3 > 0, 0, column) for column in (answers.label, answers.suggestion))
    uneven = AssistedAnswers(answers.task, answers.annotator, label, suggestion, answers.shown, np.full(len(label), np.nan))
    found = aggregate_assisted(uneven, world.classes)
    alike = label[::2] == label[1::2]
    assert alike.sum() > 40
    assert (found.labels == label[::2])[alike].all()
    assert np.isin(found.labels[~alike] - label[::2][~alike], [0, *(label[1::2] - label[::2])[~alike]]).all()


def test_a_labeler_that_is_an_annotator_speaks_where_nobody_took_its_suggestion() -> None:
    """A single answer from which the suggestion was hidden, and which is the same: with the labeler's voice it is believed more."""
    world = follow("hard", seed=3)
    model = aggregate_assisted(world.answers, world.classes).model
    zero = np.zeros(1, dtype=np.int64)
    alone = AssistedAnswers(zero, zero, zero, zero, np.zeros(1, dtype=bool), np.full(1, 0.9))
    assert model.posteriors(alone, counted=True)[1].max() > model.posteriors(alone)[1].max() + 0.05


def test_a_sample_of_the_tasks_tells_what_all_of_them_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fitted to a quarter of 4,000 tasks, the mean confidence moves by less than 3 points, and all tasks have a label."""
    world = follow("hard", seed=8, tasks=4000)
    whole = aggregate_assisted(world.answers, world.classes)
    monkeypatch.setattr("labelwright.stats.assisted.MOST_TASKS", 1000)
    part = aggregate_assisted(world.answers, world.classes)
    assert len(part.posteriors) == 4000
    assert abs(part.posteriors.max(axis=1).mean() - whole.posteriors.max(axis=1).mean()) < 0.03


def test_names_of_tasks_and_people_and_the_order_of_answers_change_nothing() -> None:
    """Other numbers for people and tasks, and the answers to a task in another order, come to the same posteriors."""
    world = follow("score", seed=4, tasks=300)
    answers = world.answers
    order = np.lexsort((-answers.annotator, answers.task))
    other = AssistedAnswers(
        answers.task[order] * 7 + 3,
        100 - answers.annotator[order],
        *(column[order] for column in (answers.label, answers.suggestion, answers.shown, answers.score)),
    )
    one, two = aggregate_assisted(answers, world.classes), aggregate_assisted(other, world.classes)
    np.testing.assert_allclose(one.posteriors, two.posteriors, atol=1e-6)


def test_what_cannot_be_aggregated_is_refused() -> None:
    """One class, no answer, columns of different length and tasks out of order are refused with a sentence."""
    one, yes, score = np.zeros(2, dtype=np.int64), np.ones(2, dtype=bool), np.ones(2)
    with pytest.raises(InvalidInput, match="at least two classes"):
        aggregate_assisted(AssistedAnswers(one, one, one, one, yes, score), 1)
    with pytest.raises(InvalidInput, match="no answer"):
        AssistedAnswers(one[:0], one[:0], one[:0], one[:0], yes[:0], score[:0])
    with pytest.raises(InvalidInput, match="equally long"):
        AssistedAnswers(one, one[:1], one, one, yes, score)
    with pytest.raises(InvalidInput, match="ascending order"):
        AssistedAnswers(np.array([1, 0]), one, one, one, yes, score)
