"""What every aggregation method promises, whatever it does inside."""

from __future__ import annotations

import csv
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright import plugins
from labelwright.errors import InvalidInput
from labelwright.stats import aggregate, methods
from labelwright.stats.aggregate.base import Guesses
from labelwright.stats.answers import encode_answers

METHODS = methods()
NAMES = ["ann", "bob", "cyd", "dan", "eve"]


def crowd(seed=0, n_tasks=60, n_annotators=7, n_classes=3, per_task=4, accuracy=(0.55, 0.95)):
    """Simulated answers: the truth, and three lists."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n_tasks)
    skill = rng.uniform(*accuracy, size=n_annotators)
    tasks, annotators, labels = [], [], []
    for task in range(n_tasks):
        for annotator in rng.choice(n_annotators, size=per_task, replace=False):
            right = rng.random() < skill[annotator]
            label = truth[task] if right else (truth[task] + rng.integers(1, n_classes)) % n_classes
            tasks.append(f"t{task}")
            annotators.append(f"a{annotator}")
            labels.append(f"c{label}")
    return {f"t{task}": f"c{label}" for task, label in enumerate(truth)}, tasks, annotators, labels


def accuracy_of(result, truth):
    return np.mean([result.labels[task] == label for task, label in truth.items()])


@pytest.mark.parametrize("method", METHODS)
def test_posteriors_are_probabilities(method):
    _, *answers = crowd()
    result = aggregate(*answers, method=method)
    assert result.posteriors.shape == (60, 3)
    assert result.posteriors.min() >= 0
    np.testing.assert_allclose(result.posteriors.sum(axis=1), 1)
    np.testing.assert_allclose(result.confusion.sum(axis=2), 1)
    assert result.confusion.shape == (7, 3, 3)
    assert set(result.skill) == set(result.annotators)
    assert all(0 <= skill <= 1 for skill in result.skill.values())
    assert result.reason
    assert result.method


@pytest.mark.parametrize("method", METHODS)
def test_a_decent_crowd_is_read_right(method):
    truth, *answers = crowd(n_tasks=200, per_task=5, accuracy=(0.7, 0.95))
    assert accuracy_of(aggregate(*answers, method=method), truth) >= 0.93


@pytest.mark.parametrize("method", METHODS)
def test_names_and_order_of_everything_change_nothing(method):
    _, tasks, annotators, labels = crowd(seed=4)
    plain = aggregate(tasks, annotators, labels, method=method)
    order = np.random.default_rng(1).permutation(len(tasks))
    # The classes are renamed so that their sorted order turns around.
    renamed = {"c0": "z", "c1": "y", "c2": "x"}
    other = aggregate(
        [f"task {tasks[i]}" for i in order],
        [hash(annotators[i]) for i in order],
        [renamed[labels[i]] for i in order],
        method=method,
    )
    assert other.method == plain.method
    for task, row in zip(plain.tasks, plain.posteriors, strict=True):
        twin = other.posteriors[other.tasks.index(f"task {task}")]
        np.testing.assert_allclose([twin[other.classes.index(renamed[name])] for name in plain.classes], row, atol=2e-3)
    sure = [task for task in plain.tasks if task not in plain.ties]
    assert all(other.labels[f"task {task}"] == renamed[plain.labels[task]] for task in sure if plain.confidence[task] > 0.51)


@pytest.mark.parametrize("method", METHODS)
def test_unanimous_answers_win(method):
    _, tasks, annotators, labels = crowd(seed=2, n_tasks=80, per_task=5, accuracy=(0.8, 0.95))
    result = aggregate(tasks, annotators, labels, method=method)
    given: dict[str, set[str]] = {}
    for task, label in zip(tasks, labels, strict=True):
        given.setdefault(task, set()).add(label)
    assert all(result.labels[task] == next(iter(labels)) for task, labels in given.items() if len(labels) == 1)


@pytest.mark.parametrize("method", METHODS)
def test_one_class_one_annotator_one_task(method):
    assert aggregate([1, 2], ["a", "b"], ["x", "x"], method=method).labels == {1: "x", 2: "x"}
    assert aggregate([1, 2, 3], ["a", "a", "a"], ["x", "y", "y"], method=method).labels == {1: "x", 2: "y", 3: "y"}
    assert aggregate([1], ["a"], ["x"], method=method).labels == {1: "x"}


@pytest.mark.parametrize("method", METHODS)
def test_whoever_always_abstains_has_no_say(method):
    _, tasks, annotators, labels = crowd(seed=3)
    plain = aggregate(tasks, annotators, labels, method=method)
    extra = sorted(set(tasks))
    other = aggregate([*tasks, *extra], [*annotators, *["mute"] * len(extra)], [*labels, *[None] * len(extra)], method=method)
    assert other.labels == plain.labels
    assert "mute" in other.skill
    assert np.isfinite(other.posteriors).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_task_without_answers_has_no_label(method):
    _, tasks, annotators, labels = crowd(seed=3)
    result = aggregate([*tasks, "empty"], [*annotators, "a0"], [*labels, None], method=method)
    assert result.labels["empty"] is None
    assert 0 < result.confidence["empty"] < 1
    assert "empty" not in result.ties


@pytest.mark.parametrize("method", METHODS)
def test_nothing_to_aggregate_is_said(method):
    with pytest.raises(InvalidInput, match="no answer"):
        aggregate([], [], [], method=method)
    with pytest.raises(InvalidInput, match="no answer"):
        aggregate([1], ["a"], [None], method=method)


@pytest.mark.parametrize("method", METHODS)
def test_classes_that_nobody_chose_are_kept(method):
    result = aggregate([1, 1, 2], ["a", "b", "a"], ["x", "x", "z"], method=method, classes=["x", "y", "z"])
    assert result.classes == ["x", "y", "z"]
    assert result.posteriors.shape == (2, 3)
    assert result.labels == {1: "x", 2: "z"}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(NAMES), st.sampled_from(["x", "y", "z", None])), min_size=1, max_size=40).filter(
        lambda rows: any(row[2] for row in rows)
    )
)
@pytest.mark.parametrize("method", METHODS)
def test_any_answers_give_probabilities(method, rows):
    result = aggregate(*map(list, zip(*rows, strict=True)), method=method)
    assert np.isfinite(result.posteriors).all()
    np.testing.assert_allclose(result.posteriors.sum(axis=1), 1)
    assert np.isfinite(result.confusion).all()


def test_ties_are_reported_and_go_to_the_class_with_more_votes():
    result = aggregate([1, 1, 2, 2, 3], ["a", "b", "a", "b", "a"], ["x", "y", "y", "y", "x"], method="majority")
    assert result.ties == [1]
    assert result.labels[1] == "y"


@pytest.mark.parametrize(("duplicates", "label"), [("share", "y"), ("all", "x"), ("last", "y")])
def test_repeated_answers_of_one_annotator(duplicates, label):
    answers = [1, 1, 1, 1, 1], ["a", "a", "a", "b", "c"], ["x", "x", "x", "y", "y"]
    assert aggregate(*answers, method="majority", duplicates=duplicates).labels == {1: label}


def test_repeated_answers_can_be_refused():
    with pytest.raises(InvalidInput, match="'a' answered task 1 more than once"):
        aggregate([1, 1], ["a", "a"], ["x", "y"], duplicates="error")


def test_the_last_of_repeated_answers_is_the_last_in_the_given_order():
    result = aggregate([2, 1, 2, 2], ["a", "b", "b", "a"], ["x", "x", "y", "y"], method="majority", duplicates="last")
    assert result.labels == {2: "y", 1: "x"}


def test_wrong_input_is_explained():
    with pytest.raises(InvalidInput, match="equally long"):
        aggregate([1], ["a", "b"], ["x"])
    with pytest.raises(InvalidInput, match="task is missing"):
        aggregate([None], ["a"], ["x"])
    with pytest.raises(InvalidInput, match="not among the classes"):
        aggregate([1], ["a"], ["x"], classes=["y"])
    with pytest.raises(InvalidInput, match="has no option 'iteration'"):
        aggregate([1], ["a"], ["x"], method="dawid_skene", iteration=3)
    with pytest.raises(InvalidInput, match="majority"):
        aggregate([1], ["a"], ["x"], method="majorty")
    with pytest.raises(InvalidInput, match="cannot be hashed"):
        aggregate([[1]], ["a"], ["x"])


def test_arrays_and_lists_are_the_same_answers():
    rng = np.random.default_rng(0)
    tasks, annotators, labels = rng.integers(-5, 40, 300), rng.integers(9, size=300) * 10**9, rng.integers(3, size=300)
    arrays = aggregate(tasks, annotators, labels, method="dawid_skene")
    lists = aggregate(tasks.tolist(), [str(one) for one in annotators], labels.tolist(), method="dawid_skene")
    assert arrays.labels == {task: lists.labels[task] for task in arrays.labels}
    assert all(isinstance(task, int) for task in arrays.labels)


def test_nan_and_none_and_the_chosen_value_mean_an_abstention():
    result = aggregate([1, 1, 1, 2], ["a", "b", "c", "a"], [1.0, float("nan"), -1, None], method="majority", abstain=-1)
    assert result.labels == {1: 1.0, 2: None}


@pytest.mark.parametrize("method", ["dawid_skene", "dawid_skene_ml", "bcc", "pooled", "difficulty", "one_coin", "mace", "glad"])
def test_the_compiled_loop_changes_nothing(method):
    pytest.importorskip("numba", reason="the accelerator Numba is not installed")
    _, *answers = crowd(n_tasks=100)
    repeated = [[*column, *column[:30]] for column in answers]
    plain = aggregate(*repeated, method=method, compiled=False)
    fast = aggregate(*repeated, method=method, compiled=True)
    np.testing.assert_allclose(fast.posteriors, plain.posteriors, atol=1e-9)


def test_a_million_answers_without_a_warning():
    rng = np.random.default_rng(0)
    n_tasks = 200_000
    tasks = np.repeat(np.arange(n_tasks), 5)
    truth = rng.integers(4, size=n_tasks)
    labels = np.where(rng.random(len(tasks)) < 0.7, truth[tasks], rng.integers(4, size=len(tasks)))
    result = aggregate(tasks, rng.integers(500, size=len(tasks)), labels, method="dawid_skene", iterations=3)
    assert np.isfinite(result.posteriors).all()
    assert (result.codes == truth).mean() > 0.95


def real_crowd(shared, name):
    def column(path, name):
        with path.open() as lines:
            return [row[name] for row in csv.DictReader(lines)]

    folder = shared / "crowd" / name
    truth = dict(zip(column(folder / "truth.csv", "task"), column(folder / "truth.csv", "truth"), strict=True))
    answers = [column(folder / "labels.csv", name) for name in ("task", "worker", "label")]
    return {task: label for task, label in truth.items() if task in set(answers[0])}, *answers


def test_dawid_skene_beats_majority_on_a_real_crowd(shared):
    truth, *answers = real_crowd(shared, "d_duck")
    assert accuracy_of(aggregate(*answers, method="majority"), truth) == pytest.approx(0.759, abs=0.001)
    assert accuracy_of(aggregate(*answers, method="dawid_skene"), truth) >= 0.88


@pytest.mark.parametrize("name", ["ws_sms", "ws_trec", "zencrowd_us", "web", "d_duck", "s_dog"])
def test_auto_is_never_far_below_majority_on_a_real_crowd(shared, name):
    truth, *answers = real_crowd(shared, name)
    chosen = aggregate(*answers)
    assert accuracy_of(chosen, truth) >= accuracy_of(aggregate(*answers, method="majority"), truth) - 0.01
    assert (chosen.method == "labeling_functions") == name.startswith("ws_")


def test_functions_that_vote_for_one_class_only_do_not_collapse_it():
    """Each of three classes has its own four functions; the truth is skewed, and the functions of the rare class are worth as much."""
    rng = np.random.default_rng(0)
    truth = rng.choice(3, size=3000, p=[0.7, 0.2, 0.1])
    rows = []
    for function in range(12):
        target = function % 3
        speaks = rng.random(3000) < np.where(truth == target, 0.35, 0.05 + 0.02 * (function // 3))
        rows += [(item, f"f{function}", target) for item in np.flatnonzero(speaks).tolist()]
    tasks, functions, labels = map(list, zip(*rows, strict=True))
    seen = {task: int(truth[task]) for task in set(tasks)}
    chosen, vote = aggregate(tasks, functions, labels), aggregate(tasks, functions, labels, method="majority")
    assert chosen.method == "labeling_functions"
    # Breaking ties by the most frequent class, majority vote profits from the skew; the model may lose a little of that, and not more.
    assert accuracy_of(chosen, seen) >= accuracy_of(vote, seen) - 0.04
    rare = {task: label for task, label in seen.items() if label == 2}
    assert accuracy_of(chosen, rare) > 0.5


def test_difficulty_is_told_from_class():
    """Hard tasks of the frequent class split the votes; Dawid-Skene takes them for the rare class, and auto does not."""
    rng = np.random.default_rng(3)
    truth = (rng.random(1500) < 0.15).astype(int)
    hard = rng.random(1500) < 0.3
    tasks = np.repeat(np.arange(1500), 6)
    people = rng.integers(40, size=len(tasks))
    right = rng.random(len(tasks)) < np.where(hard[tasks], 0.6, 0.97)
    labels = np.where(right, truth[tasks], 1 - truth[tasks])
    seen = dict(enumerate(truth.tolist()))
    plain, chosen = aggregate(tasks, people, labels, method="dawid_skene"), aggregate(tasks, people, labels)
    assert accuracy_of(chosen, seen) > accuracy_of(plain, seen) + 0.01


def test_an_odd_prior_is_refused():
    for method in ("dawid_skene", "bcc", "pooled", "one_coin", "difficulty", "glad"):
        with pytest.raises(InvalidInput, match="Pseudo-counts"):
            aggregate([1], ["a"], ["x"], method=method, shares=-1.0)
        with pytest.raises(InvalidInput, match="at least one iteration"):
            aggregate([1], ["a"], ["x"], method=method, iterations=0)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "auto"])
def test_the_order_of_answers_breaks_no_tie(method):
    """Of classes that tie but for rounding the label is the first one, in whichever order the same answers come."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        rows = [(int(rng.integers(4)), "abcd"[rng.integers(4)], "xyz"[rng.integers(3)]) for _ in range(rng.integers(2, 9))]
        labels = [
            aggregate(*zip(*[rows[place] for place in order], strict=True), method=method).labels
            for order in (range(len(rows)), rng.permutation(len(rows)).tolist())
        ]
        assert labels[0] == labels[1]
    rows = [(0, "d", "x"), (1, "c", "z"), (0, "a", "y"), (3, "d", "z")], [(3, "d", "z"), (1, "c", "z"), (0, "d", "x"), (0, "a", "y")]
    assert len({aggregate(*zip(*order, strict=True), method=method).labels[0] for order in rows}) == 1


