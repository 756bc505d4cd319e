"""What `auto` promises in simulated crowds with known truth, at the small overlaps that projects have."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.worlds import WORLDS, thinned

from labelwright.stats import aggregate
from labelwright.stats.aggregate._copies import find_copies
from labelwright.stats.answers import encode_answers


def right(world, per_task, method, seed=17):
    truth, task, person, label = WORLDS[world](seed)
    kept = thinned(task, per_task or len(person), seed // 1000)
    result = aggregate(task[kept], person[kept], label[kept], method=method)
    return 100 * np.mean(np.asarray(result.classes)[result.codes] == truth[np.asarray(result.tasks)])


FEW = [
    ("lazy", 2), ("lazy", 3), ("difficulty", 2), ("difficulty", 3), ("rare_class", 2), ("skewed_and_strict", 3), ("barely_above_chance", 3),
    ("twenty_classes", 2), ("equals", 3), ("correlated_errors", 3),
]  # fmt: skip


@pytest.mark.parametrize(("world", "per_task"), FEW)
def test_few_answers_a_task_are_not_worse_than_the_majority(world, per_task):
    """Models of annotators run away on few answers; over three crowds `auto` loses hardly more than a point to the vote."""
    gains = [right(world, per_task, "auto", seed) - right(world, per_task, "majority", seed) for seed in (11017, 12017, 13017)]
    assert np.mean(gains) >= -1.5


@pytest.mark.parametrize("per_task", [2, 3])
def test_a_model_that_finds_too_much_of_a_rare_class_is_left_out(per_task):
    """Where yes is rare and people differ in how easily they say it, MACE as published turns a tenth of the labels; `auto` does not."""
    gained = right("skewed_and_strict", per_task, "auto", 11017) - right("skewed_and_strict", per_task, "mace", 11017)
    assert gained >= 8.0


@pytest.mark.parametrize("per_task", [2, 3, 0])
@pytest.mark.parametrize("seed", [5017, 6017])
def test_copies_are_told_however_few_answers_they_share(seed, per_task):
    """Three copies of a poor annotator outvote nobody at two, three and eight answers a task, and share one vote."""
    _, task, person, label = WORLDS["copiers"](seed)
    kept = thinned(task, per_task or len(person), 0)
    assert find_copies(encode_answers(task[kept], person[kept], label[kept])) == [[0, 6, 7]]
    assert right("copiers", per_task, "auto", seed) >= right("copiers", per_task, "majority", seed) - 1.0


@pytest.mark.parametrize("world", [world for world in WORLDS if world != "copiers"])
def test_nobody_is_taken_for_a_copy_in_a_world_without_copies(world):
    """However annotators differ, and whatever they know together, their agreement follows from what they share with others."""
    _, task, person, label = WORLDS[world](5017)
    for per_task in (2, 3, 100):
        kept = thinned(task, per_task, 0)
        assert find_copies(encode_answers(task[kept], person[kept], label[kept])) == []


def test_good_annotators_who_outnumber_the_poor_are_no_copies():
    """Three who know and two who do not answer the same tasks: agreeing, the three keep a vote each."""
    truth, task, person, label = WORLDS["good_few"](17)
    result = aggregate(task, person, label)
    assert "copies" not in result.reason
    assert np.mean(result.codes == truth) >= 0.97


@pytest.mark.parametrize("own", [10.0, np.inf])
def test_the_tables_of_layers_are_probabilities(own):
    """Each row sums to 1, and the chance of an answer, given or never given, is the one in the table."""
    from labelwright.stats.aggregate import layered
    from labelwright.stats.answers import encode_answers

    _, *answers = WORLDS["small"](0)
    encoded = encode_answers(*answers, classes=[0, 1, 2, 3])
    found = layered.fit(encoded, own=own)
    table = found.confusion.table()
    np.testing.assert_allclose(table.sum(axis=2), 1)
    person, answer = (every.ravel() for every in np.indices((len(encoded.annotators), 4)))
    belief = np.tile([0.4, 0.3, 0.2, 0.1], (len(person), 1))
    expected = np.einsum("nk,nk->n", belief, table[person, :, answer])
    np.testing.assert_allclose(found.confusion.chance(belief, person, answer), expected)
