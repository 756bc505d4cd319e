"""What the aggregation of numbers and of ordered levels promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import aggregate
from labelwright.stats.ratings import aggregate_ordinal, aggregate_ratings


def raters(seed, n_tasks=60, n_annotators=8, per_task=3, bias=0.5, heavy=False):
    """Simulated numbers: the truth, the biases and the noises, and three arrays."""
    rng = np.random.default_rng(seed)
    truth, biases, noises = rng.normal(5, 2, n_tasks), rng.normal(0, bias, n_annotators), rng.uniform(0.2, 1.5, n_annotators)
    tasks = np.repeat(np.arange(n_tasks), per_task)
    people = np.concatenate([rng.choice(n_annotators, per_task, replace=False) for _ in range(n_tasks)])
    error = rng.standard_t(4, len(tasks)) if heavy else rng.normal(size=len(tasks))
    return truth, biases, noises, (tasks, people, truth[tasks] + biases[people] + noises[people] * error)


def levels(seed, n_tasks=150, n_annotators=15, per_task=4, n_levels=5):
    """Simulated levels of annotators who perceive too high or too low: the truth, the shifts, and three arrays."""
    rng = np.random.default_rng(seed)
    truth, shifts, noises = rng.integers(0, n_levels, n_tasks), rng.normal(0, 0.6, n_annotators), rng.uniform(0.3, 1.2, n_annotators)
    tasks = np.repeat(np.arange(n_tasks), per_task)
    people = np.concatenate([rng.choice(n_annotators, per_task, replace=False) for _ in range(n_tasks)])
    perceived = truth[tasks] + shifts[people] + noises[people] * rng.normal(size=len(tasks))
    return truth, shifts, (tasks, people, np.clip(np.rint(perceived), 0, n_levels - 1).astype(int))


@pytest.mark.parametrize(("robust", "heavy"), [(False, False), (True, True), (True, False)])
@pytest.mark.parametrize("shape", [{}, {"n_tasks": 30, "n_annotators": 12}, {"n_tasks": 40, "n_annotators": 3, "per_task": 2}])
def test_an_interval_of_95_percent_holds_at_least_94_percent_of_the_values(shape, robust, heavy):
    """Over simulated crowds the intervals cover the true values at least as often as they claim to, to within a percent."""
    covered = []
    for seed in range(80):
        truth, _, _, answers = raters(seed, heavy=heavy, **shape)
        low, high = aggregate_ratings(*answers, robust=robust).interval().T
        covered.append(np.mean((low <= truth) & (truth <= high)))
    assert np.mean(covered) >= 0.94


@pytest.mark.parametrize(("annotators", "bias", "runs"), [(5, 1.0, 120), (5, 4.0, 200), (4, 2.0, 200), (20, 1.0, 60)])
def test_intervals_of_a_handful_of_annotators_cover_what_nobody_can_see(annotators, bias, runs):
    """With few annotators and large biases the 95% intervals hold 94% of the values, less twice the simulation's standard error.

    All values of one run move together with the mean of its biases, so that a run counts as one trial.
    """
    covered = []
    for seed in range(runs):
        truth, _, _, answers = raters(seed, n_tasks=60, n_annotators=annotators, bias=bias)
        low, high = aggregate_ratings(*answers).interval().T
        covered.append(np.mean((low <= truth) & (truth <= high)))
    assert np.mean(covered) >= 0.94 - 2 * np.std(covered) / np.sqrt(runs)


def test_bias_and_precision_bring_the_values_nearer_than_the_plain_mean():
    """The squared error is less than three quarters of the plain mean's, and biases and noises follow the simulated ones."""
    ours, plain, alike = [], [], []
    for seed in range(10):
        truth, biases, noises, (tasks, people, x) = raters(seed, n_tasks=150)
        result = aggregate_ratings(tasks, people, x)
        ours.append(np.mean((result.means - truth) ** 2))
        plain.append(np.mean((np.bincount(tasks, x) / np.bincount(tasks) - truth) ** 2))
        order = result.annotators
        alike.append((np.corrcoef(result.biases, biases[order])[0, 1], np.corrcoef(result.noises, noises[order])[0, 1]))
    assert np.mean(ours) < 0.75 * np.mean(plain)
    assert np.mean(alike, axis=0).min() > 0.8


def test_a_slip_of_the_pen_moves_the_robust_values_less():
    """With one answer in twenty ten times too large, the robust variant errs less."""
    plain, robust = [], []
    for seed in range(10):
        truth, _, _, (tasks, people, x) = raters(seed)
        x = np.where(np.random.default_rng(seed).random(len(x)) < 0.05, 10 * x, x)
        plain.append(np.mean((aggregate_ratings(tasks, people, x).means - truth) ** 2))
        robust.append(np.mean((aggregate_ratings(tasks, people, x, robust=True).means - truth) ** 2))
    assert np.mean(robust) < 0.7 * np.mean(plain)