def test_priors_that_are_no_finite_numbers_are_refused():
    """NaN and infinity as pseudo-counts give an error and no posteriors of NaN, in every place and with every method that has a prior."""
    places = {
        **dict.fromkeys(("dawid_skene", "bcc", "pooled", "one_coin", "shared_coin"), ("right", "wrong", "shares")),
        "difficulty": ("shares",),
        "glad": ("shares",),
        "mace": ("competence", "habit"),
    }
    for method, names in places.items():
        for name in names:
            for value in (float("nan"), float("inf")):
                with pytest.raises(InvalidInput, match="finite"):
                    aggregate([1, 1], ["a", "b"], ["x", "y"], method=method, **{name: value})


@pytest.mark.parametrize("prior", [{"habit": 1e-4}, {"competence": 1e-4}, {"habit": 1e4, "competence": 1e4}])
def test_a_weak_prior_of_habits_is_no_trouble(prior):
    """MACE with hardly any prior, whose expected logarithms lie below what a number can be the exponential of, gives probabilities."""
    result = aggregate([1, 1, 2, 2, 3], ["a", "b", "a", "b", "b"], list("xyxxy"), method="mace", **prior)
    assert np.isfinite(result.posteriors).all()
    assert np.isfinite(result.confusion).all()
    np.testing.assert_allclose(result.posteriors.sum(axis=1), 1)


