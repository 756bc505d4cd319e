"""Agreement on a ratio scale: near-linear, and as exact as the sum over all pairs."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from labelwright.stats import alpha_by_distance, krippendorff_alpha
from labelwright.stats.agreement._ratios import FEW, ratio_distance, ratio_means, ratio_pairs


@pytest.mark.parametrize("spread", [0.01, 1.0, 20.0, 200.0])
@pytest.mark.parametrize("zero", [0.0, 1e-300])
def test_the_grid_errs_by_less_than_it_says(spread, zero):
    """For 1,500 numbers over any number of magnitudes, with and without a zero, no mean is off by more than 1e-10 from the exact one."""
    rng = np.random.default_rng(0)
    numbers = np.unique(np.append(np.exp(rng.normal(0, spread, 1500).clip(-600, 600)), zero))
    assert len(numbers) > FEW
    share = rng.dirichlet(np.ones(len(numbers)))
    exact = ratio_distance(numbers[:, None], numbers[None]) @ share
    assert np.abs(ratio_means(numbers, share) - exact).max() < 1e-10


def test_pairs_of_small_and_of_large_items_are_all_met():
    """An item's pairs are summed one by one, and those of an item with thousands of answers over the grid, to nine digits."""
    rng = np.random.default_rng(1)
    m = np.array([2.0, 3.0, 1.0, 3000.0, 40.0])
    task = np.repeat(np.arange(5), m.astype(int))
    x = rng.lognormal(size=len(task))
    exact = [ratio_distance(x[task == one][:, None], x[task == one][None]).sum() for one in range(5)]
    assert ratio_pairs(task, x, m) == pytest.approx(exact, rel=1e-9)


def test_zeros_are_as_far_as_can_be_from_everything_but_zeros():
    """Two zeros agree, zero and anything else disagree wholly: alpha by hand and by any distance is the same."""
    units = [[0.0, 0.0], [0.0, 2.0], [4.0, 4.0], [1.0, 3.0], [5.0, 5.0]]
    tasks, people = np.repeat(np.arange(5), 2), [0, 1] * 5
    by_hand = alpha_by_distance(units, lambda a, b: float(ratio_distance(a, b))).value
    assert krippendorff_alpha(tasks, people, [x for unit in units for x in unit], level="ratio").value == pytest.approx(by_hand)


def test_many_distinct_numbers_are_neither_slow_nor_large():
    """Twenty thousand items with all numbers distinct take a few dozen megabytes, where a table of all pairs would take gigabytes."""
    rng = np.random.default_rng(2)
    tasks, people = np.repeat(np.arange(20_000), 3), np.tile([0, 1, 2], 20_000)
    values = np.exp(np.repeat(rng.normal(size=20_000), 3) + 0.3 * rng.normal(size=60_000))
    tracemalloc.start()
    found = krippendorff_alpha(tasks, people, values, level="ratio")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6
    assert found.value == pytest.approx(0.856, abs=0.005)
    few = krippendorff_alpha(tasks[:900], people[:900], values[:900], level="ratio")
    by_pairs = alpha_by_distance(values[:900].reshape(-1, 3).tolist(), lambda a, b: float(((a - b) / (a + b)) ** 2), pairs=10**6)
    assert few.value == pytest.approx(by_pairs.value, abs=1e-9)
