"""What the aggregation of sets of labels promises."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import aggregate, alpha_by_distance, methods
from labelwright.stats.multilabel import aggregate_multilabel, jaccard_distance, masi_distance

SETS = st.frozensets(st.sampled_from("abcde"))


def crowd(seed=0, n_tasks=60, n_annotators=8, per_task=4, n_labels=5):
    """Simulated sets: the truth (tasks, labels) and three lists, from annotators of mixed skill."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n_tasks, n_labels)) < np.geomspace(0.05, 0.5, n_labels)
    sensitivity, specificity = rng.uniform(0.4, 0.98, n_annotators), rng.uniform(0.75, 0.99, n_annotators)
    tasks, annotators, labels = [], [], []
    for task in range(n_tasks):
        for who in rng.choice(n_annotators, size=per_task, replace=False):
            said = np.where(truth[task], rng.random(n_labels) < sensitivity[who], rng.random(n_labels) > specificity[who])
            tasks.append(f"t{task}")
            annotators.append(f"a{who}")
            labels.append([f"c{label}" for label in np.flatnonzero(said)])
    return truth, tasks, annotators, labels


def wrong(result, truth):
    return np.mean((result.posteriors > 0.5) != truth)


@pytest.mark.parametrize("method", methods())
def test_every_binary_method_gives_probabilities_for_every_task_and_label(method):
    """Whatever the method, posteriors lie in 0..1, tables' rows sum to 1, and labels follow from the posteriors."""
    truth, *answers = crowd()
    result = aggregate_multilabel(*answers, method=method)
    assert result.posteriors.shape == truth.shape
    assert result.posteriors.min() >= 0
    assert result.posteriors.max() <= 1
    np.testing.assert_allclose(result.confusion.sum(axis=-1), 1)
    assert all(0 <= value <= 1 for value in [*result.skill.values(), *result.confidence.values()])
    for task, row in zip(result.tasks, result.posteriors, strict=True):
        assert result.labels[task] == {name for name, chance in zip(result.classes, row, strict=True) if chance > 0.5}


def test_without_pooling_each_label_is_what_the_method_says_of_it_alone():
    """With pooling 0 the posteriors of a label are those of `aggregate` on the yes-or-no question."""
    _, tasks, annotators, labels = crowd(seed=2)
    result = aggregate_multilabel(tasks, annotators, labels, method="one_coin", pooling=0)
    for column, name in enumerate(result.classes):
        alone = aggregate(tasks, annotators, [name in given for given in labels], method="one_coin", classes=[False, True])
        np.testing.assert_allclose(result.posteriors[:, column], alone.posteriors[:, 1])


def test_pooled_skill_errs_less_than_majority_and_than_labels_on_their_own():
    """In simulated crowds of mixed skill, pooling makes fewer errors than a majority vote and than one Dawid-Skene fit a label."""
    errors = []
    for seed in range(6):
        truth, *answers = crowd(seed=seed, n_tasks=150, n_annotators=20, n_labels=10)
        fits = [("majority", None), ("dawid_skene", 0), ("dawid_skene", None)]
        errors.append([wrong(aggregate_multilabel(*answers, method=method, pooling=pooling), truth) for method, pooling in fits])
    majority, alone, pooled = np.mean(errors, axis=0)
    assert pooled < 0.9 * majority
    assert pooled < alone


def test_names_and_order_of_everything_change_nothing():
    """Renaming and shuffling tasks, annotators, labels and answers renames and shuffles the result."""
    _, tasks, annotators, labels = crowd(seed=3)
    plain = aggregate_multilabel(tasks, annotators, labels)
    order = np.random.default_rng(1).permutation(len(tasks))
    renamed = {f"c{place}": f"z{9 - place}" for place in range(5)}
    other = aggregate_multilabel(
        [f"task {tasks[i]}" for i in order], [annotators[i][::-1] for i in order], [[renamed[name] for name in labels[i]] for i in order]
    )
    for task, row in zip(plain.tasks, plain.posteriors, strict=True):
        twin = other.posteriors[other.tasks.index(f"task {task}")]
        np.testing.assert_allclose([twin[other.classes.index(renamed[name])] for name in plain.classes], row, atol=1e-3)
    for who, skill in plain.skill.items():
        assert other.skill[who[::-1]] == pytest.approx(skill, abs=1e-3)


