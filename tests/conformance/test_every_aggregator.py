"""Every aggregation method, ours or plugged in, keeps the contract of `labelwright.stats.aggregate`."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from labelwright import plugins
from labelwright.errors import InvalidInput
from labelwright.stats import aggregate, methods

Rows = list[tuple[int, str, str]]

rows = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(["ann", "ben", "cyd"]), st.sampled_from(["x", "y", "z"])), min_size=1, max_size=30
)
modest = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(params=methods())
def method(request: pytest.FixtureRequest) -> str:
    """Each method by its name."""
    return str(request.param)


def test_it_says_what_it_does(method: str) -> None:
    """The file begins with a sentence, and its function documents its options."""
    assert plugins.summary("aggregate", method).endswith(".")
    assert plugins.load("aggregate", method).fit.__doc__


@modest
@given(rows=rows)
def test_posteriors_are_distributions_and_labels_are_classes(method: str, rows: Rows) -> None:
    """Every task has a distribution over the classes, no NaN, and a label among them."""
    result = aggregate(*zip(*rows, strict=True), method=method)
    assert np.isfinite(result.posteriors).all()
    assert np.allclose(result.posteriors.sum(axis=1), 1)
    assert set(result.labels) == {task for task, _, _ in rows}
    assert set(result.labels.values()) <= set(result.classes)
    assert all(0 <= value <= 1 for value in result.skill.values())


@modest
@given(rows=rows, seed=st.integers(0, 99))
@example(rows=[(0, "ann", "x"), (0, "ann", "x"), (0, "cyd", "y"), (1, "ann", "z"), (2, "cyd", "z")], seed=0)
@example(rows=[(0, "ann", "x"), (0, "ben", "y"), (1, "ann", "z"), (2, "ann", "y"), (3, "cyd", "x"), (0, "cyd", "z")], seed=3)
def test_names_and_order_do_not_matter(method: str, rows: Rows, seed: int) -> None:
    """Other names of tasks and annotators, and another order of the answers, give the same posteriors."""
    before = aggregate(*zip(*rows, strict=True), method=method)
    shuffled = [(f"task {task}", f"{person}!", label) for task, person, label in rows]
    random.Random(seed).shuffle(shuffled)
    after = aggregate(*zip(*shuffled, strict=True), method=method)
    place = {task: index for index, task in enumerate(after.tasks)}
    order = [place[f"task {task}"] for task in before.tasks]
    assert np.allclose(after.posteriors[order], before.posteriors, atol=1e-5)


def test_agreement_of_everybody_is_believed(method: str) -> None:
    """Where all annotators always agree, their label is the label."""
    tasks = [task for task in range(20) for _ in range(3)]
    labels = ["xyz"[task % 3] for task in tasks]
    result = aggregate(tasks, ["ann", "ben", "cyd"] * 20, labels, method=method)
    assert result.labels == {task: "xyz"[task % 3] for task in range(20)}


def test_little_evidence_is_no_trouble(method: str) -> None:
    """One answer, one class, one annotator, and somebody who always abstains give labels and no warning."""
    assert aggregate([1], ["ann"], ["x"], method=method).labels == {1: "x"}
    assert aggregate([1, 2, 1], ["ann", "ann", "ben"], ["x", "x", "x"], method=method).labels == {1: "x", 2: "x"}
    assert aggregate([1, 1, 2], ["ann", "mute", "mute"], ["x", None, None], method=method).labels == {1: "x", 2: None}


def test_no_answer_at_all_is_a_clear_error(method: str) -> None:
    """Without any answer there is nothing to aggregate."""
    for labels in ([], [None]):
        with pytest.raises(InvalidInput):
            aggregate([1] * len(labels), ["ann"] * len(labels), labels, method=method)
