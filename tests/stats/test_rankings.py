"""Scores from preferences: pairs, pairs by a crowd, and longer rankings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import bradley_terry, crowd_bradley_terry, plackett_luce
from labelwright.stats.rankings import base

pair = st.tuples(st.integers(0, 4), st.integers(1, 4)).map(lambda row: (row[0], (row[0] + row[1]) % 5))
pairs = st.lists(pair, min_size=1, max_size=25)
rankings = st.lists(st.permutations(range(5)).flatmap(lambda row: st.integers(2, 5).map(lambda size: row[:size])), min_size=1, max_size=8)
FEW = settings(deadline=None, max_examples=25)


def by_item(result):
    return {item: (score, error) for item, score, error in zip(result.items, result.scores, result.errors, strict=True)}


def assert_same(first, second, name=lambda item: item):
    one, other = by_item(first), by_item(second)
    assert {name(item) for item in one} == set(other)
    for item, values in one.items():
        np.testing.assert_allclose(values, other[name(item)], atol=2e-4)


def beaten(rng, true, count):
    first = rng.integers(0, len(true), count)
    second = (first + rng.integers(1, len(true), count)) % len(true)
    wins = rng.random(count) < 1 / (1 + np.exp(true[second] - true[first]))
    return np.where(wins, first, second), np.where(wins, second, first)


def held(result, true):
    centered = (true - true.mean())[np.array(result.items)]
    return ((result.interval[:, 0] <= centered) & (centered <= result.interval[:, 1])).mean()


def test_a_known_season_of_baseball_gets_its_known_scores():
    """The American League of 1987 as A. Agresti fits it in "Categorical Data Analysis" is fitted to his two digits."""
    teams = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
    won = [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
    games = [(a, b) for a, row in enumerate(won) for b, times in enumerate(row) for _ in range(times)]
    result = bradley_terry([teams[a] for a, _ in games], [teams[b] for _, b in games], prior=0)
    score = dict(zip(result.items, result.scores, strict=True))
    assert [round(score[team] - score["Baltimore"], 2) for team in teams] == [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0]
    assert result.order == teams


def test_two_items_have_the_closed_form():
    """With two items the difference is the log odds of winning and its variance the sum of the inverse counts."""
    result = bradley_terry(["a"] * 3 + ["b"], ["b"] * 3 + ["a"], prior=0)
    assert result.scores[0] - result.scores[1] == pytest.approx(np.log(3))
    assert (2 * result.errors[0]) ** 2 == pytest.approx(1 / 3 + 1 / 1)


def test_a_tie_is_half_a_win_for_each():
    """One tie counts as much as one comparison that was won half each."""
    tied = bradley_terry(["a", "a", "b"], ["b", "b", "a"], tied=[False, True, True])
    halves = bradley_terry(["a", "a", "a", "b"], ["b", "b", "b", "a"])
    assert tied.chance("a", "b") == pytest.approx(
        bradley_terry(["b", "a", "a"], ["a", "b", "b"], tied=[True, True, False]).chance("a", "b")
    )
    assert 0.5 < tied.chance("a", "b") < halves.chance("a", "b")
    assert bradley_terry(["a"], ["b"], tied=[True]).chance("a", "b") == pytest.approx(0.5)


@FEW
@given(pairs, st.randoms(use_true_random=False))
def test_pairs_may_be_renamed_and_shuffled(played, random):
    """Neither names nor the order of comparisons change a score or an error of Bradley and Terry's model."""
    shuffled = random.sample(played, len(played))
    result = bradley_terry([one for one, _ in played], [other for _, other in played])
    assert_same(result, bradley_terry([f"i{one}" for one, _ in shuffled], [f"i{other}" for _, other in shuffled]), lambda item: f"i{item}")
    assert np.isfinite(result.scores).all()
    assert np.isfinite(result.errors).all()
    assert result.scores.mean() == pytest.approx(0, abs=1e-9)


