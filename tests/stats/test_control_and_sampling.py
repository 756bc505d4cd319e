"""Annotator control stops whom it should, and samples are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats.control import qualify, watch
from labelwright.stats.sampling import (
    disagreement,
    expected_error_reduction,
    gradient_sample,
    k_center_sample,
    random_sample,
    stratified_sample,
    uncertainty,
    uncertainty_sample,
)


def test_a_good_annotator_is_rarely_stopped_and_a_drop_is_soon_noticed() -> None:
    """With the defaults, false stops are about 1,400 answers apart and a fall from 90% to 70% takes a median of 21 answers to notice."""
    random = np.random.default_rng(1)
    until_false = []
    for _ in range(800):
        stopped = watch(random.random(15_000) < 0.9).stopped_at
        until_false.append(15_000 if stopped is None else stopped + 1)
    # The standard error of this mean is 50.
    assert np.mean(until_false) == pytest.approx(1_420, abs=3 * 50)
    delays, estimates = [], []
    for _ in range(800):
        outcomes = np.concatenate([random.random(100) < 0.9, random.random(400) < 0.7])
        result = watch(outcomes)
        assert result.stopped_at is not None
        if result.stopped_at >= 100:
            delays.append(result.stopped_at - 99)
            estimates.append(result.changed_at - 100)
    assert 20 <= np.median(delays) <= 22
    assert np.mean(delays) == pytest.approx(25.1, abs=1.5)
    assert np.quantile(estimates, [0.25, 0.5, 0.75]) == pytest.approx([-3, 1, 8], abs=2)


def test_a_test_for_newcomers_errs_no_more_often_than_it_says() -> None:
    """Those at 70% pass and those at 90% fail in at most about 5% of cases, after far fewer answers than a fixed test would need."""
    random = np.random.default_rng(2)
    for accuracy, wrong in ((0.7, "pass"), (0.9, "fail")):
        results = [qualify(random.random(500) < accuracy) for _ in range(1000)]
        assert np.mean([result.decision == wrong for result in results]) <= 0.06
        assert np.mean([result.decided_at for result in results]) < 35


def test_wrong_outcomes_and_rates_are_refused() -> None:
    """An outcome that is neither right nor wrong, and rates out of order, are clear errors."""
    for call in (
        lambda: watch([0.5]),
        lambda: watch([1], good=0.5, bad=0.6),
        lambda: watch([1], limit=0),
        lambda: qualify([1], passing=1.0),
    ):
        with pytest.raises(InvalidInput):
            call()
    assert watch([]).stopped_at is None
    assert qualify([]).decision == "open"


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60), st.integers(0, 70))
def test_a_stratified_sample_has_its_size_and_every_stratum(strata: list[str], size: int) -> None:
    """No place comes twice, every stratum is there, and the size is what was asked for unless the strata need more."""
    picked = stratified_sample(strata, size).tolist()
    assert len(set(picked)) == len(picked)
    assert {strata[place] for place in picked} == set(strata)
    assert len(picked) == min(max(size, len(set(strata))), len(strata))


def test_a_random_sample_prefers_no_place() -> None:
    """Over many seeds every place is picked about equally often."""
    counts = np.bincount(np.concatenate([random_sample(20, 5, seed=seed) for seed in range(2000)]), minlength=20)
    assert counts.min() > 400
    assert counts.max() < 600


def test_uncertainty_measures_agree_on_the_extremes() -> None:
    """A certain item has 0 and an even one 1 by every measure; equal items come in random order and each once."""
    for measure in ("least_confidence", "margin", "entropy"):
        assert uncertainty([[1, 0, 0], [1 / 3] * 3], measure=measure).round(9).tolist() == [0.0, 1.0]
    assert sorted(uncertainty_sample(np.full((50, 2), 0.5), 50).tolist()) == list(range(50))
    with pytest.raises(InvalidInput):
        uncertainty([[0.5, 0.6]])


def test_a_sample_of_nothing_is_empty() -> None:
    """Where there is no item, a stratified sample and a random one have none either."""
    for empty in (stratified_sample([], 4), stratified_sample(np.array([], dtype=np.int64), 0, at_least=3), random_sample(0, 4)):
        assert empty.tolist() == []


def test_k_center_leaves_nothing_far_away() -> None:
    """The greatest distance to a picked vector is at most twice the best possible, and chosen places are not returned."""
    random = np.random.default_rng(3)
    centers = random.normal(size=(6, 4)) * 20
    points = np.concatenate([center + random.normal(size=(40, 4)) * 0.1 for center in centers])
    picked = k_center_sample(points, 6)
    assert len({place // 40 for place in picked.tolist()}) == 6
    more = k_center_sample(points, 3, chosen=picked)
    assert not set(more.tolist()) & set(picked.tolist())


def test_gradients_prefer_uncertain_items_that_differ() -> None:
    """The first pick is an uncertain item, and a copy of what was picked is not picked while others are left."""
    probabilities = [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.6, 0.4]]
    vectors = [[9.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    for seed in range(20):
        picked = gradient_sample(probabilities, vectors, 3, seed=seed).tolist()
        assert picked[0] in (1, 2)
        assert set(picked) != {0, 1, 2}
    assert sorted(gradient_sample(probabilities, vectors, 4).tolist()) == [0, 1, 2, 3]


def test_disagreement_is_zero_for_copies() -> None:
    """A committee of copies never disagrees, and swapping its members changes nothing."""
    random = np.random.default_rng(4)
    p = random.dirichlet([1, 1, 1], size=(3, 10))
    assert np.allclose(disagreement([p[0]] * 3), 0)
    assert np.allclose(disagreement(p), disagreement(p[::-1]))


def test_an_answer_that_cannot_change_the_label_is_worth_nothing() -> None:
    """The expected reduction equals the one computed by simulation, and falls with the cost."""
    random = np.random.default_rng(5)
    posterior, confusion = np.array([0.55, 0.3, 0.15]), np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    truth = random.choice(3, size=200_000, p=posterior)
    answer = np.array([random.choice(3, p=confusion[k]) for k in range(3) for _ in range(1)])
    answer = (random.random(200_000)[:, None] > confusion[truth].cumsum(axis=1)).sum(axis=1)
    best = (posterior[:, None] * confusion).argmax(axis=0)
    gained = (best[answer] == truth).mean() - posterior.max()
    assert expected_error_reduction([posterior], confusion)[0] == pytest.approx(gained, abs=0.005)
    assert expected_error_reduction([posterior], confusion, cost=2.0)[0] == pytest.approx(gained / 2, abs=0.005)
    assert expected_error_reduction([[0.999, 0.001]], [[0.6, 0.4], [0.4, 0.6]])[0] == 0


def test_wrong_sizes_and_shapes_are_refused_clearly():
    """A size that is no number, members of different shapes and costs of another length are wrong input with a sentence."""
    calls = [
        *(lambda size=size: random_sample(5, size) for size in (float("nan"), None)),
        lambda: disagreement([[[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]),
        lambda: expected_error_reduction([[0.5, 0.5]], [[0.9, 0.1], [0.1, 0.9]], cost=[1, 2]),
    ]
    for call in calls:
        with pytest.raises(InvalidInput):
            call()