def test_unsure_answers_weigh_less():
    """Scores of a model that knows when it is unsure make its answers worth more than without them, and a guess is an abstention."""
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=600)
    rows, scores = [], []
    for task in range(600):
        for name in ("m", "n", "o"):
            sure = rng.uniform(0.34, 1.0)
            rows.append((task, name, int(truth[task] if rng.random() < sure else (truth[task] + rng.integers(1, 3)) % 3)))
            scores.append(sure)
    for method in ("majority", "dawid_skene", "one_coin"):
        plain = aggregate(*zip(*rows, strict=True), method=method)
        heard = aggregate(*zip(*rows, strict=True), method=method, scores=scores)
        right = [np.mean([one.labels[task] == truth[task] for task in range(600)]) for one in (plain, heard)]
        assert right[1] > right[0] + 0.03
        np.testing.assert_allclose(heard.posteriors.sum(axis=1), 1)
    order = rng.permutation(len(rows))
    mixed = aggregate(*zip(*[rows[i] for i in order], strict=True), method="dawid_skene", scores=np.array(scores)[order])
    straight = aggregate(*zip(*rows, strict=True), method="dawid_skene", scores=scores)
    assert mixed.labels == straight.labels
    certain = aggregate([1, 1, 2], ["a", "b", "a"], ["x", "y", "x"], scores=[0.5, 1.0, float("nan")], method="majority")
    assert certain.labels == {1: "y", 2: "x"}
    for wrong in ([0.5], [2.0, 0.5], [-1.0, 0.5]):
        with pytest.raises(InvalidInput, match="score"):
            aggregate([1, 2], ["a", "b"], ["x", "y"], scores=wrong)
    with pytest.raises(InvalidInput, match="no answer"):
        aggregate([1, 2], ["a", "b"], ["x", "y"], scores=[0.5, 0.5])