@FEW
@given(st.lists(st.tuples(st.integers(0, 2), pair), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_a_crowd_may_be_renamed_and_shuffled(given_pairs, random):
    """Neither names nor the order of comparisons change a score, an error or a reliability of the crowd's model."""
    shuffled = random.sample(given_pairs, len(given_pairs))
    one, other = (
        crowd_bradley_terry([f"{who}" for who, _ in rows], [best for _, (best, _) in rows], [less for _, (_, less) in rows], tolerance=1e-7)
        for rows in (given_pairs, shuffled)
    )
    named = crowd_bradley_terry(
        [who * 7 for who, _ in shuffled],
        [f"i{best}" for _, (best, _) in shuffled],
        [f"i{less}" for _, (_, less) in shuffled],
        tolerance=1e-7,
    )
    assert_same(one, other)
    assert_same(one, named, lambda item: f"i{item}")
    for who, skill in one.skill.items():
        assert 0 < skill < 1
        assert named.skill[int(who) * 7] == pytest.approx(skill, abs=1e-4)


@FEW
@given(rankings, st.randoms(use_true_random=False))
def test_rankings_may_be_renamed_and_shuffled(told, random):
    """Neither names nor the order of rankings change a score or an error of Plackett and Luce's model."""
    shuffled = [[f"i{item}" for item in row] for row in random.sample(told, len(told))]
    result = plackett_luce(told)
    assert_same(result, plackett_luce(shuffled), lambda item: f"i{item}")
    assert np.isfinite(result.errors).all()


@FEW
@given(pairs)
def test_rankings_of_two_are_pairs(played):
    """On rankings of two items Plackett and Luce's model is Bradley and Terry's."""
    assert_same(plackett_luce(played), bradley_terry([one for one, _ in played], [other for _, other in played]))


@FEW
@given(rankings)
def test_the_scores_are_the_most_likely_ones(told):
    """At the scores the slope of the posterior density of Plackett and Luce's model is 0, by finite differences."""
    result = plackett_luce(told, prior=0.5, tolerance=1e-11)
    place = {item: number for number, item in enumerate(result.items)}
    rows = [[place[item] for item in row] for row in told]

    def density(scores):
        total = sum(scores[row[at]] - np.log(np.exp(scores[row[at:]]).sum()) for row in rows for at in range(len(row) - 1))
        return total + 0.25 * (scores - 2 * np.log1p(np.exp(scores))).sum()

    # The prior fixes the level, which the result then leaves out, so that only differences are looked at.
    from scipy.optimize import minimize_scalar

    level = minimize_scalar(lambda shift: -density(result.scores + shift)).x
    found = result.scores + level
    steps = np.eye(len(found)) * 1e-4
    slopes = [(density(found + step) - density(found - step)) / 2e-4 for step in steps]
    np.testing.assert_allclose(slopes, 0, atol=1e-3)


def test_copies_that_agree_order_the_items_as_each_of_them_did():
    """Annotators who all say the same get their own order back, and a reliability above 0.9."""
    order = ["d", "a", "c", "b"]
    told = [(one, other) for place, one in enumerate(order) for other in order[place + 1 :]]
    who = [person for person in "xyz" for _ in told]
    crowd = crowd_bradley_terry(who, [one for one, _ in told] * 3, [other for _, other in told] * 3)
    assert crowd.order == plackett_luce([order] * 3).order == bradley_terry(*zip(*told, strict=True)).order == order
    assert min(crowd.skill.values()) > 0.9


def test_the_unbeaten_and_the_unlinked_have_an_answer():
    """With the prior an item that won or lost everything, or that nothing links to the others, has a finite score; without, none."""
    result = bradley_terry(["a", "c"], ["b", "d"])
    assert np.isfinite(result.interval).all()
    assert result.chance("a", "b") > 0.5 == pytest.approx(result.chance("a", "c"))
    with pytest.raises(InvalidInput, match="no chain"):
        bradley_terry(["a", "c"], ["b", "d"], prior=0)
    with pytest.raises(InvalidInput, match="'a' never lost"):
        bradley_terry(["a", "b", "c"], ["b", "c", "b"], prior=0)
    with pytest.raises(InvalidInput, match="never lost"):
        plackett_luce([["a", "b", "c"]], prior=0)


def test_without_a_prior_losses_that_pass_for_slips_are_refused():
    """Where every item lost somewhere but reliabilities explain it, scores would be infinite: that is said, and no number is given."""
    rows = [("c", "B", "A"), ("a", "A", "B"), ("c", "B", "A"), ("a", "B", "A"), ("b", "B", "A")]
    with pytest.raises(InvalidInput, match="infinitely far apart"):
        crowd_bradley_terry(*zip(*rows, strict=True), prior=0)
    assert np.isfinite(crowd_bradley_terry(*zip(*rows, strict=True), prior=0.1).interval).all()
    # A crowd that contradicts itself enough has finite scores without a prior, too.
    better, worse = beaten(np.random.default_rng(1), np.linspace(1, -1, 5), 400)
    assert np.abs(crowd_bradley_terry(np.arange(400) % 8, better, worse, prior=0).scores).max() < 5


def test_a_contrary_annotator_is_read_the_other_way_round():
    """One of six who always says the contrary gets a reliability below 0.2, and the order is the one of the other five."""
    rng = np.random.default_rng(3)
    true = np.linspace(2, -2, 6)
    better, worse = beaten(rng, true, 1200)
    who = rng.integers(0, 6, 1200)
    contrary = who == 5
    result = crowd_bradley_terry(who, np.where(contrary, worse, better), np.where(contrary, better, worse))
    assert result.order == list(range(6))
    assert result.skill[5] < 0.2
    assert min(result.skill[person] for person in range(5)) > 0.8


def test_intervals_hold_the_truth_in_a_crowd_that_is_worse_than_the_usual_one():
    """With annotators right in 60 to 100% of the cases, 80% on average, the intervals of 95% hold at least 94% of the true scores."""
    rng = np.random.default_rng(5)
    shares = []
    for _ in range(40):
        true = rng.normal(0, 1, 10)
        better, worse = beaten(rng, true, 500)
        who = rng.integers(0, 50, 500)
        right = rng.random(500) < rng.uniform(0.6, 1.0, 50)[who]
        shares.append(held(crowd_bradley_terry(who, np.where(right, better, worse), np.where(right, worse, better)), true))
    assert np.mean(shares) >= 0.94


def test_the_crowd_is_worth_more_than_its_pooled_words():
    """With two careful and four careless annotators the learned reliabilities bring the scores nearer to the truth than pooling does."""
    pooled, weighted = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        true = rng.normal(0, 1.5, 8)
        better, worse = beaten(rng, true, 800)
        who = rng.integers(0, 6, 800)
        right = rng.random(800) < np.array([0.98, 0.98, 0.5, 0.5, 0.5, 0.5])[who]
        said = np.where(right, better, worse), np.where(right, worse, better)
        for result, errors in ((bradley_terry(*said), pooled), (crowd_bradley_terry(who, *said), weighted)):
            errors.append(float(np.sqrt(np.mean((result.scores - (true - true.mean())[np.array(result.items)]) ** 2))))
    assert np.mean(weighted) < 0.75 * np.mean(pooled)


@pytest.mark.parametrize("method", ["pairs", "rankings", "crowd"])
def test_intervals_hold_the_truth_as_often_as_they_say(method):
    """Over simulated crowds the intervals of 95% hold at least 94% of the true scores."""
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(40 if method == "crowd" else 300):
        true = rng.normal(0, 1, 8)
        if method == "rankings":
            shown = [rng.choice(8, 5, replace=False) for _ in range(80)]
            result = plackett_luce([row[np.argsort(-(true[row] + rng.gumbel(size=5)))].tolist() for row in shown], prior=0.1)
        elif method == "pairs":
            result = bradley_terry(*beaten(rng, true, 400), prior=0.1)
        else:
            better, worse = beaten(rng, true, 900)
            who = rng.integers(0, 6, 900)
            right = rng.random(900) < np.array([0.95, 0.9, 0.9, 0.8, 0.6, 0.2])[who]
            result = crowd_bradley_terry(who, np.where(right, better, worse), np.where(right, worse, better), prior=0.1)
        shares.append(held(result, true))
    assert np.mean(shares) >= 0.94


def test_many_items_have_estimated_errors_near_the_exact_ones(monkeypatch):
    """Where the inverse is too large the errors are estimates, the note says so, and they are within a quarter of the exact ones."""
    rng = np.random.default_rng(0)
    better, worse = beaten(rng, rng.normal(0, 1, 60), 1500)
    exact = bradley_terry(better, worse)
    monkeypatch.setattr(base, "DENSE", 10)
    rough = bradley_terry(better, worse)
    assert exact.note is None
    assert "estimates" in rough.note
    np.testing.assert_allclose(rough.errors, exact.errors, rtol=0.25)
    assert abs(rough.errors.mean() / exact.errors.mean() - 1) < 0.05


@FEW
@given(pairs, st.integers(0, 25))
def test_an_abstention_is_as_good_as_no_comparison(played, place):
    """A comparison with None on either side changes nothing."""
    place = min(place, len(played))
    silent = [*played[:place], (None, 1), (2, None), *played[place:]]
    plain = bradley_terry([one for one, _ in played], [other for _, other in played])
    assert_same(plain, bradley_terry([one for one, _ in silent], [other for _, other in silent]))


def test_an_annotator_who_always_abstains_keeps_the_prior_reliability():
    """Whoever only abstains changes no score and is taken for as reliable as the prior takes everybody, 7/8."""
    with_silent = crowd_bradley_terry(["x", "x", "y", "z"], ["a", "b", "a", None], ["b", "c", "c", "a"])
    assert with_silent.skill["z"] == pytest.approx(7 / 8)
    assert_same(with_silent, crowd_bradley_terry(["x", "x", "y"], ["a", "b", "a"], ["b", "c", "c"]))


@FEW
@given(pairs)
def test_the_chances_of_a_pair_sum_to_one(played):
    """The chance of an item against another and the chance the other way round are in 0..1 and sum to 1."""
    result = bradley_terry([one for one, _ in played], [other for _, other in played])
    assume(len(result.items) > 1)
    first, second = result.items[:2]
    assert 0 < result.chance(first, second) < 1
    assert result.chance(first, second) + result.chance(second, first) == pytest.approx(1)


def test_a_fit_that_was_cut_short_says_so():
    """Where the steps run out before the scores stand still, the note says it."""
    assert "stopped after 1 steps" in bradley_terry(["a", "b", "a"], ["b", "c", "c"], iterations=1).note
    assert "stopped after 1 updates" in crowd_bradley_terry(["x"] * 3, ["a", "b", "a"], ["b", "c", "c"], iterations=1).note


def test_wrong_preferences_are_explained():
    """What has no answer is refused with what is wrong."""
    with pytest.raises(InvalidInput, match="no comparison"):
        bradley_terry([], [])
    with pytest.raises(InvalidInput, match="no comparison"):
        crowd_bradley_terry(["x"], [None], ["a"])
    with pytest.raises(InvalidInput, match="no ranking holds two"):
        plackett_luce([["a"], None, []])
    with pytest.raises(InvalidInput, match="compared to itself"):
        bradley_terry(["a"], ["a"])
    with pytest.raises(InvalidInput, match="'a' occurs twice"):
        plackett_luce([["a", "b", "a"]])
    with pytest.raises(InvalidInput, match="equally long"):
        bradley_terry(["a"], [])
    with pytest.raises(InvalidInput, match="equally long"):
        crowd_bradley_terry([], ["a"], ["b"])
    with pytest.raises(InvalidInput, match="at least 0"):
        bradley_terry(["a"], ["b"], prior=-1)
    with pytest.raises(InvalidInput, match="at least one iteration"):
        bradley_terry(["a"], ["b"], iterations=0)
    with pytest.raises(InvalidInput, match="'d' was never compared"):
        bradley_terry(["a"], ["b"]).chance("a", "d")