def test_copies_agree_perfectly():
    """Where all annotators give the same sets, these are the result, and everyone is skilled."""
    sets = [{"a"}, {"a", "b"}, set(), {"b", "c"}] * 5
    tasks = [task for task in range(20) for _ in range(3)]
    result = aggregate_multilabel(tasks, ["x", "y", "z"] * 20, [sets[task] for task in tasks])
    assert [result.labels[task] for task in range(20)] == sets
    assert min(result.skill.values()) > 0.9


def test_abstentions_say_nothing_and_an_empty_set_says_no():
    """A task where everyone abstained has no set, an empty set is a set, and an annotator who always abstains changes nothing."""
    tasks, people, sets = [1, 1, 2, 2, 3, 3], ["a", "b"] * 3, [{"x"}, {"x"}, [], [], None, None]
    result = aggregate_multilabel([*tasks, 1, 2], [*people, "c", "c"], [*sets, None, None])
    assert result.labels == {1: {"x"}, 2: set(), 3: None}
    assert np.isfinite(result.posteriors).all()
    assert np.isfinite(list(result.skill.values())).all()
    np.testing.assert_allclose(result.posteriors, aggregate_multilabel(tasks, people, sets).posteriors)


def test_one_annotator_and_one_label_are_enough():
    """A lone annotator's sets stand, and a label that was offered and never given is improbable everywhere."""
    result = aggregate_multilabel([1, 2, 3], ["a"] * 3, [["x"], [], ["x"]], classes=["x", "never"])
    assert result.labels == {1: {"x"}, 2: set(), 3: {"x"}}
    assert result.posteriors[:, 1].max() < 0.5


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([], [], []), {}, "no answer"),
        (([1], ["a"], [None]), {}, "no answer"),
        (([1, 2], ["a"], [["x"]]), {}, "equally long"),
        (([1], ["a"], ["cat"]), {}, "set or a list"),
        (([1], ["a"], [[["x"]]]), {}, "hashed"),
        (([1], ["a"], [[]]), {}, "No label occurs"),
        (([1], ["a"], [["x"]]), {"classes": ["y"]}, "not among"),
        (([1], ["a"], [["x"]]), {"pooling": -1}, "negative"),
        (([1], ["a"], [["x"]]), {"iterations": 0}, "iteration"),
        (([1], ["a"], [["x"]]), {"method": "majorty"}, "majorty"),
    ],
)
def test_a_question_without_an_answer_is_refused(arguments, options, message):
    """What cannot be aggregated raises InvalidInput that says why."""
    with pytest.raises(InvalidInput, match=message):
        aggregate_multilabel(*arguments, **options)


def test_masi_gives_the_values_of_its_definition():
    """Equal sets are 0 apart, a half that is a subset 2/3, a third that overlaps 8/9, and disjoint sets 1."""
    assert masi_distance("ab", "ab") == 0
    assert masi_distance("ab", "a") == pytest.approx(2 / 3)
    assert masi_distance("ab", "ac") == pytest.approx(8 / 9)
    assert masi_distance("a", "b") == masi_distance("", "a") == 1


@given(SETS, SETS, SETS)
def test_set_distances_are_distances(first, second, third):
    """Both are symmetric, 0 for equal sets alone, at most 1, MASI is never below Jaccard, and both obey the triangle inequality."""
    for distance in (jaccard_distance, masi_distance):
        assert distance(first, second) == distance(second, first)
        assert (distance(first, second) == 0) == (first == second)
        assert 0 <= distance(first, second) <= 1
        assert distance(first, third) <= distance(first, second) + distance(second, third) + 1e-12
    assert masi_distance(first, second) >= jaccard_distance(first, second)


def test_alpha_takes_sets_by_their_distance():
    """Alpha by MASI is 1 for annotators who agree, and smaller where the sets differ more."""
    same = [[{"a"}, {"a"}], [{"a", "b"}, {"a", "b"}], [{"c"}, {"c"}]]
    near = [[{"a"}, {"a"}], [{"a", "b"}, {"a"}], [{"c"}, {"c"}]]
    assert alpha_by_distance(same, masi_distance).value == 1
    assert alpha_by_distance(near, masi_distance).value < 1


def test_the_order_of_answers_breaks_no_tie():
    """A label that is as probable as not is left out, in whichever order the same answers come."""
    rows = [(1, "a", {"p"}), (1, "a", {"q"}), (1, "a", set()), (1, "a", {"p", "q"})]
    for order in permutations(rows):
        assert aggregate_multilabel(*zip(*order, strict=True), duplicates="all").labels == {1: frozenset()}