def test_copies_of_a_labeling_function_do_not_outvote_the_others():
    """Six copies of one poor function count hardly more than one of it, and independent functions keep their votes."""
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=2000)
    rows = []
    for name, right in [("good 1", 0.9), ("good 2", 0.9), ("poor", 0.6)]:
        for label in (0, 1):
            speaks = (rng.random(2000) < 0.6) & (np.where(rng.random(2000) < right, truth, 1 - truth) == label)
            copies = 6 if name == "poor" else 1
            rows += [(int(t), f"{name} {label} {c}", label) for t in np.flatnonzero(speaks) for c in range(copies)]
    columns = list(map(list, zip(*rows, strict=True)))
    tasks = sorted(set(columns[0]))
    fair, fooled = (aggregate(*columns, method="labeling_functions", discount=discount) for discount in (True, False))
    right = [np.mean([one.labels[task] == truth[task] for task in tasks]) for one in (fair, fooled)]
    assert right[0] > right[1] + 0.03
    assert "discounted" in fair.reason
    assert "discounted" not in aggregate(*columns, method="labeling_functions", discount=False).reason


def copies_of_a_model(n_classes: int, noise: float, seed: int = 0):
    """Five people, three copies of one poor model under names of their own, and the truth."""
    rng = np.random.default_rng(seed)
    n_tasks = 800
    truth = rng.integers(n_classes, size=n_tasks)

    def answered(accuracy: float) -> Any:
        wrong = (truth + 1 + rng.integers(n_classes - 1, size=n_tasks)) % n_classes
        return np.where(rng.random(n_tasks) < accuracy, truth, wrong)

    people = [answered(accuracy) for accuracy in np.linspace(0.7, 0.85, 5)]
    model = answered(0.62)
    copies = [np.where(rng.random(n_tasks) < noise, rng.integers(n_classes, size=n_tasks), model) for _ in range(3)]
    everybody = people + copies
    annotators = np.repeat(np.arange(len(everybody)), n_tasks)
    return truth, np.tile(np.arange(n_tasks), len(everybody)), annotators, np.concatenate(everybody)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_copies_of_one_model_share_a_vote(n_classes, noise):
    """Three copies of a poor model outvote nobody: `auto` is as good as with one of them, and says what it found."""
    truth, tasks, annotators, labels = copies_of_a_model(n_classes, noise)
    one = annotators <= 5
    alone = np.mean(aggregate(tasks[one], annotators[one], labels[one]).codes == truth)
    result = aggregate(tasks, annotators, labels)
    assert "copies of one another" in result.reason
    assert np.mean(result.codes == truth) >= alone - 0.01


