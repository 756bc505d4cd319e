"""Agreement: published worked examples, properties, and the coverage of the intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import (
    alpha_by_distance,
    box_agreement,
    cohen_kappa,
    confusable_labels,
    interval_agreement,
    krippendorff_alpha,
    percent_agreement,
)

# The data of Krippendorff's "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
TASKS = [unit for observer in OBSERVERS for unit in range(12)]
PEOPLE = [place for place in range(4) for _ in range(12)]
VALUES = [value for observer in OBSERVERS for value in observer]
LEVELS = ["nominal", "ordinal", "interval", "ratio"]


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)])
def test_the_published_example(level, published):
    result = krippendorff_alpha(TASKS, PEOPLE, VALUES, level=level)
    assert result.value == pytest.approx(published, abs=0.0006)
    assert result.low < result.value < result.high <= 1
    assert result.items == 11


def test_the_published_example_by_a_distance():
    units = [[observer[unit] for observer in OBSERVERS if observer[unit] is not None] for unit in range(12)]
    assert alpha_by_distance(units, lambda a, b: float(a != b)).value == pytest.approx(0.743, abs=0.0006)
    assert alpha_by_distance(units, lambda a, b: (a - b) ** 2).value == pytest.approx(0.849, abs=0.0006)


ratings = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=50)


@settings(deadline=None)
@given(ratings, st.sampled_from(LEVELS))
def test_alpha_is_what_its_definition_says(rows, level):
    last = {(task, who): value for task, who, value in rows}
    units = [[value for (task, _), value in last.items() if task == one] for one in range(9)]
    units = [unit for unit in units if len(unit) >= 2]
    values = [value for unit in units for value in unit]
    result = krippendorff_alpha(*map(list, zip(*rows, strict=True)), level=level)
    if len(set(values)) < 2:
        assert math.isnan(result.value)
        assert result.note
        return
    frequency = {value: values.count(value) for value in set(values)}

    def distance(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        if level == "ratio":
            return ((a - b) / (a + b)) ** 2 if a + b else 0.0
        between = sum(count for value, count in frequency.items() if min(a, b) <= value <= max(a, b))
        return (between - (frequency[a] + frequency[b]) / 2) ** 2

    n = len(values)
    observed = sum(distance(a, b) / (len(unit) - 1) for unit in units for a in unit for b in unit) / n
    expected = sum(distance(a, b) for a in values for b in values) / (n * (n - 1))
    assert result.value == pytest.approx(1 - observed / expected, abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_copies_agree_perfectly(level):
    tasks = list(range(20)) * 3
    values = [task % 4 for task in range(20)] * 3
    result = krippendorff_alpha(tasks, np.repeat([0, 1, 2], 20), values, level=level)
    assert result.value == 1
    assert result.low < 1 == result.high


def test_names_and_order_change_nothing():
    rng = np.random.default_rng(0)
    tasks, people = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    values = rng.integers(3, size=120)
    order = rng.permutation(120)
    plain = krippendorff_alpha(tasks, people, values)
    other = krippendorff_alpha([f"t{task}" for task in tasks[order]], people[order] + 7, np.array(["z", "y", "x"])[values[order]])
    assert (other.value, other.low, other.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_questions_without_an_answer_say_why():
    assert krippendorff_alpha([1, 2], ["a", "b"], ["x", "y"]).note == "No task has two answers."
    assert "one value" in krippendorff_alpha([1, 1], ["a", "b"], ["x", "x"]).note
    assert math.isnan(alpha_by_distance([["x"]], lambda a, b: 0.0).value)
    assert math.isnan(cohen_kappa(["x"], ["x"]).value)
    assert math.isnan(percent_agreement([1], ["a"], ["x"]).value)
    assert math.isnan(box_agreement([[None, ([], [])]]).value)


def test_wrong_input_is_explained():
    with pytest.raises(InvalidInput, match="needs numbers"):
        krippendorff_alpha([1, 1], ["a", "b"], ["x", "y"], level="interval")
    with pytest.raises(InvalidInput, match="none below 0"):
        krippendorff_alpha([1, 1], ["a", "b"], [-1, 2], level="ratio")
    with pytest.raises(InvalidInput, match="level"):
        krippendorff_alpha([1, 1], ["a", "b"], [1, 2], level="cardinal")
    with pytest.raises(InvalidInput, match="at least 0"):
        alpha_by_distance([["x", "y"]], lambda a, b: -1.0)
    with pytest.raises(InvalidInput, match="confidence"):
        percent_agreement([1, 1], ["a", "b"], ["x", "y"], confidence=95)


def cover(simulate, truth, runs):
    hits = sum(result.low <= truth <= result.high for result in map(simulate, range(runs)))
    return hits / runs


def noisy(rng, n_items, n_people, noise, n_classes=4):
    truth = rng.integers(n_classes, size=(n_items, 1))
    wrong = rng.random((n_items, n_people)) < noise
    return np.where(wrong, rng.integers(n_classes, size=(n_items, n_people)), truth)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("n_items", [40, 200])
def test_the_interval_over_items_covers(level, n_items):
    people, tasks = np.tile(np.arange(3), n_items), np.repeat(np.arange(n_items), 3)

    def run(seed):
        return krippendorff_alpha(tasks, people, noisy(np.random.default_rng(seed), n_items, 3, 0.3).ravel(), level=level)

    # Two answers agree beyond chance exactly where neither was replaced by a random one.
    assert cover(run, 0.7**2, 600) >= 0.935


def test_the_interval_over_annotators_covers():
    n_items, n_people = 150, 8

    def run(seed):
        rng = np.random.default_rng(seed)
        noise = rng.choice([0.1, 0.5], size=(1, n_people))
        values = noisy(rng, n_items, n_people, noise)
        return krippendorff_alpha(
            np.repeat(np.arange(n_items), n_people), np.tile(np.arange(n_people), n_items), values.ravel(), over="annotators"
        )

    assert cover(run, 0.7**2, 200) >= 0.93


def test_few_annotators_say_nothing_about_others():
    result = krippendorff_alpha([1, 1, 2, 2], ["a", "b"] * 2, ["x", "x", "y", "x"], over="annotators")
    assert math.isnan(result.low)
    assert "Fewer than three" in result.note


def test_kappa_of_a_published_table():
    # Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", table 18.1: kappa 0.68.
    table = {("p", "p"): 75, ("p", "n"): 1, ("p", "o"): 4, ("n", "p"): 5, ("n", "n"): 4, ("n", "o"): 1, ("o", "o"): 10}
    first, second = zip(*[pair for pair, count in table.items() for _ in range(count)], strict=True)
    assert cohen_kappa(first, second).value == pytest.approx(0.68, abs=0.005)


@given(st.lists(st.sampled_from("xyz"), min_size=2))
def test_kappa_with_oneself_is_one(answers):
    result = cohen_kappa(answers, answers)
    assert result.value == 1 if len(set(answers)) > 1 else math.isnan(result.value)


def test_weighted_kappa_forgives_neighbors():
    first, second = [1, 2, 3, 4] * 5, [2, 2, 3, 4] * 5
    assert cohen_kappa(first, second, weights="quadratic").value > cohen_kappa(first, second, weights="linear").value
    assert cohen_kappa(first, second, weights="linear").value > cohen_kappa(first, second).value


def test_kappa_leaves_out_items_with_one_answer():
    assert cohen_kappa(["x", None, "y", "x"], ["x", "y", "y", float("nan")]).items == 2


def test_the_interval_of_kappa_covers():
    def run(seed):
        values = noisy(np.random.default_rng(seed), 100, 2, 0.3)
        return cohen_kappa(values[:, 0], values[:, 1])

    assert cover(run, 0.7**2, 400) >= 0.93


def test_the_interval_of_percent_agreement_covers():
    def run(seed):
        values = noisy(np.random.default_rng(seed), 80, 2, 0.1)
        return percent_agreement(np.repeat(np.arange(80), 2), np.tile([0, 1], 80), values.ravel())

    assert cover(run, 0.9**2 + 0.25 * (1 - 0.9**2), 400) >= 0.93


def test_box_agreement_counts_what_both_marked():
    one, shifted = (["cat", "dog"], [[0, 0, 10, 10], [50, 0, 5, 5]]), (["cat"], [[1, 0, 10, 10]])
    assert box_agreement([[one, one]]).value == 1
    assert box_agreement([[one, shifted]]).value == pytest.approx(2 / 3)
    assert box_agreement([[one, shifted]], iou=0.95).value == 0


def test_interval_agreement_can_ask_for_equal_ends():
    one, other = (["DATE"], [[3, 9]]), (["DATE"], [[3, 8]])
    assert interval_agreement([[one, other], [one, one]]).value == 1
    assert interval_agreement([[one, other], [one, one]], iou=1).value == 0.5


def test_confusable_labels_come_with_their_share():
    found = confusable_labels([1, 1, 1, 2, 2, 3, 3], list("abcabab"), ["x", "x", "y", "x", "y", "z", "z"])
    (pair,) = found
    assert (pair.first, pair.second, pair.pairs) == ("x", "y", 3)
    assert pair.share == pytest.approx(3 / 4)