def test_with_equal_annotators_the_value_is_the_shrunken_mean_of_the_textbook():
    """Where all answered all tasks alike, values are the tasks' means pulled to the mean of all by one factor below 1."""
    rng = np.random.default_rng(3)
    x = rng.normal(0, 2, 200)[:, None] + rng.normal(0, 1, (200, 4))
    tasks, people = np.divmod(np.arange(800), 4)
    result = aggregate_ratings(tasks, people, x.ravel(), tolerance=1e-9, iterations=500)
    means = x.mean(axis=1) - x.mean()
    factor = (result.means - x.mean()) @ means / (means @ means)
    assert factor == pytest.approx(4 / (4 + 1 / 4), abs=0.03)
    assert np.corrcoef(result.means, means)[0, 1] > 0.998
    assert result.noises == pytest.approx(np.ones(4), abs=0.15)


@pytest.mark.parametrize("robust", [False, True])
def test_many_annotators_are_fitted_as_few_are(robust, monkeypatch):
    """Where the biases' covariances would be too many, means stay within a tenth of a deviation and deviations within a tenth."""
    from labelwright.stats.ratings import continuous

    *_, answers = raters(1, n_tasks=400, n_annotators=40)
    exact = aggregate_ratings(*answers, robust=robust)
    monkeypatch.setattr(continuous, "JOINT", ((0, 0), (0, 0)))
    quick = aggregate_ratings(*answers, robust=robust)
    assert np.abs((quick.means - exact.means) / exact.deviations).mean() < 0.1
    assert np.median(quick.deviations / exact.deviations) == pytest.approx(1, abs=0.1)


def test_names_and_order_of_ratings_change_nothing():
    """Renaming and shuffling tasks and annotators, and another unit and origin, do just that to the result."""
    _, _, _, (tasks, people, x) = raters(4)
    plain = aggregate_ratings(tasks, people, x)
    order = np.random.default_rng(0).permutation(len(x))
    other = aggregate_ratings([f"t{tasks[i]}" for i in order], [f"a{-people[i]}" for i in order], 100 + 7 * x[order])
    for place, task in enumerate(plain.tasks):
        twin = other.tasks.index(f"t{task}")
        assert other.means[twin] == pytest.approx(100 + 7 * plain.means[place])
        assert other.deviations[twin] == pytest.approx(7 * plain.deviations[place])
    skill = {f"a{-who}": value for who, value in plain.skill.items()}
    assert other.skill == pytest.approx(skill)


@pytest.mark.parametrize("robust", [False, True])
def test_copies_of_ratings_agree_perfectly(robust):
    """Where all give the same numbers, these are the values, biases are 0, and everyone is reliable."""
    x = np.arange(20.0)
    result = aggregate_ratings(np.repeat(np.arange(20), 3), np.tile([0, 1, 2], 20), np.repeat(x, 3), robust=robust)
    np.testing.assert_allclose(result.means, x, atol=1e-2)
    np.testing.assert_allclose(result.biases, 0, atol=1e-6)
    assert min(result.skill.values()) > 0.99


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3), st.none() | st.sampled_from([0.0, 1.0, 1e6, -3.5]) | st.floats(-9, 9)), max_size=25
    ),
    st.booleans(),
)
def test_any_few_ratings_give_finite_values(rows, robust):
    """However few, odd or incomplete the numbers are, values are finite, deviations at least 0, and skill lies in 0..1."""
    tasks, people, x = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    if all(value is None for value in x):
        with pytest.raises(InvalidInput, match="no answer"):
            aggregate_ratings(tasks, people, x, robust=robust)
        return
    result = aggregate_ratings(tasks, people, x, robust=robust)
    assert np.isfinite(result.means).all()
    assert np.isfinite(result.deviations).all()
    assert result.deviations.min() >= 0
    assert all(0 <= value <= 1 for value in result.skill.values())


def test_a_task_nobody_rated_has_no_value_and_tells_the_least():
    """A task where all abstained has the value None and the greatest deviation; without two answers to any task a note says so."""
    result = aggregate_ratings([1, 1, 2, 2, 3, 3], list("ab") * 3, [1.0, 1.2, 4.0, 4.1, None, None])
    assert result.values[3] is None
    assert result.deviations[2] == result.deviations.max()
    assert result.note is None
    assert "half of the variance" in aggregate_ratings([1, 2], ["a", "a"], [1, 2]).note