def test_experts_who_agree_are_no_copies():
    """Two who are nearly always right agree as copies do, and keep their votes among many who know little."""
    rng = np.random.default_rng(1)
    n_tasks = 600
    truth = rng.integers(3, size=n_tasks)
    tasks, annotators, labels = [], [], []
    for annotator, accuracy in enumerate([0.99, 0.99, *rng.uniform(0.34, 0.5, 8)]):
        tasks.append(np.arange(n_tasks))
        annotators.append(np.full(n_tasks, annotator))
        labels.append(np.where(rng.random(n_tasks) < accuracy, truth, rng.integers(3, size=n_tasks)))
    result = aggregate(np.concatenate(tasks), np.concatenate(annotators), np.concatenate(labels))
    assert "copies" not in result.reason
    assert np.mean(result.codes == truth) >= 0.97


def test_people_who_never_met_a_rare_class_are_no_labeling_functions():
    """With one positive in thirty and eight answers each, most people give one class only, and are taken for people all the same."""
    rng = np.random.default_rng(2)
    n_tasks = 1600
    truth = (rng.random(n_tasks) < 0.03).astype(int)
    tasks = np.repeat(np.arange(n_tasks), 5)
    annotators = rng.permutation(np.arange(len(tasks)) // 8)
    labels = np.where(rng.random(len(tasks)) < 0.97, truth[tasks], 1 - truth[tasks])
    result = aggregate(tasks, annotators, labels)
    majority = np.mean(aggregate(tasks, annotators, labels, method="majority").codes == truth)
    assert result.method != "labeling_functions"
    assert np.mean(result.codes == truth) >= majority - 0.005


def test_a_crowd_of_little_skill_is_left_to_the_majority():
    """Where annotators hardly differ from guessing, models of their skills run away; `auto` stays with one coin for all."""
    rng = np.random.default_rng(3)
    n_tasks, n_annotators = 1500, 40
    truth = rng.integers(2, size=n_tasks)
    tasks = np.repeat(np.arange(n_tasks), 5)
    annotators = np.concatenate([rng.choice(n_annotators, 5, replace=False) for _ in range(n_tasks)])
    right = rng.random(len(tasks)) < rng.uniform(0.5, 0.65, n_annotators)[annotators]
    labels = np.where(right, truth[tasks], 1 - truth[tasks])
    majority = np.mean(aggregate(tasks, annotators, labels, method="majority").codes == truth)
    assert np.mean(aggregate(tasks, annotators, labels).codes == truth) >= majority - 0.01


@given(st.integers(0, 10_000))
@settings(max_examples=3, deadline=None)
def test_auto_knows_neither_names_nor_order(seed):
    """Shuffling the answers and renaming tasks, annotators and classes changes the posteriors by no more than rounding."""
    rng = np.random.default_rng(seed)
    _, tasks, annotators, labels = copies_of_a_model(3, 0.2, seed=seed)
    kept = rng.random(len(tasks)) < 0.25
    tasks, annotators, labels = tasks[kept], annotators[kept], labels[kept]
    before = aggregate(tasks, annotators, labels, classes=[0, 1, 2])
    order, tasks_as, people_as, classes_as = rng.permutation(len(tasks)), rng.permutation(800), rng.permutation(8), rng.permutation(3)
    after = aggregate(tasks_as[tasks][order], people_as[annotators][order], classes_as[labels][order], classes=[0, 1, 2])
    row = {task: place for place, task in enumerate(after.tasks)}
    moved = after.posteriors[[row[tasks_as[task]] for task in before.tasks]][:, classes_as]
    np.testing.assert_allclose(moved, before.posteriors, atol=1e-6)


def test_a_known_balance_of_the_classes_helps_labeling_functions():
    """Six functions for a class of one in ten and six for the other nine say nothing of which is frequent; told so, the model errs less."""
    rng = np.random.default_rng(4)
    truth = (rng.random(3000) < 0.1).astype(int)
    tasks, functions, labels = [], [], []
    for function in range(12):
        label = function % 2
        speaks = rng.random(len(truth)) < np.where(truth == label, 0.4, 0.08)
        tasks.append(np.flatnonzero(speaks))
        functions.append(np.full(speaks.sum(), function))
        labels.append(np.full(speaks.sum(), label))
    crowd_of_functions = [np.concatenate(column) for column in (tasks, functions, labels)]

    def right(**options: Any) -> float:
        result = aggregate(*crowd_of_functions, method="labeling_functions", **options)
        return float(np.mean(result.codes == truth[np.array(result.tasks)]))

    assert right(balance=[0.9, 0.1]) > right() + 0.02
    with pytest.raises(InvalidInput):
        right(balance=[0.5, 0.2, 0.3])
    with pytest.raises(InvalidInput):
        right(balance=[1.0, 0.0])


@pytest.mark.parametrize(
    "method",
    ["auto", "mace", "one_coin", "shared_coin", "dawid_skene", "dawid_skene_ml", "pooled", "bcc", "difficulty", "labeling_functions"],
)
def test_many_classes_of_many_annotators_need_no_whole_tables(method: str) -> None:
    """Memory stays below that of one confusion table an annotator, until somebody looks at them: nothing is kept of what nobody said."""
    rng = np.random.default_rng(5)
    n_annotators, n_classes, n_tasks = 400, 100, 2000
    truth = rng.integers(0, n_classes, n_tasks)
    task = np.repeat(np.arange(n_tasks), 3)
    person = rng.integers(0, n_annotators, len(task))
    label = np.where(rng.random(len(task)) < 0.8, truth[task], rng.integers(0, n_classes, len(task)))
    tracemalloc.start()
    try:
        result = aggregate(task, person, label, method=method)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # For tasks that may be clear or hard an annotator has two tables.
    assert peak < n_annotators * n_classes**2 * 8 * (2 if method == "difficulty" else 1)
    assert result.confusion.shape == (n_annotators, n_classes, n_classes)
    np.testing.assert_allclose(result.confusion.sum(axis=2), 1)


@pytest.mark.parametrize("method", ["dawid_skene", "dawid_skene_ml", "pooled", "bcc"])
def test_tables_say_what_the_whole_tables_say(method: str) -> None:
    """The chance of an answer is that which the whole table gives, be it one that its annotator has given before or not."""
    rng = np.random.default_rng(7)
    answers = encode_answers(rng.integers(0, 30, 90), rng.integers(0, 6, 90), rng.integers(0, 5, 90), classes=list(range(6)))
    tables = plugins.load("aggregate", method).fit(answers).confusion
    posteriors = rng.dirichlet(np.ones(6), size=200)
    annotator, label = rng.integers(0, 6, 200), rng.integers(0, 6, 200)
    by_table = np.einsum("nk,nk->n", posteriors, tables.table()[annotator, :, label])
    np.testing.assert_allclose(tables.chance(posteriors, annotator, label), by_table, rtol=0, atol=1e-12)


def test_rows_of_what_was_said_are_those_of_the_whole_table() -> None:
    """Dawid-Skene over the answers that occur is Dawid-Skene over the whole array (annotators, answer, truth)."""
    rng = np.random.default_rng(8)
    task, person = rng.integers(0, 40, 200), rng.integers(0, 8, 200)
    answers = encode_answers(task, person, (task + (rng.random(200) < 0.3) * rng.integers(0, 12, 200)) % 12)
    n_classes = len(answers.classes)
    prior = np.full((n_classes, n_classes), 1 / (n_classes - 1)) + np.eye(n_classes) * (2 - 1 / (n_classes - 1))
    votes = answers.votes()
    posteriors = votes / votes.sum(axis=1, keepdims=True)
    for _ in range(7):
        counts = np.zeros((len(answers.annotators), n_classes, n_classes))
        np.add.at(counts, (answers.annotator, answers.label), posteriors[answers.task] * answers.weights[:, None])
        logs = np.log((counts + prior) / (counts + prior).sum(axis=1, keepdims=True))
        scores = np.tile(np.log((posteriors.sum(axis=0) + 1) / (posteriors.sum() + n_classes)), (len(posteriors), 1))
        np.add.at(scores, answers.task, logs[answers.annotator, answers.label] * answers.weights[:, None])
        posteriors = np.exp(scores - scores.max(axis=1, keepdims=True))
        posteriors /= posteriors.sum(axis=1, keepdims=True)
    found = plugins.load("aggregate", "dawid_skene").fit(answers, iterations=7, tolerance=0.0)
    np.testing.assert_allclose(found.posteriors, posteriors, rtol=0, atol=1e-9)


def test_guesses_say_what_their_tables_say() -> None:
    """The chance of an answer is that which the whole table gives, with one guess for all classes and with one each."""
    rng = np.random.default_rng(6)
    posteriors = rng.dirichlet(np.ones(4), size=50)
    annotator, label = rng.integers(0, 3, 50), rng.integers(0, 4, 50)
    knows = np.array([0.1, 0.5, 0.9])
    habits = (1 - knows)[:, None] * rng.dirichlet(np.ones(4), size=3)
    for guesses in (Guesses(knows, habits, 4), Guesses(knows, (1 - knows)[:, None] / 4, 4)):
        by_table = np.einsum("nk,nk->n", posteriors, guesses.table()[annotator, :, label])
        np.testing.assert_allclose(guesses.chance(posteriors, annotator, label), by_table, rtol=0, atol=1e-12)
