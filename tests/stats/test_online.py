"""Aggregation that keeps up with the annotators."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import OnlineAggregation, aggregate

answers = st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abcd"), st.sampled_from(["x", "y", "z", None])), min_size=1, max_size=60)

LONG = 10_000
"""Iterations enough to stand still: how fast a fit comes there depends on tasks without any answer, where it comes to does not."""


def batch_of(rows, classes):
    last = {(task, person): label for task, person, label in rows if label is not None}
    columns = [task for task, _ in last], [person for _, person in last], list(last.values())
    return aggregate(*columns, method="dawid_skene", tolerance=1e-9, iterations=LONG, classes=classes)


@settings(deadline=None, max_examples=60)
@given(answers)
def test_after_a_refresh_it_is_the_batch_fit(rows):
    """Whatever the order, with second answers and abstentions among them, a refresh leaves the posteriors of the batch."""
    online = OnlineAggregation(tolerance=1e-9, iterations=LONG)
    for row in rows:
        online.add(*row)
    if all(label is None for *_, label in rows):
        with pytest.raises(InvalidInput, match="no answer"):
            online.aggregation()
        return
    online.refresh()
    batch = batch_of(rows, online.classes)
    places = [online.classes.index(name) for name in batch.classes]
    for task, row in zip(batch.tasks, batch.posteriors, strict=True):
        np.testing.assert_allclose(online.posterior(task)[places], row, atol=1e-6)
    assert online.aggregation().skill == pytest.approx({**online.aggregation().skill, **batch.skill}, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(answers)
def test_posteriors_are_probabilities_at_any_time(rows):
    """After every single answer the touched task's posterior sums to 1 and the annotator's skill lies from 0 to 1."""
    online = OnlineAggregation()
    for task, person, label in rows:
        update = online.add(task, person, label)
        assert update.posterior.min(initial=0) >= 0
        assert not len(update.posterior) or update.posterior.sum() == pytest.approx(1)
        assert 0 <= update.skill <= 1
        assert update.label is None or update.confidence == pytest.approx(update.posterior.max())


@settings(deadline=None, max_examples=40)
@given(answers)
def test_an_answer_that_is_taken_back_leaves_no_trace(rows):
    """Adding an answer of somebody who had none and removing it, then refreshing, gives what was there before."""
    online = OnlineAggregation(tolerance=1e-9, iterations=LONG)
    for row in [*rows, (0, "a", "x")]:
        online.add(*row)
    online.refresh()
    before = {task: online.posterior(task) for task in online.tasks}
    online.add(0, "stranger", "x")
    online.remove(0, "stranger")
    online.refresh()
    for task, row in before.items():
        np.testing.assert_allclose(online.posterior(task)[: len(row)], row, atol=1e-6)


def crowd(n_tasks=400, n_people=12, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(4, size=n_tasks)
    skill = rng.uniform(0.5, 0.95, n_people)
    rows = [
        (task, int(person), int(truth[task] if rng.random() < skill[person] else rng.integers(4)))
        for task in range(n_tasks)
        for person in rng.choice(n_people, 4, replace=False)
    ]
    return truth, [rows[place] for place in rng.permutation(len(rows))]


def test_between_refreshes_it_is_close_to_the_batch():
    """Without any refresh at all, hardly a label differs from the batch fit, and as many are right."""
    truth, rows = crowd()
    online = OnlineAggregation()
    for row in rows:
        online.add(*row)
    batch = aggregate(*zip(*rows, strict=True), method="dawid_skene")
    now = online.aggregation().labels
    assert np.mean([now[task] == label for task, label in batch.labels.items()]) > 0.97
    right = np.mean([now[task] == truth[task] for task in now])
    assert right > np.mean([batch.labels[task] == truth[task] for task in now]) - 0.02


def test_it_goes_on_from_answers_an_aggregation_or_arrays():
    """Begun with all answers, gone on from a finished aggregation, or written to arrays and back, the state is the same."""
    _, rows = crowd(100)
    loaded = OnlineAggregation.from_answers(*zip(*rows, strict=True))
    batch = aggregate(*zip(*rows, strict=True), method="dawid_skene")
    gone_on = OnlineAggregation.from_aggregation(batch)
    read = OnlineAggregation.from_arrays(loaded.to_arrays())
    for task in range(100):
        np.testing.assert_allclose(gone_on.posterior(task), batch.posteriors[batch.tasks.index(task)])
        np.testing.assert_allclose(read.posterior(task), loaded.posterior(task))
    for one in (loaded, read):
        one.add(3, "new", 2)
    np.testing.assert_allclose(read.posterior(3), loaded.posterior(3))
    assert json.loads(bytes(loaded.to_arrays()["classes"])) == loaded.classes


def test_it_refreshes_by_itself():
    """With `refresh_every` the state is the batch fit after so many changes."""
    _, rows = crowd(40)
    online = OnlineAggregation(refresh_every=len(rows))
    for row in rows:
        online.add(*row)
    assert online.changes == 0
    batch = aggregate(*zip(*rows, strict=True), method="dawid_skene")
    for task, row in zip(batch.tasks, batch.posteriors, strict=True):
        np.testing.assert_allclose(online.posterior(task)[[online.classes.index(one) for one in batch.classes]], row, atol=1e-4)


def test_what_makes_no_sense_is_refused():
    """Missing ids, unknown tasks, answers that are not there and numbers out of range are explained."""
    online = OnlineAggregation()
    for wrong in [(None, "a", "x"), (1, None, "x"), ([], "a", "x")]:
        with pytest.raises(InvalidInput):
            online.add(*wrong)
    with pytest.raises(InvalidInput, match="no answer to task"):
        online.remove(1, "a")
    with pytest.raises(InvalidInput, match="no task"):
        online.posterior(1)
    with pytest.raises(InvalidInput, match="negative"):
        OnlineAggregation(right=-1)
    with pytest.raises(InvalidInput, match="iteration"):
        OnlineAggregation(iterations=0)
    with pytest.raises(InvalidInput, match="refresh"):
        OnlineAggregation(refresh_every=0)
    online.add(1, "a", None)
    assert online.add(2, "a", None).label is None