def test_levels_err_less_than_a_vote_and_than_the_median():
    """In crowds with shifted annotators, the ordinal model is fewer levels off than majority, Dawid-Skene and median."""
    rows = []
    for seed in range(8):
        truth, _, (tasks, people, x) = levels(seed)
        ours = aggregate_ordinal(tasks, people, x).posteriors.argmax(axis=1)
        votes = [aggregate(tasks, people, x, method=method).codes for method in ("majority", "dawid_skene")]
        median = np.array([np.median(x[tasks == task]) for task in range(len(truth))])
        rows.append([np.abs(guess - truth).mean() for guess in (ours, *votes, median)])
    ours, *others = np.mean(rows, axis=0)
    assert ours < 0.8 * min(others)


def test_shifts_of_annotators_are_found():
    """The estimated shifts follow the simulated ones, and annotators' tables have rows that sum to 1."""
    _, shifts, answers = levels(1, n_tasks=400)
    result = aggregate_ordinal(*answers)
    assert np.corrcoef(result.shifts, shifts[result.annotators])[0, 1] > 0.9
    np.testing.assert_allclose(result.confusion.sum(axis=2), 1)


def test_names_and_order_of_levels_change_nothing():
    """Renaming and shuffling tasks and annotators does just that, and turning the levels around turns the posteriors around."""
    _, _, (tasks, people, x) = levels(2)
    plain = aggregate_ordinal(tasks, people, x)
    order = np.random.default_rng(0).permutation(len(x))
    names = ["A", "B", "C", "D", "E"]
    other = aggregate_ordinal(
        [f"t{tasks[i]}" for i in order], [f"a{people[i]}" for i in order], [names[x[i]] for i in order], levels=names[::-1]
    )
    for task, row in zip(plain.tasks, plain.posteriors, strict=True):
        np.testing.assert_allclose(other.posteriors[other.tasks.index(f"t{task}")][::-1], row, atol=1e-6)
    for place, who in enumerate(plain.annotators):
        assert other.shifts[other.annotators.index(f"a{who}")] == pytest.approx(-plain.shifts[place], abs=1e-5)


def test_copies_of_levels_agree_perfectly():
    """Where all give the same levels, these are the result, and everyone is skilled."""
    given_levels = [0, 1, 2, 3, 2, 1] * 5
    result = aggregate_ordinal(np.repeat(np.arange(30), 3), np.tile([0, 1, 2], 30), np.repeat(given_levels, 3))
    assert [result.labels[task] for task in range(30)] == given_levels == [result.medians[task] for task in range(30)]
    assert min(result.skill.values()) > 0.9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.none() | st.integers(1, 4)), max_size=25), st.integers(1, 4))
def test_any_few_levels_give_posteriors(rows, offered):
    """However few or incomplete the levels are, posteriors lie in 0..1 and sum to 1, and a task without answer has no level."""
    tasks, people = [row[0] for row in rows], [row[1] for row in rows]
    x = [None if row[2] is None else min(row[2], offered) for row in rows]
    if all(value is None for value in x):
        with pytest.raises(InvalidInput, match="no answer"):
            aggregate_ordinal(tasks, people, x, levels=range(1, offered + 1))
        return
    result = aggregate_ordinal(tasks, people, x, levels=range(1, offered + 1))
    assert result.posteriors.min() >= 0
    np.testing.assert_allclose(result.posteriors.sum(axis=1), 1)
    answered = {task for task, value in zip(tasks, x, strict=True) if value is not None}
    assert {task for task, label in result.labels.items() if label is not None} == answered
    assert all(0 <= value <= 1 for value in result.skill.values())


@pytest.mark.parametrize(
    ("function", "arguments", "options", "message"),
    [
        (aggregate_ratings, ([], [], []), {}, "no answer"),
        (aggregate_ratings, ([1, 2], ["a"], [1.0]), {}, "equally long"),
        (aggregate_ratings, ([1], ["a"], ["good"]), {}, "number"),
        (aggregate_ratings, ([1], ["a"], [float("inf")]), {}, "finite"),
        (aggregate_ratings, ([1], ["a"], [1.0]), {"iterations": 0}, "iteration"),
        (aggregate_ordinal, ([1], ["a"], [None]), {}, "no answer"),
        (aggregate_ordinal, ([1], ["a"], [1]), {"strength": 0}, "strength"),
        (aggregate_ordinal, ([1], ["a"], [1]), {"iterations": 0}, "iteration"),
        (aggregate_ordinal, ([1], ["a"], [7]), {"levels": [1, 2]}, "not among"),
        (aggregate_ordinal, (range(60), range(60), range(60)), {}, "aggregate_ratings"),
    ],
)
def test_a_question_without_an_answer_is_refused(function, arguments, options, message):
    """What cannot be aggregated raises InvalidInput that says why."""
    with pytest.raises(InvalidInput, match=message):
        function(*arguments, **options)


def test_an_interval_needs_a_probability():
    """A confidence of 1 is refused."""
    with pytest.raises(InvalidInput, match="confidence"):
        aggregate_ratings([1, 2], ["a", "a"], [1.0, 2.0]).interval(1.0)
